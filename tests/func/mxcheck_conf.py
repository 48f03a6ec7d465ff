"""mxcheck's configuration file: options, domains, hosts, and bad lines."""

import re

import rvtest
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal

TOP = rvtest.HERE.parent.parent


def setup(bench):
    net = bench.net = Faults().__enter__()
    for name in ("pair", "other"):
        net.mx(f"{name}.test", (10, net.host(f"mx1.{name}.test", Mail())),
               (20, net.host(f"mx2.{name}.test", Mail())))


def run(bench, text, *args):
    path = bench.file("mxcheck.conf", text)
    return bench.net.mxcheck("--config", path, "--only", "C,D,S", *args)


@case("the domains of the file are checked, unless others are asked for")
def _(bench):
    conf = 'domain "pair.test" {}\ndomain "Other.TEST." {}\n'
    equal(list(Table(run(bench, conf)).domains), ["pair.test", "other.test"])
    equal(list(Table(run(bench, conf, "pair.test")).domains), ["pair.test"])


@case("options stand as on the command line, which wins")
def _(bench):
    conf = 'min-mx = 3\nhelo = "conf.test"\nlimit = {"connect=5", "ehlo=4"}\n'
    done = run(bench, conf, "pair.test")
    contains(done.stdout, "D11 pair.test: 2 usable MX hosts, 3 are wanted")
    done = run(bench, conf, "pair.test", "--min-mx", "2")
    equal("D11" in done.stdout, False)
    server, port = bench.net.dns.server
    nowhere = rvtest.free_port()
    path = bench.file("r.conf", f'resolver = {{"127.0.0.1@{nowhere}"}}\n')
    done = bench.net.mxcheck("--config", path, "pair.test", "--resolver",
                             f"{server}@{port}")
    equal(Table(done).domains["pair.test"][0], "OK")


@case("what is said of a domain: its MX, no mail, no failover wanted")
def _(bench):
    done = run(bench, 'domain "pair.test" {\n'
               'expect-mx = {"10 mx1.pair.test", "20 mx3.pair.test"}\n}\n')
    contains(done.stdout, "D15")
    contains(done.stdout, "mx3.pair.test")
    equal("D15" in run(bench, 'domain "pair.test" { expect-mx = '
                       '{"mx1.pair.test", "mx2.pair.test"} }').stdout, False)
    bench.net.mx("null.test", (0, "."))
    equal(run(bench, 'domain "null.test" { mail = no }').returncode, 0)
    equal(run(bench, 'domain "null.test" { mail = yes }').returncode, 2)


@case("severity: of a check, for a domain, and for a host")
def _(bench):
    net = bench.net
    net.mx("down.test", (10, net.host("mx1.down.test")),
           (20, net.host("mx2.down.test", Mail())))

    def severity(text):
        return Table(run(bench, text, "down.test")).severity(
            "down.test", "C01", "mx1.down.test")

    equal(severity(""), "CRIT")
    equal(severity('domain "down.test" { severity = {"C01=WARN"} }'), "WARN")
    equal(severity('host "mx1.down.test" { severity = {"C01=INFO"} }\n'
                   'domain "down.test" { severity = {"C01=WARN"} }'), "INFO")
    equal(severity('host "mx2.down.test" { severity = {"C01=INFO"} }'),
          "CRIT")


@case("a host that is expected to be down, and one that is not")
def _(bench):
    conf = 'host "mx1.down.test" { role = nolisting }'
    equal(Table(run(bench, conf, "down.test")).severity(
        "down.test", "C01", "mx1.down.test") != "CRIT", True)
    conf = 'host "mx1.pair.test" { expect = down }'
    equal(Table(run(bench, conf, "pair.test")).severity(
        "pair.test", "C01", "mx1.pair.test"), "WARN")


BAD = (
    ("jobs = lots\n", ":1: \"lots\" is no value of jobs"),
    ("\njobz = 3\n", ":2:"),
    ("helo = \"a b\"\n", ":1:"),
    ('resolver = {"here"}\n', ":1:"),
    ('domain "a..test" {}\n', ":1: domain \"a..test\":"),
    ('domain "a.test" {}\ndomain "A.test" {}\n', ":2: domain \"A.test\": "
     "this domain has a section already"),
    ('domain "a.test" {\n mail = perhaps\n}\n', ":2: mail: give yes or no"),
    ('domain "a.test" {\n outbound = {"mx"}\n}\n', ":2: outbound:"),
    ('domain "a.test" {\n expect-mx = {"10 a b"}\n}\n', ":2: expect-mx:"),
    ('domain "a.test" {\n severity = {"Z99=CRIT"}\n}\n', ":2: severity:"),
    ('domain "a.test" {\n severity = {"B01=UNKNOWN"}\n}\n', ":2: severity:"),
    ('host "a b" {}\n', ":1: host \"a b\": this is no host name"),
    ('host "a.test" {\n role = boss\n}\n', ":2: role: give primary, backup "
     "or nolisting"),
    ('host "a.test" {\n expect = maybe\n}\n', ":2: expect: give up or down"),
    ('host "a.test" {\n asn = many\n}\n', ":2: asn: give a number"),
    ('asn-zone = "a b"\n', ":1: "),
    ('dnsbl = {"a b"}\n', ":1: "),
    ('domain "a.test" {\n dkim = {"a b"}\n}\n', ":2: dkim:"),
    ('domain "a.test" {\n', ":1:"),
    ('relay-target = "x@y z"\n', ":1:"),
)


def options_of(text, start, end):
    """The names in a table of mxconf.c."""
    table = text[text.index(start):]
    return set(re.findall(r'CFG_\w+\("([\w-]+)"', table[:table.index(end)]))


@case("the sample has every option and no other, and all of it is valid")
def _(bench):
    source = (TOP / "tools/mxcheck/mxconf.c").read_text()
    sample = (TOP / "conf/mxcheck.conf").read_text()
    man = (TOP / "doc/mxcheck.8").read_text()
    live = re.sub(r"(?m)^#(?! )", "", sample)
    there = {"": set(re.findall(r"(?m)^([\w-]+) =", live))}
    for section in ("domain", "host"):
        body = live[live.index(f"\n{section} "):]
        there[section] = set(re.findall(r"(?m)^\t([\w-]+) =",
                                        body[:body.index("\n}\n")]))
    for section, start in (("", "root_opts[]"), ("domain", "domain_opts[]"),
                           ("host", "host_opts[]")):
        names = options_of(source, start, "CFG_END") - {"domain", "host"}
        equal(there[section], names, section)
        for name in names:
            equal(bool(re.search(r"(?<![\w-])%s(?![\w-])" % name, man)), True,
                  f"{name} is in the man page")
    # the addresses to dial from are not ours
    path = bench.file("sample.conf", live)
    done = bench.net.mxcheck("--config", path, "--list-checks")
    equal((done.returncode, done.stderr), (0, ""))
    path = bench.file("sample.conf", sample)
    done = bench.net.mxcheck("--config", path, "pair.test", "--only", "C")
    equal(done.stderr, "", "as it is shipped it says nothing")


@case("every option of --help is in the man page, and the other way round")
def _(bench):
    usage = bench.net.mxcheck("--help").stdout
    man = (TOP / "doc/mxcheck.8").read_text()
    listed = set(re.findall(r"--([a-z][\w-]+)", usage))
    items = "\n".join(re.findall(r"(?m)^\.It Fl .*$", man))
    described = set(re.findall(r"(?:Fl|,) -([a-z][\w-]+)", items))
    equal(listed ^ described, set())


@case(f"{len(BAD)} bad files: file, line, what; status 3, nothing is dialled")
def _(bench):
    n = sum(len(s.conversations) for s in bench.net.servers.values())
    for text, part in BAD:
        done = run(bench, text, "pair.test")
        equal((done.returncode, done.stdout), (3, ""), text)
        contains(done.stderr, "mxcheck.conf" + part)
    done = bench.net.mxcheck("--config", bench.dir / "none.conf", "pair.test")
    equal(done.returncode, 3)
    contains(done.stderr, "none.conf: No such file")
    equal(sum(len(s.conversations) for s in bench.net.servers.values()), n)
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
