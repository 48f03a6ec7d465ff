"""Do real senders do what mxcheck says they would? `make mx-oracle`.

Postfix and Exim send a mail to each of many domains whose servers fail in every
way, in a namespace. mxcheck has been there before: its prediction for "now"
stands beside what happened in the first pass. The seed is ORACLE_SEED.

Exim conflicts with Postfix as a package: it is fetched and unpacked into the
test's folder. Without it, or without a network, its half is skipped.

A server that greylists takes the mail at a later pass, which no one waits for
here: mxcheck says FLOWS, and a deferral is as predicted.
"""

import collections
import concurrent.futures
import json
import os
import random
import re
import subprocess

import mta
import mx_faults
import rvtest
from mx_faults import Faults, Mail
from mx_pki import Pki
from rvtest import case, equal

RANDOM_SETS = 50
SENDER = ("198.18.0.1", 25)
RESULTS = {"sent": "FLOWS", "deferred": "DEFERRED", "bounced": "BOUNCED"}

POSTFIX = """\
myhostname = sender.test
mydestination =
mynetworks = 198.18.0.0/16
inet_interfaces = 198.18.0.1, fd53::1, 127.0.0.1, ::1
inet_protocols = all
local_recipient_maps =
default_transport = smtp
smtp_tls_security_level = may
smtp_connect_timeout = 2s
smtp_helo_timeout = 4s
smtp_starttls_timeout = 4s
minimal_backoff_time = 4000s
default_process_limit = 40
"""

EXIM = """\
spool_directory = {home}/spool
log_file_path = {home}/log-%s
exim_path = {home}/root/usr/sbin/exim4
primary_hostname = sender.test
keep_environment =
never_users =
begin routers
mx:
  driver = dnslookup
  ignore_target_hosts = <; 0.0.0.0 ; 127.0.0.0/8 ; ::1
  transport = smtp
  no_more
begin transports
smtp:
  driver = smtp
  connect_timeout = 2s
  command_timeout = 4s
begin retry
* * F,4h,4h
"""

# Where mxcheck says something else: what the sender does, and why it is so.
KNOWN = {
    (model, "DATA 450, then healthy"):
    ("FLOWS", 2, "mxcheck sends no DATA: it cannot know")
    for model in ("postfix", "exim")}
UNSEEN = "DATA 450"  # in no set at random

# --- the servers

def closing(c):
    c.send("421 4.3.0 closing\r\n")
    c.hang_up()


def garbage(c):
    c.send("220 go ahead\r\nnot TLS, not at all\r\n")
    c.hang_up()


def hang(c):
    c.send("220 go ahead\r\n")
    c.silence()


def injected(c):
    """Clear text behind the 220, and then a handshake that works."""
    c.send("220 go ahead\r\n250 injected\r\n")
    c.sock = c.mail.tls.wrap_socket(c.sock, server_side=True)
    c.is_tls = True


def kinds(pki):
    tls = pki.server("mx.test")
    old = pki.server("mx.test", hours=(-2000, -24))
    return {
        "healthy": Mail(),
        "healthy TLS": Mail(tls=tls),
        "reset": Mail(on_accept=lambda c: c.reset()),
        "greeting 421": Mail(greeting="421 4.3.0 later"),
        "greeting 554": Mail(greeting="554 5.3.0 no"),
        "EHLO 421": Mail(ehlo_reply=closing),  # RFC 5321 3.8
        "no greeting": Mail(greeting=None),
        "MAIL 451": Mail(mail="451 4.3.0 later"),
        "MAIL 550": Mail(mail="550 5.3.0 no"),
        "RCPT 451": Mail(postmaster="452 4.3.1 full"),
        "RCPT 421": Mail(postmaster="421 4.3.0 closing"),
        "RCPT 554": Mail(postmaster="554 5.7.0 not for this domain"),
        "DATA 450": Mail(data="450 4.3.0 later"),
        "greylist": Mail(postmaster="450 4.2.0 greylisted"),
        "STARTTLS 454": Mail(tls=tls, starttls="454 4.7.0 not now"),
        "TLS garbage": Mail(tls=tls, starttls=garbage),
        "TLS hangs": Mail(tls=tls, starttls=hang),
        "TLS injected": Mail(tls=tls, starttls=injected),
        "expired": Mail(tls=old),
    }


def server(net, name, kind, mails):
    """A host of that kind. "refused x5": five addresses; "v6 healthy": by IPv6
    only; "healthy + v6 refused": by both."""
    word, _, count = kind.partition(" x")
    if " + " in kind:
        for part in kind.split(" + "):
            server(net, name, part, mails)
    elif word == "refused":
        for _ in range(int(count or 1)):
            net.host(name)
    elif word == "v6 refused":
        for _ in range(int(count or 1)):
            net.host(name, addr=address6(net))
    elif word.startswith("v6 "):
        net.host(name, mails[word[3:]], addr=address6(net))
    elif word == "filtered":
        net.filtered(name)
    elif word == "SERVFAIL":
        net.fail(name, "A")
        net.fail(name, "AAAA")
    elif word == "alias":
        net.host(f"real-{name}", mails["healthy"])
        net.add(name, "CNAME", f"real-{name}.")
    elif word != "NXDOMAIN":
        net.host(name, mails[word])
    return name


def address6(net):
    return f"fd53::{next(net.numbers):x}:1"


SIX = ["v6 healthy", "v6 refused", "v6 RCPT 451", "healthy + v6 refused",
       "refused + v6 healthy", "refused + v6 refused", "healthy + v6 healthy",
       "v6 refused x5", "refused x2 + v6 refused x2",
       "refused x3 + v6 refused x3"]
ROWS = ["refused", "refused x4", "refused x5", "filtered", "NXDOMAIN",
        "SERVFAIL", "alias"]


def tables(net, mails):
    """{domain: what it is}"""
    sets = {}

    def add(what, *rows):
        domain = f"d{len(sets)}.test"
        sets[domain] = what
        net.mx(domain, *((pref, server(net, f"mx{i}.{domain}", kind[1:],
                                       mails) if kind[0] == "=" else kind)
                         for i, (pref, kind) in enumerate(rows, 1)))

    for kind in [*ROWS, *mails, *SIX]:
        add(f"{kind}, then healthy", (10, "=" + kind), (20, "=healthy"))
    for kind in SIX:
        add(f"{kind}, then v6 healthy", (10, "=" + kind),
            (20, "=v6 healthy"))
    add("localhost", (10, "localhost"))
    add("localhost, then healthy", (10, "localhost"), (20, "=healthy"))
    add("healthy, then localhost", (10, "=healthy"), (20, "localhost"))
    add("refused, then localhost", (10, "=refused"), (20, "localhost"))
    add("refused, then localhost, then healthy", (10, "=refused"),
        (20, "localhost"), (30, "=healthy"))
    add("null MX beside another", (0, "."), (10, "=healthy"))
    add("sole null MX", (0, "."))
    add("no name has an address", (10, "=NXDOMAIN"), (20, "=NXDOMAIN"))
    add("no name can be looked up", (10, "=SERVFAIL"), (20, "=SERVFAIL"))
    add("an address as MX", (10, "198.18.0.9"))
    add("an address as MX, then healthy", (10, "198.18.0.9"),
        (20, "=healthy"))
    add("refused, then an address as MX", (10, "=refused"),
        (20, "198.18.0.9"))
    seed = int(os.environ.get("ORACLE_SEED", "5"))
    rvtest.diag(f"seed {seed}")
    r = random.Random(seed)
    words = [k for k in (*ROWS, *SIX, *mails) if k != UNSEEN]
    words += ["healthy"] * 4 + ["refused"] * 3
    for _ in range(RANDOM_SETS):
        rows = sorted((r.choice((10, 20, 20, 30, 40)), "=" + r.choice(words))
                      for _ in range(r.randrange(1, 5)))
        add(", ".join(f"{p} {k[1:]}" for p, k in rows), *rows)
    return sets


# --- the senders: {domain: (result, host)} of the first pass

def by_postfix(bench, domains):
    sender = mta.Postfix(bench, POSTFIX, SENDER[0], "sender", SENDER)
    for domain in domains:
        with mta.smtplib.SMTP(*SENDER, timeout=60) as smtp:
            smtp.sendmail("", [f"postmaster@{domain}"], "Subject: x\n\nx\n")
    bench.log, seen = sender.maillog, {}

    def all_done():
        for m in re.finditer(r" to=<postmaster@(\S+)>, relay=([^[,]+).* status="
                             r"(sent|deferred|bounced)",
                             sender.maillog.read_text()):
            seen.setdefault(m[1], (RESULTS[m[3]], m[2]))
        return set(domains) <= set(seen)

    rvtest.wait_until(all_done, 240, "Postfix to be done", every=1)
    sender.stop()
    return seen


def by_exim(bench, domains):
    exim = mta.Exim(bench, EXIM)

    def send(domain):
        return subprocess.run(
            [exim.program, "-C", exim.conf, "-odf", "-f", "<>",
             f"postmaster@{domain}"], input="Subject: x\n\nx\n", text=True,
            capture_output=True, timeout=240)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(send, domains))
    bench.log = log = exim.log
    if not log.exists():
        raise AssertionError(done[0].stderr)
    marks = {"=>": "FLOWS", "==": "DEFERRED", "**": "BOUNCED"}
    seen = {}
    for m in re.finditer(r" (=>|==|\*\*) postmaster@(\S+?):?( .*)",
                         log.read_text()):
        host = re.search(r" H=(\S+)", m[3])
        seen.setdefault(m[2], (marks[m[1]], host and
                               host[1].removeprefix("real-")))  # an alias
    return seen


# --- what mxcheck says

def predictions(lines):
    """{(model, domain): {(result, host), ...}}: both orders of a level."""
    out = collections.defaultdict(set)
    for line in lines:
        if line["type"] == "scenario" and line["scenario"] == "now" and \
                "overlay" not in line and line["order"] in ("worst", "best"):
            out[line["model"], line["domain"]].add(
                (line["result"], line.get("host")))
        elif line["type"] == "domain" and line["verdict"] == "NOMAIL":
            for model in ("postfix", "exim"):
                out[model, line["name"]].add(("BOUNCED", None))
    return out


def agrees(said, did, greylisting, by_chance):
    """by_chance: which of a level gets it."""
    result, host = did
    if result == "DEFERRED" and any(h in greylisting for _, h in said):
        return True  # it comes back
    if result != "FLOWS" or by_chance:
        return result in {r for r, _ in said}
    return (result, host) in said or any(
        h in greylisting for _, h in said)


def setup(bench):
    mx_faults.EARLY = .001
    mta.own_etc(bench)
    subprocess.run(["ip", "addr", "add", f"{SENDER[0]}/16", "dev", "lo"],
                   check=True)
    for command in ("addr add fd53::1/128 dev lo nodad",
                    "route add local fd53::/64 dev lo"):
        subprocess.run(["ip", "-6", *command.split()], check=True)
    rvtest.pathlib.Path("/proc/sys/net/ipv6/ip_nonlocal_bind").write_text("1")
    net = Faults(prefix="198.18", port=25, dns=mta.RESOLVER).__enter__()
    net.add("localhost", "A", "127.0.0.1")
    net.add("localhost", "AAAA", "::1")
    pki = Pki(bench.dir)
    mails = kinds(pki)
    bench.sets = tables(net, mails)
    bench.greylisting = {n for n, s in net.servers.items()
                         if s.mail is mails["greylist"]}
    done = net.mxcheck(
        *bench.sets, "-o", "json", "--models", "postfix,exim", "--jobs",
        "200", "--limit", "connect=2", "--limit", "greeting=4", "--limit",
        "tls=4", timeout=240)
    if done.returncode not in (0, 1, 2):
        raise AssertionError(f"mxcheck: {done.returncode} {done.stderr}")
    equal(net.sins, [])
    bench.said = predictions(map(json.loads, done.stdout.splitlines()))
    net.takes_mail = True


def has_twins(what):
    """A set at random with two hosts of one preference."""
    prefs = re.findall(r"(?:^|, )(\d+) ", what)
    return len(set(prefs)) < len(prefs)


def compare(bench, model, did):
    wrong, agreed = [], 0
    for domain, what in bench.sets.items():
        said = bench.said[model, domain]
        fine = domain in did and agrees(said, did[domain],
                                        bench.greylisting,
                                        has_twins(what))
        agreed += fine
        text = " or ".join(f"{r} {h or ''}".strip()
                           for r, h in sorted(said, key=str))
        rvtest.diag(f"{'ok   ' if fine else 'WRONG'} {domain:9} {what}: said "
                    f"{text}; did {did.get(domain)}")
        result, mx, why = KNOWN.get((model, what), (None, 0, ""))
        if not fine and did.get(domain) == (result, f"mx{mx}.{domain}"):
            rvtest.diag(f"      known: {why}")
        elif not fine:
            for line in bench.log.read_text().splitlines():
                if domain + ">" in line or domain + ":" in line or \
                        domain + " " in line:
                    rvtest.diag("      " + line)
            wrong.append(domain)
    rvtest.diag(f"{model}: {agreed} of {len(bench.sets)} as predicted")
    equal((wrong, len(did)), ([], len(bench.sets)))


@case("Postfix does what mxcheck says")
def _(bench):
    compare(bench, "postfix", by_postfix(bench, list(bench.sets)))


@case("Exim does what mxcheck says")
def _(bench):
    compare(bench, "exim", by_exim(bench, list(bench.sets)))


if __name__ == "__main__":
    mta.enter_namespace_with_exim()
    rvtest.run(setup)
