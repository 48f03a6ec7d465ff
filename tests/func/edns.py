"""EDNS: every check of ISC's EDNS compliance tester (and RFC 8906 8.2), each on
a list zone, on a cached name and on one that has to be asked for; then cookies.
"""

import itertools
import os
import struct

import rvtest
import scripted
from rvtest import case, equal, question, raw

APEX = "bl.test"
RECORDS = "127.0.0.2\n"
BIG = "".join(f"big TXT {n:02}{'m' * 150}\n" for n in range(4))
REFUSED, NOTIMP, FORMERR, BADVERS, BADCOOKIE = 5, 4, 1, 16, 23
SOA, TXT, DNSKEY = 6, 16, 48
QR, AA, TC, RD, RA, Z, AD, CD = (0x8000, 0x400, 0x200, 0x100, 0x80, 0x40,
                                 0x20, 0x10)
DO = 0x8000
COOKIE, NSID, SUBNET, EXPIRE, KEEPALIVE, PADDING, EDE = 10, 3, 8, 9, 11, 12, 15
HALF = b"clients "


def script(q):
    """Outside: everything below example exists, *.big.example is large."""
    if q.qtype == "TXT" and "big" in q.qname:
        return scripted.answer(q, *(f"{q.qname} 300 TXT {n:02}{'b' * 150}"
                                    for n in range(10)))
    if q.qtype in ("SOA", "A"):
        data = {"SOA": "ns.example. host.example. 1 600 300 86400 300",
                "A": "192.0.2.1"}[q.qtype]
        return scripted.answer(q, f"{q.qname} 300 {q.qtype} {data}")
    return scripted.negative(q, "NOERROR", q.qname)


def setup(bench):
    bench.outside = scripted.Outside(script).__enter__()
    bench.zones = {APEX: [f"ip4set:{bench.file('feed', RECORDS)}",
                          f"generic:{bench.file('generic', BIG)}"]}
    bench.rd = rvtest.resolverd(bench, zones=bench.zones,
                                forward=[bench.outside.server])
    bench.server = bench.rd.server


# --- messages by hand: no library stands between the test and the bits

def opt(version=0, flags=0, size=1232, options=()):
    rdata = b"".join(struct.pack("!HH", code, len(data)) + data
                     for code, data in options)
    return b"\0" + struct.pack("!HHBBHH", 41, size, 0, version, flags,
                               len(rdata)) + rdata


def query(name, qtype=SOA, flags=RD, edns=None):
    packet = question(name, qtype, flags=flags)
    if edns is None:
        return packet
    return packet[:10] + b"\0\1" + packet[12:] + edns


def cookie_only(*options):
    return struct.pack("!6H", 7, 0, 0, 0, 0, 1) + opt(options=options)


class Reply:
    def __init__(self, wire):
        self.wire = wire
        self.id, self.flags, qd, self.ancount, ns, ar = \
            struct.unpack("!6H", wire[:12])
        pos, self.edns, self.options = 12, None, {}
        for _ in range(qd):
            pos = self._name(pos) + 4
        for _ in range(self.ancount + ns + ar):
            pos = self._name(pos)
            rtype, rclass, ttl, size = struct.unpack("!HHIH",
                                                     wire[pos:pos + 10])
            pos += 10 + size
            if rtype == 41:
                equal(self.edns, None, "one OPT")
                self.edns = (ttl >> 16 & 255, ttl & 0xffff)
                self.size, self.ext = rclass, ttl >> 24
                self._read_options(wire[pos - size:pos])
        equal(pos, len(wire), "the message's length")
        self.rcode = self.flags & 15 | (self.ext << 4 if self.edns else 0)

    def _name(self, pos):
        while self.wire[pos] and self.wire[pos] < 192:
            pos += 1 + self.wire[pos]
        return pos + (2 if self.wire[pos] else 1)

    def _read_options(self, rdata):
        while rdata:
            code, size = struct.unpack("!HH", rdata[:4])
            self.options[code] = rdata[4:4 + size]
            rdata = rdata[4 + size:]


def send(server, packet, tcp=False, source=None):
    if tcp:
        with rvtest.socket.create_connection(server, 5) as s:
            s.sendall(rvtest.frame_tcp(packet))
            return Reply(rvtest.recv_tcp(s))
    wire = raw(server, packet, 7, source)
    if wire is None:
        raise AssertionError("no answer")
    return Reply(wire)


# --- three ways to an answer; each check goes all of them

serial = itertools.count()


class Way:
    def __init__(self, what, apex, big, flags):
        self.what, self.apex, self.big, self.flags = what, apex, big, flags


def ways(bench):
    """Fresh names for the miss path; a name that was asked before for hits."""
    n = next(serial)
    for name, qtype in (("cached.example", SOA), ("big.example", TXT)):
        send(bench.server, query(name, qtype), tcp=True)
    return [Way("list zone", APEX, f"big.{APEX}", AA),
            Way("cached", "cached.example", "big.example", 0),
            Way("missed", f"miss{n}.example", f"big{n}.example", 0)]


def check(name, edns="none", want_rcode=0, want_soa=True, **how):
    """A check of the tester as a case: edns: what the OPT holds."""
    def run(bench):
        for way in ways(bench):
            packet = query(way.apex, how.get("qtype", SOA),
                           how.get("flags", 0) | RD,
                           None if edns == "none" else opt(**edns))
            got = send(bench.server, packet, how.get("tcp", False))
            equal(got.rcode, want_rcode, f"{way.what}: rcode")
            equal(got.ancount, int(want_soa), f"{way.what}: the SOA")
            # AD only for what was validated: nothing is here; CD comes back
            equal(got.flags & ~15, QR | RD | RA | (way.flags * (
                want_rcode == 0)) | how.get("flags", 0) & CD,
                f"{way.what}: flags")
            if edns == "none":
                equal(got.edns, None, f"{way.what}: no OPT")
                continue
            # version 0, no flag but DO, and that as it came
            equal(got.edns, (0, edns.get("flags", 0) & DO),
                  f"{way.what}: version and flags")
            equal(set(got.options), set(how.get("options", ())),
                  f"{way.what}: options")
    case(name)(run)


UNKNOWN = ((100, b""),)
check("dns: plain DNS, no OPT comes back")
check("aa, RFC 1035 4.1.1: AA of a query is nothing", flags=AA)
check("ad, RFC 6840 5.7: AD is taken", flags=AD)
check("cd, RFC 4035 3.2.2: CD comes back", flags=CD)
check("ra: RA of a query is nothing", flags=RA)
check("tc: TC of a query is nothing", flags=TC)
check("zflag, RFC 6895 2.1: the Z bit does not come back", flags=Z)
check("type666: a type that is unknown, RFC 3597", qtype=666, want_soa=False)
check("dnstcp: plain DNS by TCP", tcp=True)
check("edns: version 0", {})
check("edns1, RFC 6891 6.1.3: BADVERS", {"version": 1}, BADVERS, False)
check("edns100: BADVERS", {"version": 100}, BADVERS, False)
check("ednsopt, RFC 6891 6.1.2: an unknown option is passed over",
      {"options": UNKNOWN})
check("edns1opt: BADVERS before all options", {"version": 1,
      "options": UNKNOWN}, BADVERS, False)
check("ednsflags, RFC 6891 6.1.4: unknown flags do not come back",
      {"flags": 0x0080})
check("all unknown flags and DO: DO alone comes back", {"flags": 0xffff})
check("edns1flags: BADVERS, no flag comes back", {"version": 1,
      "flags": 0x0080}, BADVERS, False)
check("do, RFC 3225: DO comes back", {"flags": DO})
check("edns1do: BADVERS, DO comes back", {"version": 1, "flags": DO}, BADVERS,
      False)
check("ednstcp: version 0 by TCP", {}, tcp=True)
check("ednscookie, RFC 7873: one comes back", {"options": ((COOKIE, HALF),)},
      options=[COOKIE])
check("docookie: with DO", {"flags": DO, "options": ((COOKIE, HALF),)},
      options=[COOKIE])
check("edns1cookie: BADVERS, no option is read", {"version": 1,
      "options": ((COOKIE, HALF),)}, BADVERS, False)
check("ednsnsid, RFC 5001: passed over", {"options": ((NSID, b""),)})
check("edns1nsid", {"version": 1, "options": ((NSID, b""),)}, BADVERS, False)
check("ednssubnet, RFC 7871: passed over, no option back",
      {"options": ((SUBNET, b"\0\1\0\0"),)})
check("edns1subnet", {"version": 1, "options": ((SUBNET, b"\0\1\0\0"),)},
      BADVERS, False)
check("ednsexpire, RFC 7314: passed over", {"options": ((EXPIRE, b""),)})
check("edns1expire", {"version": 1, "options": ((EXPIRE, b""),)}, BADVERS,
      False)
check("ednspadding by UDP", {"options": ((PADDING, b"\0" * 20),)})
check("optlist, RFC 8906 8.2.10: several options, one of them is ours",
      {"options": ((NSID, b""), (SUBNET, b"\0\1\0\0"), (COOKIE, HALF),
                   (EXPIRE, b""))}, options=[COOKIE])
check("the smallest and the largest size that can be named",
      {"size": 0})
check("65535 is the largest", {"size": 65535})


@case("opcode, opcodeflg: NOTIMP, the opcode comes back, no AA")
def _(bench):
    for flags in (0, 0x07b0):
        got = send(bench.server, query(APEX, flags=15 << 11 | flags))
        equal((got.rcode, got.flags >> 11 & 15, got.flags & AA),
              (NOTIMP, 15, 0))


@case("edns@512, RFC 6891 6.2.5: 512 bytes are kept to, with TC; by TCP whole")
def _(bench):
    for way in ways(bench):
        for edns in (opt(size=512), opt(size=512, flags=DO), opt(size=0)):
            got = send(bench.server, query(way.big, TXT, edns=edns))
            equal((got.rcode, bool(got.flags & TC), got.edns[0],
                   len(got.wire) <= 512), (0, True, 0, True), way.what)
        got = send(bench.server, query(way.big, TXT, edns=opt(size=512)), True)
        equal((got.rcode, got.flags & TC, got.ancount > 1), (0, 0, True),
              way.what)


@case("without an OPT nothing of EDNS is in any answer, errors included")
def _(bench):
    for name, qtype, flags in (("2.0.0.127.bl.test", 1, RD), (APEX, 251, RD),
                               ("x.example", 1, 0), ("x.example", 1, RD)):
        equal(send(bench.server, query(name, qtype, flags)).edns, None, name)


@case("RFC 1035 3.1: the case of the question comes back, on every way")
def _(bench):
    for way in ways(bench):
        mixed = "".join(c.upper() if i % 2 else c
                        for i, c in enumerate(way.apex))
        for name in (mixed, mixed.swapcase()):
            got = send(bench.server, query(name))
            wire = rvtest.name_wire(name)
            equal((got.wire[12:12 + len(wire)], got.ancount), (wire, 1), name)


# --- what stands nowhere

CH, ANY = 3, 255


@case("RFC 8482 4.2: ANY gets one HINFO, and nobody is asked for it")
def _(bench):
    rr = b"\xc0\x0c" + struct.pack("!HHIH", 13, 1, 3600, 9) + b"\7RFC8482\0"
    for name in ("www.example", "cached.example", "nowhere.zz"):
        for tcp in (False, True):
            got = send(bench.server, query(name, ANY), tcp)
            equal((got.rcode, got.ancount, got.wire[-len(rr):]), (0, 1, rr))
    equal(bench.outside.count("www.example"), 0)
    equal(send(bench.server, query("www.example", ANY, 0)).rcode, REFUSED)
    equal(send(bench.server, query("2.0.0.127.bl.test", ANY)).ancount, 1)


def chaos(server, name, qtype=TXT, **how):
    return send(server, question(name, qtype, CH), **how)


@case("RFC 4892: what is told of us, and nothing by default")
def _(bench):
    names = {"hostname.bind": "mx7", "ID.Server": "mx7",
             "version.bind": "a resolver", "version.server": "a resolver"}
    for name in names:
        equal(chaos(bench.server, name).rcode, REFUSED, name)
    rd = rvtest.resolverd(bench, name="told", allow=["127.0.0.1"],
                          extra='identity = "mx7"\nversion = "a resolver"\n')
    for name, text in names.items():
        for tcp in (False, True):
            got = chaos(rd.server, name, tcp=tcp)
            equal((got.rcode, got.ancount, got.wire[-len(text) - 1:]),
                  (0, 1, bytes([len(text)]) + text.encode()), name)
        equal(chaos(rd.server, name, source="127.0.0.2").rcode, REFUSED)
    for name, qtype in (("authors.bind", TXT), ("version.bind", 1),
                        ("x.version.bind", TXT), ("bind", TXT)):
        equal(chaos(rd.server, name, qtype).rcode, REFUSED, name)
    equal(rd.stop(), 0)


# --- extended errors, RFC 8914

@case("RFC 8914: refusals say why to clients with EDNS")
def _(bench):
    rd = rvtest.Resolverd(bench, "empty", zones=bench.zones,
                          allow=["127.0.0.1"])
    rd.start()  # its zone was not built
    for packet, source, rcode, code in (
            (query(APEX, edns=opt()), "127.0.0.2", REFUSED, 18),
            (query(APEX, 251, edns=opt()), None, NOTIMP, 21),
            (query(APEX, edns=opt()), None, 2, 14)):
        got = send(rd.server, packet, source=source)
        equal((got.rcode, got.options[EDE][:2]),
              (rcode, struct.pack("!H", code)))
    equal(rd.stop(), 0)


# --- cookies, RFC 7873

def cookie_of(bench, server=None, half=HALF, **how):
    got = send(server or bench.server, query(APEX, edns=opt(
        options=((COOKIE, half),))), **how)
    equal((got.rcode, got.options[COOKIE][:8], len(got.options[COOKIE])),
          (0, half, 24))
    return got.options[COOKIE]


@case("RFC 7873 5.2.3: the client's half gets both; the same comes back while "
      "it is fresh")
def _(bench):
    whole = cookie_of(bench)
    for way in ways(bench):
        for tcp in (False, True):
            got = send(bench.server, query(way.apex, edns=opt(
                options=((COOKIE, whole),))), tcp)
            equal((got.rcode, got.ancount, got.options[COOKIE]),
                  (0, 1, whole), way.what)


@case("RFC 7873 5.2.4: one that is not ours is answered, with a good one")
def _(bench):
    whole = cookie_of(bench)
    for bad in (whole[:-1] + bytes([whole[-1] ^ 1]), HALF + b"12345678",
                HALF + b"x" * 32):
        got = send(bench.server, query(APEX, edns=opt(
            options=((COOKIE, bad),))))
        equal((got.rcode, got.ancount, got.options[COOKIE][:8]), (0, 1, HALF))
        equal(got.options[COOKIE] == bad, False)


@case("RFC 7873 5.2.2: a cookie of another length: FORMERR")
def _(bench):
    for n in (0, 1, 7, 9, 15, 41, 100):
        got = send(bench.server, query(APEX, edns=opt(
            options=((COOKIE, b"c" * n),))))
        equal((got.rcode, COOKIE in got.options), (FORMERR, False), f"{n}")


@case("RFC 7873 5.4: QDCOUNT 0 gets a cookie, or hears whether it is good")
def _(bench):
    got = send(bench.server, cookie_only((COOKIE, HALF)))
    equal((got.id, got.rcode, got.ancount, len(got.options[COOKIE])),
          (7, 0, 0, 24))
    got = send(bench.server, cookie_only((COOKIE, got.options[COOKIE])))
    equal((got.rcode, len(got.options[COOKIE])), (0, 24), "good")
    bad = got.options[COOKIE][:16] + b"x" * 8
    got = send(bench.server, cookie_only((COOKIE, bad)))
    equal((got.rcode, len(got.options[COOKIE])), (BADCOOKIE, 24), "bad")
    got = send(bench.server, cookie_only())
    equal(got.rcode, FORMERR, "without a cookie")


@case("cookies = required: BADCOOKIE by UDP until it is good")
def _(bench):
    rd = rvtest.resolverd(bench, name="strict", zones=bench.zones,
                          forward=[bench.outside.server],
                          extra="clients { cookies = required }\n")
    for name in (APEX, "cached.example"):
        got = send(rd.server, query(name, edns=opt(
            options=((COOKIE, HALF),))))
        equal((got.rcode, got.ancount), (BADCOOKIE, 0), name)
        good = opt(options=((COOKIE, got.options[COOKIE]),))
        equal(send(rd.server, query(name, edns=good)).ancount, 1, "good")
        bad = opt(options=((COOKIE, got.options[COOKIE][:-1] + b"?"),))
        equal(send(rd.server, query(name, edns=bad)).rcode, BADCOOKIE)
        equal(send(rd.server, query(name, edns=bad), tcp=True).ancount, 1,
              "TCP proves the address")
        equal(send(rd.server, query(name)).ancount, 1, "no EDNS")
        equal(send(rd.server, query(name, edns=opt())).ancount, 1, "no cookie")
    # another address has no use for it
    equal(send(rd.server, query(APEX, edns=good), source="127.0.0.3").rcode,
          BADCOOKIE)
    equal(rd.stop(), 0)


@case("cookies = no: the option is unknown, QDCOUNT 0 is FORMERR")
def _(bench):
    rd = rvtest.resolverd(bench, name="plain", zones=bench.zones,
                          extra="clients { cookies = no }\n")
    got = send(rd.server, query(APEX, edns=opt(options=((COOKIE, HALF),))))
    equal((got.rcode, got.ancount, got.options), (0, 1, {}))
    equal(send(rd.server, cookie_only((COOKIE, HALF))).rcode, FORMERR)
    equal(rd.stop(), 0)


@case("RFC 9018 5: a fleet shares its secrets; a new one is rolled in")
def _(bench):
    def start(name, *secrets):
        path = bench.file(f"{name}.secrets", "\n".join(secrets) + "\n")
        if os.geteuid() == 0:
            path.chmod(0o600)  # root's alone
        return rvtest.resolverd(
            bench, name=name, zones=bench.zones, workers=2,
            extra='clients { cookies = required '
                  f'cookie-secret-file = "{path}" }}\n')

    def takes(rd, cookie):
        got = send(rd.server, query(APEX, edns=opt(
            options=((COOKIE, cookie),))))
        return got.rcode == 0

    def fresh(rd):
        return send(rd.server, cookie_only((COOKIE, HALF))).options[COOKIE]

    old, new = "00112233445566778899aabbccddeeff", "f" * 32
    before, between, after = (start("before", old), start("between", old, new),
                              start("after", new, old))
    for maker, taker, want in ((before, before, True), (before, between, True),
                               (between, before, True), (before, after, True),
                               (after, between, True), (after, before, False)):
        # any worker of any server makes it, any other takes it
        equal({takes(taker, fresh(maker)) for _ in range(8)}, {want},
              f"{maker.name} to {taker.name}")
    for rd in (before, between, after):
        equal(rd.stop(), 0)


@case("a faulty secret file ends the start with file and line")
def _(bench):
    path = bench.file("bad.secrets", "# what\n12345\n")
    rd = rvtest.Resolverd(bench, "bad", extra="clients { "
                          f'cookie-secret-file = "{path}" }}\n')
    done = rd.tool(rvtest.RESOLVERD, "-d")
    equal(done.returncode, 1)
    rvtest.contains(done.stderr, f"{path}:2: write 32 hexadecimal digits")


# --- who may ask

@case("allow, refuse and drop: the longest prefix counts, by UDP and TCP")
def _(bench):
    rd = rvtest.resolverd(
        bench, name="acl", zones=bench.zones,
        allow=["127.0.0.0/8", "127.1.2.3"],
        extra='refuse-query = { "127.1.0.0/16" }\n'
              'drop-query = { "127.1.2.0/24", "127.3.0.0/16" }\n')
    packet = query(APEX)
    for source, want in (("127.0.0.1", 0), ("127.1.0.1", REFUSED),
                         ("127.1.2.2", None), ("127.1.2.3", 0),
                         ("127.1.3.1", REFUSED), ("127.3.0.1", None),
                         ("127.4.0.1", 0)):
        wire = raw(rd.server, packet, .3 if want is None else 5, source)
        equal(wire and wire[3] & 15, want, source)
        with rvtest.socket.create_connection(rd.server, 5, (source, 0)) as s:
            try:
                s.sendall(rvtest.frame_tcp(packet))
                equal(rvtest.recv_tcp(s)[3] & 15, want, f"{source} by TCP")
            except (EOFError, ConnectionError):
                equal(want, None, f"{source} by TCP")
    equal(rd.stop(), 0)


if __name__ == "__main__":
    rvtest.run(setup)
