"""Each fault of a mail server or its DNS gives its check, its severity and its
cause; all servers of all domains in one run, no longer than the slowest stage.
"""

import time

from cryptography.hazmat.primitives import hashes

import rvtest
from mx_faults import Faults, Mail, Table
from mx_pki import Pki
from rvtest import case, contains, equal

LIMIT = 3  # s, of every stage
LIMITS = [word for stage in ("connect", "greeting", "ehlo", "helo",
                             "starttls", "tls", "ehlo-tls", "mail", "relay")
          for word in ("--limit", f"{stage}={LIMIT}")]
DAY = 24
FAULTS = {}  # domain: what it must give


class Fault:
    """A row: a domain whose mx1 has a fault, and what is to be found."""

    def __init__(self, name, mail=None, want=(), backup=True, verdict=None,
                 **more):
        self.domain, self.mail, self.want = f"{name}.test", mail, want
        self.host, self.backup = f"mx1.{name}.test", backup
        self.verdict, self.more = verdict, more
        FAULTS[self.domain] = self


# --- what servers say, by hand

def slowly(seconds, text):
    def say(c):
        time.sleep(seconds)
        c.send(text)
    return say


def reset_soon(c):
    time.sleep(.2)  # not before the client knows that it is connected
    c.reset()


def two_parts(c):
    c.send("220-wait\r\n")
    deadline = time.monotonic() + .7
    while time.monotonic() < deadline:
        c.early()
    c.send("220 mx ESMTP\r\n")


def tarpit(c):
    for byte in "220 a very slow server\r\n" * 100:
        c.send(byte)
        time.sleep(.3)


def endless(c):
    while True:
        c.send("220-and another line\r\n" * 50)


def bytes_for_ever(c):
    while True:
        c.send("2" * 4096)


def then(text, end):
    """Says it, then ends: hang_up, silence or reset."""
    def say(c):
        c.send(text)
        getattr(c, end)()
    return say


def garbage(c):
    c.send("220 go ahead\r\n")
    c.sock.recv(4096)
    c.send("this is no TLS at all, whatever you may think\r\n" * 4)
    c.hang_up()


def injected(c):
    """Clear text behind the 220, then a real handshake."""
    c.send("220 go ahead\r\n250 injected\r\n")
    c.sock = c.mail.tls.wrap_socket(c.sock, server_side=True)
    c.is_tls = True


def plain_faults():
    Fault("refused", want={"C01": ("CRIT", "refused")}, verdict="DEGRADED")
    Fault("filtered", filtered=True,
          want={"C01": ("CRIT", "filtered: no answer")}, verdict="DEGRADED")
    Fault("silent", Mail(greeting=None),
          {"S01": ("CRIT", "no greeting: timed out")}, verdict="DEGRADED")
    Fault("reset", Mail(greeting=reset_soon),
          {"S01": ("CRIT", "no greeting: reset")}, verdict="DEGRADED")
    Fault("closed", Mail(on_accept=lambda c: c.hang_up()),
          {"S01": ("CRIT", "no greeting: closed")}, verdict="DEGRADED")
    Fault("slow", Mail(greeting=slowly(1.5, "220 mx ESMTP\r\n")),
          {"C05": ("WARN", "slow greeting: 1.")})
    Fault("twoparts", Mail(greeting=two_parts), {"S01": ("OK", "")})
    Fault("tarpit", Mail(greeting=tarpit),
          {"S01": ("CRIT", "timed out after 3.")}, verdict="DEGRADED")
    Fault("endless", Mail(greeting=endless),
          {"S02": ("CRIT", "greeting: not SMTP, or no end")},
          verdict="DEGRADED")
    Fault("mebibyte", Mail(greeting=bytes_for_ever),
          {"S02": ("CRIT", "greeting: not SMTP, or no end")},
          verdict="DEGRADED")
    Fault("longline", Mail(greeting="220 mx " + "x" * 600),
          {"S02": ("WARN", "more than 512 octets")})
    Fault("barelf", Mail(greeting=lambda c: c.send("220 mx\n")),
          {"S02": ("WARN", "bare LF")})
    Fault("codes", Mail(greeting="220-a\n221-b\n220 c"),
          {"S02": ("WARN", "codes differ")})
    Fault("hostile", Mail(greeting="554 \0\x1b[31m\xff $(reboot) %n"),
          {"S01": ("CRIT", "554 \\x00\\x1b[31m\\xff $(reboot) %n")})
    for code, words in (("421", "service not available"),
                        ("450", "greeting"), ("554", "no SMTP service here"),
                        ("521", "takes no mail")):
        Fault(f"greet{code}", Mail(greeting=f"{code} 0.0.0 not now"),
              {"S01": ("CRIT", f"{words}: {code} 0.0.0 not now")
               if code != "521" else ("CRIT", words)}, verdict="DEGRADED")
    Fault("toomany", Mail(greeting="421 4.7.0 too many connections"),
          {"C06": ("UNKNOWN", "too many connections"), "S01": ("OK", "")},
          verdict="OK")
    Fault("listed", Mail(postmaster="550 5.7.1 blocked using dnsbl.test"),
          {"C07": ("UNKNOWN", "not welcome"), "S05": ("OK", "")},
          verdict="OK")
    Fault("http", Mail(greeting="HTTP/1.1 400 Bad Request"),
          {"S02": ("CRIT", "HTTP/1.1 400")}, verdict="DEGRADED")
    Fault("ssh", Mail(greeting="SSH-2.0-OpenSSH_9.2"),
          {"S02": ("CRIT", "SSH-2.0")}, verdict="DEGRADED")
    Fault("helo", Mail(ehlo_reply="502 5.5.1 no"),
          {"S03": ("WARN", "EHLO is refused, HELO taken: 502")})
    Fault("nohelo", Mail(ehlo_reply="502 no", helo="500 neither"),
          {"S03": ("CRIT", "neither EHLO nor HELO: 500")},
          verdict="DEGRADED")
    Fault("ehloclose", Mail(ehlo_reply=lambda c: c.hang_up()),
          {"S03": ("CRIT", "EHLO: closed")}, verdict="DEGRADED")
    Fault("ehlohang", Mail(ehlo_reply=lambda c: c.silence()),
          {"S03": ("CRIT", "EHLO: timed out")}, verdict="DEGRADED")
    Fault("ehlo421", Mail(ehlo_reply="421 shutting down"),
          {"S03": ("CRIT", "EHLO: 421")}, verdict="DEGRADED")
    Fault("mail4", Mail(mail="451 4.3.0 later"),
          {"S04": ("WARN", "MAIL FROM:<>: 451")}, verdict="DEGRADED")
    Fault("mail5", Mail(mail="550 no bounces here"),
          {"S04": ("CRIT", "delivery reports are refused: 550")},
          verdict="BOUNCE")
    Fault("mailtls", Mail(mail="530 5.7.0 Must issue a STARTTLS first"),
          {"S06": ("WARN", "must not require TLS"), "S04": ("OK", "")})
    Fault("nopostmaster", Mail(postmaster="550 5.1.1 user unknown"),
          {"S05": ("CRIT", "by every server of the first level")},
          verdict="OK")
    Fault("norelay", Mail(postmaster="554 5.7.1 relay access denied"),
          {"S05": ("CRIT", "relay access denied")}, verdict="BOUNCE")
    Fault("grey", Mail(postmaster="450 4.2.0 greylisted, try again"),
          {"R05": ("INFO", "usable: 450"), "S05": ("OK", "")})
    Fault("rcpt4", Mail(postmaster="452 4.3.1 disk full"),
          {"S05": ("OK", "")}, verdict="DEGRADED")
    Fault("relay", Mail(relay="250 ok"),
          {"R01": ("CRIT", "open relay")}, verdict="DIRTY")
    Fault("relay251", Mail(relay="251 will forward"),
          {"R01": ("CRIT", "251 will forward")}, verdict="DIRTY")
    Fault("unknown", Mail(unknown="250 ok"),
          {"R02": ("WARN", "backscatter")})
    Fault("noquit", Mail(quit=lambda c: c.hang_up()),
          {"S09": ("INFO", "no 221")})
    Fault("greetname", Mail(greeting="220 hello there"),
          {"N04": ("INFO", '"hello"')})
    Fault("greetnx", Mail(greeting="220 nobody.nowhere.invalid"),
          {"N04": ("WARN", "does not exist")})
    Fault("noptr", Mail(), {"N01": ("WARN", "no PTR (NXDOMAIN)")}, ptr=None)
    Fault("wrongptr", Mail(), {"N01": ("OK", ""), "N02": (
        "WARN", "its PTR mx.good.test does not lead back"), "N05": (
        "INFO", "it greets as mx1.wrongptr.test, its PTR is mx.good.test")},
          ptr="mx.good.test")
    Fault("ehloname", Mail(ehlo_name="another.name.test"),
          {"N06": ("INFO", "another.name.test"),
           "N07": ("INFO", "another.name.test")})


def backup_faults():
    """What is wrong is wrong at the backup; level 20 is its subject."""
    def pair(name, first, second, want, verdict=None):
        Fault(name, first, want, backup=second, verdict=verdict)

    pair("acceptsall", Mail(), Mail(unknown="250 ok"),
         {"B01": ("CRIT", "that mx1.acceptsall.test rejects")}, "DIRTY")
    pair("callout", None, Mail(postmaster="450 4.1.1 unverified address",
                               unknown="450 4.1.1 unverified address"),
         {"B02": ("CRIT", "unverified address")}, "DEFER")
    pair("callouttoo", Mail(), Mail(
        unknown="550 5.1.1 recipient verification failed"),
         {"B02": ("INFO", "by asking another server")})
    pair("greybackup", None, Mail(postmaster="450 4.2.0 greylisted",
                                  unknown="450 4.2.0 greylisted"),
         {"B02": ("OK", "")}, "DEGRADED")
    pair("greyfirst", Mail(postmaster="450 greylisted"), Mail(),
         {"B04": ("WARN", "in the same pass")})
    pair("size", Mail(), Mail(ehlo=("8BITMIME", "SMTPUTF8",
                                    "SIZE 1000000")),
         {"S07": ("WARN", "of 1000000 bytes")})
    pair("utf8", Mail(), Mail(ehlo=("8BITMIME", "SIZE 10240000")),
         {"S08": ("WARN", "SMTPUTF8")})
    pair("same", Mail(ehlo_name="one.test"), Mail(ehlo_name="one.test"),
         {"B06": ("WARN", "the same server?")})


def tls_faults(pki):
    other = pki.server("mx2.other.test")

    def tls(name, want, mail=None, verdict=None, **what):
        host = f"mx1.{name}.test"
        twin = what.pop("twin", None)
        context = pki.server(what.pop("cn", host), **what)
        Fault(name, Mail(tls=context, **(mail or {})), want, verdict=verdict,
              backup=Mail(tls=other), twin=twin)

    Fault("notls", Mail(), {"T01": ("WARN", "no STARTTLS")})
    Fault("backuptls", Mail(tls=pki.server("mx1.backuptls.test")),
          {"B03": ("WARN", "mx2.backuptls.test does not")}, verdict="DIRTY")
    tls("goodtls", {f"T{n:02}": ("OK", "") for n in range(1, 12)},
        verdict="OK")
    tls("lowercase", {"T01": ("OK", ""), "T02": ("OK", "")},
        {"ehlo": ("starttls", "8BITMIME")})
    Fault("overwritten", Mail(ehlo=("8BITMIME", "XXXXXXXA")),
          {"T01": ("WARN", "a filter on the way")})
    tls("tls454", {"T02": ("WARN", "refused: 454")},
        {"starttls": "454 4.7.0 not now"}, verdict="OK")
    tls("tlsclose", {"T02": ("WARN", "the handshake fails: closed")},
        {"starttls": then("220 go\r\n", "hang_up")})
    tls("tlshang", {"T02": ("CRIT", "hangs")},
        {"starttls": then("220 go\r\n", "silence")})
    tls("tlsgarbage", {"T02": ("WARN", "the handshake fails: ")},
        {"starttls": garbage})
    tls("pool", {"T11": ("WARN", "one has STARTTLS")}, twin=Mail())
    tls("issuers", {"T11": ("WARN", "different issuers")}, twin=Mail(
        tls=pki.server("mx1.issuers.test", self_signed=True)))
    tls("auth", {"A01": ("WARN", "AUTH PLAIN LOGIN"),
                 "A02": ("INFO", "takes logins")},
        {"ehlo": ("AUTH PLAIN LOGIN",)})
    tls("authtls", {"A01": ("OK", ""), "A02": ("INFO", "takes logins")},
        {"after_tls": ("AUTH PLAIN LOGIN",)})
    Fault("sametime", Mail(tls=other), {
        "F07": ("INFO", "within two days")}, backup=Mail(tls=other))
    tls("injected", {"T10": ("WARN", "clear text behind the 220")},
        {"starttls": injected})
    tls("tls10", {"T03": ("WARN", "TLSv1")}, old=True)
    tls("expired", {"T04": ("WARN", "the certificate has expired 2 days"),
                    "T07": ("OK", "")}, hours=(-90 * DAY, -2 * DAY - 1),
        verdict="OK")
    tls("notyet", {"T04": ("WARN", "not valid yet")},
        hours=(DAY, 90 * DAY))
    tls("oldmiddle", {"T04": ("WARN", "an intermediate certificate")},
        intermediate=(-90 * DAY, -DAY))
    tls("nomiddle", {"T05": ("WARN", "is an intermediate missing?")},
        intermediate=(-90 * DAY, 90 * DAY), show_intermediate=False)
    tls("selfsigned", {"T05": ("WARN", "self-signed"), "T06": ("OK", "")},
        self_signed=True)
    tls("wrongname", {"T06": ("WARN", "for another name"),
                      "T05": ("OK", "")}, cn="www.elsewhere.test")
    tls("deepwild", {"T06": ("WARN", "for another name")},
        names=["*.test"])
    tls("wild", {"T06": ("OK", "")}, names=["*.wild.test"])
    tls("partwild", {"T06": ("WARN", "for another name")},
        names=["mx*.partwild.test"])
    tls("cnonly", {"T06": ("WARN", "the CN alone")}, names=[])
    tls("weakkey", {"T08": ("WARN", "1024 bits")}, bits=1024)
    tls("sha1", {"T08": ("WARN", "sha1")}, digest=hashes.SHA1())
    # T07, both sides of each threshold: 90 days, then 160 hours
    tls("left22d", {"T07": ("OK", "")}, hours=(-68 * DAY, 22 * DAY))
    tls("left20d", {"T07": ("WARN", "19 days")},
        hours=(-70 * DAY, 20 * DAY - 1))
    tls("left6d", {"T07": ("CRIT", "5 days")},
        hours=(-84 * DAY, 6 * DAY - 1))
    tls("left41h", {"T07": ("OK", "")}, hours=(-119, 41))
    tls("left39h", {"T07": ("WARN", " h (1 days)")}, hours=(-121, 39))
    tls("left12h", {"T07": ("CRIT", " h (0 days)")}, hours=(-148, 12))


def sni_server(pki, name):
    """The right certificate only for who asks by name."""
    default = pki.server("www.other.test")
    right = pki.server(name)

    def pick(sock, asked, _):
        if asked == name:
            sock.context = right
    default.sni_callback = pick
    return default


def build(net, fault):
    hosts = [(10, fault.host)]
    if fault.more.get("filtered"):
        net.filtered(fault.host)
    else:
        net.host(fault.host, fault.mail,
                 ptr=fault.more.get("ptr", fault.host))
    if fault.more.get("twin"):  # a second address of the same host
        net.host(fault.host, fault.more["twin"])
    if fault.backup:
        backup = f"mx2.{fault.domain}"
        net.host(backup, fault.backup if isinstance(fault.backup, Mail) else
                 Mail())
        hosts.append((20, backup))
    net.mx(fault.domain, *hosts)


def setup(bench):
    net = bench.net = Faults().__enter__()
    bench.pki = Pki(bench.dir)
    plain_faults()
    backup_faults()
    tls_faults(bench.pki)
    Fault("sni", Mail(tls=sni_server(bench.pki, "mx1.sni.test")),
          {"T06": ("OK", "")})
    for fault in FAULTS.values():
        build(net, fault)
    bench.done, bench.seconds = run(bench)
    bench.table = Table(bench.done)


def run(bench):
    started = time.monotonic()
    done = bench.net.mxcheck(
        *LIMITS, "--slow", "greeting=1", "--trusted", "no", "--jobs", "300",
        "--ca-file", bench.pki.ca_file, *FAULTS)
    return done, time.monotonic() - started


@case("each fault gives its check, its severity and its cause")
def _(bench):
    wrong = []
    for domain, fault in FAULTS.items():
        for check, (severity, text) in fault.want.items():
            subjects = [fault.host, "level 20", domain]
            if check[0] == "B":  # the only ones that are the backup's
                subjects.append(f"mx2.{domain}")
            found = [bench.table.findings[domain, check, s] for s in subjects
                     if (domain, check, s) in bench.table.findings]
            if severity == "OK":
                found = [f for f in found if f[0] != "OK"]
                if found and (check[0] == "B" or (domain, check, fault.host)
                              in bench.table.findings):
                    wrong.append(f"{domain}: {check} is not OK: {found}")
            elif not any(s == severity and text in t for s, t in found):
                wrong.append(f"{domain}: {check} {severity} '{text}' is not "
                             f"in {found}")
        if fault.verdict and bench.table.domains[domain][0] != fault.verdict:
            wrong.append(f"{domain}: {bench.table.domains[domain]}, not "
                         f"{fault.verdict}")
    if wrong:
        raise AssertionError("\n".join(wrong))


@case("hostile text is escaped in the output")
def _(bench):
    contains(bench.done.stdout, "\\x00\\x1b[31m\\xff")
    equal([c for c in bench.done.stdout if not " " <= c <= "~" and c != "\n"],
          [], "bytes that a terminal could take for more than text")
    equal(bench.done.stderr, "")


@case("no server saw more than one session; two where TLS failed")
def _(bench):
    again = {"mx1.tlsclose.test", "mx1.tlshang.test", "mx1.tlsgarbage.test",
             "mx1.tls10.test"}
    for name, server in bench.net.servers.items():
        n = len(server.conversations)
        if n != (2 if name in again else 1):
            raise AssertionError(f"{name}: {n} sessions")


@case("after a failed handshake the second session goes on in clear text")
def _(bench):
    said = bench.net.servers["mx1.tlsclose.test"].commands
    contains(said[:2], "STARTTLS")
    if "STARTTLS" in said[2:]:
        raise AssertionError(said)
    contains(said, "RCPT TO:<postmaster@tlsclose.test>")


@case("one run of all takes about as long as the slowest stage")
def _(bench):
    """The specification's bound is the stage's limit and 2 s; a busy machine
    is granted more, one after another would take minutes."""
    rvtest.diag(f"{len(FAULTS)} domains in {bench.seconds:.1f} s, stage limit "
                f"{LIMIT} s")
    equal(bench.seconds < 10 * LIMIT, True, f"{bench.seconds:.1f} s")


@case("every byte that a server got is a command that may be sent, in its turn")
def _(bench):
    conversations = [c for s in [*bench.net.servers.values(),
                                 *bench.net.others]
                     for c in getattr(s, "conversations", ())]
    equal(sum(len(c.commands) for c in conversations) > 10 * len(FAULTS) / 2,
          True)
    equal([sin for c in conversations for sin in c.tape_sins()], [])


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


rvtest.run(setup)
