"""Who answers for the names of a domain and of its MX hosts: name servers that
fail together. Each row is a domain of its own, all in one run.
"""

import json

import rvtest
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal

APART = {"ns1": ["192.0.2.1", "2001:db8:1::1"],
         "ns2": ["198.51.100.1", "2001:db8:2::1"]}


def setup(bench):
    net = bench.net = Faults().__enter__()

    def domain(name, **servers):
        """NAME.test and its zone; two MX in a zone of names that is fine."""
        net.mx(f"{name}.test", (10, "mx1.fine.test"), (20, "mx2.fine.test"))
        net.zone(f"{name}.test", **servers)

    net.host("mx1.fine.test", Mail())
    net.host("mx2.fine.test", Mail())
    domain("fine", **APART)
    domain("address", ns1=["192.0.2.1"], ns2=["192.0.2.1"])
    domain("network", ns1=["192.0.2.1"], ns2=["192.0.2.129"])
    domain("both", ns1=["192.0.2.1", "2001:db8::1"],
           ns2=["192.0.2.2", "2001:db8:0:1::2"])
    domain("six", ns1=["192.0.2.1", "2001:db8::1"],
           ns2=["2001:db8:0:1::2"])
    domain("families", ns1=["192.0.2.1"], ns2=["2001:db8::1"])
    domain("single", ns1=["192.0.2.1", "2001:db8::1"])
    domain("unknown", ns1=["192.0.2.1"], ns2=["192.0.2.2"])
    net.fail("ns2.unknown.test", "A")
    net.fail("nons.test", "NS")
    net.mx("nons.test", (10, "mx1.fine.test"), (20, "mx2.fine.test"))
    for name in ("onens", "onenet"):
        net.host(f"mx2.{name}.test", Mail())
        net.mx(f"by{name}.test", (10, "mx1.fine.test"),
               (20, f"mx2.{name}.test"))
        net.zone(f"by{name}.test", ns1_fine_test=(), ns2_fine_test=())
    net.zone("onens.test", ns1=["192.0.2.1"])
    net.zone("onenet.test", ns1=["192.0.2.1"], ns2=["192.0.2.2"])
    mx1 = net.servers["mx1.fine.test"].addr
    near = mx1.rpartition(".")[0] + ".53"
    domain("inside", ns1=[mx1])
    domain("nearby", ns1=[mx1], ns2=[near])
    domain("half", ns1=[mx1], ns2=["192.0.2.1"])
    domain("maybe", ns1=[mx1], ns2=[])
    net.fail("ns2.maybe.test", "A")
    domain("site", ns1=["192.0.2.1"], ns2=["198.51.100.1"])
    net.host("mx2.hosted.test", Mail())
    net.mx("byhosted.test", (10, "mx1.fine.test"), (20, "mx2.hosted.test"))
    net.zone("byhosted.test", ns1_fine_test=(), ns2_fine_test=())
    net.zone("hosted.test", ns1=[near], ns2=[near])
    net.mx("lone.test", (10, "mx1.fine.test"))
    net.zone("lone.test", ns1=[mx1], ns2=[near])
    conf = bench.file("mxcheck.conf", """
host "mx1.fine.test" { site = "ams1" }
host "ns1.site.test" { site = "ams1" }
host "ns2.site.test" { site = "ams1" }
""")
    net.mx("sub.fine.test", (10, "mx1.fine.test"), (20, "mx2.fine.test"))
    bench.names = sorted({name for name, rrtype in net.records
                          if rrtype == "MX"})
    bench.record = bench.dir / "record.json"
    bench.conf = ["-c", conf]
    bench.done = net.mxcheck(*bench.names, *bench.conf, "-o", "table", "-o",
                             f"json={bench.record}")
    bench.table = Table(bench.done)


def row(domain, check, severity, text="", host=None):
    return domain + ".test", check, host or domain + ".test", severity, text


ROWS = [
    # RFC 2182 3.1
    row("fine", "F05", "OK"),
    row("fine", "F06", "OK"),
    row("address", "F05", "WARN", "of address.test are one address: "
        "192.0.2.1"),
    row("network", "F05", "WARN", "of network.test are in one network: "
        "192.0.2.0/24"),
    row("network", "F06", "OK"),
    row("both", "F05", "WARN", "192.0.2.0/24 and 2001:db8::/48"),
    row("six", "F05", "WARN", "192.0.2.0/24 and 2001:db8::/48"),
    row("families", "F05", "OK"),  # no network is common to both servers
    row("unknown", "F05", "OK"),  # the other one may be elsewhere
    row("onenet", "F05", "OK", host="mx2.onenet.test"),
    row("byonenet", "F05", "WARN", "of onenet.test are in one network",
        "mx2.onenet.test"),
    row("byonenet", "F05", "OK"),
    # RFC 1034 4.1
    row("single", "F06", "WARN", "single.test has a single name server, "
        "ns1.single.test"),
    row("single", "F05", "OK"),
    row("byonens", "F06", "WARN", "onens.test has a single name server",
        "mx2.onens.test"),
    row("byonens", "F06", "OK"),
    row("sub.fine", "F05", "OK"),
    # what takes an MX host takes the names
    row("fine", "F04", "OK"),
    row("inside", "F04", "WARN", "of inside.test are mx1.fine.test: if that "
        "dies, no MX is found"),
    row("nearby", "F04", "WARN", ".0/24, as mx1.fine.test is"),
    row("half", "F04", "OK"),
    row("maybe", "F04", "OK"),  # the other one may be elsewhere
    row("network", "F04", "OK"),  # no MX is there
    row("site", "F04", "WARN", "in site ams1, as mx1.fine.test is"),
    row("byhosted", "F04", "WARN", "of hosted.test are in", "mx2.hosted.test"),
    row("byhosted", "F04", "OK"),
    row("lone", "F04", "OK"),  # there is no other MX to be found
    row("nons", "F06", "OK"),
]


@case("each set of name servers gives its check, its severity and its cause")
def _(bench):
    wrong = [f"{r[0]} {r[1]} {r[2]}: {got}, not {r[3:]}" for r in ROWS
             for got in [bench.table.findings.get(r[:3], ("OK", ""))]
             if got[0] != r[3] or r[4] not in got[1]]
    if wrong:
        raise AssertionError("\n".join(wrong))


VERDICTS = {
    "fine": ("OK", "if mx1.fine.test dies: Postfix -> mx2.fine.test"),
    "inside": ("ILLUSION", "2 MX hosts, but if mx1.fine.test dies (and all "
               "name servers of inside.test with it) no mail flows"),
    "nearby": ("ILLUSION", ".0/24 dies (and all name servers of nearby.test "
               "with it) no mail flows"),
    "site": ("ILLUSION", "if site ams1 dies (and all name servers of "
             "site.test with it)"),
    "byhosted": ("ILLUSION", ".0/24 dies (and the name of mx2.hosted.test "
                 "with it)"),
    "half": ("OK", ""),
    "maybe": ("OK", ""),
    "lone": ("NONE", ""),
}


@case("mail stops where the names stop: the verdict, and what takes them")
def _(bench):
    for name, (verdict, part) in VERDICTS.items():
        got = bench.table.domains[f"{name}.test"]
        equal(got[0], verdict, name)
        contains(got[1], part)


def asn_zone(bench):
    """Who announces what, as origin.asn.cymru.com tells it."""
    net = bench.net
    for name, text in (("mx1.fine.test", "64500 | %s/32 | ZZ | x | 2026"),
                       ("mx2.fine.test", "64500 64999 | %s/32 | ZZ |")):
        addr = net.servers[name].addr
        reverse = ".".join(reversed(addr.split(".")))
        net.add(f"{reverse}.origin.test", "TXT",
                f'"64999 | {addr.split(".")[0]}.0.0.0/8 | ZZ |"',
                f'"{text % addr}"')
    for reverse, asn in (("1.2.0.192", 64501), ("1.100.51.198", 64501)):
        net.add(f"{reverse}.origin.test", "TXT", f'"{asn} | {reverse}"')
    net.add("evil.origin.test", "TXT", '"AS-SET | | |"')


@case("F03, F05: one AS, from a zone, from a file, from the configuration")
def _(bench):
    net = bench.net
    asn_zone(bench)
    table = bench.dir / "asn.tsv"
    table.write_text("; who announces what\n127.0.0.0/8\t64500\n"
                     "192.0.2.0/24\t64501\n198.51.100.0/24\t64501\n")
    conf = bench.file("asn.conf", "".join(
        f'host "{name}.fine.test" {{ asn = {asn} }}\n' for name, asn in (
            ("mx1", 64500), ("mx2", 64500), ("ns1", 64501),
            ("ns2", 64501))))
    for args in (("--asn-zone", "origin.test", "-4"), ("--asn-file", table),
                 ("-c", conf)):
        got = Table(net.mxcheck("fine.test", *args))
        contains(got.text("fine.test", "F03", "fine.test"),
                 "all MX hosts are in AS64500")
        equal(got.domains["fine.test"][0], "ILLUSION", args)
        contains(got.domains["fine.test"][1], "if AS64500 dies no mail flows")
        if args[0] == "-c":  # both families are in it
            contains(got.text("fine.test", "F05", "fine.test"),
                     "of fine.test are in AS64501")
    equal(bench.table.severity("fine.test", "F03", "fine.test"), "OK")
    apart = bench.file("apart.conf", 'host "mx2.fine.test" { asn = 64999 }\n')
    equal(Table(net.mxcheck("fine.test", "-c", apart, "--asn-file", table))
          .severity("fine.test", "F03", "fine.test"), "OK")


@case("F04: an AS that has all MX is F03's; one that has some takes the names")
def _(bench):
    def judged(name, **asns):
        conf = bench.file(name, "".join(
            f'host "{host}.fine.test" {{ asn = {asn} }}\n'
            for host, asn in asns.items()))
        got = Table(bench.net.mxcheck("fine.test", "-c", conf))
        return [got.severity("fine.test", check, "fine.test")
                for check in ("F03", "F04", "F05")]
    equal(judged("one.conf", mx1=64500, mx2=64500, ns1=64500, ns2=64500),
          ["WARN", "OK", "WARN"])
    equal(judged("two.conf", mx1=64500, mx2=64501, ns1=64500, ns2=64500),
          ["OK", "WARN", "WARN"])


@case("without --asn-zone nobody is asked who announces an address")
def _(bench):
    def asked():
        return sum(n for q, n in bench.net.dns.asked.items()
                   if q[0].endswith("origin.test"))
    before = asked()
    equal(before > 0, True)
    bench.net.mxcheck("fine.test")
    equal(asked(), before)


@case("an AS file that is bad is told of by its line; the run goes on")
def _(bench):
    for text, part in (("127.0.0.0/8 64500\nhere\n", "bad.tsv:2: give a "
                        "prefix and its AS"), (None, "bad.tsv: No such")):
        path = bench.dir / "bad.tsv"
        path.unlink(missing_ok=True)
        if text:
            path.write_text(text)
        done = bench.net.mxcheck("lone.test", "--asn-file", path)
        contains(done.stderr, part)
        equal(Table(done).domains["lone.test"][0], "NONE")
    done = bench.net.mxcheck("lone.test", "--asn-zone", "a b")
    equal(done.returncode, 3)
    contains(done.stderr, "--asn-zone: give a zone")


@case("a replay knows who announced what, without the file")
def _(bench):
    table = bench.dir / "asn.tsv"
    record = bench.dir / "asn.json"
    done = bench.net.mxcheck("fine.test", "nearby.test", "--asn-file", table,
                             "-o", "table", "-o", f"json={record}")
    equal(bench.net.mxcheck("--replay", record).stdout, done.stdout)
    contains(done.stdout, "AS64500")


@case("--assume-down knows name servers, too")
def _(bench):
    done = bench.net.mxcheck("half.test", "--assume-down", "192.0.2.1", "-o",
                             "json")
    walks = [line for line in map(json.loads, done.stdout.splitlines())
             if line["type"] == "scenario" and "assume" in line["scenario"]]
    equal({w["result"] for w in walks}, {"FLOWS"})  # ns1 is left
    done = bench.net.mxcheck("fine.test", "--assume-down", "192.0.2.0/24",
                             "--assume-down", "ns2.fine.test", "-o", "json")
    equal('"why":"DNS dies with it"' in done.stdout, False)  # each by itself
    done = bench.net.mxcheck("fine.test", "--assume-down", "AS64500",
                             "--asn-file", bench.dir / "asn.tsv", "-o",
                             "json")
    contains(done.stdout, '"scenario":"assume-down AS64500","model":"postfix",'
             '"order":"worst","result":"DEFERRED"')
    done = bench.net.mxcheck("network.test", "--assume-down", "192.0.2.0/24",
                             "-o", "json")
    contains(done.stdout, '"why":"DNS dies with it"')


@case("the zone of a name is where the negative answer's SOA stands")
def _(bench):
    text = bench.record.read_text()
    contains(text, '"type":"host","name":"mx1.fine.test"')
    contains(text, '"zone":"fine.test"')
    equal('"zone":"sub.fine.test"' in text, False)
    equal('"zone":"test"' in text, False)  # a registry's: nobody's fault


@case("a replay gives the bytes of the run, in every format")
def _(bench):
    for form, want in (("table", bench.done.stdout),
                       ("json", bench.record.read_text())):
        done = bench.net.mxcheck("--replay", bench.record, "-o", form,
                                 *bench.conf)
        for got, line in zip(done.stdout.splitlines(), want.splitlines()):
            equal(got, line, form)
        equal((done.stdout == want, done.stderr), (True, ""), form)


@case("F09: the mail about an outage needs what is out")
def _(bench):
    net = bench.net
    net.mx("elsewhere.test", (10, "mx.elsewhere.test"))
    net.mx("partly.test", (10, "mx1.fine.test"), (20, "mx.elsewhere.test"))
    net.mx("behind.test", (10, "mx2.fine.test"))

    def severity(to, *args, env=None):
        if to:
            args = ("--alert-to", f"admin@{to}", *args)
        done = net.mxcheck("fine.test", *args, env=env)
        return done.stdout.count("F09")

    for to, n in (("fine.test", 1), ("behind.test", 1), ("partly.test", 0),
                  ("elsewhere.test", 0), ("nobody.test", 0), (None, 0)):
        equal(severity(to), n, to)
    state = bench.dir / "state"
    equal(severity("fine.test", "--hook", "/bin/true", "--state", state), 0)
    record = bench.dir / "alerts.json"
    done = net.mxcheck("fine.test", "--alert-to", "admin@fine.test", "-o",
                       "table", "-o", f"json={record}")
    equal(net.mxcheck("--replay", record).stdout, done.stdout)
    contains(done.stdout, "mail about this domain goes to fine.test")
    for to, n in (("a@behind.test", 1), ("root", 0), ("a@b.test, c@d.test", 0)):
        quiet = bench.dir / f"quiet-{n}-{len(to)}"
        args = ("-q", "--confirm", "1", "--state", quiet)
        env = {"MAILTO": to}
        equal(severity(None, *args, env=env), n, to)  # told at once
    done = net.mxcheck("fine.test", "--alert-to", "root")
    equal(done.returncode, 3)
    contains(done.stderr, "--alert-to root: give user@domain")


@case("without these checks nobody is asked for name servers")
def _(bench):
    n = bench.net.dns.count("fine.test")
    bench.net.mxcheck("fine.test", "--skip", "F")
    equal(bench.net.dns.count("fine.test") - n, 1)  # MX


@case("--explain tells of each")
def _(bench):
    for check, part in (("F04", "nobody finds them"),
                        ("F05", "RFC 2182 3.1"), ("F06", "RFC 1034 4.1"),
                        ("F03", "--asn-file"), ("F09", "--alert-to")):
        contains(bench.net.mxcheck("--explain", check).stdout, part)


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


rvtest.run(setup)
