"""mxcheck --outbound: what receivers find about mail of a domain: DMARC (RFC
9989), DKIM keys (RFC 6376, 8301, 8463), BIMI."""

import base64
import re

import rvtest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal


def setup(bench):
    net = bench.net = Faults().__enter__()
    bench.mx = net.host("mx.out.test", Mail())


def txt(net, name, *texts):
    """Each text in strings of 255, as it has to be."""
    net.add(name, "TXT", *(
        " ".join(f'"{t[i:i + 255]}"' for i in range(0, len(t), 255))
        for t in texts))


def domain(bench, name):
    bench.net.mx(name, (10, bench.mx))
    return name


def run(bench, *args):
    done = bench.net.mxcheck("--outbound", "--rcpt", "none", "--relay",
                             "none", *args)
    equal(done.stderr, "")
    return Table(done)


# --- DMARC: the domain, records by name, what is found

DMARCS = (
    ("none.test", {}, "WARN", "no DMARC record"),
    ("fine.test", {"fine.test": ["v=DMARC1; p=reject"]}, "OK", ""),
    ("other.test", {"other.test": ["v=spf1 -all"]}, "WARN", "no DMARC"),
    ("twice.test", {"twice.test": ["v=DMARC1; p=reject",
                                   "v=DMARC1; p=none"]},
     "WARN", "several records"),
    ("bad.test", {"bad.test": ["v=DMARC1; p=rejct"]}, "WARN", "p=rejct"),
    ("odd.test", {"odd.test": ["v=DMARC1; p=reject; aspf=x"]}, "WARN",
     "aspf=x"),
    ("old.test", {"old.test": ["v=DMARC1; p=reject; pct=50"]}, "INFO",
     "RFC 9989"),
    ("watch.test", {"watch.test": ["v=DMARC1; p=none; "
                                   "rua=mailto:d@watch.test"]}, "INFO",
     "asked for nothing"),
    # 4.10: up the tree; the fewest labels, unless psd says otherwise
    ("a.b.tree.test", {"tree.test": ["v=DMARC1; p=reject"]}, "OK", ""),
    ("a.sub.test", {"sub.test": ["v=DMARC1; p=reject; sp=none"]}, "INFO",
     "_dmarc.sub.test"),
    ("x.y.few.test", {"y.few.test": ["v=DMARC1; p=none"],
                      "few.test": ["v=DMARC1; p=reject"]}, "OK", ""),
    ("x.y.stop.test", {"y.stop.test": ["v=DMARC1; p=reject; psd=n"],
                       "stop.test": ["v=DMARC1; p=none"]}, "OK", ""),
    ("x.org.reg.test", {"org.reg.test": ["v=DMARC1; p=reject"],
                        "reg.test": ["v=DMARC1; p=none; psd=y"]}, "OK", ""),
    ("x.wild.test", {"wild.test": ["v=DMARC1; p=none", "v=DMARC1; p=none"]},
     "WARN", "no DMARC record"),
    ("x.fails.test", {"fails.test": None}, "UNKNOWN", "_dmarc.fails.test: "
     "SERVFAIL"),
)


@case("O02: DMARC records of RFC 9989 4.7 and 4.10, each way")
def _(bench):
    for name, records, *_ in DMARCS:
        domain(bench, name)
        for at, texts in records.items():
            if texts is None:
                bench.net.fail(f"_dmarc.{at}", "TXT")
                continue
            txt(bench.net, f"_dmarc.{at}", *texts)
    table = run(bench, "--only", "O02", *(row[0] for row in DMARCS))
    for name, _, severity, part in DMARCS:
        equal(table.severity(name, "O02", name), severity,
              (name, table.text(name, "O02", name)))
        contains(table.text(name, "O02", name), part)


@case("O02: a name of many labels is not asked for at each of them")
def _(bench):
    name = domain(bench, ".".join("abcdefghijkl") + ".deep.test")
    txt(bench.net, "_dmarc.deep.test", "v=DMARC1; p=reject")
    asked = []
    honest = bench.net.answer

    def watched(q):
        if q.qname.startswith("_dmarc"):
            asked.append(q.qname)
        return honest(q)
    bench.net.dns.script = watched
    table = run(bench, "--only", "O02", name)
    bench.net.dns.script = honest
    equal(table.severity(name, "O02", name), "OK")
    equal((len(set(asked)), "_dmarc.h.i.j.k.l.deep.test" in asked,
           "_dmarc.g.h.i.j.k.l.deep.test" in asked), (8, True, False))


# --- DKIM

def rsa_key(bits):
    der = rsa.generate_private_key(65537, bits).public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def ed25519_key():
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


DKIMS = (
    ("r4096", [f"v=DKIM1; k=rsa; p={rsa_key(4096)}"], "OK", ""),
    ("r2048", [f"v=DKIM1; k=rsa; p={rsa_key(2048)}"], "OK", ""),
    ("r1024", [f"v=DKIM1; p={rsa_key(1024)}"], "WARN", "1024 bits"),
    ("r512", [f"v=DKIM1; p={rsa_key(512)}"], "CRIT", "512 bits"),
    ("ed", [f"v=DKIM1; k=ed25519; p={ed25519_key()}"], "OK", ""),
    ("gone", ["v=DKIM1; p="], "CRIT", "withdrawn"),
    ("missing", [], "CRIT", "no key record (NXDOMAIN)"),
    ("rubbish", ["v=DKIM1; p=AAAA"], "CRIT", "no RSA key"),
    ("another", ["v=spf1 -all"], "CRIT", "no usable key"),
    ("twice", ["v=DKIM1; p=", f"v=DKIM1; k=ed25519; p={ed25519_key()}"],
     "WARN", "several"),
    ("testing", [f"v=DKIM1; t=y; k=ed25519; p={ed25519_key()}"], "INFO",
     "t=y"),
    ("sha1", [f"h=sha1; k=ed25519; p={ed25519_key()}"], "CRIT", "sha256"),
    ("www", [f"s=web; k=ed25519; p={ed25519_key()}"], "CRIT", "s="),
    ("lost", None, "WARN", "SERVFAIL"),
    ("sub.one", [f"k=ed25519; p={ed25519_key()}"], "OK", ""),
)


@case("O03: RFC 6376 3.6.1, 8301 3, 8463: the keys of the selectors")
def _(bench):
    name = domain(bench, "keys.test")
    for selector, texts, *_ in DKIMS:
        at = f"{selector}._domainkey.{name}"
        if texts is None:
            bench.net.fail(at, "TXT")
        elif texts:
            txt(bench.net, at, *texts)
    selectors = ", ".join(f'"{row[0]}"' for row in DKIMS)
    bench.conf = bench.file("keys.conf", f'domain "{name}" {{\n'
                            f"dkim = {{{selectors}}}\n}}\n")
    table = run(bench, "--only", "O03", "--config", bench.conf)
    for selector, _, severity, part in DKIMS:
        subject = f"{selector}._domainkey"
        equal(table.severity(name, "O03", subject), severity, selector)
        contains(table.text(name, "O03", subject), part)


@case("O03: a selector that is none is told with its line")
def _(bench):
    path = bench.file("bad.conf", 'domain "keys.test" {\n'
                      'dkim = {"a b"}\n}\n')
    done = bench.net.mxcheck("--config", path)
    equal(done.returncode, 3)
    contains(done.stderr, 'bad.conf:2: dkim: "a b" is no selector')


# --- lists of addresses (RFC 5782): zone, test points, answers for the sender
# 192.0.2.25 and for the MX, what is found for each and for the list itself

SENDER = "192.0.2.25"
GOOD = (["127.0.0.2"], [])  # 127.0.0.2, 127.0.0.1
LISTS = (
    ("clean.test", GOOD, [], [], "OK", "OK", "OK", ""),
    ("plain.test", GOOD, ["127.0.0.2"], ["127.0.0.9"], "CRIT", "WARN", "OK",
     "listed: 127.0.0.2"),
    ("zen.spamhaus.org", GOOD, ["127.0.0.4"], ["127.0.0.3"], "CRIT", "WARN",
     "OK", "127.0.0.4 (XBL)"),
    ("key.zen.dq.spamhaus.net", GOOD, ["127.0.0.11"], ["127.0.0.10"], "CRIT",
     "OK", "OK", "(PBL)"),
    ("list.dnswl.org", (["127.0.10.0"], []), ["127.0.5.3"], [], "OK", "OK",
     "OK", ""),
    ("bl.mailspike.net", GOOD, ["127.0.0.20"], ["127.0.0.10"], "OK", "WARN",
     "OK", ""),
    # no listing, whatever it looks like
    ("limit.test", GOOD, ["127.255.255.255"], ["127.0.0.1"], "UNKNOWN",
     "UNKNOWN", "OK", "too many questions"),
    ("hijack.test", GOOD, ["198.51.100.7"], [], "UNKNOWN", "OK", "OK",
     "not in 127.0.0.0/8"),
    ("sub.spamhaus.org", (["127.255.255.254"], ["127.255.255.254"]),
     ["127.255.255.254"], [], "OK", "OK", "UNKNOWN", "public resolver"),
    ("dead.test", ([], []), [], [], "OK", "OK", "UNKNOWN", "it is dead"),
    ("all.test", (["127.0.0.2"], ["127.0.0.2"]), ["127.0.0.2"],
     ["127.0.0.2"], "OK", "OK", "UNKNOWN", "lists everything"),
    ("wild.test", (["198.51.100.7"], ["198.51.100.7"]), ["198.51.100.7"],
     ["198.51.100.7"], "OK", "OK", "UNKNOWN", "not in 127.0.0.0/8"),
    ("half.test", (["127.0.0.2"], None), [], [], "OK", "OK", "UNKNOWN",
     "does not answer: SERVFAIL"),
    ("gone.test", (None, None), [], [], "OK", "OK", "UNKNOWN", "SERVFAIL"),
)


def reverse(addr):
    return ".".join(reversed(addr.split(".")))


@case("O04: RFC 5782 2.1, 5: listed, not listed, and no answer at all")
def _(bench):
    net = bench.net
    name = domain(bench, "listed.test")
    mx = net.servers[bench.mx].addr
    for zone, (must, must_not), sender, own, *_ in LISTS:
        net.add(zone, "A", "198.51.100.1")
        for addr, answers in (("127.0.0.2", must), ("127.0.0.1", must_not),
                              (SENDER, sender), (mx, own)):
            at = f"{reverse(addr)}.{zone}"
            if answers is None:
                net.fail(at, "A")
            elif answers:
                net.add(at, "A", *answers)
    bench.lists = bench.file("lists.conf", "dnsbl = {%s}\n" % ", ".join(
        f'"{row[0]}"' for row in LISTS) + f'domain "{name}" {{\n'
        f'outbound = {{"{SENDER}"}}\n}}\n')
    done = bench.net.mxcheck("--outbound", "--only", "O04", "--config",
                             bench.lists)
    equal(done.stderr, "")
    found = {subject: (severity, text) for severity, subject, text in
             re.findall(r"^ +(\S+) +O04 (.*?): (.*)$", done.stdout, re.M)}
    for zone, _, _, _, sender, own, alive, part in LISTS:
        got = [found.get(subject, ("OK", "")) for subject in (
            f"{SENDER} {zone}", f"{mx} {zone}", zone)]
        equal([severity for severity, _ in got], [sender, own, alive], zone)
        contains(" ".join(text for _, text in got), part)


@case("O04: IPv6: nibbles, and its own test points; else it is not asked")
def _(bench):
    net = bench.net
    name = domain(bench, "six.test")
    nibbles = ".".join(reversed("20010db8000000000000000000000025"))
    for zone in ("v6.test", "v4.test"):
        net.add(f"2.0.0.127.{zone}", "A", "127.0.0.2")
        net.add(f"{nibbles}.{zone}", "A", "127.0.0.2")
    point = "2.0.0.0.0.0.f.7.f.f.f.f." + "0." * 20  # ::ffff:7f00:2
    net.add(f"{point}v6.test", "A", "127.0.0.2")
    conf = bench.file("six.conf", 'dnsbl = {"v6.test", "v4.test"}\n'
                      f'domain "{name}" {{ outbound = {{"2001:db8::25"}} }}')
    done = bench.net.mxcheck("--outbound", "--only", "O04", "--config", conf)
    contains(done.stdout, "CRIT    O04 2001:db8::25 v6.test: listed")
    equal("2001:db8::25 v4.test" in done.stdout, False)


@case("O04: without --internal no private address is asked for")
def _(bench):
    asked, honest = [], bench.net.answer

    def watched(q):
        asked.append(q.qname)
        return honest(q)
    bench.net.dns.script = watched
    argv = [a for a in bench.net.argv("--outbound", "--config", bench.lists)
            if a != "--internal"]
    rvtest.subprocess.run(argv, capture_output=True, timeout=30)
    bench.net.dns.script = honest
    mx = reverse(bench.net.servers[bench.mx].addr)
    equal([n for n in asked if n.startswith(mx) and n.endswith(".test")], [])
    contains(" ".join(asked), f"{reverse(SENDER)}.plain.test")


# --- BIMI

BIMIS = (
    ("nologo.test", "v=DMARC1; p=reject", None, "OK", ""),
    ("logo.test", "v=DMARC1; p=reject", "v=BIMI1; l=https://a.test/l.svg; "
     "a=https://a.test/c.pem", "OK", ""),
    ("plain.test", "v=DMARC1; p=reject", "v=BIMI1; l=https://a.test/l.svg",
     "INFO", "no certificate"),
    ("weak.test", "v=DMARC1; p=none", "v=BIMI1; l=https://a.test/l.svg; "
     "a=https://a.test/c.pem", "INFO", "quarantine or reject"),
    ("http.test", "v=DMARC1; p=reject", "v=BIMI1; l=http://a.test/l.svg",
     "INFO", "not https"),
)


@case("O05: BIMI is worth a word at most")
def _(bench):
    for name, dmarc, bimi, *_ in BIMIS:
        domain(bench, name)
        txt(bench.net, f"_dmarc.{name}", dmarc)
        if bimi:
            txt(bench.net, f"default._bimi.{name}", bimi)
    table = run(bench, "--only", "O05", *(row[0] for row in BIMIS))
    for name, _, _, severity, part in BIMIS:
        equal(table.severity(name, "O05", name), severity, name)
        contains(table.text(name, "O05", name), part)


# ---

@case("without --outbound nothing of it is asked or said")
def _(bench):
    asked = []
    honest = bench.net.answer

    def watched(q):
        asked.append(q.qname)
        return honest(q)
    bench.net.dns.script = watched
    done = bench.net.mxcheck("--config", bench.conf, "--only", "O")
    bench.net.dns.script = honest
    equal([n for n in asked if "_dmarc" in n or "_domainkey" in n or
           "_bimi" in n], [])
    equal(Table(done).findings, {})


@case("a replay judges it as the run did, byte for byte")
def _(bench):
    record = bench.dir / "record.json"
    names = [row[0] for row in DMARCS + BIMIS] + ["keys.test"]
    done = bench.net.mxcheck("--outbound", "--config", bench.conf, *names,
                             "-o", "table", "-o", f"json={record}")
    contains(done.stdout, "O03 r512._domainkey: an RSA key of 512 bits")
    replay = ["--config", bench.conf, "--replay", record]
    equal(bench.net.mxcheck(*replay).stdout, done.stdout)
    equal(bench.net.mxcheck(*replay, "-o", "json").stdout,
          record.read_text())
    done = bench.net.mxcheck("--outbound", "--config", bench.lists, "-o",
                             "table", "-o", f"json={record}")
    contains(done.stdout, "O04 192.0.2.25 plain.test: listed")
    replay = ["--config", bench.lists, "--replay", record]
    equal(bench.net.mxcheck(*replay).stdout, done.stdout)
    equal(bench.net.mxcheck(*replay, "-o", "json").stdout,
          record.read_text())


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
