"""What is not a list zone: the cache, and the questions to the outside."""

import os
import signal
import socket
import struct
import time

import rvtest
from rvtest import Skip, ask, case, data, equal, question, rcode
from scripted import Outside, answer, negative, slowly

FEED = "127.0.0.2\n"
LISTED = "2.0.0.127.bl.test"
FLIGHTS_MAX = 5000  # the default of max-in-flight
DEADLINE_S = 5  # UPSTREAM_DEADLINE_S
SERVFAIL = 2
BIG = [f"big.example 600 TXT {n:02}{'b' * 200}" for n in range(10)]


def script(q):
    """What the outside knows."""
    first = q.qname.split(".")[0]
    if first.startswith("silent"):
        return None
    if first.startswith("a"):
        return answer(q, f"{q.qname} 300 A 192.0.2.1") if q.qtype == "A" \
            else negative(q, "NOERROR")
    if first.startswith("slow"):
        return slowly(.2, answer(q, f"{q.qname} 300 A 192.0.2.2"))
    if first == "chain":
        return answer(q, "chain.example 50 CNAME end.example.",
                      "end.example 500 A 192.0.2.3")
    if first == "big":
        return answer(q, *BIG)
    if first == "cut" and not q.tcp:
        return answer(q, flags=rvtest.dns.flags.TC)
    if first == "cut":
        return answer(q, "cut.example 600 TXT whole")
    if first == "brief":
        return answer(q, f"{q.qname} 1 A 192.0.2.4")
    if first == "nx-minimum":
        return negative(q, ttl=3600, minimum=20)
    if first == "nx-ttl":
        return negative(q, ttl=30, minimum=3600)
    if first == "nx-long":
        return negative(q, ttl=86400, minimum=86400)
    if first == "nodata":
        return negative(q, "NOERROR", ttl=40, minimum=50)
    if first == "fails":
        return answer(q, rcode="SERVFAIL")
    if first == "refuses":
        return answer(q, rcode="REFUSED")
    if q.qname == "1.0.0.10.in-addr.arpa":
        return answer(q, f"{q.qname} 600 PTR mail.internal.example.")
    if first == "end":
        return answer(q, "end.example 500 A 192.0.2.3")
    return negative(q)


def start(bench, name="resolverd", **options):
    options.setdefault("forward", [bench.outside.server])
    return rvtest.resolverd(
        bench, name=name,
        zones={"bl.test": [f"ip4set:{bench.file('feed', FEED)}"]},
        **options)


def setup(bench):
    bench.outside = Outside(script).__enter__()
    bench.rd = start(bench, workers=2, cache="max-negative-ttl = 600")
    bench.server = bench.rd.server


def asked(bench, qname, **how):
    return bench.outside.count(qname, **how)


def ttl(message):
    section = message.answer or message.authority
    return min(rrset.ttl for rrset in section)


def fresh_sockets(n):
    """Sockets whose source ports spread over both workers."""
    return [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(n)]


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


# --- the cache

@case("an answer is given on, without AA, and the case comes back")
def _(bench):
    got = ask(bench.server, "A1.ExamplE")
    equal((rcode(got), data(got), ttl(got)), ("NOERROR", ["192.0.2.1"], 300))
    equal(got.flags & rvtest.dns.flags.AA, 0, "AA")
    equal(got.question[0].name.to_text(), "A1.ExamplE.")


@case("both workers share what one has asked")
def _(bench):
    ask(bench.server, "a2.example")
    time.sleep(.1)  # it is written after the answer has gone
    for _ in range(30):
        equal(data(ask(bench.server, "a2.example")), ["192.0.2.1"])
    equal(asked(bench, "a2.example"), 1, "questions to the outside")


@case("the TTL counts down")
def _(bench):
    first = ttl(ask(bench.server, "a3.example"))
    time.sleep(2.1)
    later = ttl(ask(bench.server, "a3.example"))
    equal((first, later in (297, 298)), (300, True), f"then {later}")


@case("what has expired is asked again")
def _(bench):
    ask(bench.server, "brief.example")
    time.sleep(2.1)
    equal(ttl(ask(bench.server, "brief.example")), 1)
    equal(asked(bench, "brief.example") >= 2, True)


@case("RFC 2308 5: NXDOMAIN lives as long as the lesser of SOA TTL and MINIMUM")
def _(bench):
    for qname, want in (("nx-minimum.example", 20), ("nx-ttl.example", 30)):
        for _ in range(10):
            got = ask(bench.server, qname)
            equal((rcode(got), rvtest.authority(got)), ("NXDOMAIN", ["SOA"]))
            equal(want - 1 <= ttl(got) <= want, True, f"{qname} {ttl(got)}")
            time.sleep(.02)
        equal(asked(bench, qname) <= 2, True, qname)


@case("RFC 2308 5: NODATA likewise, and it is kept apart by type")
def _(bench):
    got = ask(bench.server, "nodata.example", "MX")
    equal((rcode(got), data(got), ttl(got)), ("NOERROR", [], 40))
    equal(rvtest.authority(got), ["SOA"])
    equal(data(ask(bench.server, "a4.example", "A")), ["192.0.2.1"])
    equal(data(ask(bench.server, "a4.example", "MX")), [])
    equal(data(ask(bench.server, "a4.example", "A")), ["192.0.2.1"])


@case("max-negative-ttl is the most")
def _(bench):
    equal(ttl(ask(bench.server, "nx-long.example")), 600)


@case("RFC 1034 3.6.2: a CNAME chain comes whole, each TTL its own")
def _(bench):
    for _ in range(2):
        got = ask(bench.server, "chain.example")
        equal(data(got), ["192.0.2.3", "end.example."])
        ttls = sorted(rrset.ttl for rrset in got.answer)
        equal((ttls[0] in (49, 50), ttls[1] in (499, 500)), (True, True),
              f"{ttls}")


@case("the cache is used without RD only by those who may: REFUSED")
def _(bench):
    ask(bench.server, "a5.example")
    got = ask(bench.server, "a5.example", flags=0)
    equal((rcode(got), data(got)), ("REFUSED", []))


@case("it survives a restart, with the outside silent")
def _(bench):
    rd = start(bench, "again")
    want = {}
    for qname in ("a6.example", "nx-ttl.example", "nodata.example"):
        got = ask(rd.server, qname)
        want[qname] = rcode(got), data(got), rvtest.authority(got)
    equal(rd.stop(), 0)
    rd.forward = [(rvtest.LOOPBACK, rvtest.free_port())]
    rd.write_conf()
    rd.start()
    for qname, before in want.items():
        got = ask(rd.server, qname)
        equal((rcode(got), data(got), rvtest.authority(got)), before, qname)
    equal(rd.stop(), 0)


@case("it stays whole when a worker is killed while it is being filled")
def _(bench):
    rd = start(bench, "filled", workers=2, cache='size = "1M"')
    for kill in range(5):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(rd.server)
            for n in range(300):
                s.send(question(f"a{kill}x{n}.example", qid=n))
            time.sleep(.01 * kill)
            os.kill(rd.worker_pids()[kill % 2], signal.SIGKILL)
        rvtest.wait_until(lambda: len(rd.worker_pids()) == 2)
        for n in range(0, 300, 10):
            got = ask(rd.server, f"a{kill}x{n}.example")
            equal(data(got), ["192.0.2.1"], f"after kill {kill}")
    log = rd.process.log()
    equal([l for l in log.splitlines() if "cache" in l], [], "complaints")
    equal(rd.stop(), 0)


# --- sizes

@case("RFC 7766 5: a cut answer of the outside is asked for again over TCP")
def _(bench):
    got = ask(bench.server, "cut.example", "TXT")
    equal((rcode(got), data(got)), ("NOERROR", ["whole"]))
    equal((asked(bench, "cut.example", tcp=False) >= 1,
           asked(bench, "cut.example", tcp=True)), (True, 1), "UDP, TCP")


@case("RFC 2181 9: what is too large for the client: TC, and whole over TCP")
def _(bench):
    got = ask(bench.server, "big.example", "TXT")
    equal((bool(got.flags & rvtest.dns.flags.TC), data(got)), (True, []))
    got = ask(bench.server, "big.example", "TXT", tcp=True)
    equal((rcode(got), len(data(got))), ("NOERROR", 10))


# --- the outside fails

@case("SERVFAIL and REFUSED of the outside: SERVFAIL")
def _(bench):
    for qname in ("fails.example", "refuses.example"):
        got = ask(bench.server, qname, timeout=7)
        equal((rcode(got), data(got)), ("SERVFAIL", []), qname)


@case("a silent outside: SERVFAIL after five seconds")
def _(bench):
    start_at = time.monotonic()
    got = ask(bench.server, "silent.example", timeout=8)
    took = time.monotonic() - start_at
    equal((rcode(got), DEADLINE_S - .5 < took < DEADLINE_S + 1.5),
          ("SERVFAIL", True), f"took {took:.1f} s")


@case("equal questions at the same time share one to the outside")
def _(bench):
    with Outside(script) as outside:  # one worker: flights are not shared
        rd = start(bench, "sharing", forward=[outside.server])
        sockets = fresh_sockets(60)
        for n, s in enumerate(sockets):
            qname = "slow1.example" if n % 2 else "SLOW1.example"
            s.sendto(question(qname, qid=n), rd.server)
        for n, s in enumerate(sockets):
            s.settimeout(3)
            msg = s.recv(512)
            wire = rvtest.name_wire("slow1.example" if n % 2 else
                                    "SLOW1.example")
            equal((msg[:2], msg[3] & 15, msg[7], msg[12:12 + len(wire)]),
                  (struct.pack("!H", n), 0, 1, wire), f"client {n}")
            s.close()
        equal(outside.count("slow1.example"), 1, "questions to the outside")
        equal(rd.stop(), 0)


@case("beyond the cap of questions under way: SERVFAIL at once; lists go on")
def _(bench):
    # nobody listens there, and nobody says so: it is a socket that never reads
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        silent.bind((rvtest.LOOPBACK, 0))
        rd = start(bench, "capped", forward=[silent.getsockname()])
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
        got = collect(s, total, DEADLINE_S + 6)
        equal((len(got), {code for code, _ in got.values()}),
              (total, {SERVFAIL}), "answers")
        at_once = sum(when - sent_at < DEADLINE_S - .5
                      for _, when in got.values())
        rvtest.diag(f"{at_once} of {total} were refused at once")
        equal(at_once >= 400, True, f"only {at_once} at once")
        equal(rd.stop(timeout=15), 0)


@case("one silent name does not make the outside count as dead")
def _(bench):
    with Outside(script) as outside:
        rd = start(bench, "one-silent", forward=[outside.server])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for n in range(3):
                s.sendto(question(f"silent{n}.example", qid=n), rd.server)
            for n in range(25):
                got = ask(rd.server, f"a{n}.example")
                equal(data(got), ["192.0.2.1"], f"question {n}, {rcode(got)}")
                time.sleep(.3)
        equal(rd.stop(timeout=15), 0)


@case("after a silent time the outside is asked anew")
def _(bench):
    mute = {"on": True}
    with Outside(lambda q: None if mute["on"] else script(q)) as outside:
        rd = start(bench, "patient", forward=[outside.server])
        equal(rcode(ask(rd.server, "a7.example", timeout=8)), "SERVFAIL")
        mute["on"] = False
        back = time.monotonic()
        rvtest.wait_until(
            lambda: data(ask(rd.server, "a7.example", timeout=8)) ==
            ["192.0.2.1"], 20, "an answer")
        rvtest.diag(f"an answer {time.monotonic() - back:.1f} s after the "
                    "outside was back")
        equal(rd.stop(), 0)


@case("validate: what does not go back to the root's key is withheld")
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


@case("reverse names of private networks go to the forwarder")
def _(bench):
    got = ask(bench.server, "1.0.0.10.in-addr.arpa", "PTR")
    equal(data(got), ["mail.internal.example."])


if __name__ == "__main__":
    rvtest.run(setup)
