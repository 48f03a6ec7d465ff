"""Throughput of workers while nothing else runs: bursts that wait for them.

With as many cores as workers there is none left for a client, and one that
shares a core takes more from two workers than from one. So client and workers
take turns: the workers are stopped, their sockets are filled, they go on while
the client sleeps, and the kernel's time stamps of the answers tell how long they
took.
"""
import os
import signal
import socket
import statistics
import struct
import time

from servers import read

BURST = 3000    # questions for each worker: what its socket holds
SOCKETS = 12    # of the client, for each worker
SLEEP_S = .05   # longer than a burst takes, if nothing else runs
LOST_S = 2      # what has not come by then does not come
SO_TIMESTAMPNS = 35


def packets(path, most):
    """The first questions of a file, each a "name A" line."""
    out = []
    with open(path) as f:
        for n, line in zip(range(most), f):
            name, qtype = line.split()
            assert qtype == "A"
            labels = b"".join(bytes([len(x)]) + x.encode()
                              for x in name.split("."))
            out.append(struct.pack("!6H", n & 0xffff, 0x100, 1, 0, 0, 0) +
                       labels + b"\0\0\1\0\1")
    return out


def schedstat(pid):
    """Seconds that it ran, and that it waited for a core."""
    ran, waited, _ = read("/proc/%d/schedstat" % pid).split()
    return int(ran) / 1e9, int(waited) / 1e9


class Client:
    """Sockets whose packets are known to reach one worker."""

    def __init__(self, port, pids, probe):
        self.pids = pids
        self.socks = {pid: [] for pid in pids}
        for pid in pids:
            self.find(port, pid, probe)

    def find(self, port, pid, probe):
        others = [p for p in self.pids if p != pid]
        for other in others:
            os.kill(other, signal.SIGSTOP)
        while len(self.socks[pid]) < SOCKETS:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            s.connect(("127.0.0.1", port))
            s.settimeout(.1)
            s.send(probe)
            try:
                s.recv(4096)
            except TimeoutError:
                s.close()
            else:
                s.setblocking(False)
                self.socks[pid].append(s)
        for other in others:
            os.kill(other, signal.SIGCONT)

    def close(self):
        for socks in self.socks.values():
            for s in socks:
                s.close()

    def fill(self, pid, questions):
        for n, packet in enumerate(questions):
            self.socks[pid][n % SOCKETS].send(packet)

    def take(self, pid):
        """All answers: how many, and when the last one came (s)."""
        n, last = 0, 0
        for s in self.socks[pid]:
            while True:
                try:
                    _, ancillary, _, _ = s.recvmsg(4096, 64)
                except BlockingIOError:
                    break
                n += 1
                sec, nsec = struct.unpack("qq", ancillary[0][2])
                last = max(last, sec + nsec / 1e9)
        return n, last


def burst(client, busy, questions):
    """One for each worker in busy; returns (s, CPU s, answers). A worker took
    from when it went on to its last answer, less what it waited for a core that
    something else had; the slowest counts."""
    for pid in client.pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in busy:
        client.fill(pid, questions[pid])
    before = {pid: schedstat(pid) for pid in busy}
    begin = time.time()
    for pid in client.pids:
        os.kill(pid, signal.SIGCONT)
    answers, last = 0, dict.fromkeys(busy, 0)
    while answers < BURST * len(busy) and time.time() < begin + LOST_S:
        time.sleep(SLEEP_S)
        for pid in busy:
            n, end = client.take(pid)
            answers, last[pid] = answers + n, max(last[pid], end)
    cpu, took = 0, 0
    for pid in busy:
        ran, waited = (after - was for was, after in
                       zip(before[pid], schedstat(pid)))
        cpu += ran
        took = max(took, last[pid] - begin - waited)
    return took, cpu, answers


def compare(port, pids, path, rounds):
    """Questions a second and CPU us a query: of each worker alone, and of all
    at the same time, taking turns; medians."""
    questions = packets(path, 20 * BURST)
    client = Client(port, pids, questions[0])
    sets = [[pid] for pid in pids] + [pids]
    qps, us = [[] for _ in sets], [[] for _ in sets]
    try:
        for r in range(rounds):
            for i, busy in enumerate(sets):
                mine = {}
                for n, pid in enumerate(busy):
                    at = (r * len(pids) + n) * BURST % (len(questions) - BURST)
                    mine[pid] = questions[at:at + BURST]
                took, cpu, n = burst(client, busy, mine)
                if n != BURST * len(busy):
                    raise RuntimeError("%d of %d answers" % (
                        n, BURST * len(busy)))
                qps[i].append(n / took)
                us[i].append(cpu * 1e6 / n)
    finally:
        client.close()
    return ([statistics.median(q) for q in qps],
            [statistics.median(u) for u in us])
