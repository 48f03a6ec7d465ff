"""Questions to the outside: what goes there, what comes back, how many at a
time. What is kept of it is in cache.py, failures in failures.py.
"""

import os
import socket
import struct
import time

import rvtest
from rvtest import (Skip, ask, case, data, diag, equal, question, rcode,
                    wait_until)
from scripted import Outside, answer, negative

FEED = "127.0.0.2\n"
LISTED = "2.0.0.127.bl.test"
FLIGHTS_MAX = 5000  # the default of max-in-flight
SERVFAIL = 2
BIG = [f"big.example 600 TXT {n:02}{'b' * 200}" for n in range(10)]


def script(q):
    """What the outside knows."""
    first = q.qname.split(".")[0]
    if first.startswith("silent"):
        return None
    if first.startswith(("a", "slow")) and q.qtype == "A":
        return answer(q, f"{q.qname} 300 A 192.0.2.1")
    if first == "big":
        return answer(q, *BIG)
    if first == "cut" and not q.tcp:
        return answer(q, flags=rvtest.dns.flags.TC)
    if first == "cut":
        return answer(q, "cut.example 600 TXT whole")
    return negative(q)


def start(bench, name="resolverd", **options):
    options.setdefault("forward", [bench.outside.server])
    return rvtest.resolverd(
        bench, name=name,
        zones={"bl.test": [f"ip4set:{bench.file('feed', FEED)}"]},
        **options)


def setup(bench):
    bench.outside = Outside(script).__enter__()
    bench.rd = start(bench)
    bench.server = bench.rd.server


def collect(s, n, seconds):
    """Up to n answers within the time: {id: (rcode, when)}."""
    got, end = {}, time.monotonic() + seconds
    while len(got) < n and time.monotonic() < end:
        s.settimeout(max(.01, end - time.monotonic()))
        try:
            msg = s.recv(4096)
        except socket.timeout:
            break
        qid, flags = struct.unpack("!HH", msg[:4])
        got[qid] = flags & 15, time.monotonic()
    return got


@case("RFC 1035 4.1.1: an answer is given on, without AA")
def _(bench):
    for _ in range(2):
        got = ask(bench.server, "A1.ExamplE")
        equal((rcode(got), data(got)), ("NOERROR", ["192.0.2.1"]))
        equal(got.flags & rvtest.dns.flags.AA, 0, "AA")
        equal(got.question[0].name.to_text(), "A1.ExamplE.")


# --- sizes

@case("RFC 7766 5: a cut answer of the outside is asked for again over TCP")
def _(bench):
    got = ask(bench.server, "cut.example", "TXT")
    equal((rcode(got), data(got)), ("NOERROR", ["whole"]))
    equal((bench.outside.count("cut.example", tcp=False) >= 1,
           bench.outside.count("cut.example", tcp=True)), (True, 1),
          "UDP, TCP")


@case("RFC 2181 9: what is too large for the client: TC, and whole over TCP")
def _(bench):
    got = ask(bench.server, "big.example", "TXT")
    equal((bool(got.flags & rvtest.dns.flags.TC), data(got)), (True, []))
    got = ask(bench.server, "big.example", "TXT", tcp=True)
    equal((rcode(got), len(data(got))), ("NOERROR", 10))


# --- many

@case("equal questions at the same time share one to the outside")
def _(bench):
    wire = rvtest.name_wire("slow1.example"), rvtest.name_wire("SLOW1.example")
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
               for _ in range(60)]
    with bench.outside.holding("slow"):
        for n, s in enumerate(sockets):
            s.sendto(question(wire[n % 2], qid=n), bench.server)
        wait_until(lambda: bench.rd.stats()["upstream-waiting"] == 60)
        equal(bench.rd.stats()["upstream-flights"], 1)
    for n, s in enumerate(sockets):
        s.settimeout(3)
        msg = s.recv(512)
        equal((msg[:2], msg[3] & 15, msg[7], msg[12:12 + len(wire[0])]),
              (struct.pack("!H", n), 0, 1, wire[n % 2]), f"client {n}")
        s.close()


@case("beyond the cap of questions under way: SERVFAIL at once; lists go on")
def _(bench):
    deadline_s = 3
    # nobody listens there, and nobody says so: it is a socket that never reads
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        silent.bind((rvtest.LOOPBACK, 0))
        rd = start(bench, "capped", forward=[silent.getsockname()],
                   upstream=f"deadline = {deadline_s}s")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        s.connect(rd.server)
        total, sent_at = FLIGHTS_MAX + 500, time.monotonic()
        for n in range(total):
            s.send(question(f"silent{n}.example", qid=n))
            if n % 100 == 0:  # let it catch up; measured from the list's side
                asked_at = time.monotonic()
                equal(data(ask(rd.server, LISTED)), ["127.0.0.2"])
                took = time.monotonic() - asked_at
                equal(took < 1, True, f"a list answer took {took:.2f} s")
        got = collect(s, total, deadline_s + 6)
        equal((len(got), {code for code, _ in got.values()}),
              (total, {SERVFAIL}), "answers")
        at_once = sum(when - sent_at < deadline_s - .5
                      for _, when in got.values())
        diag(f"{at_once} of {total} were refused at once")
        equal(at_once >= 400, True, f"only {at_once} at once")
        equal(rd.stats()["overload"] >= 400, True, "counted")
        equal(rd.stop(timeout=15), 0)


@case("one silent name does not make the outside count as dead")
def _(bench):
    with Outside(script) as outside, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        rd = start(bench, "one-silent", forward=[outside.server])
        s.setblocking(False)
        for n in range(3):
            s.sendto(question(f"silent{n}.example", qid=n), rd.server)
        given_up, asked = [], 0

        def are_given_up():  # others are answered all the while
            nonlocal asked
            got = ask(rd.server, f"a{asked}.example")
            equal(data(got), ["192.0.2.1"], f"question {asked}, {rcode(got)}")
            asked += 1
            try:
                given_up.append(s.recv(512)[3] & 15)
            except BlockingIOError:
                pass
            return given_up == [SERVFAIL] * 3
        wait_until(are_given_up, 15, "the end of the silent ones", every=.1)
        tries = [outside.count(f"silent{n}.example") for n in range(3)]
        diag(f"{tries} tries of the silent names, {asked} others answered")
        equal(min(tries) > 2, True, f"tries {tries}")
        equal(rd.stop(timeout=15), 0)


@case("RFC 4035 5.5: what does not go back to the root's key is withheld")
def _(bench):
    if not os.path.exists("/usr/share/dns/root.key"):
        raise Skip("dns-root-data is not installed")
    rd = start(bench, "validating", validate="yes")
    got = ask(rd.server, "a8.example", timeout=7)
    equal((rcode(got), data(got)), ("SERVFAIL", []))
    flags = rvtest.dns.flags.RD | rvtest.dns.flags.CD
    got = ask(rd.server, "a8.example", flags=flags, timeout=7)
    equal((rcode(got), data(got)), ("NOERROR", ["192.0.2.1"]), "with CD")
    equal(data(ask(rd.server, LISTED)), ["127.0.0.2"], "a list zone")
    equal(rd.stop(timeout=15), 0)


if __name__ == "__main__":
    rvtest.run(setup)
