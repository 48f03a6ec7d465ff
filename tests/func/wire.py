"""What goes over the wire: header, question, EDNS, truncation, TCP, garbage.

Everything is asked of list zones, so that no upstream is needed.
"""

import os
import random
import re
import socket
import struct

import rvtest
from rvtest import (ask, authority, case, data, equal, frame_tcp, question,
                    raw, rcode, recv_tcp)

SEED = int(os.environ.get("RVTEST_SEED", "1035"))
RANDOM_PACKETS = int(os.environ.get("RVTEST_PACKETS", "1000000"))

FEED = """\
$SOA 3600 ns.bl.test hostmaster.bl.test 7 600 300 86400 300
$NS 1800 ns1.bl.test ns2.bl.test
:127.0.0.2:Listed, see https://bl.test/$
127.0.0.2
10.0.0.0/24
"""
NAMES = """\
:127.0.1.2:Name $
deep.a.b.example
"""
# RRsets of 700 and 7000 bytes: above 512, above what UDP may carry at all
GENERIC = "".join(
    [f"medium TXT {n:02}{'m' * 150}\n" for n in range(4)] +
    [f"large TXT {n:02}{'l' * 200}\n" for n in range(32)] +
    ["twice 60 A 127.0.0.9\n", "twice 50 A 127.0.0.9\n",
     "twice 70 TXT one\n"])

BARE = "127.0.0.2\n"  # neither SOA nor NS
LISTED = "2.0.0.127.bl.test"
UNLISTED = "1.0.0.127.bl.test"
QR, TC, NOTIMP, REFUSED, FORMERR = 0x8000, 0x0200, 4, 5, 1


def setup(bench):
    bench.rd = rvtest.resolverd(
        bench, allow=["127.0.0.1"],
        zones={"bl.test": [f"ip4set:{bench.file('feed', FEED)}",
                           f"dnset:{bench.file('names', NAMES)}",
                           f"generic:{bench.file('generic', GENERIC)}"],
               "bare.test": [f"ip4set:{bench.file('bare', BARE)}"]})
    bench.server = bench.rd.server


def opt(payload=1232, version=0, flags=0, options=b"", owner=b"\0"):
    """An OPT RR, RFC 6891 6.1.2."""
    return owner + struct.pack("!HHBBHH", 41, payload, 0, version, flags,
                               len(options)) + options


def with_additional(packet, *rrs):
    return packet[:10] + struct.pack("!H", len(rrs)) + packet[12:] + \
        b"".join(rrs)


def header(answer):
    """(id, flags, counts) of an answer."""
    fields = struct.unpack("!6H", answer[:12])
    return fields[0], fields[1], fields[2:]


def refused_with(bench, packet, want, what=""):
    """The answer has this rcode, the id, QR, and no RRs."""
    answer = raw(bench.server, packet)
    if answer is None:
        raise AssertionError(f"{what}: no answer")
    qid, flags, counts = header(answer)
    equal((qid, flags & QR, flags & 15, counts[1:3]),
          (struct.unpack("!H", packet[:2])[0], QR, want, (0, 0)), what)
    return answer


def soa_of(message):
    equal(authority(message), ["SOA"], "authority")
    rrset = message.authority[0]
    return rrset.name.to_text(), rrset.ttl


# --- answers of a list zone

@case("a listed address: A and TXT, authoritative")
def _(bench):
    got = ask(bench.server, LISTED)
    equal((rcode(got), data(got)), ("NOERROR", ["127.0.0.2"]))
    equal(bool(got.flags & rvtest.dns.flags.AA), True, "AA")
    equal(data(ask(bench.server, LISTED, "TXT")),
          ["Listed, see https://bl.test/127.0.0.2"])


@case("ANY gives both")
def _(bench):
    equal(data(ask(bench.server, LISTED, "ANY")),
          ["127.0.0.2", "Listed, see https://bl.test/127.0.0.2"])


@case("equal RRs come once, with the smallest TTL of their type")
def _(bench):
    got = ask(bench.server, "twice.bl.test", "ANY")
    equal(sorted((rrset.ttl, len(rrset)) for rrset in got.answer),
          [(50, 1), (70, 1)])
    equal(header(raw(bench.server, question("twice.bl.test")))[2][1], 1)


@case("another type of a listed name: NODATA with the SOA")
def _(bench):
    for qtype in ("AAAA", "MX", "PTR", "TYPE65280"):
        got = ask(bench.server, LISTED, qtype)
        equal((rcode(got), data(got)), ("NOERROR", []), qtype)
        equal(soa_of(got), ("bl.test.", 300), qtype)


@case("an unlisted name: NXDOMAIN with the SOA, authoritative")
def _(bench):
    got = ask(bench.server, UNLISTED)
    equal((rcode(got), data(got)), ("NXDOMAIN", []))
    equal(soa_of(got), ("bl.test.", 300))
    equal(bool(got.flags & rvtest.dns.flags.AA), True, "AA")


@case("an empty non-terminal: NODATA with the SOA")
def _(bench):
    for qname in ("0.0.127", "0.127", "127", "0.0.10", "a.b.example",
                  "b.example", "example"):
        got = ask(bench.server, f"{qname}.bl.test")
        equal((rcode(got), data(got)), ("NOERROR", []), qname)
        equal(soa_of(got), ("bl.test.", 300), qname)
    for qname in ("1.0.127", "128", "x.a.b.example", "c.example"):
        equal(rcode(ask(bench.server, f"{qname}.bl.test")), "NXDOMAIN", qname)


@case("SOA and NS at the apex")
def _(bench):
    got = ask(bench.server, "bl.test", "SOA")
    equal(data(got), ["ns.bl.test. hostmaster.bl.test. 7 600 300 86400 300"])
    equal(got.answer[0].ttl, 3600)
    got = ask(bench.server, "bl.test", "NS")
    equal(data(got), ["ns1.bl.test.", "ns2.bl.test."])
    equal(got.answer[0].ttl, 1800)


@case("the apex itself is not listed: NODATA")
def _(bench):
    got = ask(bench.server, "bl.test", "A")
    equal((rcode(got), data(got)), ("NOERROR", []))
    equal(soa_of(got), ("bl.test.", 300))


@case("a zone whose data has no SOA and NS gets both")
def _(bench):
    soa = ask(bench.server, "bare.test", "SOA")
    equal((rcode(soa), len(data(soa))), ("NOERROR", 1), "SOA")
    ns = ask(bench.server, "bare.test", "NS")
    equal((rcode(ns), bool(data(ns))), ("NOERROR", True), "NS")
    apex, ttl = soa_of(ask(bench.server, "9.9.9.9.bare.test"))
    equal((apex, 0 < ttl <= 3600), ("bare.test.", True), "negative")


@case("the case of the question comes back")
def _(bench):
    qname = rvtest.name_wire("2.0.0.127.bL.TesT")
    answer = raw(bench.server, question(qname))
    equal(answer[12:12 + len(qname)], qname)
    equal(header(answer)[2][1], 1, "answers")


@case("RD and CD come back, RA is set, the other bits are clear")
def _(bench):
    for flags, want in ((0x0000, 0x8480), (0x0100, 0x8580), (0x0110, 0x8590),
                        (0x0760, 0x8580)):
        answer = raw(bench.server, question(LISTED, flags=flags))
        equal(f"{header(answer)[1]:04x}", f"{want:04x}", f"{flags:04x}")


# --- EDNS

@case("an OPT gets one back, without: none")
def _(bench):
    got = ask(bench.server, LISTED, edns=0, payload=1400)
    equal((got.edns, got.payload >= 512, rcode(got)), (0, True, "NOERROR"))
    equal(ask(bench.server, LISTED).edns, -1)
    equal(ask(bench.server, UNLISTED, edns=0).edns, 0, "NXDOMAIN")


@case("EDNS version 1: BADVERS, and nothing else")
def _(bench):
    answer = raw(bench.server, with_additional(question(LISTED),
                                               opt(version=1)))
    # RFC 6891 6.1.3: the upper bits of BADVERS (16) are in the OPT
    equal((header(answer)[1] & 15, header(answer)[2], answer[-6:-4]),
          (0, (1, 0, 0, 1), b"\1\0"))


@case("an unknown EDNS option is passed over")
def _(bench):
    packet = with_additional(question(LISTED), opt(
        options=struct.pack("!HH", 65001, 4) + b"abcd"))
    equal(header(raw(bench.server, packet))[2], (1, 1, 0, 1))


@case("DO comes back")
def _(bench):
    got = ask(bench.server, LISTED, want_dnssec=True)
    equal(bool(got.ednsflags & rvtest.dns.flags.DO), True, "with")
    got = ask(bench.server, LISTED, edns=0)
    equal(bool(got.ednsflags & rvtest.dns.flags.DO), False, "without")


@case("a broken OPT: FORMERR")
def _(bench):
    for what, rrs in {
            "two OPTs": [opt(), opt()],
            "owner is not the root": [opt(owner=b"\1x\0")],
            "option longer than the RDATA": [opt(
                options=struct.pack("!HH", 65001, 9) + b"abcd")],
            "half an option": [opt(options=b"\0\1\0")],
            "RDATA longer than the message": [opt()[:-2] + b"\0\4"]}.items():
        refused_with(bench, with_additional(question(LISTED), *rrs), FORMERR,
                     what)


# --- sizes

@case("what does not fit is cut to nothing, with TC")
def _(bench):
    for what, qname, rrs in (
            ("512 without EDNS", "medium", []),
            ("100 means 512", "medium", [opt(100)]),
            ("513", "medium", [opt(513)]),
            ("1232", "large", [opt(1232)]),
            ("never more than 1232", "large", [opt(65535)])):
        packet = question(qname + ".bl.test", qtype=16)
        if rrs:
            packet = with_additional(packet, *rrs)
        answer = raw(bench.server, packet)
        _, flags, counts = header(answer)
        equal((flags & TC, flags & 15, counts), (TC, 0, (1, 0, 0, len(rrs))),
              what)


@case("the client's payload size is used")
def _(bench):
    packet = question("medium.bl.test", qtype=16)
    answer = raw(bench.server, with_additional(packet, opt(800)))
    _, flags, counts = header(answer)
    equal((flags & TC, counts[1], len(answer) <= 800), (0, 4, True))


@case("over TCP it comes whole")
def _(bench):
    got = ask(bench.server, "large.bl.test", "TXT", tcp=True)
    equal((rcode(got), len(data(got))), ("NOERROR", 32))


# --- what is refused

@case("a client outside allow-query: REFUSED, over UDP and TCP")
def _(bench):
    outside = "127.0.0.2"
    answer = raw(bench.server, question(LISTED), source=outside)
    equal((header(answer)[1] & 15, header(answer)[2][1:]), (REFUSED, (0, 0, 0)))
    with socket.create_connection(bench.server, 3, (outside, 0)) as s:
        s.sendall(frame_tcp(question(LISTED)))
        equal(header(recv_tcp(s))[1] & 15, REFUSED, "TCP")


@case("an unknown opcode: NOTIMP, the opcode comes back")
def _(bench):
    for opcode in range(1, 16):
        packet = question(LISTED, flags=opcode << 11)
        answer = refused_with(bench, packet, NOTIMP, f"opcode {opcode}")
        equal(header(answer)[1] >> 11 & 15, opcode)


@case("another class: REFUSED")
def _(bench):
    for qclass in (3, 4, 254, 255):
        refused_with(bench, question(LISTED, qclass=qclass), REFUSED,
                     f"class {qclass}")


@case("transfers and other meta types: NOTIMP; OPT as QTYPE: FORMERR")
def _(bench):
    for qtype in (251, 252, 253, 254, 249):
        refused_with(bench, question("bl.test", qtype=qtype), NOTIMP,
                     f"type {qtype}")
    refused_with(bench, question("bl.test", qtype=41), FORMERR, "OPT")


@case("a name of others without RD: REFUSED")
def _(bench):
    refused_with(bench, question("www.example", flags=0), REFUSED)


@case("QDCOUNT 0 and 2: FORMERR")
def _(bench):
    one = question(LISTED)
    refused_with(bench, one[:4] + b"\0\0" + one[6:], FORMERR, "0")
    refused_with(bench, one[:4] + b"\0\0" + one[6:12], FORMERR, "0, empty")
    refused_with(bench, one[:4] + b"\0\2" + one[6:] + one[12:], FORMERR, "2")
    refused_with(bench, one[:4] + b"\xff\xff" + one[6:], FORMERR, "65535")


@case("a question that carries answers: FORMERR")
def _(bench):
    one = question(LISTED)
    rr = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + b"\x7f\0\0\1"
    for pos in (6, 8):
        packet = one[:pos] + b"\0\1" + one[pos + 2:] + rr
        refused_with(bench, packet, FORMERR, f"count at {pos}")


@case("a response is never answered")
def _(bench):
    for flags in (0x8000, 0x8180, 0xffff):
        equal(raw(bench.server, question(LISTED, flags=flags), 0.2), None)


@case("a packet that is cut anywhere: FORMERR, below a header: nothing")
def _(bench):
    whole = with_additional(question(LISTED), opt())
    for n in range(12, len(whole)):
        refused_with(bench, whole[:n], FORMERR, f"{n} bytes")
    for n in range(0, 12):
        equal(raw(bench.server, whole[:n], 0.05), None, f"{n} bytes")


@case("bytes behind the message: FORMERR")
def _(bench):
    refused_with(bench, question(LISTED) + b"\0", FORMERR)


@case("compression in the question, a loop at that: FORMERR")
def _(bench):
    for what, name in {"to itself": b"\xc0\x0c", "forward": b"\xc0\x20",
                       "into the header": b"\xc0\x00",
                       "behind a label": b"\1a\xc0\x0c",
                       "two in a ring": b"\1a\xc0\x10\1b\xc0\x0c",
                       "reserved 01": b"\x41" + b"a" * 65 + b"\0",
                       "reserved 10": b"\x81" + b"a" * 65 + b"\0"}.items():
        refused_with(bench, question(name), FORMERR, what)


@case("names of 255 bytes are taken, longer ones: FORMERR")
def _(bench):
    zone = rvtest.name_wire("bl.test")  # 9 bytes, 8 without the root
    for what, labels in {"123 labels of one byte": [b"\1a"] * 123,
                         "labels of 63": [b"\x3f" + b"a" * 63] * 3 +
                                         [b"\x35" + b"a" * 53]}.items():
        name = b"".join(labels) + zone
        equal(len(name), 255, what)
        answer = raw(bench.server, question(name))
        equal((header(answer)[1] & 15, answer[12:12 + 255]), (3, name), what)
        refused_with(bench, question(b"\1a" + name), FORMERR, what)
    for n in (128, 255, 4000):
        refused_with(bench, question(b"\1a" * n + b"\0"), FORMERR,
                     f"{n} labels")


@case("every byte value may stand in a name")
def _(bench):
    for start in range(0, 256, 32):
        name = b"\x20" + bytes(range(start, start + 32)) + b"\2bl\4test\0"
        answer = raw(bench.server, question(name))
        equal((header(answer)[1] & 15, answer[12:12 + len(name)]), (3, name))


# --- TCP

@case("TCP: many questions in one write are all answered")
def _(bench):
    with socket.create_connection(bench.server, 3) as s:
        s.sendall(b"".join(frame_tcp(question(LISTED, qid=n))
                           for n in range(300)))
        equal(sorted(header(recv_tcp(s))[0] for _ in range(300)),
              list(range(300)))


@case("TCP: a question that comes byte by byte")
def _(bench):
    with socket.create_connection(bench.server, 3) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in frame_tcp(question(LISTED)):
            s.sendall(bytes([byte]))
        equal(header(recv_tcp(s))[2][1], 1)


@case("TCP: a client that closes its side still gets its answers")
def _(bench):
    with socket.create_connection(bench.server, 3) as s:
        s.sendall(frame_tcp(question(LISTED)) * 3)
        s.shutdown(socket.SHUT_WR)
        equal([header(recv_tcp(s))[2][1] for _ in range(3)], [1, 1, 1])
        equal(s.recv(1), b"", "then the end")


@case("TCP: a cut message, an empty one, a reset: others are served")
def _(bench):
    for part in (b"\0", b"\0\x20", frame_tcp(question(LISTED))[:-1], b"\0\0",
                 b"\0\1x", b"\xff\xff" + b"x" * 100, b""):
        with socket.create_connection(bench.server, 3) as s:
            s.sendall(part)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))  # a reset
    with socket.create_connection(bench.server, 3) as idle:
        idle.sendall(b"\0")
        equal(rcode(ask(bench.server, LISTED, tcp=True)), "NOERROR")


@case("TCP: errors come with the same rcode as over UDP")
def _(bench):
    one = question(LISTED)
    with socket.create_connection(bench.server, 3) as s:
        for packet, want in ((one + b"\0", FORMERR),
                             (question(LISTED, flags=0x1000), NOTIMP),
                             (one[:4] + b"\0\0" + one[6:], FORMERR)):
            s.sendall(frame_tcp(packet))
            equal(header(recv_tcp(s))[1] & 15, want)


# --- garbage

def mutations(r, packets):
    """Endless: valid questions with a few bytes changed, some cut."""
    while True:
        p = bytearray(r.choice(packets))
        for _ in range(r.randrange(1, 4)):
            p[r.randrange(len(p))] = r.randrange(256)
        yield bytes(p[:r.choice((len(p), len(p), r.randrange(len(p))))])


def garbage(r, n):
    """n packets: half pure noise, half nearly right."""
    near = mutations(r, [
        question(LISTED, flags=0), question("x" * 60 + ".bl.test", flags=0),
        with_additional(question("large.bl.test", 16, flags=0), opt()),
        with_additional(question("deep.a.b.example.bl.test"), opt(
            options=struct.pack("!HH", 10, 8) + b"cookie88"))])
    for _ in range(n // 2):
        yield r.randbytes(r.choice((12, 17, 33, 40, 60, 120, 500)))
        yield next(near)


@case(f"{RANDOM_PACKETS} random packets: alive, right, and none was lost")
def _(bench):
    rvtest.diag(f"seed {SEED}")
    r = random.Random(SEED)
    probe = question(LISTED)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(bench.server)
        for n, packet in enumerate(garbage(r, RANDOM_PACKETS)):
            s.send(packet)
            # wait for it to catch up, so that no packet is dropped
            if n % 200 == 0 and header(raw(bench.server, probe))[2][1] != 1:
                raise AssertionError(f"wrong answer after {n} packets")
    equal(data(ask(bench.server, LISTED)), ["127.0.0.2"])
    equal(rcode(ask(bench.server, UNLISTED)), "NXDOMAIN")
    equal("restart" in bench.rd.process.log(), False, "a worker ended")
    equal(bench.rd.stop(), 0, "exit status")
    seen = re.search(r"(\d+) questions", bench.rd.process.log())
    equal(int(seen[1]) >= RANDOM_PACKETS, True, f"saw {seen[0]}")


if __name__ == "__main__":
    rvtest.run(setup)
