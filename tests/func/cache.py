"""The answer cache by its rules: how long what is kept, what has expired, what
failed. Time is moved by hand.
"""

import time

import rvtest
from rvtest import ask, case, data, ede, equal, rcode
from scripted import Outside, answer, negative

EDE_STALE, EDE_STALE_NXDOMAIN, EDE_UNREACHABLE = 3, 19, 22
STALE_TTL = 30
ADDRESS, NEW_ADDRESS = "192.0.2.1", "192.0.2.2"
CHUNK = "x" * 250


class World:
    """An outside that can change its mind, and a daemon whose clock moves."""

    def __init__(self, bench, name, script=None, **options):
        self.address, self.silent, self.fails = ADDRESS, set(), set()
        self.outside = Outside(script or self.script)
        self.clock = rvtest.Clock(bench, name)
        self.rd = rvtest.Resolverd(
            bench, name=name, clock=self.clock,
            forward=[self.outside.server], **options)

    def __enter__(self):
        self.outside.__enter__()
        self.rd.start()
        return self

    def __exit__(self, *_):
        self.rd.process.stop(timeout=30)
        self.outside.__exit__()

    def script(self, q):
        first = q.qname.split(".")[0]
        if q.qname in self.silent or "" in self.silent:
            return None
        if q.qname in self.fails:
            return answer(q, rcode="SERVFAIL")
        if first == "nx":
            return negative(q, ttl=60, minimum=60)
        if first == "nodata":
            return negative(q, "NOERROR", ttl=60, minimum=60)
        if first == "brief":
            return answer(q, f"{q.qname} 1 A {self.address}")
        if first == "large":
            return answer(q, *[f"{q.qname} 300 TXT {n:03}{CHUNK}"
                               for n in range(245)])
        if first == "www":
            return answer(q, f"{q.qname} 300 CNAME a.{q.qname}.",
                          f"a.{q.qname} 300 A {self.address}")
        return answer(q, f"{q.qname} 300 A {self.address}")

    def ask(self, qname, qtype="A", **how):
        how.setdefault("edns", 0)
        how.setdefault("timeout", 25)
        return ask(self.rd.server, qname, qtype, **how)

    def timed(self, qname):
        start = time.monotonic()
        got = self.ask(qname)
        return got, time.monotonic() - start

    def kept(self, qname, qtype="A"):
        """Asks, and gives the cache's file the time to have it."""
        got = self.ask(qname, qtype)
        time.sleep(.1)
        return got

    def asked(self, qname):
        return self.outside.count(qname)


def ttl(message):
    return min(rrset.ttl for rrset in message.answer or message.authority)


def near(got, want, slack=2):
    equal(want - slack <= got <= want, True, f"{got}, want {want}")


# --- how long

@case("RFC 1035 3.2.1: a TTL counts down to its end, then it is asked again")
def _(bench):
    with World(bench, "ttl") as w:
        w.kept("a.example")
        for passed in 100, 180:
            w.clock.pass_s(passed)
            near(ttl(w.ask("a.example")), 300 - w.clock.passed)
        equal(w.asked("a.example"), 1)
        w.clock.pass_s(20)
        w.address = NEW_ADDRESS
        got = w.ask("a.example")
        equal((data(got), ttl(got), w.asked("a.example")),
              ([NEW_ADDRESS], 300, 2))


@case("RFC 2308 5: negative answers, too")
def _(bench):
    with World(bench, "negative") as w:
        for qname, code in ("nx.example", "NXDOMAIN"), \
                ("nodata.example", "NOERROR"):
            w.kept(qname)
        w.clock.pass_s(58)
        for qname, code in ("nx.example", "NXDOMAIN"), \
                ("nodata.example", "NOERROR"):
            got = w.ask(qname)
            equal((rcode(got), data(got), w.asked(qname)), (code, [], 1))
            near(ttl(got), 2)
        w.clock.pass_s(2)
        for qname in "nx.example", "nodata.example":
            w.ask(qname)
            equal(w.asked(qname), 2, qname)


@case("min-ttl, max-ttl, min-negative-ttl, max-negative-ttl")
def _(bench):
    with World(bench, "bounds", cache="min-ttl = 20 max-ttl = 200 "
               "min-negative-ttl = 10 max-negative-ttl = 50") as w:
        for qname, want in ("brief.example", 20), ("a.example", 200), \
                ("nx.example", 50), ("nodata.example", 50):
            equal(ttl(w.kept(qname)), want, qname)
        w.clock.pass_s(18)
        near(ttl(w.ask("brief.example")), 2)
        equal(w.asked("brief.example"), 1)
        w.clock.pass_s(182)
        w.ask("a.example")
        equal(w.asked("a.example"), 2, "beyond max-ttl")


@case("the wall clock is set forward and back: TTLs go on as before")
def _(bench):
    with World(bench, "steps") as w:
        w.kept("a.example")
        for step in 86400 * 365, -2 * 86400 * 365, 86400 * 365, -5:
            w.clock.step_s(step)
            near(ttl(w.ask("a.example")), 300, 3)
        w.rd.stop()
        w.clock.step_s(7200)
        w.clock.pass_s(100)
        w.rd.start()
        near(ttl(w.ask("a.example")), 200, 4)
        equal(w.asked("a.example"), 1)


@case("64 KiB of TXT are kept")
def _(bench):
    with World(bench, "large") as w:
        for _ in range(2):
            got = w.ask("large.example", "TXT", tcp=True)
            equal((rcode(got), len(data(got))), ("NOERROR", 245))
            w.clock.pass_s(10)
            time.sleep(.1)
        near(ttl(w.ask("large.example", "TXT", tcp=True)), 280)
        equal(w.asked("large.example"), 1)


@case("RFC 4035 3.2.1, 3.2.2: answers to DO and to CD are kept apart")
def _(bench):
    flags = rvtest.dns.flags
    with World(bench, "apart") as w:
        for how in {}, {"want_dnssec": True}, {"flags": flags.RD | flags.CD}, \
                {}, {"want_dnssec": True}, {"flags": flags.RD | flags.CD}:
            equal(data(w.kept("a.example") if not how else
                       w.ask("a.example", **how)), [ADDRESS], f"{how}")
            time.sleep(.1)
        equal(w.asked("a.example") <= 3, True, "questions to the outside")


# --- what failed

@case("RFC 9520 3.2: a failed question is asked once per back-off period, "
      "which doubles")
def _(bench):
    with World(bench, "failures") as w:
        w.fails.add("a.example")
        before = 0
        for back_off in 2, 4, 8:
            got = w.ask("a.example")
            equal((rcode(got), ede(got)), ("SERVFAIL", EDE_UNREACHABLE))
            asked = w.asked("a.example")
            equal(asked > before, True, "asked")
            time.sleep(.1)
            for _ in range(3):
                got = w.ask("a.example")
                equal((rcode(got), ede(got)), ("SERVFAIL", EDE_UNREACHABLE))
            equal(w.asked("a.example"), asked, "within the back-off")
            w.clock.pass_s(back_off - 2)
            w.ask("a.example")
            equal(w.asked("a.example"), asked, "still within the back-off")
            w.clock.pass_s(2)
            before = asked


@case("RFC 9520 3.2: at most five minutes")
def _(bench):
    with World(bench, "five-minutes") as w:
        w.fails.add("a.example")
        for _ in range(12):
            w.ask("a.example")
            time.sleep(.1)
            w.clock.pass_s(300)
        w.fails.clear()
        equal(data(w.ask("a.example")), [ADDRESS])


@case("RFC 9520 3.2: a success ends the back-off, the next failure is a first")
def _(bench):
    with World(bench, "success") as w:
        w.fails.add("brief.example")
        for passed in 2, 4, 8:
            equal(rcode(w.kept("brief.example")), "SERVFAIL")
            w.clock.pass_s(passed)
        w.fails.clear()
        equal(data(w.kept("brief.example")), [ADDRESS])
        w.clock.pass_s(2 * 86400)  # even its stale answer is gone
        w.fails.add("brief.example")
        equal(rcode(w.kept("brief.example")), "SERVFAIL")
        w.clock.pass_s(2)
        asked = w.asked("brief.example")
        w.ask("brief.example")
        equal(w.asked("brief.example") > asked, True, "asked after 2 s")


# --- what has expired

@case("RFC 8767 5: an expired answer after 1.8 s, TTL 30, EDE 3")
def _(bench):
    with World(bench, "stale") as w:
        w.kept("a.example")
        w.clock.pass_s(301)
        w.silent.add("")
        got, took = w.timed("a.example")
        equal((data(got), ttl(got), ede(got)),
              ([ADDRESS], STALE_TTL, EDE_STALE))
        equal(1.7 < took < 4, True, f"took {took:.1f} s")
        # others, while it is being asked for: at once
        got, took = w.timed("A.example")
        equal((data(got), ttl(got), ede(got)),
              ([ADDRESS], STALE_TTL, EDE_STALE))
        equal(took < 1.5, True, f"took {took:.1f} s")


@case("RFC 8767 5: after a failure it is not asked for 30 s, then it is")
def _(bench):
    with World(bench, "recheck") as w:
        w.kept("a.example")
        w.clock.pass_s(301)
        w.fails.add("a.example")
        equal(ede(w.kept("a.example")), EDE_STALE)
        asked = w.asked("a.example")
        w.clock.pass_s(27)
        equal((ede(w.ask("a.example")), w.asked("a.example")),
              (EDE_STALE, asked))
        w.fails.clear()
        w.address = NEW_ADDRESS
        w.clock.pass_s(4)
        got = w.ask("a.example")
        equal((data(got), ttl(got), ede(got)), ([NEW_ADDRESS], 300, None))


@case("RFC 8767 4, RFC 8914 4.20: an expired NXDOMAIN, EDE 19; NODATA, EDE 3")
def _(bench):
    with World(bench, "stale-negative") as w:
        for qname in "nx.example", "nodata.example":
            w.kept(qname)
        w.clock.pass_s(100)
        w.fails |= {"nx.example", "nodata.example"}
        for qname, code, info in ("nx.example", "NXDOMAIN",
                                  EDE_STALE_NXDOMAIN), \
                ("nodata.example", "NOERROR", EDE_STALE):
            got = w.ask(qname)
            equal((rcode(got), ttl(got), ede(got)), (code, STALE_TTL, info))


@case("RFC 8767 4: an answer that comes in time is preferred to the expired")
def _(bench):
    with World(bench, "in-time") as w:
        w.kept("a.example")
        w.clock.pass_s(400)
        w.address = NEW_ADDRESS
        got = w.ask("a.example")
        equal((data(got), ttl(got), ede(got)), ([NEW_ADDRESS], 300, None))


@case("max-stale: later than that it is SERVFAIL; 0d: always")
def _(bench):
    for name, cache, passed in ("max-stale", "max-stale = 2h", 7200), \
            ("never-stale", "max-stale = 0d", 1):
        with World(bench, name, cache=cache) as w:
            w.kept("a.example")
            w.fails.add("a.example")
            w.clock.pass_s(300)
            if passed > 1:
                w.clock.pass_s(passed - 100)
                equal(ede(w.kept("a.example")), EDE_STALE, name)
                w.clock.pass_s(100)
            got = w.ask("a.example")
            equal((rcode(got), data(got), ede(got)),
                  ("SERVFAIL", [], EDE_UNREACHABLE), name)


@case("a late answer goes into the cache at once")
def _(bench):
    def late(q):
        time.sleep(2.2)
        return answer(q, f"{q.qname} 300 A {ADDRESS}")

    with World(bench, "late", script=late, upstream="deadline = 2s") as w:
        got, took = w.timed("a.example")
        equal((rcode(got), ede(got)), ("SERVFAIL", EDE_UNREACHABLE))
        equal(1.8 < took < 4, True, f"took {took:.1f} s")
        rvtest.wait_until(lambda: data(w.ask("a.example")) == [ADDRESS], 10,
                          "the late answer")


# --- before it expires

@case("prefetch: a popular answer is asked for anew in its last tenth")
def _(bench):
    with World(bench, "prefetch") as w:
        for qname in "a.example", "b.example", "www.example":
            w.kept(qname)
        for _ in range(3):
            w.ask("a.example")
            w.ask("www.example")
        w.address = NEW_ADDRESS
        w.clock.pass_s(265)
        for qname in "a.example", "www.example":
            w.ask(qname)
        equal((w.asked("a.example"), w.asked("www.example")), (1, 1),
              "before its last tenth")
        w.clock.pass_s(10)
        got, took = w.timed("a.example")
        equal((ADDRESS in data(got), took < 1), (True, True), f"{took} s")
        w.ask("b.example")  # nobody else wants it
        rvtest.wait_until(lambda: ttl(w.ask("a.example")) > 290, 5, "news")
        equal((data(w.ask("a.example")), w.asked("a.example")),
              ([NEW_ADDRESS], 2))
        equal(w.asked("b.example"), 1, "not popular")
        w.ask("www.example")
        rvtest.wait_until(lambda: ttl(w.ask("www.example")) > 290, 5, "news")


# --- deadlines

@case("deadline: SERVFAIL with EDE 22, never silence")
def _(bench):
    with World(bench, "deadline", upstream="deadline = 1s",
               extra='route "list.example" { deadline = 3s }\n') as w:
        w.silent.add("")
        for qname, least in ("a.example", 1), ("a.list.example", 3):
            got, took = w.timed(qname)
            equal((rcode(got), ede(got)), ("SERVFAIL", EDE_UNREACHABLE))
            equal(least - .1 < took < least + 1.8, True,
                  f"{qname} took {took:.1f} s")


@case("a silent outside that is back is asked at once when the back-off ends")
def _(bench):
    with World(bench, "back", upstream="deadline = 1s") as w:
        w.silent.add("")
        for n in range(5):
            equal(rcode(w.ask(f"{n}.example")), "SERVFAIL")
        w.silent.clear()
        got, took = w.timed("other.example")
        equal((data(got), took < 1), ([ADDRESS], True), f"took {took:.1f} s")
        w.clock.pass_s(2)
        rvtest.wait_until(lambda: data(w.ask("4.example")) == [ADDRESS] or
                          w.clock.pass_s(300), 15, "one that had failed")


@case("a dead list costs one wait, then nobody waits; it comes back by itself")
def _(bench):
    with World(bench, "dead-list",
               extra='route "list.example" { deadline = 1s }\n') as w:
        w.silent |= {f"{n}.list.example" for n in range(100)}
        took = [w.timed(f"{n}.list.example")[1] for n in range(30)]
        slow = [t for t in took if t > .5]
        equal((len(slow), took[0] == max(took)), (1, True), f"{took}")
        # in each period one question goes out, and still nobody waits
        w.outside.forget()
        for back_off in 2, 4, 8:
            w.clock.pass_s(back_off)
            got, took = w.timed(f"{back_off + 30}.list.example")
            equal((rcode(got), ede(got), took < .7),
                  ("SERVFAIL", EDE_UNREACHABLE, True), f"took {took} s")
            rvtest.wait_until(
                lambda: w.asked(f"{back_off + 30}.list.example"), 5, "a probe")
            time.sleep(1.5)  # it has failed
        w.silent.clear()
        w.clock.pass_s(16)
        w.ask("50.list.example")
        rvtest.wait_until(
            lambda: data(w.ask("51.list.example")) == [ADDRESS], 15, "the list")


if __name__ == "__main__":
    rvtest.run()
