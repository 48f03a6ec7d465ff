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
    "lone": ("NONE", ""),
}


@case("mail stops where the names stop: the verdict, and what takes them")
def _(bench):
    for name, (verdict, part) in VERDICTS.items():
        got = bench.table.domains[f"{name}.test"]
        equal(got[0], verdict, name)
        contains(got[1], part)


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
        equal((done.stdout, done.stderr), (want, ""), form)


@case("without these checks nobody is asked for name servers")
def _(bench):
    n = bench.net.dns.count("fine.test")
    bench.net.mxcheck("fine.test", "--skip", "F")
    equal(bench.net.dns.count("fine.test") - n, 1)  # MX


@case("--explain tells of each")
def _(bench):
    for check, part in (("F04", "nobody finds them"),
                        ("F05", "RFC 2182 3.1"), ("F06", "RFC 1034 4.1")):
        contains(bench.net.mxcheck("--explain", check).stdout, part)


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


rvtest.run(setup)
