"""The rate limit: how much passes, who is exempt, and what a flood does to
others. Clients are addresses of 127.0.0.0/8, which is exempt by default.
"""

import re
import socket
import struct
import subprocess
import sys
import time

import rvtest
from rvtest import case, equal, frame_tcp, question, raw, recv_tcp

LISTED = "2.0.0.127.bl.test"
TC, COOKIE = 0x0200, 10
HALF = b"clients "


def setup(bench):
    bench.feed = bench.file("feed", "127.0.0.2\n")


def start(bench, name, limits, exempt="192.0.2.0/24", **options):
    return rvtest.resolverd(
        bench, name=name, zones={"bl.test": [f"ip4set:{bench.feed}"]},
        extra=f'clients {{ {limits} no-rate-limit = "{exempt}" }}\n',
        **options)


def burst(server, sources, n, packet=None):
    """n questions from each, at once: (answered, told to use TCP, nothing)."""
    packet = packet or question(LISTED)
    sockets = []
    for source in sources:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        s.bind((source, 0))
        s.connect(server)
        s.settimeout(.5)
        sockets.append(s)
        for _ in range(n):
            s.send(packet)
    answered = slipped = 0
    for s in sockets:
        try:
            while True:
                flags, _, ancount = struct.unpack("!3H", s.recv(512)[2:8])
                answered += ancount
                slipped += bool(flags & TC) and ancount == 0
        except TimeoutError:
            s.close()
    return answered, slipped, n * len(sockets) - answered - slipped


def near(got, want, what, slack=.3):
    if not want * (1 - slack) <= got <= want * (1 + slack) + 2:
        raise AssertionError(f"{what}: {got}, not about {want}")


def took(fn):
    began = time.monotonic()
    return fn(), time.monotonic() - began


@case("beyond the rate of a client half is told to use TCP, half dropped")
def _(bench):
    rd = start(bench, "client", "rate-limit = 200")
    (answered, slipped, lost), seconds = took(
        lambda: burst(rd.server, ["127.1.0.1"], 1000))
    near(answered, 200 + 200 * min(seconds - .5, .2), "answered")
    near(slipped, lost, "slipped as lost")
    # a real client of that address still gets its answers
    with socket.create_connection(rd.server, 5, ("127.1.0.1", 0)) as s:
        for _ in range(300):
            s.sendall(frame_tcp(question(LISTED)))
            equal(recv_tcp(s)[7], 1, "TCP")
    # and so do others
    answered, _, _ = burst(rd.server, ["127.1.0.2"], 100)
    equal(answered, 100, "a neighbour")
    equal(rd.stop(), 0)


@case("the clients of a network share its rate, whichever worker they ask")
def _(bench):
    rd = start(bench, "network", "network-rate-limit = 300 slip = 0",
               workers=2)
    answered, slipped, _ = burst(
        rd.server, [f"127.1.1.{n}" for n in range(1, 21)], 50)
    near(answered, 300, "answered")
    equal(slipped, 0)
    equal(burst(rd.server, ["127.1.2.1"], 100)[0], 100, "the next network")
    equal(rd.stop(), 0)


@case("slip = 1: every question beyond the rate is told to use TCP")
def _(bench):
    rd = start(bench, "slip", "rate-limit = 10 slip = 1")
    answered, slipped, lost = burst(rd.server, ["127.1.0.1"], 200)
    equal((answered < 20, lost), (True, 0), f"{answered}, {slipped}")
    equal(rd.stop(), 0)


@case("refusals are limited, too: nobody is flooded with them")
def _(bench):
    rd = start(bench, "refused", "rate-limit = 20 slip = 0",
               allow=["127.0.0.1"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.1.0.1", 0))
        s.connect(rd.server)
        s.settimeout(.5)
        for _ in range(300):
            s.send(question(LISTED))
        n = 0
        try:
            while s.recv(512):
                n += 1
        except TimeoutError:
            pass
    equal(n < 60, True, f"{n} refusals")
    equal(rd.stop(), 0)


@case("exempt by default: the machine itself")
def _(bench):
    rd = rvtest.resolverd(bench, name="default",
                          zones={"bl.test": [f"ip4set:{bench.feed}"]},
                          extra="clients { rate-limit = 1 "
                                "network-rate-limit = 1 }\n")
    equal(burst(rd.server, ["127.0.0.1", "127.9.9.9"], 200), (400, 0, 0))
    equal(rd.stop(), 0)


@case("RFC 7873: a valid cookie is not limited; without one it is BADCOOKIE")
def _(bench):
    rd = start(bench, "cookie", "rate-limit = 5 slip = 1")
    source = "127.1.0.7"

    def query(cookie):
        opt = b"\0" + struct.pack("!HHIHHH", 41, 1232, 0, 4 + len(cookie),
                                  COOKIE, len(cookie)) + cookie
        packet = question(LISTED)
        return packet[:10] + b"\0\1" + packet[12:] + opt

    whole = raw(rd.server, query(HALF), source=source)[-24:]
    for _ in range(100):
        answer = raw(rd.server, query(HALF), source=source)
        if answer[3] & 15:
            break
    # BADCOOKIE, 23, is 7 in the header and 1 in the OPT
    equal((answer[3] & 15, answer[7], whole[:8] in answer), (7, 0, True))
    equal(burst(rd.server, [source], 200, query(whole)), (200, 0, 0))
    # it proves that address, no other
    equal(burst(rd.server, ["127.1.0.8"], 200, query(whole))[0] < 20, True)
    equal(rd.stop(), 0)


FLOOD = """
import socket, sys, time
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(50)]
for n, sock in enumerate(s):
    sock.bind((f"127.1.1.{n + 1}", 0))
    sock.connect((sys.argv[1], int(sys.argv[2])))
    sock.setblocking(False)
packet = bytes.fromhex(sys.argv[3])
end, n = time.monotonic() + float(sys.argv[4]), 0
while time.monotonic() < end:
    for sock in s:
        try:
            sock.send(packet)
            n += 1
        except OSError:
            pass
print(n)
"""


@case("a flood from one network: all others are served")
def _(bench):
    """Where the machine is too busy to read all of the flood the kernel drops
    packets of anyone; who asks again, as resolvers do, is served."""
    rd = start(bench, "flood", "network-rate-limit = 1000")
    seconds = 4
    flood = subprocess.Popen(
        [sys.executable, "-c", FLOOD, rd.server[0], str(rd.server[1]),
         question(LISTED).hex(), str(seconds)], stdout=subprocess.PIPE,
        text=True)
    asked, again, slowest, end = 0, 0, 0, time.monotonic() + seconds - .5
    try:
        while time.monotonic() < end:
            n = asked % 200 + 1
            for _ in range(5):
                answer, s = took(lambda n=n: raw(
                    rd.server, question(LISTED), 1, f"127.2.{n}.{n}"))
                if answer is not None:
                    break
                again += 1
            equal(answer is not None and answer[7], 1, f"question {asked}")
            asked, slowest = asked + 1, max(slowest, s)
    finally:
        sent = int(flood.communicate(timeout=20)[0])
    rvtest.diag(f"flood of {sent / seconds:.0f} a second; {asked} questions "
                f"of others, {again} asked again, the slowest "
                f"{slowest * 1000:.0f} ms")
    equal((asked > 50, again <= asked // 20, sent > 10 * 1000 * seconds),
          (True, True, True))
    equal(rd.stop(), 0)
    total, refused, dropped = map(int, re.search(
        r"(\d+) questions, (\d+) refused, (\d+) dropped",
        rd.process.log()).groups())
    passed = total - refused - dropped - asked - again
    rvtest.diag(f"of the flood {passed} were answered")
    equal(passed < 1000 * (seconds + 2), True, "the limit")


if __name__ == "__main__":
    rvtest.run(setup)
