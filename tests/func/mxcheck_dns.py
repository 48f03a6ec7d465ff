"""The MX sets that mxcheck tells of: each is a zone of its own, all in one run.
"""

import time

import dns.flags

import rvtest
import scripted
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal


def setup(bench):
    net = bench.net = Faults().__enter__()
    good = bench.good = net.host("mx.good.test", Mail())
    other = bench.other = net.host("mx.other.test", Mail())

    def zone(name, *rows):
        net.mx(f"{name}.test", *rows)

    zone("null", (0, "."))
    zone("nullpref", (10, "."))
    zone("nullbeside", (0, "."), (10, good))
    net.host("implicit.test", Mail())
    net.add("empty.test", "TXT", '"nothing here"')
    for rrtype in ("A", "AAAA"):
        net.fail("implicitfail.test", rrtype)
    net.fail("servfail.test", "MX")
    net.fail("refused.test", "MX", "REFUSED")
    zone("literal", (10, "192.0.2.1"), (20, good))
    zone("onlyliteral", (10, "192.0.2.1"))
    zone("badname", (10, "-mx-.badname.test"), (20, good))
    zone("single", (10, "mailhost"), (20, good))
    net.add("mailhost", "A", net.servers[good].addr)
    zone("under", (10, "mx_1.under.test"), (20, good))
    net.host("mx_1.under.test", Mail())
    zone("alias", (10, "mx.alias.test"), (20, good))
    net.add("mx.alias.test", "CNAME", other + ".")
    zone("loop", (10, "mx1.loop.test"), (20, good))
    net.add("mx1.loop.test", "CNAME", "mx2.loop.test.")
    net.add("mx2.loop.test", "CNAME", "mx1.loop.test.")
    zone("dangling", (10, "mx.dangling.test"), (20, good))
    net.add("mx.dangling.test", "CNAME", "nowhere.invalid.")
    zone("noaddress", (10, "mx.noaddress.test"), (20, good))
    zone("noneaddress", (10, "mx1.noneaddress.test"))
    zone("hostfail", (10, "mx.hostfail.test"), (20, good))
    for rrtype in ("A", "AAAA"):
        net.fail("mx.hostfail.test", rrtype)
    zone("localhost", (10, "localhost"), (20, good))
    zone("twice", (10, good), (20, good))
    zone("twins", (10, good), (20, "mx.twin.test"))
    net.add("mx.twin.test", "A", net.servers[good].addr)
    zone("network", (10, "mx1.network.test"), (20, "mx2.network.test"))
    for n in (1, 2):
        net.host(f"mx{n}.network.test", Mail(), f"{net.prefix}.250.{n}")
    zone("provider", (10, "a.mail.isp.test"),
         (20, "b.mail.isp.test"))
    for n in "ab":
        net.host(f"{n}.mail.isp.test", Mail())
    zone("five", (10, "mx.five.test"), (20, good))
    for _ in range(5):
        net.add("mx.five.test", "A", net.address())
    zone("four", (10, "mx.four.test"), (20, good))
    for _ in range(4):
        net.add("mx.four.test", "A", net.address())
    zone("levels", (10, good), (10, other))
    zone("three", (10, good), (20, other), (30, net.host(
        "mx.third.test", Mail())))
    zone("forty", *((10 + i, good) for i in range(40)))
    zone("sixonly", (10, "mx.sixonly.test"))
    net.add("mx.sixonly.test", "AAAA", "::1")
    zone("sixdead", (10, net.host("mx.sixdead.test", Mail())))
    net.add("mx.sixdead.test", "AAAA", "::1")
    zone("somedead", (10, net.host("mx.somedead.test", Mail())))
    net.add("mx.somedead.test", "A", net.address())
    bench.names = sorted({name for name, rrtype in net.records
                          if name.count(".") == 1})
    net.ttl = 3600
    bench.done = net.mxcheck(*bench.names, "missing.test", timeout=120)
    bench.table = Table(bench.done)


def row(domain, check, severity, text="", host=None):
    return domain + ".test", check, host or domain + ".test", severity, text


ROWS = [
    # RFC 5321 5.1
    row("missing", "D01", "CRIT", "does not exist"),
    row("servfail", "D01", "CRIT", "SERVFAIL"),
    row("refused", "D01", "CRIT", "REFUSED"),
    row("implicit", "D02", "WARN", "implicit MX"),
    row("empty", "D02", "CRIT", "neither MX nor address"),
    row("implicitfail", "D02", "CRIT", "own address fails (SERVFAIL): senders "
        "queue"),
    # RFC 7505 3
    row("null", "D03", "OK"),
    row("nullpref", "D03", "WARN", "is to be 0, not 10"),
    row("nullbeside", "D03", "CRIT", "beside others"),
    # RFC 1123 2.1
    row("literal", "D04", "CRIT", "an IP address", "192.0.2.1"),
    row("badname", "D04", "CRIT", "not a host name", "-mx-.badname.test"),
    row("single", "D04", "CRIT", "a single label", "mailhost"),
    row("under", "D04", "WARN", "underscore", "mx_1.under.test"),
    # RFC 2181 10.3
    row("alias", "D05", "WARN", "an alias of mx.other.test", "mx.alias.test"),
    row("loop", "D05", "CRIT", "a loop of aliases", "mx1.loop.test"),
    row("dangling", "D05", "CRIT", "leads nowhere", "mx.dangling.test"),
    row("noaddress", "D06", "WARN", "no address (NXDOMAIN)",
        "mx.noaddress.test"),
    row("noneaddress", "D06", "CRIT", "senders return the mail",
        "mx1.noneaddress.test"),
    row("hostfail", "D06", "WARN", "SERVFAIL", "mx.hostfail.test"),
    row("localhost", "D07", "CRIT", "localhost", "localhost"),
    row("twice", "D08", "WARN", "stands twice"),
    row("twins", "D08", "WARN", "have the same addresses"),
    row("twins", "F01", "WARN", "all MX hosts are one address"),
    row("twins", "F02", "OK"),
    row("network", "F02", "WARN", "in one network"),
    row("levels", "F02", "OK"),
    row("provider", "F08", "INFO", "all MX hosts are of mail.isp.test"),
    row("network", "F08", "OK"),
    row("five", "D12", "WARN", "5 addresses come first", "level 20"),
    row("four", "D12", "OK", "", "level 20"),
    row("levels", "D16", "INFO", "all MX have preference 10"),
    row("three", "D17", "INFO", "OpenSMTPD", "level 30"),
    row("forty", "D13", "OK"),  # 40 MX, one host
    row("sixonly", "C03", "CRIT", "IPv4-only senders cannot deliver",
        "mx.sixonly.test"),
    row("sixdead", "C02", "WARN", "no IPv6 address does", "mx.sixdead.test"),
    row("somedead", "C04", "WARN", "1 of 2 IPv4 addresses",
        "mx.somedead.test"),
]

VERDICTS = {
    "null.test": "NOMAIL", "nullbeside.test": "BOUNCE",
    "missing.test": "BOUNCE", "servfail.test": "DEFER",
    "empty.test": "BOUNCE", "implicit.test": "NONE",
    "implicitfail.test": "DEFER",
    "literal.test": "DEGRADED", "onlyliteral.test": "BOUNCE",
    "alias.test": "OK", "loop.test": "DEGRADED",
    "noneaddress.test": "BOUNCE", "localhost.test": "BOUNCE",
    "five.test": "DEGRADED", "network.test": "ILLUSION",
    "twins.test": "ILLUSION", "levels.test": "OK",
    "three.test": "OK", "twice.test": "NONE", "sixonly.test": "DEFER",
    "somedead.test": "NONE",
}


@case("each MX set gives its check, its severity and its cause")
def _(bench):
    wrong = [f"{r[0]} {r[1]} {r[2]}: {got}, not {r[3:]}" for r in ROWS
             for got in [bench.table.findings.get(r[:3], ("OK", ""))]
             if got[0] != r[3] or r[4] not in got[1]]
    if wrong:
        raise AssertionError("\n".join(wrong))


@case("and its verdict")
def _(bench):
    wrong = [f"{domain}: {bench.table.domains[domain]}, not {want}"
             for domain, want in VERDICTS.items()
             if bench.table.domains[domain][0] != want]
    if wrong:
        raise AssertionError("\n".join(wrong))


@case("Postfix alone gives up behind five dead addresses, and is named")
def _(bench):
    verdict, sentence = bench.table.domains["five.test"]
    contains(sentence, "Postfix -> DEFER (address limit), "
             "Exim/OpenSMTPD -> mx.good.test")


@case("a lookup by SERVFAIL is asked again with CD, and bogus told apart")
def _(bench):
    net = bench.net
    net.mx("bogus.test", (10, bench.good))
    honest = net.answer

    def validating(q):
        if q.qname == "bogus.test" and not q.message.flags & dns.flags.CD:
            return scripted.answer(q, rcode="SERVFAIL")
        return honest(q)
    net.dns.script = validating
    table = Table(net.mxcheck("bogus.test", "servfail.test"))
    net.dns.script = honest
    equal(table.severity("bogus.test", "D14", "bogus.test"), "CRIT")
    equal(table.severity("servfail.test", "D14", "servfail.test"), "OK")


@case("a cut answer is asked for over TCP; D13 if that gives none")
def _(bench):
    net = bench.net
    for name in ("cut.test", "cutdead.test"):
        net.mx(name, (10, bench.good), (20, bench.other))
    honest = net.answer

    def cutting(q):
        if not q.qname.startswith("cut") or q.qtype != "MX":
            return honest(q)
        if not q.tcp:
            return scripted.answer(q, flags=dns.flags.TC)
        return honest(q) if q.qname == "cut.test" else None
    net.dns.script = cutting
    table = Table(net.mxcheck("cut.test", "cutdead.test"))
    net.dns.script = honest
    equal(table.domains["cut.test"][0], "OK")
    equal(net.dns.count("cut.test", tcp=True), 1)
    contains(table.text("cutdead.test", "D13", "cutdead.test"), "TCP gives")
    equal(table.severity("cutdead.test", "D01", "cutdead.test"), "CRIT")


@case("a TTL of a week cannot be changed within a day")
def _(bench):
    net = bench.net
    net.ttl = 604800
    table = Table(net.mxcheck("levels.test"))
    net.ttl = 3600
    contains(table.text("levels.test", "D10", "levels.test"), "604800")
    contains(table.text("levels.test", "D10", bench.good), "604800")


@case("a resolver that is silent costs 10 s at most, and mail is not lost")
def _(bench):
    net = bench.net
    net.records["mute.test", "MX"] = None
    started = time.monotonic()
    table = Table(net.mxcheck("mute.test"))
    seconds = time.monotonic() - started
    equal(table.domains["mute.test"][0], "DEFER")
    contains(table.text("mute.test", "D01", "mute.test"), "no answer")
    if seconds > 12:
        raise AssertionError(seconds)


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


rvtest.run(setup)
