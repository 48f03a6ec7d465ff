"""Postfix with smtp_tls_security_level = dane sees AD through us.

In a namespace with a signed root: Postfix's own client (posttls-finger, and a
delivery by Postfix) asks resolverd on 127.0.0.1:53, where resolv.conf points,
for MX, address and TLSA of a mail server with a certificate that nobody but the
TLSA record vouches for (RFC 7672).
"""

import smtplib
import subprocess

import mta
import rvtest
from internet import Internet
from rvtest import case, contains, equal, wait_until

MX, SENDER = ("198.18.2.25", 25), ("198.18.2.26", 25)

RECEIVES = f"""\
inet_interfaces = {MX[0]}
mydestination = good.zz wrong.zz plain.zz
smtpd_tls_security_level = may
smtpd_tls_cert_file = {{home}}/cert.pem
smtpd_tls_key_file = {{home}}/key.pem
"""
SENDS = f"""\
myhostname = sender.example.org
inet_interfaces = {SENDER[0]}
inet_protocols = ipv4
mynetworks = {SENDER[0]}/32
mydestination =
default_transport = smtp:
smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
smtp_host_lookup = dns
smtp_tls_loglevel = 1
smtp_bind_address = {SENDER[0]}
"""


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


def setup(bench):
    rvtest.program("postfix")
    mta.own_etc(bench)
    mta.add_addresses([MX[0], SENDER[0]])
    good = certificate(bench)
    zone = ("@ MX 10 mx\nmx A {mx}\n_25._tcp.mx TLSA 3 1 1 {digest}\n")
    bench.net = Internet(bench, {
        "": "", "zz": "",
        "good.zz": zone.format(mx=MX[0], digest=good),
        "wrong.zz": zone.format(mx=MX[0], digest="00" * 32),
        "plain.zz": zone.format(mx=MX[0], digest=good)},
        signed={"", "zz", "good.zz", "wrong.zz"})
    bench.rd = rvtest.resolverd(
        bench, forward=None, validate="yes", listen=[mta.RESOLVER],
        upstream=f'trust-anchor = "{bench.net.anchor()}"')
    mta.Postfix(bench, RECEIVES.format(home=bench.dir), SENDER[0], "receiver",
                MX)


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


@case("a delivery by Postfix: verified to the signed domain, unverified to the "
      "other, deferred where the certificate is another")
def _(bench):
    sender = mta.Postfix(bench, SENDS, SENDER[0], "sender", SENDER)
    with smtplib.SMTP(*SENDER, timeout=15,
                      source_address=(SENDER[0], 0)) as smtp:
        for to in ("u@good.zz", "u@plain.zz", "u@wrong.zz"):
            smtp.sendmail("a@sender.example", [to], "Subject: x\n\nx\n")
    for to, status in (("good", "sent"), ("plain", "sent"),
                       ("wrong", "deferred")):
        wait_until(lambda to=to, status=status: any(
            f"to=<u@{to}.zz>" in l and f"status={status}" in l
            for l in sender.maillog.read_text().splitlines()), 30,
            f"{to}.zz: {status}")
    log = sender.maillog.read_text()
    contains(log, f"Verified TLS connection established to mx.good.zz[{MX[0]}]")
    contains(log, f"Untrusted TLS connection established to mx.plain.zz[{MX[0]}]")
    contains(log, "Server certificate not verified")


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
