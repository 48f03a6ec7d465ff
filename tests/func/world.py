"""A daemon whose clock moves, in front of an outside that can change its mind:
for what is kept, and how long.

    with World(bench, "name", cache="max-ttl = 200") as w:
        w.kept("a.example")       # asked, and in the cache's file
        w.clock.pass_s(100)
        equal(w.asked("a.example"), 1)
"""

import time

import rvtest
from rvtest import ask, equal
from scripted import Outside, answer, negative

ADDRESS, NEW_ADDRESS = "192.0.2.1", "192.0.2.2"
CHUNK = "x" * 250


class World:
    """silent, fails: names; "" in silent is every name."""

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
        if first == "nx-minimum":
            return negative(q, ttl=3600, minimum=20)
        if first == "nx-ttl":
            return negative(q, ttl=30, minimum=3600)
        if first == "nx-brief":
            return negative(q, ttl=1, minimum=1)
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
        if q.qtype == "TXT":
            return answer(q, f"{q.qname} 300 TXT text")
        return answer(q, f"{q.qname} 300 A {self.address}")

    def ask(self, qname, qtype="A", **how):
        how.setdefault("edns", 0)
        how.setdefault("timeout", 25)
        return ask(self.rd.server, qname, qtype, **how)

    def timed(self, qname, **how):
        start = time.monotonic()
        got = self.ask(qname, **how)
        return got, time.monotonic() - start

    def kept(self, qname, qtype="A", kind="answer", **how):
        """Asks, and waits until the cache's file has what came of it."""
        got = self.ask(qname, qtype, **how)
        self.rd.wait_kept(qname, qtype, kind)
        return got

    def failed(self, qname):
        """Asks, and waits until the cache's file has the failure."""
        return self.kept(qname, kind="failure")

    def asked(self, qname):
        return self.outside.count(qname)


def ttl(message):
    return min(rrset.ttl for rrset in message.answer or message.authority)


def near(got, want, slack=2):
    """A TTL that counts down while the test runs."""
    equal(want - slack <= got <= want, True, f"{got}, want {want}")
