"""mxcheck --access before a real Dovecot (IMAP, POP3) and a real Postfix
(submission, submissions), which do right first and then ask for passwords in
clear text."""

import re
import socket
import subprocess

import mta
import mx_faults
import rvtest
from mx_faults import Table
from mx_pki import Pki
from rvtest import case, contains, equal

NAMES, MX = "198.18.9.53", "198.18.1.25"
OUTSIDE = "198.18.7.7"  # on its own address Dovecot takes all for safe
DOMAIN = "pair.example"
SUB, IMAP, POP = (f"{name}.{DOMAIN}" for name in ("sub", "imap", "pop"))
HOSTS = {SUB: "198.18.2.25", IMAP: "198.18.3.25", POP: "198.18.4.25"}
SERVICES = {"submissions": (465, SUB), "submission": (587, SUB),
            "imaps": (993, IMAP), "imap": (143, IMAP),
            "pop3s": (995, POP), "pop3": (110, POP)}

ZONE = f"""\
$TTL 3600
@ SOA ns.example. hostmaster.example. 1 3600 600 86400 300
@ NS ns.example.
ns.example. A {NAMES}
{DOMAIN}. MX 10 mx.{DOMAIN}.
mx.{DOMAIN}. A {MX}
probe.example. A {OUTSIDE}
""" + "".join(f"{host}. A {addr}\n" for host, addr in HOSTS.items()) + "".join(
    f"_{service}._tcp.{DOMAIN}. SRV 0 1 {port} {host}.\n"
    for service, (port, host) in SERVICES.items())

DOVECOT = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
auth_verbose = yes
protocols = imap pop3
listen = """ + HOSTS[IMAP] + " " + HOSTS[POP] + """
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
ssl = yes
ssl_cert = <{chain}
ssl_key = <{chain}
auth_mechanisms = {mechanisms}
disable_plaintext_auth = {disabled}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={home}/mail
}}
service auth {{
  unix_listener auth-postfix {{
    path = {home}/auth
    mode = 0666
  }}
}}
"""

# each client is served by a new smtpd, which reads main.cf
SUBMISSION = f"""\
{HOSTS[SUB]}:587 inet n - n - - smtpd -o max_use=1
    -o smtpd_tls_security_level=may
{HOSTS[SUB]}:465 inet n - n - - smtpd -o max_use=1
    -o smtpd_tls_wrappermode=yes
"""

MAIN_CF = f"""\
myhostname = {SUB}
mydestination = {DOMAIN}
inet_interfaces = {MX}
inet_protocols = ipv4
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = %s
smtpd_tls_chain_files = %s
smtpd_tls_auth_only = %s
"""


class Dovecot:
    def __init__(self, bench, chain):
        self.bench, self.chain = bench, chain
        self.home = bench.dir / "dovecot"
        self.home.mkdir()
        self.log = self.home / "dovecot.log"
        self.process = None
        self.start()

    def start(self, disabled="yes", mechanisms="plain"):
        if self.process:
            self.process.stop()
        conf = self.bench.file("dovecot/conf", DOVECOT.format(
            home=self.home, chain=self.chain, disabled=disabled,
            mechanisms=mechanisms))
        self.process = self.bench.start(
            [rvtest.program("dovecot"), "-F", "-c", conf], "dovecot")
        rvtest.wait_until(self.answers, 30, "Dovecot to answer")

    def answers(self):
        if not self.process.alive():
            raise AssertionError(f"Dovecot ended: {self.process.log()}"
                                 f"{self.log.read_text()}")
        try:
            with socket.create_connection((HOSTS[IMAP], 143), 5) as s:
                return s.recv(4) == b"* OK"
        except OSError:
            return False


def setup(bench):
    for name in ("postfix", "dovecot"):
        rvtest.program(name)
    mta.own_etc(bench)
    mta.add_addresses([NAMES, MX, OUTSIDE, *HOSTS.values()])
    rvtest.nsd(bench, {".": ZONE}, (NAMES, 53))
    bench.pki = Pki(bench.dir)
    bench.chain = bench.pki.chain(SUB, names=list(HOSTS))
    bench.dovecot = Dovecot(bench, bench.chain)
    bench.postfix = mta.Postfix(
        bench, main_cf(bench), OUTSIDE, server=(MX, 25),
        master_cf=mta.MASTER_CF + SUBMISSION)


def main_cf(bench, auth_only="yes", chain=None):
    return MAIN_CF % (bench.dovecot.home / "auth", chain or bench.chain,
                      auth_only)


def mxcheck(bench, *args):
    argv = [mx_faults.MXCHECK, "--access", "--resolver", NAMES, "--ca-file",
            bench.pki.ca_file, "--internal", "--source4", OUTSIDE, "--helo",
            "probe.example", "--recheck", "0", *args]
    done = subprocess.run([str(a) for a in argv], text=True,
                          capture_output=True, timeout=120)
    equal(done.stderr if "-v" not in args else "", "")
    return done


def judged(bench):
    """{check: severity} of group A, and the table."""
    table = Table(mxcheck(bench, "--only", "A01,A03,A04,A05,A06", DOMAIN))
    return {check: severity for (_, check, _), (severity, _)
            in table.findings.items()}, table


@case("all six services as they should be: nothing to complain of")
def _(bench):
    bad, _ = judged(bench)
    equal(bad, {})


@case("what was said: CAPABILITY, CAPA, EHLO, TLS, and goodbye")
def _(bench):
    said = {}
    for line in mxcheck(bench, "-v", "--only", "A03", DOMAIN).stderr.split(
            "\n"):
        m = re.match(r"(?:sub|imap|pop)\.\S+ \S+ > (.*)", line)
        if m:
            said.setdefault(m[1], 0)
            said[m[1]] += 1
    equal(said, {"EHLO probe.example": 3, "STARTTLS": 1, "QUIT": 4,
                 "c CAPABILITY": 3, "s STARTTLS": 1, "q LOGOUT": 2,
                 "CAPA": 3, "STLS": 1})


@case("RFC 9051 6.2.3, RFC 2595 4: Dovecot takes passwords in clear text")
def _(bench):
    bench.dovecot.start(disabled="no", mechanisms="plain login")
    bad, table = judged(bench)
    equal(bad, {"A05": "CRIT", "A06": "CRIT"})
    contains(table.text(DOMAIN, "A05", IMAP), "AUTH=PLAIN")
    contains(table.text(DOMAIN, "A06", POP), "USER and PASS")
    bench.dovecot.start()


@case("RFC 4954 4: Postfix submission takes passwords in clear text")
def _(bench):
    bench.postfix.configure(main_cf(bench, auth_only="no"))
    bad, table = judged(bench)
    equal(set(bad), {"A01"})
    equal(table.severity(DOMAIN, "A01", SUB), "CRIT")
    contains(table.text(DOMAIN, "A01", SUB), "AUTH PLAIN")
    bench.postfix.configure(main_cf(bench))


@case("RFC 6186 6: a certificate for another name")
def _(bench):
    other = bench.pki.chain("other.example")
    bench.postfix.configure(main_cf(bench, chain=other))
    table = Table(mxcheck(bench, "--only", "A04", DOMAIN))
    contains(table.text(DOMAIN, "A04", SUB), f"neither for {SUB}")
    bench.postfix.configure(main_cf(bench))


@case("Dovecot stops: each of its services is told")
def _(bench):
    bench.dovecot.process.stop()
    table = Table(mxcheck(bench, "--only", "A03", DOMAIN))
    for service in ("imap", "imaps", "pop3", "pop3s"):
        equal(table.severity(DOMAIN, "A03", f"_{service}._tcp"), "WARN",
              service)
    contains(table.text(DOMAIN, "A03", "_imaps._tcp"), "connect: refused")


@case("nobody tried to log in, hung up or spoke too early")
def _(bench):
    log = bench.dovecot.log.read_text()
    contains(log, "Aborted login by logging out (no auth attempts")
    equal(re.findall(".*(?:auth failed|tried to use|unknown user|Disconnected"
                     ": Inactivity).*", log), [])
    equal(re.findall("improper command pipelining.*|auth=.*"
                     f"|lost connection after (?!CONNECT).*\\[{OUTSIDE}\\]",
                     bench.postfix.maillog.read_text()), [])


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
