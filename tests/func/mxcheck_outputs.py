"""mxcheck for monitoring: the Nagios line and Prometheus' text file."""

import re

import rvtest
from mx_faults import Faults, Mail
from mx_pki import Pki
from rvtest import case, contains, equal


def setup(bench):
    net = bench.net = Faults().__enter__()
    pki = Pki(bench.dir)
    net.mx("pair.test",
           (10, net.host("mx1.pair.test", Mail(tls=pki.server("mx1.pair.test",
                                               hours=(-24, 24 * 41 + 1))))),
           (20, net.host("mx2.pair.test", Mail(tls=pki.server("mx2.pair.test",
                                               hours=(-24, 24 * 60))))))
    net.mx("down.test", (10, net.host("mx1.down.test")),
           (20, net.host("mx2.down.test", Mail())))
    net.mx("self.test", (10, net.host("self.test", Mail())),
           (20, "mx2.pair.test"), (30, "mx2.pair.test"))
    net.mx("evil.test", (10, net.host("mx.evil.test", Mail(
        greeting='554 \x1b[2J"|\\ no {name}'))))
    bench.ca = ["--ca-file", str(pki.ca_file), "--only", "C,S"]


@case("nagios: a line, the status in words and as the exit status")
def _(bench):
    done = bench.net.mxcheck("pair.test", "-o", "nagios", *bench.ca)
    equal((done.stderr, done.returncode), ("", 0))
    equal(bool(re.fullmatch(
        r"MXCHECK OK - 1 of 1 domains \| domains_ok=1;;;0;1 usable=2;;;0;2 "
        r"greet_max=\d\.\d{3}s;10;30;0 cert_min_days=41;21:;7:\n",
        done.stdout)), True, done.stdout)
    done = bench.net.mxcheck("pair.test", "down.test", "-o", "nagios",
                             *bench.ca)
    equal(done.returncode, 2)
    contains(done.stdout, "MXCHECK CRITICAL - 1 of 2 domains: down.test "
             "DEGRADED (mx1.down.test is down (refused)")
    contains(done.stdout, "domains_ok=1;;;0;2 usable=3;;;0;4")


@case("nagios: 200 bytes at most before the one bar; the table with -v")
def _(bench):
    done = bench.net.mxcheck("down.test", "evil.test", "-o", "nagios", "-v",
                             *bench.ca)
    first, rest = done.stdout.split("\n", 1)
    equal(first.count("|"), 1)
    equal(len(first.split(" | ")[0]) <= 200, True)
    contains(rest, "down.test  DEGRADED")


@case("nagios: --help and --version are no OK")
def _(bench):
    for word in ("--help", "--version"):
        equal([bench.net.mxcheck(*args).returncode for args in (
            (word,), ("-o", "nagios", word))], [0, 3], word)


SERIES = re.compile(r'(mxcheck_[a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})?'
                    r' (-?[0-9.e+]+)')


@case("prom: one HELP and TYPE each, no time stamps, all of a name together")
def _(bench):
    path = bench.dir / "mx.prom"
    bench.net.ttl = 90000  # D10 of self.test: as a domain, and as a host
    done = bench.net.mxcheck("pair.test", "down.test", "evil.test",
                             "self.test", "-o", f"prom={path}", *bench.ca,
                             "--only", "C,S,D10")
    bench.net.ttl = 3600
    equal((done.stdout, done.stderr), ("", ""))
    equal(path.stat().st_mode & 0o777, 0o644)
    values, names, described = {}, [], []
    for line in path.read_text().splitlines():
        if line.startswith("# HELP "):
            described.append(line.split()[2])
        elif not line.startswith("# TYPE "):
            m = SERIES.fullmatch(line)
            equal(m is not None, True, line)
            if not names or names[-1] != m[1]:
                names.append(m[1])
            key = m[1], m[2] or ""
            equal(key in values, False, f"{key} twice")
            values[key] = float(m[3])
    equal(len(names), len(set(names)))
    equal([n for n in names if n not in described], [])
    equal(len(described), len(set(described)))

    def value(name, labels):
        return values["mxcheck_" + name, labels]

    equal(value("domain_verdict", 'domain="down.test",verdict="DEGRADED"'), 1)
    equal([v for (name, labels), v in values.items()
           if name == "mxcheck_finding" and 'id="C01"' in labels and
           'subject="mx1.down.test ' in labels], [3])
    equal(value("finding", 'domain="self.test",id="D10",'
                'subject="self.test"'), 2)
    equal(value("failover", 'domain="down.test",scenario="now",'
                'model="postfix"'), 2)
    equal(value("failover", 'domain="evil.test",scenario="now",'
                'model="postfix"'), 1)
    up = [v for (name, labels), v in values.items()
          if name == "mxcheck_up" and 'domain="pair.test"' in labels]
    equal(up, [1, 1])


# name, hosts as (preference, is up), TTL, what is suggested or why nothing is
SUGGESTIONS = (
    ("first", [(10, False), (20, True)], 300, [(20, 2), (30, 1)]),
    ("middle", [(10, True), (20, False), (30, True)], 60,
     [(10, 1), (30, 3), (40, 2)]),
    ("level", [(10, False), (10, True)], 60, [(10, 2), (20, 1)]),
    ("two", [(5, False), (10, False), (20, True), (30, False)], 60,
     [(20, 3), (30, 1), (30, 2), (30, 4)]),
    ("last", [(10, True), (20, False)], 60, "is the last already"),
    ("fine", [(10, True), (20, True)], 60, "all MX hosts are up"),
    ("none", [(10, False), (20, False)], 60, "no MX host is up"),
    ("late", [(10, False), (20, True)], 301, "more than 300 s"),
    ("high", [(10, False), (65530, True)], 60, "no preference left"),
)


@case("--suggest-mx: what is down goes to the end, or why nothing is changed")
def _(bench):
    net = bench.net
    for name, hosts, ttl, want in SUGGESTIONS:
        domain = f"s-{name}.test"
        net.mx(domain, *((pref, net.host(
            f"mx{i}.{domain}", Mail() if is_up else None))
            for i, (pref, is_up) in enumerate(hosts, 1)))
        net.ttl = ttl
        done = net.mxcheck("--suggest-mx", "--only", "C", domain)
        net.ttl = 3600
        first, *rest = done.stdout.splitlines()
        contains(first, f"; {domain}: ")
        if isinstance(want, str):
            contains(first, want)
            want = []
        equal([line.split(" ;")[0] for line in rest],
              [f"{domain}. {ttl} IN MX {pref} mx{i}.{domain}."
               for pref, i in want], name)


@case("--suggest-mx: nothing where nothing is known, or there is no list")
def _(bench):
    net = bench.net
    net.ttl = 60
    net.mx("s-null.test", (0, "."))
    net.fail("s-lost.test", "MX")
    net.fail("mx1.s-half.test", "A")
    net.mx("s-half.test", (10, "mx1.s-half.test"),
           (20, net.host("mx2.s-half.test", Mail())))
    net.host("mx1.s-blind.test")
    net.mx("s-blind.test", (10, net.host("mx2.s-blind.test")),
           (20, net.filtered("mx3.s-blind.test")))
    for domain, part in (("s-null.test", "there is no list"),
                         ("s-lost.test", "as it is"),
                         ("s-half.test", "mx1.s-half.test could not be tried"),
                         ("s-blind.test", "as it is")):
        done = net.mxcheck("--suggest-mx", "--only", "C", "--limit",
                           "connect=1", domain)
        contains(done.stdout, part)
        equal(len(done.stdout.splitlines()), 1, done.stdout)
    net.ttl = 3600


@case("a file is replaced whole, or an error tells that it was not")
def _(bench):
    path = bench.dir / "no" / "such" / "mx.prom"
    done = bench.net.mxcheck("pair.test", "-o", f"prom={path}", *bench.ca)
    equal((done.stdout, done.returncode), ("", 3))
    contains(done.stderr, str(path))
    equal([p.name for p in bench.dir.glob("mx.prom*")], ["mx.prom"])
    equal(bench.net.sins, [])
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
