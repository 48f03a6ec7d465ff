"""What mxcheck does with time: second sessions, patience, deadlines, signals.
"""

import signal
import time

import rvtest
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal


def setup(bench):
    bench.net = Faults().__enter__()


def at_first(count, bad, good="220 mx ESMTP"):
    """A greeting that is bad in so many sessions."""
    def say(c):
        n = len(c.server.conversations)
        c.reply(bad if n <= count else good)
    return say


def late(seconds):
    def say(c):
        time.sleep(seconds)
        c.send("220 mx ESMTP\r\n")
    return say


def pair(net, name, mail):
    first = net.host(f"mx1.{name}.test", mail)
    net.mx(f"{name}.test", (10, first),
           (20, net.host(f"mx2.{name}.test", Mail())))
    return net.servers[first]


@case("a second look, a second later at least, finds what came back")
def _(bench):
    net = bench.net
    server = pair(net, "back", Mail(greeting=at_first(1, "554 not yet")))
    started = time.monotonic()
    table = Table(net.mxcheck("back.test", "--recheck", "1"))
    equal(table.domains["back.test"][0], "OK")
    equal(len(server.conversations), 2)
    if time.monotonic() - started < 1:
        raise AssertionError("it did not wait")


@case("there is never a third session")
def _(bench):
    net = bench.net
    server = pair(net, "stays", Mail(greeting="554 never"))
    table = Table(net.mxcheck("stays.test", "--recheck", "1"))
    equal(table.domains["stays.test"][0], "DEGRADED")
    equal(len(server.conversations), 2)


@case("a time-out is tried again in the times of RFC 5321: slow, not down")
def _(bench):
    net = bench.net
    pair(net, "patient", Mail(greeting=late(3)))
    limits = ["--limit", "greeting=1.5"]
    table = Table(net.mxcheck("patient.test", "--recheck", "1", *limits))
    equal(table.domains["patient.test"][0], "OK")
    severity, text = table.findings["patient.test", "C05",
                                    "mx1.patient.test"]
    equal(severity, "WARN")
    contains(text, "greeting came only at the second try, in 3.")
    table = Table(net.mxcheck("patient.test", *limits))
    equal(table.domains["patient.test"][0], "DEGRADED", "without --recheck")
    table = Table(net.mxcheck("patient.test", "--patient", *limits))
    equal(table.domains["patient.test"][0], "OK", "--patient")


@case("one that answers at once at the second try is not slow: no warning")
def _(bench):
    net = bench.net
    pair(net, "blink", Mail(greeting=at_first(1, None)))
    table = Table(net.mxcheck("blink.test", "--recheck", "1", "--limit",
                              "greeting=1"))
    equal(table.domains["blink.test"][0], "OK")
    equal(table.severity("blink.test", "C05", "mx1.blink.test"), "INFO")


@case("a server that limits us at the second look: the first one stands")
def _(bench):
    net = bench.net
    pair(net, "limits", Mail(greeting=at_first(
        1, "554 down", "421 too many connections")))
    table = Table(net.mxcheck("limits.test", "--recheck", "1"))
    equal(table.domains["limits.test"][0], "DEGRADED")
    contains(table.text("limits.test", "S01", "mx1.limits.test"), "554")


@case("at the deadline the run ends; what is under way is unknown, not down")
def _(bench):
    net = bench.net
    silent = net.host("mx.slow.test", Mail(greeting=None))
    net.mx("slow.test", (10, silent))
    started = time.monotonic()
    done = net.mxcheck("slow.test", "--deadline", "1")
    if time.monotonic() - started > 5:
        raise AssertionError("it went on")
    equal((Table(done).domains["slow.test"][0], done.returncode),
          ("UNKNOWN", 3))


@case("SIGTERM ends it at once, with status 3 and no output")
def _(bench):
    net = bench.net
    server = pair(net, "term", Mail(greeting=None))
    process = bench.start(net.argv("term.test"), "term")
    rvtest.wait_until(lambda: server.conversations, 10, "the session")
    started = time.monotonic()
    equal(process.stop(signal.SIGTERM), 3)
    if time.monotonic() - started > 5:  # the machine may be busy
        raise AssertionError("it took longer")
    equal(process.log(), "mxcheck: interrupted; nothing was judged\n")


@case("servers that do not answer give their places to others")
def _(bench):
    net = bench.net
    for i in range(6):
        net.mx(f"dead{i}.test", (10, net.filtered(f"mx.dead{i}.test")),
               (20, "mx2.back.test"))
    started = time.monotonic()
    done = net.mxcheck(*(f"dead{i}.test" for i in range(6)), "--jobs", "1",
                       "--limit", "connect=2")
    if time.monotonic() - started > 8:
        raise AssertionError("one after another")
    equal({v for v, _ in Table(done).domains.values()}, {"DEGRADED"})


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


rvtest.run(setup)
