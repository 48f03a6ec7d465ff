"""zonectl why: what it says is what a daemon that runs answers."""

import ipaddress
import os
import pathlib
import random
import re

import dns.rdata
import dns.rdatatype

import rvtest
from rvtest import ask, case, contains, equal, rcode

SEED = int(os.environ.get("RVTEST_SEED", "11"))
KEYS = int(os.environ.get("RVTEST_KEYS", "250"))
LISTED, FAILED, NOT_LISTED = 0, 1, 3
GATE = 'skip-rules = { "test-points" } widest-ip4 = 0'


def ip4(r):
    return f"10.{r.randrange(2)}.{r.randrange(2)}.{r.randrange(4)}"


def ip4_prefix(r):
    bits = r.choice([8, 16, 23, 24, 31])
    number = 10 << 24 | r.getrandbits(17) & 0x10103
    number &= ~0 << 32 - bits
    return ".".join(str(number >> s & 255) for s in (24, 16, 8, 0)) + f"/{bits}"


def name(r):
    return ".".join(r.choice("abc") for _ in range(r.randrange(1, 4)))


def make(r, key, n=30):
    """Entries, each with a text of its own, or an exclusion."""
    text = ":127.0.0.2:all $\n"
    for i in range(n):
        k, kind = key(r), r.randrange(5)
        text += (f"!{k}\n" if kind == 0 else f"{k}\n" if kind == 1 else
                 f"{k} :{3 + kind}:entry {i}, $\n")
    return text


def setup(bench):
    rvtest.diag(f"seed {SEED}")
    r = bench.random = random.Random(SEED)

    def file(name, key):
        return bench.file(name, make(r, key))

    single = file("single", ip4)
    mixed = file("mixed", lambda r: r.choice([ip4, ip4_prefix])(r))
    trie = file("trie", lambda r: ip4(r) + "/32" if r.randrange(2) else
                ip4_prefix(r))
    names = file("names", lambda r: r.choice(["", ".", "*."]) + name(r))
    ip6 = file("ip6", lambda r: r.choice(
        ["2001:db8::1", "2001:db8::/64", "2001:db8::/32", "2001:db8:1::/48",
         "2001:db8::2", "::ffff:10.0.0.1"]))
    combined = bench.file("combined", "$DATASET ip4set:one sub @\n" +
                          make(r, ip4) + "$DATASET dnset names.sub @\n" +
                          make(r, lambda r: r.choice(["", "."]) + name(r)))
    records = bench.file("records", "a A 192.0.2.1\na TXT text\n"
                         "b CNAME host.example\nb TXT hidden\n")
    hidden = bench.file("hidden", ":127.0.0.2:gone\n10.0.0.0/8\n.a\n")
    old = bench.file("old", ":127.0.0.2:old\n10.0.0.1\n")
    os.utime(old, (1, 1))
    bench.rd = rvtest.Resolverd(bench, gate=GATE, zones={
        "ip.test": [f"ip4set:{mixed},{single}", f"ip6trie:{ip6}"],
        "trie.test": [f"ip4trie:{trie}", f"ip4tset:{single}"],
        "names.test": [f"dnset:{names}", f"generic:{records}"],
        "combined.test": [f"combined:{combined}"],
        "sub.names.test": [f"ip4set:{hidden}", f"dnset:{hidden}"],
        "all.test": [f"ip4set:{single}", f"ip4trie:{trie}", f"dnset:{names}",
                     f"ip6trie:{ip6}"],
    }, locals=["local.test", "b.names.test"], extra="\n".join(
        f'zone "{how}.test" {{ datasets = {{ "ip4set:{old}" }} {GATE} '
        f'expire = 1d when-expired = {how} }}'
        for how in ("serve", "empty", "servfail")))
    bench.rd.build()
    bench.rd.start()
    for key in ("10.0.0.1", "10.0.0.0/24", "2001:db8::/32", "a.b", "*.b",
                ".c", "a", "*.a.c"):
        equal(bench.rd.blctl("-z", "local.test", "add", key, "--reason",
                             f"local {key}, $").returncode, 0)
    bench.zones = [*bench.rd.zones, *bench.rd.locals, "serve.test",
                   "empty.test", "servfail.test"]


SUBZONES = [("combined.test", "sub.combined.test"),
            ("combined.test", "names.sub.combined.test")]


def why(bench, *args):
    return bench.rd.zonectl("why", *args)


def said(stdout):
    """What it says is answered: {qname: {(type, rdata)}}."""
    out = {}
    for line in re.findall(r"^  answers  (.*)$", stdout, re.M):
        qname, rdtype, text = line.split(" ", 2)
        rd = dns.rdata.from_text("IN", rdtype, text)
        out.setdefault(qname + ".", set()).add((rdtype, rd.to_text()))
    return out


def answered(bench, qname):
    """The same from the daemon; nothing of the apex itself."""
    m = ask(bench.rd.server, qname, "ANY", tcp=True)
    return {(dns.rdatatype.to_text(s.rdtype), rd.to_text())
            for s in m.answer for rd in s
            if dns.rdatatype.to_text(s.rdtype) not in ("SOA", "NS")}


def question(key, zone):
    if ":" in key:
        nibbles = ipaddress.IPv6Address(key).exploded.replace(":", "")
        key = ".".join(reversed(nibbles))
    elif re.fullmatch(r"[0-9.]+", key):
        key = ".".join(reversed(key.split(".")))
    return f"{key}.{zone}."


def own_zone(bench, qname):
    return max((z for z in bench.zones if qname.endswith(f".{z}.")), key=len)


def check(bench, key):
    """A zone's question that is another one's, inside it, is not its own."""
    done = why(bench, key)
    want = {}
    for zone, below in [(z, z) for z in bench.zones] + SUBZONES:
        qname = question(key, below)
        rrs = answered(bench, qname)
        if rrs and own_zone(bench, qname) == zone:
            want[qname] = rrs
    equal(said(done.stdout), want, f"{key}: {done.stdout}{done.stderr}")
    equal(done.returncode, LISTED if want else NOT_LISTED, key)
    return bool(want), done.stdout


def random_key(r):
    return r.choice([
        ip4, ip4, lambda r: "11.0.0.1", name, name,
        lambda r: name(r) + ".b", lambda r: "a.sub",
        lambda r: r.choice(["2001:db8::1", "2001:db8::2", "2001:db8:1::",
                            "2001:db8:0:1::9", "2001:db9::1",
                            "::ffff:10.0.0.1"])])(r)


@case(f"{KEYS} keys at random: what is said is what is answered")
def _(bench):
    listed = 0
    for _ in range(KEYS):
        is_listed, stdout = check(bench, random_key(bench.random))
        listed += is_listed
        for key, path, line in re.findall(
                r"^  (?:entry|excluded|overridden)  (\S+)  (\S+):(\d+)  ",
                stdout, re.M):
            text = pathlib.Path(path).read_text().splitlines()[int(line) - 1]
            want = text.split()[0]
            if ":" not in want:
                want = want.removesuffix("/32")
            equal(key, want, stdout)
    rvtest.diag(f"{listed} of them are listed")
    equal(KEYS / 4 < listed < KEYS, True, f"{listed} listed")


@case("a key is looked for in all subzones, a whole name in its own")
def _(bench):
    for key, where in (("10.0.0.1", ["combined.test", "sub.combined.test"]),
                       ("1.0.0.10.sub.combined.test", ["combined.test"])):
        done = why(bench, key, "combined.test")
        equal(re.findall(r"^(\S+): listed", done.stdout, re.M), where)


@case("in a combined dataset, a key is one of its subzone")
def _(bench):
    seen = set()
    for key in ["1.0.0.10", "1.0.0.11", "1.0.0.11.sub", "2.0.0.10",
                "1.0.0.10.sub", "2.0.0.10.sub", "a.b",
                "a.b.names.sub", "a.names.sub", "c.a.names.sub"]:
        done = why(bench, f"{key}.combined.test")
        rrs = answered(bench, f"{key}.combined.test.")
        equal(said(done.stdout),
              {f"{key}.combined.test.": rrs} if rrs else {}, key)
        equal(done.returncode, LISTED if rrs else NOT_LISTED, key)
        seen.add(bool(rrs))
    equal(seen, {True, False})


@case("a whole name that was asked for is one zone's question")
def _(bench):
    done = why(bench, "1.0.0.10.local.test")
    equal(done.returncode, LISTED)
    equal(re.findall(r"^\S+: .*", done.stdout, re.M), ["local.test: listed"])
    contains(done.stdout, '  answers  1.0.0.10.local.test A 127.0.0.2\n')
    contains(done.stdout, "  overridden  10.0.0.0/24  added by ")


@case("zones are chosen; one that is not there is an error")
def _(bench):
    done = why(bench, "10.0.0.1", "serve.test", "local.test")
    equal(re.findall(r"^\S+: .*", done.stdout, re.M),
          ["serve.test: listed", "local.test: listed"])
    equal(why(bench, "10.0.0.1", "empty.test").returncode, NOT_LISTED)
    done = why(bench, "10.0.0.1", "nowhere.test")
    equal((done.returncode, done.stdout), (FAILED, ""))
    contains(done.stderr, 'no zone "nowhere.test"')


@case("what overrides the data is said: expiry, a zone inside the zone")
def _(bench):
    done = why(bench, "10.0.0.1", "empty.test")
    contains(done.stdout, "empty.test: not listed: the data has expired\n"
             "  entry  10.0.0.1  ")
    equal(rcode(ask(bench.rd.server, "1.0.0.10.servfail.test")), "SERVFAIL")
    contains(why(bench, "10.0.0.1", "servfail.test").stdout,
             "servfail.test: not listed: the data has expired, the answer is "
             "SERVFAIL\n")


@case("what is no key is refused; not listed is exit code 3")
def _(bench):
    for key in ("", "a..b", "x" * 64):
        done = why(bench, key)
        equal((done.returncode, done.stdout), (FAILED, ""), key)
        contains(done.stderr, "not a key")
    equal(why(bench).returncode, 2)
    done = why(bench, "198.51.100.9", "ip.test")
    equal((done.returncode, done.stdout),
          (NOT_LISTED, "198.51.100.9 is not listed; 1 zone was asked\n"))


@case("without a generation the zone cannot be asked: exit code 1")
def _(bench):
    path = bench.file("none", "10.0.0.1\n")
    rd = rvtest.Resolverd(bench, "none", zones={"x.test": [f"ip4set:{path}"]})
    done = rd.zonectl("why", "10.0.0.1")
    equal((done.returncode, done.stdout), (FAILED, ""))
    contains(done.stderr, "x.test: no generation yet")


@case("provenance = no: the answer is said, the line is not")
def _(bench):
    path = bench.file("bare", ":127.0.0.2:x\n10.0.0.0/24\n")
    rd = rvtest.Resolverd(bench, "bare", zones={"x.test": [f"ip4set:{path}"]},
                          gate="provenance = no")
    rd.build()
    done = rd.zonectl("why", "10.0.0.1")
    equal(done.returncode, LISTED)
    contains(done.stdout, "  answers  1.0.0.10.x.test A 127.0.0.2\n")
    contains(done.stdout, "\n  entry  10.0.0.1\n")


rvtest.run(setup)
