"""Expired answers (RFC 8767), and those that are asked for anew before they
expire. Time is moved by hand, but for what a client waits.
"""

import time

import rvtest
from rvtest import case, data, ede, equal, rcode, wait_until
from scripted import answer
from world import ADDRESS, NEW_ADDRESS, World, ttl

EDE_STALE, EDE_STALE_NXDOMAIN, EDE_UNREACHABLE = 3, 19, 22
STALE_TTL, CLIENT_TIMER_S = 30, 1.8
DAY = 86400


def count(w, name):
    return w.rd.stats()[name]


# --- what has expired

@case("RFC 8767 5: a client waits 1.8 s, then has the expired answer, with TTL "
      "30 and EDE 3; others meanwhile at once; it is counted")
def _(bench):
    with World(bench, "timer") as w:
        w.kept("a.example")
        w.clock.pass_s(301)
        w.silent.add("")
        before = count(w, "stale-answers")
        got, took = w.timed("a.example")
        equal((data(got), ttl(got), ede(got)),
              ([ADDRESS], STALE_TTL, EDE_STALE))
        equal(CLIENT_TIMER_S - .1 < took < CLIENT_TIMER_S + 2, True,
              f"took {took:.1f} s")
        got, took = w.timed("A.example")
        equal((data(got), ttl(got), ede(got)),
              ([ADDRESS], STALE_TTL, EDE_STALE))
        equal(took < CLIENT_TIMER_S - .3, True, f"took {took:.1f} s")
        equal(count(w, "stale-answers") - before, 2)


@case("RFC 8767 4: an answer that comes in time is preferred to the expired; "
      "no EDE, not counted")
def _(bench):
    with World(bench, "in-time") as w:
        w.kept("a.example")
        w.clock.pass_s(400)
        w.address = NEW_ADDRESS
        got = w.ask("a.example")
        equal((data(got), ttl(got), ede(got)), ([NEW_ADDRESS], 300, None))
        equal(count(w, "stale-answers"), 0)


@case("RFC 8767 5: after a failure it is not asked for 30 s, then it is")
def _(bench):
    with World(bench, "recheck") as w:
        w.kept("a.example")
        w.clock.pass_s(301)
        w.fails.add("a.example")
        equal(ede(w.failed("a.example")), EDE_STALE)
        asked = w.asked("a.example")
        w.clock.pass_s(26)
        equal((ede(w.ask("a.example")), w.asked("a.example")),
              (EDE_STALE, asked))
        w.fails.clear()
        w.address = NEW_ADDRESS
        w.clock.pass_s(4)
        got = w.ask("a.example")
        equal((data(got), ttl(got), ede(got)), ([NEW_ADDRESS], 300, None))


@case("RFC 8914 4.20, 4.4: an expired NXDOMAIN is EDE 19, NODATA EDE 3")
def _(bench):
    with World(bench, "stale-negative") as w:
        wants = {"nx.example": ("NXDOMAIN", EDE_STALE_NXDOMAIN),
                 "nodata.example": ("NOERROR", EDE_STALE)}
        for qname in wants:
            w.kept(qname)
        w.clock.pass_s(100)
        w.fails |= set(wants)
        for qname, (code, info) in wants.items():
            got = w.ask(qname)
            equal((rcode(got), ttl(got), ede(got)), (code, STALE_TTL, info))


@case("RFC 8767 6: a new NXDOMAIN is an answer: the expired address is gone")
def _(bench):
    gone = []

    def script(q):
        return answer(q, rcode="NXDOMAIN", authority=[
            "example 60 SOA ns.example. host.example. 1 600 300 86400 60"]) \
            if gone else answer(q, f"{q.qname} 300 A {ADDRESS}")

    with World(bench, "gone", script=script) as w:
        w.kept("a.example")
        w.clock.pass_s(400)
        gone.append(True)
        for _ in range(2):
            got = w.ask("a.example")
            equal((rcode(got), data(got), ede(got)), ("NXDOMAIN", [], None))


def after_failure(bench, name, cache, passed):
    """What a client gets so long after the TTL of 300 s has ended."""
    with World(bench, name, cache=cache) as w:
        w.kept("a.example")
        w.fails.add("a.example")
        w.clock.pass_s(300 + passed)
        got = w.ask("a.example")
        return rcode(got), data(got), ede(got)


GIVEN_OUT = ("NOERROR", [ADDRESS], EDE_STALE)
WITHHELD = ("SERVFAIL", [], EDE_UNREACHABLE)


@case("RFC 8767 5: max-stale: until then it is given out, later it is not")
def _(bench):
    for name, cache, passed, want in (
            ("before", "max-stale = 2h", 7195, GIVEN_OUT),
            ("after", "max-stale = 2h", 7200, WITHHELD),
            ("default-before", "", DAY - 5, GIVEN_OUT),
            ("default-after", "", DAY, WITHHELD)):
        equal(after_failure(bench, name, cache, passed), want, name)


@case("max-stale = 0d: never")
def _(bench):
    equal(after_failure(bench, "never", "max-stale = 0d", 0), WITHHELD)


# --- before it expires

@case("prefetch: a popular answer is asked for anew in its last tenth, no "
      "sooner, and nobody waits")
def _(bench):
    with World(bench, "prefetch") as w:
        for qname in "a.example", "www.example":
            w.kept(qname)
            for _ in range(3):
                w.ask(qname)
        w.address = NEW_ADDRESS
        w.clock.pass_s(265)
        for qname in "a.example", "www.example":
            w.ask(qname)
            equal(w.asked(qname), 1, "before its last tenth")
        equal(count(w, "prefetches"), 0)
        w.clock.pass_s(10)
        for qname in "a.example", "www.example":
            got, took = w.timed(qname)
            equal((ADDRESS in data(got), took < 1), (True, True), f"{took} s")
            wait_until(lambda: ttl(w.ask(qname)) > 290, 5, "news")
            got = w.ask(qname)
            equal((NEW_ADDRESS in data(got), ede(got)), (True, None), qname)
        equal(w.asked("a.example"), 2)
        equal(count(w, "prefetches"), 2)


@case("prefetch: not of what nobody else asked for, nor of what lives for "
      "seconds")
def _(bench):
    def script(q):
        seconds = 9 if q.qname.startswith("brief") else 300
        return answer(q, f"{q.qname} {seconds} A {ADDRESS}")

    with World(bench, "unpopular", script=script) as w:
        w.kept("brief.example")
        for _ in range(4):
            w.ask("brief.example")
        w.clock.pass_s(7)
        w.ask("brief.example")
        w.kept("a.example")
        w.clock.pass_s(295)
        w.ask("a.example")
        w.kept("b.example")  # by then a prefetch would have gone out
        equal((w.asked("a.example"), w.asked("brief.example"),
               count(w, "prefetches")), (1, 1, 0))


@case("prefetch: while the outside fails, the old answer goes on to its end")
def _(bench):
    with World(bench, "prefetch-fails") as w:
        w.kept("a.example")
        for _ in range(3):
            w.ask("a.example")
        w.fails.add("a.example")
        w.clock.pass_s(280)
        w.failed("a.example")
        got = w.ask("a.example")
        equal((data(got), ede(got), ttl(got) <= 20), ([ADDRESS], None, True))


# --- after the deadline

@case("a late answer goes into the cache at once")
def _(bench):
    def late(q):
        time.sleep(1.2)  # it is the outside that is slow
        return answer(q, f"{q.qname} 300 A {ADDRESS}")

    with World(bench, "late", script=late, upstream="deadline = 1s") as w:
        got, took = w.timed("a.example")
        equal((rcode(got), ede(got)), ("SERVFAIL", EDE_UNREACHABLE))
        equal(.8 < took < 3, True, f"took {took:.1f} s")
        wait_until(lambda: data(w.ask("a.example")) == [ADDRESS], 10,
                   "the late answer")


if __name__ == "__main__":
    rvtest.run()
