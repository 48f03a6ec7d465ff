"""The same datasets and questions through rbldnsd and resolverd.

Data and questions are made at random from a seed (RVTEST_SEED; printed), so
that entries overlap, nest and exclude each other. Answers are compared as sets
of (type, TTL, data), with rcode, AA and the authority section. What may differ
is in difference_is_documented() and doc/rbldnsd-differences.md, nothing else.
"""

import os
import random
import socket
import struct

import rvtest
from rvtest import case, equal, name_wire

SEED = int(os.environ.get("RVTEST_SEED", "5782"))
QUESTIONS = int(os.environ.get("RVTEST_QUESTIONS", "14000"))  # of each zone
IN_FLIGHT = 50
DIFFERENCES_SHOWN = 15

A, NS, SOA, MX, TXT, AAAA, ANY = 1, 2, 6, 15, 16, 28, 255
TYPE_NAMES = {A: "A", NS: "NS", SOA: "SOA", MX: "MX", TXT: "TXT",
              AAAA: "AAAA", ANY: "ANY"}
NOERROR, NXDOMAIN, REFUSED = 0, 3, 5
EDNS = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)

SPECIALS = """\
$SOA {0} ns1.example.net hostmaster.example.net {1} 10m 5m 7d {2}
$NS {3} ns1.example.net -ns2.example.net ns3.example.net
"""


# --- data: few different octets and labels, so that much overlaps

class Dataset:
    """The text of a dataset, and which names must have others below them."""

    def __init__(self):
        self.text = ""
        self.parents = set()  # relative names above a listed one
        self.prefixes = set()  # of listed IPv6 networks, whole nibbles

    def lists_name(self, name):
        labels = name.lower().split(".")
        self.parents.update(
            ".".join(labels[n:]) for n in range(1, len(labels)))

    def lists_range4(self, low, high):
        for net in range(low >> 8, (high >> 8) + 1):
            self.lists_name(".".join(reversed(f"{txt4(net << 8)}".split("."))))
            # and as a part of IPv6 addresses: 6to4 and IPv4-mapped
            self.lists_net6(0x2002 << 112 | net << 88, 40)
            self.lists_net6(0xffff << 32 | net << 8, 120)

    def lists_net6(self, ip, bits):
        nibbles = f"{ip:032x}"[:bits // 4]
        self.prefixes.add(nibbles)
        self.lists_name(".".join("x" + nibbles[::-1]))

    def has_below(self, rel):
        nibbles = rel.replace(".", "")[::-1]
        return rel in self.parents or \
            any(nibbles.startswith(p) for p in self.prefixes)


class Combined:
    """Sections, and in which subzones each is answered."""

    def __init__(self, text, parts):
        self.text, self.parts = text, parts
        self.subzones = {s for _, subzones in parts for s in subzones}

    def has_below(self, rel):
        """In the subzone that rel is in; and all above a subzone is there."""
        if any(f".{s}".endswith(f".{rel}") for s in self.subzones):
            return True
        own = [s for s in self.subzones if f".{rel}".endswith(f".{s}")]
        subzone = max(own, key=lambda s: s.count("."), default="@")
        inner = rel.removesuffix(subzone).rstrip(".")
        return any(part.has_below(inner) for part, subzones in self.parts
                   if subzone in subzones)


class Data:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.made = Dataset()  # what entries are being made for

    def octet(self):
        return self.r.choice((0, 1, 2, 3, 4, 127, 128, 254, 255))

    def ip4(self):
        r = self.r
        return (r.choice((10, 10, 10, 127, 198)) << 24 |
                r.choice((0, 1, 2)) << 16 | self.octet() << 8 |
                (self.octet() if r.random() < .7 else r.randrange(256)))

    def ip6(self):
        """Mostly under 2001:db8:0-2::, few bits set behind."""
        r = self.r
        ip = 0x20010db8 << 96 | r.choice((0, 1, 2)) << 80
        for _ in range(r.randrange(4)):
            ip |= r.choice((1, 0xf, 0xff)) << r.randrange(0, 80)
        return ip

    def name(self, most=4):
        return ".".join(self.r.choice(
            ("a", "b", "c", "mail", "example", "com", "x-1", "A", "1", "127"))
            for _ in range(self.r.randrange(1, most + 1)))

    def text(self):
        r = self.r
        parts = r.choices(("listed", "$", "see $", "$$", "$1", "$2", "$9",
                           "http://x/?ip=$", "a:b", '"q"', "back\\slash", "#1",
                           "; no comment", "\xe9", "  two"),
                          k=r.randrange(1, 4))
        text = ("=" if r.random() < .08 else "") + " ".join(parts)
        return text if r.random() > .02 else text + " long" * 60

    def value(self):
        """What stands behind an entry: A and TXT, in all their spellings."""
        r = self.r
        octet = r.randrange(2, 9)
        return r.choices(
            ("", f" :{octet}", f" :{octet}:", f" :127.0.1.{octet}",
             f" :{octet}:{self.text()}", f" :127.0.{octet}.1:{self.text()}",
             f" {self.text()}", " # comment", " ; comment", "\t:5"),
            (30, 6, 6, 3, 10, 3, 6, 2, 1, 1))[0]

    def default_line(self):
        r = self.r
        return r.choice((f":{r.randrange(2, 9)}:{self.text()}",
                         f":127.0.0.{r.randrange(2, 9)}:Default $",
                         ":127.0.0.2:", f":{r.randrange(2, 9)}",
                         f":127.1.2.3:{self.text()}"))

    def special(self):
        return self.r.choice((
            "$TTL 5m", "$TTL 900", "$1 one", "$2 two $$", "$1 again",
            "$= base $= of $", "#$2 commented", "$TTL 1h30m", "$NOSUCH thing",
            ";$1 semicolon", ":$2 colon", "$MAXRANGE4 /17"))

    def combined(self, sections):
        """Sections [type, entry, n, subzones] of one file."""
        text, parts = self.r.choice(("$TTL 20m\n", "$1 for all\n", "")), []
        for kind, entry, n, subzones in sections:
            part = self.dataset(entry, n)
            # rbldnsd lets it hold for the sections that follow, too
            lines = [l for l in part.text.splitlines(True)
                     if not l.startswith("$MAXRANGE4")]
            dollar = self.r.choice(("$", "#$", ";$", ":$"))
            text += f"{dollar}DATASET {kind} {' '.join(subzones)}\n" + \
                "".join(lines)
            parts.append((part, subzones))
        return Combined(text, parts)

    def acl(self, entry_lines):
        """Clients of 127.0.0.x and what is done with each."""
        self.made = Dataset()
        self.made.text = "".join(entry_lines)
        return self.made

    def dataset(self, entry, n, specials=.02, bad_line=lambda: "?bad line"):
        """n lines; entry() gives a line and notes what it lists."""
        r, lines = self.r, []
        self.made = Dataset()
        for _ in range(n):
            p = r.random()
            if p < specials:
                lines.append(self.special())
            elif p < .04 + specials:
                lines.append(self.default_line())
            elif p < .06 + specials:
                lines.append(r.choice(("", "# comment", "; comment",
                                       bad_line())))
            else:
                lines.append(entry())
        self.made.text = "\n".join(lines) + "\n"
        return self.made

    # one method per dataset type: entries in every spelling it takes

    def excluded(self):
        return "!" if self.r.random() < .15 else ""

    def cidr4(self):
        bits = self.r.choice((32, 32, 32, 31, 30, 29, 28, 26, 25, 24, 24, 23,
                              22, 20, 17, 16, 15, 14))
        ip = self.ip4() & ~((1 << (32 - bits)) - 1)
        self.made.lists_range4(ip, ip + (1 << (32 - bits)) - 1)
        return txt4(ip) if bits == 32 else f"{txt4(ip)}/{bits}"

    def ip4set_entry(self):
        r, ip = self.r, self.ip4()
        a, b, c, d = ip.to_bytes(4, "big")
        form = r.choices(
            (lambda: txt4(ip), self.cidr4, lambda: f"{a}.{b}.{c}",
             lambda: f"{a}.{b}.{c}.0/24", lambda: f"{a}.{b}.{c}/25",
             lambda: f"{txt4(ip)}-{txt4(ip + r.choice((0, 1, 5, 256, 300)))}",
             lambda: f"{txt4(ip)}-{min(255, d + r.randrange(9))}",
             lambda: f"{a}.{b}.{c}-{a}.{b}.{min(255, c + r.randrange(3))}",
             lambda: f"{a}.{b}.{c}-{min(255, c + 1)}",
             # host bits set; the wrong way round: both refuse
             lambda: f"{txt4(ip)}/31", lambda: f"{txt4(ip)}-{d - 1}"),
            (30, 20, 8, 4, 2, 6, 6, 2, 2, 1, 1))[0]
        if form != self.cidr4:
            self.made.lists_range4(ip, ip + 3 * 256)  # at most
        return self.excluded() + form() + self.value()

    def ip4trie_entry(self):
        return self.excluded() + self.cidr4() + self.value()

    def ip4tset_entry(self):
        r, ip = self.r, self.ip4()
        self.made.lists_range4(ip, ip)
        if r.random() < .04:  # both refuse
            return r.choice(("!", "")) + txt4(ip) + r.choice(("/32", "-9"))
        return txt4(ip) + self.value()

    def ip6tset_entry(self):
        r, ip = self.r, self.ip6()
        words = [f"{ip >> shift & 0xffff:x}" for shift in range(112, -1, -16)]
        self.made.lists_net6(ip >> 64 << 64, 64)
        if r.random() < .3:
            return "!" + r.choice((":".join(words), txt6(ip, r))) + \
                self.value()
        n = r.choices((4, 3, 5, 8), (30, 1, 1, 1))[0]
        return ":".join(words[:n]) + r.choices(("", "::", "/64"),
                                               (30, 1, 1))[0] + self.value()

    def ip6trie_entry(self):
        bits = self.r.choice((128, 128, 127, 112, 65, 64, 64, 63, 60, 56, 49,
                              48, 47, 36, 33))
        ip = self.ip6() & ~((1 << (128 - bits)) - 1)
        self.made.lists_net6(ip, bits)
        text = txt6(ip, self.r)
        return self.excluded() + (text if bits == 128 else f"{text}/{bits}") + \
            self.value()

    def dnset_entry(self):
        form = self.r.choices(("", ".", "*.", "!", "!.", "!*."),
                              (40, 15, 15, 6, 3, 3))[0]
        name = self.name()
        self.made.lists_name("x." + name if form.endswith(".") else name)
        return form + name + self.value()

    def generic_entry(self):
        r = self.r
        name = r.choice((self.name(3), self.name(3), "@"))
        self.made.lists_name(name)
        ttl = r.choice(("", "", " 600", " 1h"))
        kind = r.choice((f"A 127.0.3.{r.randrange(9)}", "TXT some text",
                         f"TXT {self.text()}", f"MX {r.randrange(99)} mx.a.b",
                         "A 127.0.3.1", 'TXT "quoted text"', "in A 10.1.1.1"))
        return f"{name}{ttl} {kind}"

    # questions: near what is listed

    def relative_ip4(self):
        r, ip = self.r, self.ip4()
        octets = [str(o) for o in reversed(ip.to_bytes(4, "big"))]
        odd = r.random()
        if odd < .03:
            octets[r.randrange(4)] = r.choice(("256", "x", "1a", "-1"))
        elif odd < .06:
            octets = octets[r.randrange(1, 4):]
        elif odd < .08:
            octets.insert(0, r.choice(("1", "www")))
        return ".".join(octets)

    def relative_ip6(self):
        r = self.r
        nibbles = list(reversed(f"{self.ip6():032x}"))
        odd = r.random()
        if odd < .03:
            nibbles[r.randrange(32)] = r.choice(("g", "00", "x"))
        elif odd < .06:
            nibbles = nibbles[r.randrange(1, 32):]
        elif odd < .08:
            nibbles.insert(0, "1")
        elif odd < .15:
            nibbles = [n.upper() for n in nibbles]
        return ".".join(nibbles)

    def relative_name(self):
        name = self.name(6)
        return name.upper() if self.r.random() < .1 else name


def txt4(ip):
    return ".".join(str(o) for o in (ip & 0xffffffff).to_bytes(4, "big"))


def txt6(ip, r):
    words = [f"{ip >> shift & 0xffff:x}" for shift in range(112, -1, -16)]
    if r.random() < .3:
        return ":".join(words)
    if r.random() < .4:
        while len(words) > 1 and words[-1] == "0":
            words.pop()  # rbldnsd's own: what is left out is 0
        return ":".join(words)
    return socket.inet_ntop(socket.AF_INET6, ip.to_bytes(16, "big"))


# --- messages, as fast as Python lets us

def read_name(msg, pos):
    """Labels in lower case, and where the name ends."""
    labels, end, jumps = [], None, 0
    while True:
        n = msg[pos]
        if n >= 0xc0:
            end = end or pos + 2
            pos = (n & 0x3f) << 8 | msg[pos + 1]
            jumps += 1
            if jumps > 20:
                raise ValueError("compression loop")
            continue
        if n == 0:
            return b".".join(labels).lower(), end or pos + 1
        labels.append(msg[pos + 1:pos + 1 + n])
        pos += 1 + n


def read_rdata(msg, rrtype, pos, end):
    """RDATA without compression, so that equal data is equal bytes."""
    if rrtype == NS:
        return read_name(msg, pos)[0]
    if rrtype == MX:
        return msg[pos:pos + 2], read_name(msg, pos + 2)[0]
    if rrtype == SOA:
        mname, pos = read_name(msg, pos)
        rname, pos = read_name(msg, pos)
        return mname, rname, struct.unpack("!5I", msg[pos:end])
    return msg[pos:end]


class Answer:
    """rcode, AA, and sets of (owner, type, TTL, data) of a message."""

    def __init__(self, msg):
        _, flags, qd, an, ns, _ = struct.unpack("!6H", msg[:12])
        self.rcode, self.aa = flags & 15, bool(flags & 0x400)
        pos = 12
        for _ in range(qd):
            pos = read_name(msg, pos)[1] + 4
        self.answer, pos = self.read_section(msg, pos, an)
        self.authority, pos = self.read_section(msg, pos, ns)

    @staticmethod
    def read_section(msg, pos, n):
        rrs = []
        for _ in range(n):
            owner, pos = read_name(msg, pos)
            rrtype, _, ttl, rdlen = struct.unpack("!HHIH", msg[pos:pos + 10])
            pos += 10
            rrs.append((owner, rrtype, ttl,
                        read_rdata(msg, rrtype, pos, pos + rdlen)))
            pos += rdlen
        return sorted(set(rrs), key=repr), pos

    def types(self, section):
        return [rr[1] for rr in section]

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __repr__(self):
        return f"rcode {self.rcode} aa {self.aa} " \
            f"{self.answer} authority {self.authority}"


def ask_all(server, questions, edns, source=None):
    """Answers in the order of the questions, some under way at a time."""
    answers, opt = {}, EDNS if edns else b""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        if source:
            s.bind((source, 0))
        s.connect(server)
        for start in range(0, len(questions), IN_FLIGHT):
            batch = questions[start:start + IN_FLIGHT]
            for qid, (wire, qtype) in enumerate(batch):
                s.send(struct.pack("!6H", qid, 0, 1, 0, 0, bool(opt)) + wire +
                       struct.pack("!HH", qtype, 1) + opt)
            for _ in batch:
                msg = s.recv(4096)
                answers[start + struct.unpack("!H", msg[:2])[0]] = msg
    return [Answer(answers[n]) for n in range(len(questions))]


# --- what may differ

def difference_is_documented(zone, qname, qtype, theirs, ours):
    at_apex = qname == zone.apex
    if not theirs.aa and theirs.rcode == NOERROR:
        # rbldnsd had no room for the rest, and leaves AA away, not TC set
        return ours.aa and set(theirs.answer) < set(ours.answer)
    if theirs.answer and ours.answer == theirs.answer:
        # rbldnsd puts the NS records beside a positive answer, we do not
        return ours.rcode == theirs.rcode and ours.aa and \
            not ours.authority and set(theirs.types(theirs.authority)) <= {NS}
    if not zone.has_soa and at_apex:
        if theirs.rcode == REFUSED and qtype in (SOA, NS):
            return ours.types(ours.answer) == [qtype]  # made up
        if qtype == ANY:
            given = [rr for rr in ours.answer if rr[1] not in (SOA, NS)]
            return given == theirs.answer and ours.rcode == NOERROR
    if ours.answer or theirs.answer or ours.types(ours.authority) != [SOA]:
        return False
    if zone.has_soa and not zone.negative_is_right(theirs, ours):
        return False
    if ours.rcode != theirs.rcode:
        return ours.rcode == NOERROR and theirs.rcode == NXDOMAIN and \
            zone.is_empty_nonterminal(qname)
    return True


class Zone:
    """A zone of datasets, [type, Dataset, ...] each, and how to ask about it.

    soa: TTL, serial, MINIMUM, TTL of NS; None for data without $SOA and $NS.
    """

    def __init__(self, apex, soa, datasets, ask_about, shares=()):
        self.apex, self.soa, self.datasets = apex, soa, datasets
        self.ask_about, self.has_soa = ask_about, soa is not None
        self.shares = shares  # zones whose files it is made of
        self.top = SPECIALS.format(*soa) if soa else ""
        self.soa_ttl = soa[0] if soa else None

    def write(self, bench):
        """Returns the specifications of its datasets."""
        if self.shares:
            return [spec for zone in self.shares for spec in zone.specs]
        specs, top = [], self.top
        for n, (kind, *parts) in enumerate(self.datasets):
            files = []
            for f, part in enumerate(parts):
                own = "" if kind == "acl" else top
                text = (own + part.text).encode("latin-1")
                files.append(str(bench.file(f"{self.apex}-{n}{f}", text)))
                top = top if kind == "acl" else ""
            specs.append(f"{kind}:{','.join(files)}")
        self.specs = specs
        return specs

    def negative_is_right(self, theirs, ours):
        """The TTL: rbldnsd's is MINIMUM; ours the lesser, RFC 2308 3."""
        (owner, rrtype, minimum, rdata), = theirs.authority
        ttl = min(minimum, self.soa_ttl)
        return ours.authority == [(owner, rrtype, ttl, rdata)]

    def is_empty_nonterminal(self, qname):
        rel = qname.removesuffix(self.apex).rstrip(".")
        return any(part.has_below(rel) for _, *parts in self.datasets
                   for part in parts)

    def questions(self, data, n):
        types = (A, A, A, A, TXT, TXT, TXT, ANY, MX, AAAA, NS, SOA)
        for _ in range(n):
            about = data.r.choice(self.ask_about)()
            if data.r.random() < .004:
                about = ""
            name = f"{about}.{self.apex}" if about else self.apex
            yield name, data.r.choice(types)


def make_zones(data):
    def soa():
        r = data.r
        return (r.choice((300, 3600, 7200)), r.choice((0, 2026010101)),
                r.choice(("300", "2h", "1d")), r.choice((0, 1800)))

    ip4set = [data.dataset(data.ip4set_entry, 250) for _ in range(3)]
    ip4trie = [data.dataset(data.ip4trie_entry, 250) for _ in range(2)]
    ip4tset = [data.dataset(data.ip4tset_entry, 250) for _ in range(3)]
    ip6tset = [data.dataset(data.ip6tset_entry, 250) for _ in range(2)]
    ip6trie = [data.dataset(data.ip6trie_entry, 200) for _ in range(2)]
    dnset = [data.dataset(data.dnset_entry, 200) for _ in range(3)]
    generic = [data.dataset(data.generic_entry, 40) for _ in range(2)]
    ip4, ip6, name = data.relative_ip4, data.relative_ip6, data.relative_name

    def below(relative):
        """In a subzone, and beside one."""
        subzone = data.r.choice(("", ".a", ".b", ".c", ".b.c", ".deep.a"))
        return relative() + subzone

    combined = data.combined([
        ("ip4set:one", data.ip4set_entry, 250, ["a", "b.c", "@"]),
        ("ip4trie", data.ip4trie_entry, 150, ["deep.a", "a"]),
        ("dnset:names", data.dnset_entry, 150, ["A", "@", "b"]),
        ("ip6trie", data.ip6trie_entry, 150, ["@", "b"]),
        ("ip6tset", data.ip6tset_entry, 100, ["deep.a"]),
        ("ip4tset", data.ip4tset_entry, 100, ["b"]),
        ("generic:same", data.generic_entry, 40, ["@", "deep.a", "b.c"]),
        ("ip4set", data.ip4set_entry, 100, ["b.c"])])
    for part, subzones in combined.parts:
        subzones[:] = [s.lower() for s in subzones]
    combined.subzones = {s.lower() for s in combined.subzones}
    two = [data.combined([
        ("dnset", data.dnset_entry, 100, ["a"]),
        ("ip4set", data.ip4set_entry, 100, [sub, "@"])]) for sub in "ab"]
    acl = data.acl([
        "127.0.0.10 :refuse\n", "127.0.0.11 :empty\n", "127.0.0.12 :pass\n",
        "127.0.0.13 :5:all for $ $1 $$\n", "127.0.0.14 just a text\n",
        "127.0.0.15 :6:\n", "127.0.0.16/28 :empty\n", "127.0.0.17 :pass\n",
        "127.0.0.18:7\n", "127.0.0.19 :ignore\n", "127.0.0.20\n",
        ":8:by default $\n", "127.0.0.32/29\n", "127.0.0.33 :9\n",
        "127.0.0.34 :9:\n", ":empty\n", "127.0.0.40\n", "127.0.0.41\n",
        "127.0.0.42-50\n", "!127.0.0.43\n", "$TTL 7m\n", "$1 one\n",
        "10:20::1 :refuse\n", "2001:db8::/32 :refuse\n"])
    shared = Zone("dnset.test", soa(), [("dnset", dnset[0], dnset[1])], [name])
    first = Zone("ip4set.test", soa(), [("ip4set", ip4set[0], ip4set[1])],
                 [ip4])
    again = Zone("shared.test", first.soa, first.datasets + shared.datasets,
                 [ip4, name], shares=(first, shared))
    return [
        first,
        Zone("ip4trie.test", soa(), [("ip4trie", ip4trie[0])], [ip4]),
        Zone("ip6trie.test", soa(), [("ip6trie", ip6trie[0])], [ip6]),
        shared,
        Zone("generic.test", soa(), [("generic", generic[0])], [name]),
        Zone("mixed.test", soa(),
             [("ip4set", ip4set[2]), ("ip4trie", ip4trie[1]),
              ("ip4set", ip4set[0]), ("ip6trie", ip6trie[1]),
              ("dnset", dnset[2]), ("generic", generic[1])],
             [ip4, ip4, ip6, name]),
        Zone("ip4tset.test", soa(), [("ip4tset", ip4tset[0], ip4tset[1])],
             [ip4]),
        Zone("ip6tset.test", soa(), [("ip6tset", ip6tset[0])], [ip6]),
        Zone("tsets.test", soa(),
             [("ip6tset", ip6tset[1]), ("ip4tset", ip4tset[2]),
              ("ip6trie", ip6trie[0]), ("ip4set", ip4set[1])], [ip4, ip6]),
        Zone("nosoa.test", None, [("ip4set", ip4set[1]), ("dnset", dnset[1])],
             [ip4, name]),
        again,
        Zone("combined.test", soa(), [("combined", combined)],
             [lambda: below(ip4), lambda: below(ip6), lambda: below(name)]),
        Zone("two.test", soa(),
             [("combined", two[0]), ("ip4trie", ip4trie[0]),
              ("combined", two[1]), ("generic", generic[0])],
             [lambda: below(ip4), lambda: below(name)]),
        Zone("acl.test", soa(),
             [("acl", acl), ("ip4set", ip4set[2]), ("dnset", dnset[2])],
             [ip4, name]),
        Zone("aclcombined.test", soa(),
             [("combined", two[0]), ("ip6trie", ip6trie[0]), ("acl", acl)],
             [lambda: below(ip4), lambda: below(ip6), lambda: below(name)]),
    ]


# what the acl for all says; the rest is as if it were not there
ACL_FOR_ALL = "127.0.0.60 :refuse\n127.0.0.61 :empty\n" \
    "127.0.0.62 :4:all zones $\n127.0.0.13 :3:first $\n" \
    "127.0.0.11 :pass\n127.0.0.10 :9\n127.0.0.64 :ignore\n"
IGNORED = (19, 20, 64)
CLIENTS = (1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 30, 31, 32, 33, 34, 40, 41,
           42, 43, 44, 60, 61, 62)


def setup(bench):
    rvtest.diag(f"seed {SEED}")
    bench.asked = 0
    bench.data = Data(SEED)
    bench.zones = make_zones(bench.data)
    specs = {zone.apex: zone.write(bench) for zone in bench.zones}
    everybody = f"acl:{bench.file('acl', ACL_FOR_ALL)}"
    _, bench.theirs = rvtest.rbldnsd(bench, specs | {"": [everybody]})
    bench.ours = rvtest.resolverd(bench, zones=specs | {".": [everybody]},
                                  gate=rvtest.NO_GATE).server


def compare(bench, zone, n=QUESTIONS, source=None):
    questions = list(zone.questions(bench.data, n))
    wires = [(name_wire(name), qtype) for name, qtype in questions]
    theirs = ask_all(bench.theirs, wires, edns=False, source=source)
    ours = ask_all(bench.ours, wires, edns=True, source=source)
    bench.asked += n
    wrong = positive = 0
    for (qname, qtype), their, our in zip(questions, theirs, ours):
        positive += bool(their.answer)
        if our == their or difference_is_documented(zone, qname.lower(), qtype,
                                                    their, our):
            continue
        wrong += 1
        if wrong <= DIFFERENCES_SHOWN:
            rvtest.diag(f"{qname} {TYPE_NAMES[qtype]}\n"
                        f"  rbldnsd   {their}\n  resolverd {our}")
    rvtest.diag(f"{zone.apex}{' for ' + source if source else ''}: "
                f"{n} questions, {positive} with RRs")
    if wrong:
        raise AssertionError(f"seed {SEED}: {wrong} of {n} answers differ")
    if positive < n / 50 and not source:
        raise AssertionError("hardly anything was listed: a poor test")


def is_ignored(server, zone, source):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(.2)
        s.bind((source, 0))
        s.sendto(rvtest.question(zone.apex, SOA, flags=0), server)
        try:
            return not s.recv(4096)
        except socket.timeout:
            return True


def zone_case(n, what):
    @case(f"answers as rbldnsd does: {what}")
    def _(bench):
        compare(bench, bench.zones[n])


for number, what in enumerate((
        "ip4set of two files", "ip4trie", "ip6trie", "dnset of two files",
        "generic", "a zone of six datasets", "ip4tset of two files",
        "ip6tset", "a zone with both tsets", "datasets without $SOA",
        "a zone on the files of two others", "combined: eight sections",
        "two combined datasets beside others")):
    zone_case(number, what)


@case("acl: the same for each client, in zones with and without one of theirs")
def _(bench):
    acls = [zone for zone in bench.zones if zone.apex.startswith("acl")]
    for zone, share in ((acls[0], 1), (acls[1], 1), (bench.zones[0], 4)):
        for last in CLIENTS:
            compare(bench, zone, QUESTIONS // len(CLIENTS) // share,
                    f"127.0.0.{last}")


@case("acl: the same clients are ignored")
def _(bench):
    for zone in (bench.zones[0], bench.zones[-1]):
        for last in IGNORED + CLIENTS[:3]:
            source = f"127.0.0.{last}"
            equal(is_ignored(bench.ours, zone, source),
                  is_ignored(bench.theirs, zone, source),
                  f"{zone.apex} for {source}")


@case("as many questions as promised")
def _(bench):
    rvtest.diag(f"seed {SEED}: {bench.asked} questions in all")
    if "RVTEST_QUESTIONS" not in os.environ:
        equal(bench.asked >= 200000, True, f"{bench.asked}")

if __name__ == "__main__":
    rvtest.run(setup)
