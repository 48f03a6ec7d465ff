"""An outside that is broken: what a client gets then, and when.

Each through the daemon with a scripted server: a forwarder, or a pinned
authoritative one. Bogus answers are in dnssec.py, time in cache.py.
"""

import time

import rvtest
from rvtest import ask, case, data, equal, rcode
from scripted import Outside, answer, mangled, negative

DEADLINE_S = 3
FLAGS = rvtest.dns.flags if rvtest.dns else None
# 250 strings of 255 bytes, and what stands around each: nearly 64 KiB
HUGE = [f"huge.example 600 TXT {n:03}{'h' * 237}" for n in range(255)]


def script(q):
    first = q.qname.split(".")[0]
    good = answer(q, f"{q.qname} 300 A 192.0.2.1")
    if first.startswith("loop"):
        other = {"loop1": "loop2", "loop2": "loop1", "loop3": "loop3"}[first]
        return answer(q, f"{q.qname} 300 CNAME {other}.example.")
    if first in ("ring0", "ring1", "ring2"):  # the whole of it in each answer
        n = int(first[4])
        return answer(q, *(f"ring{(n + i) % 3}.example 300 CNAME "
                           f"ring{(n + i + 1) % 3}.example."
                           for i in range(3)))
    if first.startswith("chain"):
        n = int(first[5:])
        return good if n == 0 else answer(
            q, f"{q.qname} 300 CNAME chain{n - 1}.example.")
    if first == "wrongid":
        return mangled(good, 1, lambda b: b ^ 1)
    if first == "wrongname":
        return answer(q, "other.example 300 A 192.0.2.66")
    if first == "wrongquestion":
        return mangled(good, 13, lambda b: b + 1)  # the name's first letter
    if first == "query":
        return mangled(good, 2, lambda b: b & 0x7f)  # QR is not set
    if first == "cut":
        return mangled(good, cut=-5)
    if first == "header":
        return mangled(good, cut=12)
    if first == "huge":
        return answer(q, flags=FLAGS.TC) if not q.tcp else answer(q, *HUGE)
    if first == "nosoa":
        return answer(q, rcode="NXDOMAIN")
    if first in ("servfail", "refused", "notimp", "formerr"):
        return answer(q, rcode=first.upper())
    if first == "up":  # RFC 1912 2.8: a lame server's referral to the root
        return answer(q, authority=[" 3600 NS a.root-servers.net."])
    return negative(q) if first.startswith("n") else good


def setup(bench):
    bench.outside = Outside(script).__enter__()
    at = "%s@%d" % bench.outside.server
    bench.rd = rvtest.resolverd(
        bench, forward=[bench.outside.server],
        upstream=f"deadline = {DEADLINE_S}s",
        extra=f'route "lame" {{ stub = "{at}" }}\n')
    bench.server = bench.rd.server


def failed(bench, qname, qtype="A"):
    """SERVFAIL within the deadline; another name is answered after it."""
    before = time.monotonic()
    got = ask(bench.server, qname, qtype, timeout=DEADLINE_S + 4)
    took = time.monotonic() - before
    equal((rcode(got), data(got)), ("SERVFAIL", []), qname)
    equal(took < DEADLINE_S + 1.5, True, f"{qname} took {took:.1f} s")
    equal(data(ask(bench.server, f"after-{qname}")), ["192.0.2.1"])


@case("RFC 1034 3.6.2: CNAME loops end in SERVFAIL, of one, two, three names")
def _(bench):
    for name in ("loop1", "loop3", "ring0"):
        got = ask(bench.server, f"{name}.example", timeout=DEADLINE_S + 4)
        equal((rcode(got), data(got, "A")), ("SERVFAIL", []), name)
        asked = bench.outside.count(f"{name}.example")
        equal(asked <= 20, True, f"{name} was asked {asked} times")


@case("RFC 1034 3.6.2: a CNAME chain of eight is followed to its end")
def _(bench):
    equal(data(ask(bench.server, "chain8.example"), "A"), ["192.0.2.1"])


@case("RFC 5452 4.3, 9.1: an answer with another id is none")
def _(bench):
    failed(bench, "wrongid.example")


@case("RFC 5452 9.1: an answer to another question is none")
def _(bench):
    failed(bench, "wrongquestion.example")


@case("RFC 2181 5.4.1: RRs of another name are not the answer")
def _(bench):
    got = ask(bench.server, "wrongname.example", timeout=DEADLINE_S + 4)
    equal("192.0.2.66" in data(got), False)
    equal(data(ask(bench.server, "other.example")), ["192.0.2.1"])


@case("RFC 1035 4.1.1: a question that comes back is no answer")
def _(bench):
    failed(bench, "query.example")


@case("RFC 1035 4.1: an answer that is cut in an RR, or behind the header")
def _(bench):
    failed(bench, "cut.example")
    failed(bench, "header.example")


@case("RFC 2308 2.1: NXDOMAIN without SOA is given on, and not kept")
def _(bench):
    for _ in range(2):
        equal(rcode(ask(bench.server, "nosoa.example")), "NXDOMAIN")
    equal(bench.outside.count("nosoa.example") >= 2, True)


@case("RFC 1035 4.1.1, RFC 9520 2: SERVFAIL, REFUSED, NOTIMP, FORMERR of the "
      "outside are SERVFAIL")
def _(bench):
    for name in ("servfail", "refused", "notimp", "formerr"):
        failed(bench, f"{name}.example")


@case("RFC 1912 2.8: a pinned server that is lame: SERVFAIL")
def _(bench):
    for qname in ("up.lame", "refused.lame"):
        got = ask(bench.server, qname, timeout=DEADLINE_S + 4)
        equal((rcode(got), data(got)), ("SERVFAIL", []), qname)


@case("RFC 1035 4.2.2, RFC 7766 5: 64 KiB of TXT by TCP, whole, and TC by UDP")
def _(bench):
    for again in range(2):
        got = ask(bench.server, "huge.example", "TXT", tcp=True)
        equal((rcode(got), len(data(got))), ("NOERROR", len(HUGE)))
    equal(len(got.to_wire(max_size=65535)) > 64000, True, "its size")
    got = ask(bench.server, "huge.example", "TXT")
    equal((bool(got.flags & FLAGS.TC), data(got)), (True, []))


@case("RFC 7766 8: slow TCP: an answer in pieces is put together; too slow is "
      "SERVFAIL in time")
def _(bench):
    bench.outside.tcp_pieces = 10
    got = ask(bench.server, "huge.example.", "TXT", tcp=True)
    equal(len(data(got)), len(HUGE))
    equal(rcode(ask(bench.server, "huge.slow", "TXT", tcp=True)), "NOERROR")
    bench.outside.tcp_pieces, bench.outside.tcp_pause = 100, .2
    before = time.monotonic()
    got = ask(bench.server, "huge.slower", "TXT", tcp=True, timeout=9)
    equal(rcode(got), "SERVFAIL")
    equal(time.monotonic() - before < DEADLINE_S + 1.5, True)


if __name__ == "__main__":
    rvtest.run(setup)
