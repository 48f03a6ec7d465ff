"""TCP, RFC 7766: many questions in a connection, limits, idle and slow clients.

Time passes by the daemon's test clock, not by waiting.
"""

import json
import os
import pathlib
import re
import resource
import signal
import socket
import struct
import time

import rvtest
import scripted
from rvtest import (Clock, case, equal, frame_tcp, is_closed, question,
                    recv_tcp, wait_until)

LISTED = "2.0.0.127.bl.test"
CONNECTIONS = int(os.environ.get("RVTEST_CONNECTIONS", "10000"))
TXT = 16
KEEPALIVE = 11
UNREAD_S = 30  # TCP_UNREAD_S


def script(q):
    if q.qtype == "TXT":
        return scripted.answer(q, *(f"{q.qname} 300 TXT {n:03}{'b' * 250}"
                                    for n in range(200)))
    return scripted.answer(q, f"{q.qname} 300 A 192.0.2.1")


def setup(bench):
    bench.outside = scripted.Outside(script).__enter__()
    bench.feed = bench.file("feed", "127.0.0.2\n")
    bench.clock = Clock(bench, "resolverd")
    bench.rd = start(bench, "resolverd", clock=bench.clock)
    bench.server = bench.rd.server


def start(bench, name, clients="", clock=None, **options):
    return rvtest.resolverd(
        bench, name=name, zones={"bl.test": [f"ip4set:{bench.feed}"]},
        forward=[bench.outside.server], clock=clock,
        extra=f"clients {{ {clients} }}\n", **options)


def connect(server, source=None, timeout=5):
    return socket.create_connection(server, timeout,
                                    (source, 0) if source else None)


def asked(s, qname=LISTED, qid=7):
    """The connection answers."""
    s.sendall(frame_tcp(question(qname, qid=qid)))
    msg = recv_tcp(s)
    equal((msg[:2], msg[3] & 15, msg[7]), (struct.pack("!H", qid), 0, 1))
    return s


def ids(s, n):
    """Those of the next n answers, sorted."""
    return sorted(struct.unpack("!H", recv_tcp(s)[:2])[0] for _ in range(n))


def stays_open(s):
    """No end has come; what comes later is another matter."""
    s.settimeout(0.05)
    try:
        return s.recv(1) != b""
    except (TimeoutError, BlockingIOError):
        return True
    finally:
        s.settimeout(5)


# --- RFC 7766 6.2.1: pipelining

@case("RFC 7766 6.2.1.1: an answer that is there does not wait for a slow one")
def _(bench):
    with connect(bench.server) as s:
        with bench.outside.holding("slow"):
            s.sendall(frame_tcp(question("slow1.example", qid=1)) +
                      frame_tcp(question(LISTED, qid=2)) +
                      frame_tcp(question("slow2.example", qid=3)) +
                      frame_tcp(question("fast.example", qid=4)))
            equal(ids(s, 2), [2, 4])
        equal(ids(s, 2), [1, 3])


@case("a hundred questions under way in a connection; more wait their turn")
def _(bench):
    with connect(bench.server, timeout=20) as s:
        s.sendall(b"".join(
            frame_tcp(question(f"n{n}.example", qid=n)) for n in range(500)))
        equal(ids(s, 500), list(range(500)))


@case("a client that closes its side gets the answers that are under way")
def _(bench):
    with connect(bench.server) as s:
        with bench.outside.holding("slow"):
            s.sendall(frame_tcp(question("slow3.example", qid=1)) +
                      frame_tcp(question(LISTED, qid=2)))
            s.shutdown(socket.SHUT_WR)
            equal(ids(s, 1), [2])
        equal((ids(s, 1), s.recv(1)), ([1], b""))


@case("a client that goes while its question is under way")
def _(bench):
    for n in range(20):
        with connect(bench.server) as s:
            s.sendall(frame_tcp(question(f"slow-gone{n}.example")))
    with connect(bench.server) as s:
        asked(s)


# --- RFC 7766 6.2.3: idle

@case("RFC 7766 6.2.3: an idle connection is closed, also one that sends half a "
      "question; one that asks stays")
def _(bench):
    silent, half = connect(bench.server), connect(bench.server)
    busy, waiting = connect(bench.server), connect(bench.server)
    with silent, half, busy, waiting:
        for s in (silent, half, busy):
            asked(s)
        bench.clock.pass_s(6)
        half.sendall(frame_tcp(question(LISTED))[:9])
        asked(busy)
        with bench.outside.holding("slow"):
            waiting.sendall(frame_tcp(question("slow4.example", qid=9)))
            asked(busy)
            bench.clock.pass_s(5)
            equal((is_closed(silent), is_closed(half)), (True, True))
            equal(stays_open(busy), True, "it asked five seconds ago")
        equal(ids(waiting, 1), [9])
        asked(waiting)
        for s in (busy, waiting):
            wait_until(lambda s=s: bench.clock.ends(s, 11), 20, "the end")


@case("RFC 7828: the idle time is told to those who ask by TCP")
def _(bench):
    def opt(data):
        return b"\0" + struct.pack("!HHIH", 41, 1232, 0, 4 + len(data)) + \
            struct.pack("!HH", KEEPALIVE, len(data)) + data

    def query(data=b""):
        packet = question(LISTED)
        return packet[:10] + b"\0\1" + packet[12:] + opt(data)

    with connect(bench.server) as s:
        s.sendall(frame_tcp(query()))
        equal(recv_tcp(s)[-6:], struct.pack("!HHH", KEEPALIVE, 2, 100))
        # RFC 7828 3.2.1: a query has no time
        s.sendall(frame_tcp(query(b"\0\1")))
        equal(recv_tcp(s)[3] & 15, 1)
    # RFC 7828 3.3.1: not by UDP
    answer = rvtest.raw(bench.server, query())
    equal((answer[3] & 15, answer[-2:]), (0, b"\0\0"))


# --- limits

@case("a client has so many connections; others are not touched by it")
def _(bench):
    rd = start(bench, "per-client", "tcp-connections-per-client = 5")
    mine = [asked(connect(rd.server)) for _ in range(5)]
    with connect(rd.server) as s:
        equal(is_closed(s), True, "the sixth")
    with connect(rd.server, "127.0.0.2") as s:
        asked(s)
    for s in mine:
        asked(s)
    mine.pop().close()
    wait_until(lambda: try_ask(rd.server), 5, "a place that is free again")
    for s in mine:
        s.close()
    equal(rd.stop(), 0)


def try_ask(server, source=None):
    try:
        with connect(server, source) as s:
            asked(s)
            return True
    except (EOFError, OSError):
        return False


@case("beyond the limit in all the idlest goes, never one with a question")
def _(bench):
    clock = Clock(bench, "in-all")
    rd = start(bench, "in-all", "tcp-connections = 4 tcp-idle = 1h", clock)
    waiting, first, second, third = (connect(rd.server) for _ in range(4))
    with waiting, first, second, third:
        for s in (waiting, first, second, third, first):
            asked(s)  # so the second is the idlest
        with bench.outside.holding("slow"):
            waiting.sendall(frame_tcp(question("slow5.example", qid=5)))
            wait_until(lambda: bench.outside.count("slow5.example"))
            with asked(connect(rd.server, "127.0.0.2")):
                equal(is_closed(second), True, "the idlest")
                for s in (first, third):
                    asked(s)
        equal(ids(waiting, 1), [5])
        # all of them wait: the new one goes
        with asked(connect(rd.server, "127.0.0.2")) as more:
            all_four = (waiting, first, third, more)
            with bench.outside.holding("slow"):
                for n, s in enumerate(all_four):
                    s.sendall(frame_tcp(question(f"slow6{n}.example", qid=n)))
                wait_until(lambda: all(bench.outside.count(f"slow6{n}.example")
                                       for n in range(4)))
                with connect(rd.server, "127.0.0.3") as s:
                    equal(is_closed(s), True, "the new one")
            for n, s in enumerate(all_four):
                equal(ids(s, 1), [n])
    equal(rd.stop(), 0)


def held(server, source, n):
    """Of n connections, those that answer."""
    got = []
    for s in [connect(server, source) for _ in range(n)]:
        try:
            got.append(asked(s))
        except (EOFError, OSError):
            s.close()
    return got


def open_connections(rd):
    stats = rd.tool(rvtest.RESOLVERCTL, "--json", "stats").stdout
    return json.loads(stats)["tcp-connections"]


@case("both limits hold over all workers; a killed one's part is given back")
def _(bench):
    rd = start(bench, "over-workers", "tcp-connections-per-client = 10 "
               "tcp-connections = 14 tcp-idle = 1h", workers=3)
    mine = held(rd.server, "127.0.0.1", 40)
    equal(len(mine), 10, "of 40 of one client")
    theirs = held(rd.server, "127.0.0.2", 40)
    equal(open_connections(rd) <= 14, True, "in all")
    # the process that answered resolverctl may take a moment to end
    wait_until(lambda: len(rd.worker_pids()) == 3, 20, "workers alone")
    killed = rd.worker_pids()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    for s in mine + theirs:
        s.close()
    wait_until(lambda: rd.answers() and
               not set(killed) & set(rd.worker_pids()), 20, "new workers")
    wait_until(lambda: len(rd.worker_pids()) == 3, 20, "all of them")
    mine = held(rd.server, "127.0.0.1", 40)
    equal(len(mine), 10, "of 40 again")
    for s in mine:
        s.close()
    equal(rd.stop(), 0)


# --- slow readers

def rss_kib(rd):
    status = pathlib.Path(f"/proc/{rd.worker_pids()[0]}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def flood_unread(s, questions=4000):
    """Asks for 50 KB each, and reads nothing, until nothing more is taken."""
    packet = frame_tcp(question("big.example", TXT))
    s.settimeout(.3)
    sent = 0
    try:
        for _ in range(questions):
            s.sendall(packet)
            sent += 1
    except TimeoutError:
        pass
    s.settimeout(5)
    return sent


@case("slow readers: memory is bounded, others are served, late reading works")
def _(bench):
    rvtest.ask(bench.server, "big.example", "TXT", tcp=True)
    before = rss_kib(bench.rd)
    slow = [connect(bench.server, f"127.0.2.{n}") for n in range(1, 41)]
    for s in slow:
        flood_unread(s)
    grown = rss_kib(bench.rd) - before
    rvtest.diag(f"{len(slow)} slow readers: {grown} KiB more")
    # each may have TCP_OUTPUT_MAX, one answer, and its questions unread
    # (ASan keeps 256 MB of what was freed)
    each = 10000 if b"__asan_init" in rvtest.RESOLVERD.read_bytes() else 400
    equal(grown < len(slow) * each, True, f"grown by {grown} KiB")
    began = time.monotonic()
    for n in range(50):
        equal(rvtest.rcode(rvtest.ask(bench.server, LISTED)), "NOERROR")
    with connect(bench.server) as s:
        asked(s)
    took = time.monotonic() - began
    equal(took < 20, True, f"51 answers took {took:.1f} s")
    for _ in range(100):  # one of them reads now: nothing is lost of it
        equal(len(recv_tcp(slow[0])) > 50000, True)
    # who takes nothing is cut off, whatever the idle time
    # (the kernels may still move some, and then it is not over yet)
    left = fds_of(bench.rd) - len(slow) + 1

    def are_cut_off():
        bench.clock.pass_s(UNREAD_S + 1)
        return fds_of(bench.rd) <= left
    wait_until(are_cut_off, 20, "the end of those that do not read", .5)
    for s in slow:
        s.close()


# --- many

def raise_files(n):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (n, max(hard, n)))
    except (ValueError, PermissionError):
        raise rvtest.Skip(f"{n} descriptors cannot be had here")
    return soft, hard


@case(f"{CONNECTIONS} idle connections: others are served as before")
def _(bench):
    before = raise_files(CONNECTIONS + 500)
    rd = start(bench, "crowd", f"tcp-connections = {CONNECTIONS} "
               f"tcp-connections-per-client = 1000 tcp-idle = 1h")
    try:
        crowd = [connect(rd.server, f"127.0.3.{n // 900 + 1}")
                 for n in range(CONNECTIONS)]
        wait_until(lambda: fds_of(rd) >= CONNECTIONS, 20, "all of them")
        rvtest.diag(f"{rss_kib(rd)} KiB with {CONNECTIONS} connections")
        for n in range(200):
            equal(rvtest.rcode(rvtest.ask(rd.server, LISTED)), "NOERROR")
        with asked(connect(rd.server)):
            pass
        equal(rvtest.data(rvtest.ask(rd.server, "other.example")),
              ["192.0.2.1"], "upstream")
        asked(crowd[-1])
        for s in crowd:
            s.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    equal(rd.stop(), 0)


def fds_of(rd):
    return len(os.listdir(f"/proc/{rd.worker_pids()[0]}/fd"))


FILES = 300


@case("EMFILE: an idle connection gives way, and UDP goes on")
def _(bench):
    rd = rvtest.Resolverd(bench, "emfile", forward=[bench.outside.server],
                          zones={"bl.test": [f"ip4set:{bench.feed}"]},
                          extra="clients { tcp-connections-per-client = 5000 "
                          "tcp-connections = 5000 tcp-idle = 1h }\n")
    rd.build()
    # root could raise the limit again
    rd.process = bench.start(
        [rvtest.program("setpriv"), "--bounding-set", "-sys_resource",
         rvtest.program("prlimit"), f"--nofile={FILES}:{FILES}",
         rvtest.RESOLVERD, "-d", "-c", rd.conf], "emfile")
    wait_until(rd.answers, 10, "an answer")
    equal(rvtest.data(rvtest.ask(rd.server, "warm.example")), ["192.0.2.1"])
    crowd = [connect(rd.server) for _ in range(2 * FILES)]
    wait_until(lambda: fds_of(rd) > FILES - 10, 10, "the last descriptors")
    for n in range(20):
        equal(rvtest.rcode(rvtest.ask(rd.server, LISTED)), "NOERROR", "UDP")
        with asked(connect(rd.server)):
            pass
    asked(crowd[-1])
    equal(is_closed(crowd[0]), True, "the idlest")
    for s in crowd:
        s.close()
    wait_until(lambda: fds_of(rd) < FILES - 100, 10, "descriptors again")
    equal(rvtest.data(rvtest.ask(rd.server, "new.example")), ["192.0.2.1"])
    equal(rd.stop(), 0)


if __name__ == "__main__":
    rvtest.run(setup)
