"""Where mxcheck stands: routes that are missing, in a namespace of its own,
where public addresses are ours and nothing has to be --internal.
"""

import subprocess

import rvtest
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal


def ip(*args):
    subprocess.run([rvtest.program("ip"), *args], check=True)


def mxcheck(bench, *args):
    argv = [a for a in bench.net.argv(*args) if a != "--internal"]
    return subprocess.run(argv, text=True, capture_output=True, timeout=60)


def setup(bench):
    net = bench.net = Faults().__enter__()
    for addr in ("11.0.1.1/32", "11.0.2.1/32"):
        ip("addr", "add", addr, "dev", "lo")
    net.mx("up.test", (10, net.host("mx1.up.test", Mail(), "11.0.1.1")),
           (20, net.host("mx2.up.test", Mail(), "11.0.2.1")))
    net.add("mx2.up.test", "AAAA", "2a00::25")


@case("no route at all: UNKNOWN, status 3, nothing is called down")
def _(bench):
    done = mxcheck(bench, "up.test")
    table = Table(done)
    equal((table.domains["up.test"][0], done.returncode), ("UNKNOWN", 3))
    contains(table.text("", "C00", "run"), "no route for IPv4")
    equal([f for f in table.findings.values() if f[0] == "CRIT"], [])


@case("no route for IPv6: its addresses are unknown, the domain is judged")
def _(bench):
    ip("route", "add", "default", "dev", "lo")
    table = Table(mxcheck(bench, "up.test"))
    equal(table.domains["up.test"][0], "OK")
    contains(table.text("", "C00", "run"), "no route for IPv6")
    equal([f for f in table.findings.values() if f[0] == "CRIT"], [])


@case("a route that says unreachable: C01 no route, at once")
def _(bench):
    ip("route", "add", "unreachable", "11.0.9.9")
    bench.net.mx("noroute.test", (10, bench.net.host(
        "mx1.noroute.test", None, "11.0.9.9")), (20, "mx2.up.test"))
    table = Table(mxcheck(bench, "noroute.test"))
    equal(table.findings["noroute.test", "C01", "mx1.noroute.test"],
          ("CRIT", "no route to it"))
    equal(table.domains["noroute.test"][0], "DEGRADED")


@case("silence from everywhere: the run is UNKNOWN, not the servers down")
def _(bench):
    net = bench.net
    net.mx("silence.test", (10, net.host("mx1.silence.test", None,
                                         "11.0.7.1")),
           (20, net.host("mx2.silence.test", None, "11.0.8.1")))
    done = mxcheck(bench, "silence.test", "--limit", "connect=0.5")
    table = Table(done)
    contains(table.text("", "C00", "run"), "cut off")
    equal((table.domains["silence.test"][0], done.returncode),
          ("UNKNOWN", 3))


@case("cut off: one mail in the second run, of nothing else, and status 3")
def _(bench):
    runs = [mxcheck(bench, "silence.test", "--limit", "connect=0.5", "-q",
                    "--state", bench.dir / "state") for _ in range(4)]
    equal([bool(r.stdout) for r in runs], [False, True, False, False])
    contains(runs[1].stdout, "cut off")
    equal("silence.test" in runs[1].stdout, False, runs[1].stdout)
    equal({r.returncode for r in runs}, {3})


@case("private addresses are not dialled, and are critical: D07")
def _(bench):
    net = bench.net
    net.add("mx.private.test", "A", "10.0.0.1")
    net.mx("private.test", (10, "mx.private.test"), (20, "mx1.up.test"))
    table = Table(mxcheck(bench, "private.test"))
    contains(table.text("private.test", "D07", "mx.private.test"),
             "10.0.0.1 is a private address")
    equal(table.domains["private.test"][0], "DEGRADED")


@case("--source4 and --helo: N08 is quiet when they agree")
def _(bench):
    net = bench.net
    net.add("probe.test", "A", "11.0.2.1")
    table = Table(mxcheck(bench, "up.test", "--source4", "11.0.2.1"))
    equal(table.severity("", "N08", "run"), "OK")
    equal(net.servers["mx1.up.test"].conversations[-1].peer[0], "11.0.2.1")
    table = Table(mxcheck(bench, "up.test", "--source4", "11.0.1.1"))
    equal(table.severity("", "N08", "run"), "WARN")


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


rvtest.enter_namespace()
rvtest.run(setup)
