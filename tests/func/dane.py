"""Postfix with smtp_tls_security_level = dane sees AD through us.

In a namespace with a signed root: Postfix's own client (posttls-finger, and a
delivery by Postfix) asks resolverd on 127.0.0.1:53, where resolv.conf points,
for MX, address and TLSA of a mail server with a certificate that nobody but the
TLSA record vouches for (RFC 7672).
"""

import os
import subprocess

import rvtest
from internet import Internet, add_address
from rvtest import case, contains, equal, wait_until

MX = "198.18.2.25"

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = {name}
mydestination = {destination}
inet_interfaces = {listen}
inet_protocols = ipv4
local_recipient_maps =
local_transport = discard:
alias_maps =
alias_database =
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
in_flow_delay = 0
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = {home}/../cert.pem
smtpd_tls_key_file = {home}/../key.pem
smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
smtp_host_lookup = dns
smtp_tls_loglevel = 1
smtp_bind_address = 198.18.2.26
"""

MASTER_CF = """\
{smtpd}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
discard unix - - n - - discard
retry unix - - n - - error
error unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def own_etc(bench):
    """/etc as it is, but names are asked from 127.0.0.1 only."""
    etc = bench.dir / "etc"
    etc.mkdir()
    bench.mount(etc, "-t", "tmpfs", "tmpfs")
    subprocess.run(["cp", "-a", "/etc/.", etc], check=True)
    for name, text in {"resolv.conf": "nameserver 127.0.0.1\n",
                       "nsswitch.conf": "passwd: files\ngroup: files\n"
                                        "hosts: dns\nservices: files\n"
                                        "protocols: files\n"}.items():
        (etc / name).unlink(missing_ok=True)
        (etc / name).write_text(text)
    bench.mount("/etc", "--bind", etc)


def certificate(bench):
    """One that no authority signed; returns the data of its TLSA 3 1 1."""
    def openssl(*args, **how):
        return subprocess.run([rvtest.program("openssl"), *args], check=True,
                              cwd=bench.dir, capture_output=True, **how).stdout

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
            "-subj", "/CN=nobody.invalid", "-keyout", "key.pem", "-out",
            "cert.pem")
    public = openssl("x509", "-in", "cert.pem", "-noout", "-pubkey")
    der = openssl("pkey", "-pubin", "-outform", "DER", input=public)
    return openssl("dgst", "-sha256", "-hex", input=der).split()[-1].decode()


def postfix(bench, name, listen, destination="", smtpd=""):
    home = bench.dir / name
    for d in (home, home / "data", home / "spool", home / "conf"):
        d.mkdir()
    rvtest.own(home / "data", "postfix")
    conf = home / "conf"
    (conf / "main.cf").write_text(MAIN_CF.format(
        home=home, name=name, listen=listen, destination=destination))
    (conf / "master.cf").write_text(MASTER_CF.format(smtpd=smtpd))
    program = rvtest.program("postfix")
    process = bench.start([program, "-c", conf, "start-fg"], name)
    wait_until(lambda: (home / "spool/pid/master.pid").exists(), 20, name)
    process.home = home
    return process


def mail_log(process):
    path = process.home / "mail.log"
    return path.read_text(errors="replace") if path.exists() else ""


def setup(bench):
    rvtest.program("postfix")
    own_etc(bench)
    add_address(MX, "198.18.2.26")
    good = certificate(bench)
    zone = ("@ MX 10 mx\nmx A {mx}\n_25._tcp.mx TLSA 3 1 1 {digest}\n")
    bench.net = Internet(bench, {
        "": "", "zz": "",
        "good.zz": zone.format(mx=MX, digest=good),
        "wrong.zz": zone.format(mx=MX, digest="00" * 32),
        "plain.zz": zone.format(mx=MX, digest=good)},
        signed={"", "zz", "good.zz", "wrong.zz"})
    bench.rd = rvtest.resolverd(
        bench, forward=None, validate="yes", listen=[("127.0.0.1", 53)],
        upstream=f'trust-anchor = "{bench.net.anchor()}"')
    bench.mx = postfix(bench, "receiver", MX, "good.zz wrong.zz plain.zz",
                       "25 inet n - n - - smtpd")
    wait_until(lambda: finger("good.zz", "may"), 20, "the server")


def finger(domain, level):
    """What Postfix's client says of the connection to the domain's MX."""
    done = subprocess.run(
        [rvtest.program("posttls-finger"), "-c", "-t", "10", "-T", "10", "-l",
         level, "-L", "summary", domain],
        capture_output=True, text=True, timeout=60)
    lines = [l for l in (done.stdout + done.stderr).splitlines()
             if "TLS connection established" in l]
    return lines[0] if lines else ""


@case("posttls-finger: Verified where MX, address and TLSA are secure")
def _(bench):
    contains(finger("good.zz", "dane"), "Verified TLS connection")


@case("posttls-finger: not where they are not signed, or TLSA is of another "
      "certificate")
def _(bench):
    for domain in ("plain.zz", "wrong.zz"):
        line = finger(domain, "dane")
        equal("Verified" in line, False, f"{domain}: {line}")
    contains(finger("plain.zz", "dane"), "Untrusted TLS connection")


def sendmail(sender, to):
    env = dict(os.environ, MAIL_CONFIG=str(sender.home / "conf"))
    subprocess.run([rvtest.program("sendmail"), "-f", "a@sender.example", to],
                   input=b"Subject: x\n\nx\n", env=env, check=True)


@case("a delivery by Postfix: verified to the signed domain, unverified to the "
      "other, deferred where the certificate is another")
def _(bench):
    sender = postfix(bench, "sender", "198.18.2.26", "")
    for to in ("u@good.zz", "u@plain.zz", "u@wrong.zz"):
        sendmail(sender, to)
    for to, status in (("good", "sent"), ("plain", "sent"),
                       ("wrong", "deferred")):
        wait_until(lambda to=to, status=status: any(
            f"to=<u@{to}.zz>" in l and f"status={status}" in l
            for l in mail_log(sender).splitlines()), 30,
            f"{to}.zz: {status}")
    log = mail_log(sender)
    contains(log, f"Verified TLS connection established to mx.good.zz[{MX}]")
    contains(log, f"Untrusted TLS connection established to mx.plain.zz[{MX}]")
    contains(log, "Server certificate not verified")


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
