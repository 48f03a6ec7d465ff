"""More distinct misses than may be under way, against a slow outside.

A small version for the suite; `make soak` has the large one, by the
environment: HAMMER_MISSES, HAMMER_IN_FLIGHT, HAMMER_QPS.
"""

import collections
import os
import pathlib
import selectors
import socket
import struct
import threading
import time

import rvtest
from rvtest import ask, case, data, diag, equal, rcode, wait_until

MISSES = int(os.environ.get("HAMMER_MISSES", 10000))
IN_FLIGHT = int(os.environ.get("HAMMER_IN_FLIGHT", 500))
QPS = int(os.environ.get("HAMMER_QPS", 4000))
SLOW_S = .3  # until an answer; more, and libunbound asks again meanwhile
WAIT_S = 12  # a client's patience, beyond the deadline of 5 s
PORTS = 16
LISTED = "2.0.0.127.bl.test"
# What a question under way may cost, in libunbound for the most part, and
# what there is besides.
KIB_EACH, KIB_BESIDES = 40, 32 * 1024


class SlowOutside(threading.Thread):
    """Answers every question with the same address, after SLOW_S."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
        self.socket.bind((rvtest.LOOPBACK, 0))
        self.server = self.socket.getsockname()
        self.delay, self.asked, self.is_over = SLOW_S, 0, False

    def run(self):
        due = collections.deque()
        while not self.is_over:
            while due and due[0][0] <= time.monotonic():
                _, answer, to = due.popleft()
                self.socket.sendto(answer, to)
            wait = due[0][0] - time.monotonic() if due else .05
            self.socket.settimeout(min(max(wait, .0005), .05))
            try:
                packet, to = self.socket.recvfrom(2048)
            except socket.timeout:
                continue
            self.asked += 1
            due.append((time.monotonic() + self.delay, self.answer(packet),
                        to))
        self.socket.close()

    @staticmethod
    def answer(packet):
        end = packet.index(b"\0", 12) + 5
        return packet[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0) + \
            packet[12:end] + struct.pack("!3HIH", 0xc00c, 1, 1, 300, 4) + \
            bytes([192, 0, 2, 1])


def ask_all(server):
    """Each name once, at QPS; {rcode: number} of the answers, and how many
    questions had none."""
    sockets, poll = [], selectors.DefaultSelector()
    for _ in range(PORTS):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.connect(server)
        s.setblocking(False)
        poll.register(s, selectors.EVENT_READ)
        sockets.append(s)
    waiting, codes, sent = set(), collections.Counter(), 0
    start = last = time.monotonic()
    while sent < MISSES or (waiting and time.monotonic() < last + WAIT_S):
        while sent < MISSES and sent < (time.monotonic() - start) * QPS:
            s, qid = sockets[sent % PORTS], sent // PORTS & 0xffff
            s.send(rvtest.question(f"n{sent}.miss.example", qid=qid))
            waiting.add((s, qid))
            sent += 1
            last = time.monotonic()
            if sent % 64 == 0:
                break
        for key, _ in poll.select(.002):
            try:
                while True:
                    got = key.fileobj.recv(512)
                    waiting.discard((key.fileobj, got[0] << 8 | got[1]))
                    codes[got[3] & 15] += 1
            except BlockingIOError:
                pass
    for s in sockets:
        s.close()
    return codes, len(waiting)


def peak_kib(pid):
    """The most memory that the process ever had."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0])


@case(f"{MISSES} distinct misses, {IN_FLIGHT} under way at most: bounded")
def _(bench):
    outside = SlowOutside()
    outside.start()
    feed = bench.file("feed", "127.0.0.2 :2:listed\n")
    rd = rvtest.Resolverd(bench, zones={"bl.test": [f"ip4set:{feed}"]},
                          forward=[outside.server])
    rd.conf.write_text(rd.conf.read_text().replace(
        "validate = no", f"validate = no max-in-flight = {IN_FLIGHT}"))
    rd.build()
    rd.start()
    worker, = rd.worker_pids()
    before, started = peak_kib(worker), time.monotonic()
    codes, unanswered = ask_all(rd.server)
    after = peak_kib(worker)
    maps = pathlib.Path(f"/proc/{worker}/maps").read_text()
    is_sanitized = "libasan" in maps
    diag(f"{MISSES} questions in {time.monotonic() - started:.0f} s: "
         f"{codes[0]} answered, {codes[2]} SERVFAIL, {unanswered} without an "
         f"answer; the outside was asked {outside.asked} times")
    diag(f"the worker's memory: {before} KiB before, {after} KiB at most, "
         f"{(after - before) / IN_FLIGHT:.0f} KiB for each that may be under "
         "way")
    equal((unanswered, set(codes) <= {0, 2}, sum(codes.values())),
          (0, True, MISSES), f"answers {codes}")
    equal(codes[0] >= IN_FLIGHT, True, "those that were under way")
    equal(codes[2] > 0, True, "those that were too many")
    if not is_sanitized:  # that takes memory of its own
        equal(after - before < KIB_EACH * IN_FLIGHT + KIB_BESIDES, True,
              f"{after - before} KiB more")
    # and then: as ever
    outside.delay = 0
    equal(data(ask(rd.server, LISTED)), ["127.0.0.2"])
    wait_until(lambda: '"upstream-waiting": 0,' in
               rd.resolverctl("--json", "stats").stdout, 20, "nobody to wait")
    for n in range(100):
        got = ask(rd.server, f"after{n}.example", timeout=10)
        equal((rcode(got), data(got)), ("NOERROR", ["192.0.2.1"]))
    outside.is_over = True
    equal(rd.stop(timeout=15), 0)


if __name__ == "__main__":
    rvtest.run()
