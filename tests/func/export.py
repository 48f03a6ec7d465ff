"""Foreign lists in, other programs' formats out: read by those programs."""

import os
import random
import subprocess

import rvtest
from rvtest import ZONECTL, ask, case, contains, data, equal, program, rcode

SEED = int(os.environ.get("RVTEST_SEED", "11"))
APEX = "bl.test"
IP4 = """$SOA 2100 ns.bl.test hostmaster.bl.test 7 1h 10m 7d 5m
$NS 2100 ns.example
$TTL 2100
:127.0.0.3:listed
10.0.0.0/8
!10.1.2.3
192.0.2.0/25 :4:a "quoted" \\ text
198.51.100.7 :5:key $
198.51.100.7 :6:second
203.0.113.0/30
!203.0.113.1
"""
IP6 = """:127.0.0.6:six
2001:db8::/32
!2001:db8:1::/48
2001:db9::1
"""
NAMES = """:127.0.0.7:name
.example.com
!no.example.com
*.wild.test
deep.er.wild.test :8:deep
exact.test
"""


def rev4(ip):
    return ".".join(reversed(ip.split(".")))


def rev6(digits):
    return ".".join(reversed(digits.ljust(32, "0")))


def setup(bench):
    rvtest.diag(f"seed {SEED}")
    bench.random = random.Random(SEED)
    files = {name: bench.file(name, text)
             for name, text in (("ip4", IP4), ("ip6", IP6), ("names", NAMES))}
    bench.sets = [f"ip4set:{files['ip4']}", f"ip6trie:{files['ip6']}",
                  f"dnset:{files['names']}"]
    bench.rd = rvtest.resolverd(bench, zones={
        APEX: bench.sets,
        "ip4.test": [f"ip4set:{files['ip4']}"]})


def export(bench, format, zone=APEX):
    done = bench.rd.zonectl("export", "--format", format, zone)
    equal(done.returncode, 0, done.stderr)
    return done.stdout


def convert(*args, **popen):
    return subprocess.run([ZONECTL, "convert", *args], text=True,
                          capture_output=True, timeout=60, **popen)


def converted(*args):
    done = convert(*args)
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout


def questions(r):
    """Whole addresses, and names: what a list is asked for."""
    ip4 = [rev4(ip) for ip in (
        "10.0.0.0", "10.1.2.2", "10.1.2.3", "10.1.2.4", "10.255.255.255",
        "11.0.0.0", "192.0.2.0", "192.0.2.127", "192.0.2.128", "198.51.100.7",
        "203.0.113.0", "203.0.113.1", "203.0.113.2", "203.0.113.4")]
    ip4 += [f"{r.randrange(256)}.{r.randrange(4)}.{r.randrange(4)}."
            f"{r.choice((10, 10, 10, 192, 203))}" for _ in range(150)]
    ip6 = [rev6(digits) for digits in (
        "20010db8", "20010db80001", "20010db800010000ffff", "20010db80002",
        "20010db8" + "f" * 24, "20010db9" + "0" * 23 + "1",
        "20010db9" + "0" * 23 + "2", "20010dba")]
    names = ["example.com", "a.example.com", "a.b.example.com",
             "no.example.com", "a.no.example.com", "wild.test", "x.wild.test",
             "er.wild.test", "x.er.wild.test", "deep.er.wild.test",
             "x.deep.er.wild.test", "exact.test", "x.exact.test", "nowhere"]
    return ip4 + ip6 + names


def listing(server, qname, qtype):
    """What a mail server sees: the records, and none where it is not listed."""
    answer = ask(server, qname, qtype)
    if rcode(answer) not in ("NOERROR", "NXDOMAIN"):
        raise AssertionError(f"{qname} {qtype}: {rcode(answer)}")
    return data(answer, qtype)


def same_answers(ours, theirs, names, apex=APEX):
    listed = 0
    for name in names:
        for qtype in ("A", "TXT"):
            want = listing(ours, f"{name}.{apex}", qtype)
            equal(listing(theirs, f"{name}.{apex}", qtype), want,
                  f"{name} {qtype}")
            listed += bool(want)
    rvtest.diag(f"{2 * len(names)} questions, {listed} answers with data")
    equal(listed > 20, True, "something must be listed")


@case("bind: NSD serves it, and answers as the daemon does")
def _(bench):
    _, server = rvtest.nsd(bench, {APEX: export(bench, "bind")}, name="nsd1")
    same_answers(bench.rd.server, server, questions(bench.random))


@case("rbldnsd: the real one answers the same from a combined file")
def _(bench):
    path = bench.file("combined", export(bench, "rbldnsd"))
    contains(path.read_text(), "$DATASET")
    _, server = rvtest.rbldnsd(bench, {APEX: [f"combined:{path}"]})
    same_answers(bench.rd.server, server, questions(bench.random))


@case("rbldnsd -d and export --format bind agree as zones")
def _(bench):
    # rbldnsd -d leaves a backslash as it is, which then escapes
    texts = {"ip4set": IP4.replace("\\", ""), "ip6trie": IP6, "dnset": NAMES}
    sets = [f"{kind}:{bench.file('dump-' + kind, text)}"
            for kind, text in texts.items()]
    user = ["-u", rvtest.daemon_user()] if os.geteuid() == 0 else []
    done = subprocess.run(
        [program("rbldnsd"), "-n", "-d", *user,
         *(f"{APEX}:{s}" for s in sets)], text=True, capture_output=True)
    equal(done.returncode, 0, done.stderr)
    ours = converted("--format", "bind", "--zone", APEX, *sets)
    _, one = rvtest.nsd(bench, {APEX: done.stdout}, name="nsd-dump")
    _, two = rvtest.nsd(bench, {APEX: ours}, name="nsd-ours")
    # rbldnsd's names below a wildcard end where another name lies between
    names = [n for n in questions(bench.random)
             if not n.endswith("er.wild.test") and n != "a.no.example.com"]
    same_answers(one, two, names)


COMBINED = """$SOA 2100 ns.bl.test hostmaster.bl.test 7 1h 10m 7d 5m
$NS 2100 ns.example
$TTL 2100
$DATASET ip4set relays deep.sub @
:3:relay
10.0.0.0/8
!10.1.2.3
192.0.2.0/25 :4:range
$DATASET ip4trie trie
10.0.0.0/14
!10.1.2.0/23
10.1.2.0/25 :4:longest
$DATASET ip4tset single
:5:one value
10.1.2.3
192.0.2.1
$DATASET ip6trie six @
:6:six
2001:db8::/32
2001:db9::1
$DATASET ip6tset sixty-four
:6:a network
2001:db8:1:2
!2001:db8:1:2::5
$DATASET dnset names sub
:7:name $
.example.com
!no.example.com
*.wild.test
exact.test
$DATASET generic relays names @
@ A 192.0.2.80
www A 192.0.2.81
about TXT "what it is"
"""


@case("rbldnsd -d and export --format bind agree as zones: all types, combined")
def _(bench):
    path = bench.file("dump-combined", COMBINED)
    user = ["-u", rvtest.daemon_user()] if os.geteuid() == 0 else []
    done = subprocess.run(
        [program("rbldnsd"), "-n", "-d", *user, f"{APEX}:combined:{path}"],
        text=True, capture_output=True)
    equal(done.returncode, 0, done.stderr)
    ours = converted("--format", "bind", "--zone", APEX, f"combined:{path}")
    _, one = rvtest.nsd(bench, {APEX: done.stdout}, name="nsd-dump-combined")
    _, two = rvtest.nsd(bench, {APEX: ours}, name="nsd-ours-combined")
    names = ["www", "about", *questions(bench.random)[::3],
             rev6("2001db80001" + "0002" + "0" * 15 + "5"),
             rev6("20010db800010002" + "0" * 15 + "5"),
             rev6("20010db8000100028"),
             rev6("20010db800010003")]
    names += [rev4(f"10.1.2.{n}") for n in (3, 127, 128)] + \
        [rev4("10.3.0.1"), rev4("10.4.0.1")]
    # rbldnsd's names below a wildcard end where another name lies between
    names = [n for n in names if n != "a.no.example.com"]
    subzones = ("", ".relays", ".trie", ".single", ".six", ".sixty-four",
                ".names", ".sub", ".deep.sub")
    same_answers(one, two, [n + s for n in names for s in subzones] +
                 [s[1:] for s in subzones[1:]])


@case("combined: exported as rbldnsd's and built from again, the same bytes")
def _(bench):
    path = bench.file("combined-in", COMBINED)
    first = converted("--format", "rbldnsd", "--zone", APEX,
                      f"combined:{path}")
    again = bench.file("combined-out", first)
    equal(converted("--format", "rbldnsd", "--zone", APEX,
                    f"combined:{again}"), first)
    _, server = rvtest.rbldnsd(bench, {APEX: [f"combined:{path}"]},
                               name="rbldnsd-in")
    _, ours = rvtest.rbldnsd(bench, {APEX: [f"combined:{again}"]},
                             name="rbldnsd-out")
    same_answers(server, ours, [n + s for n in questions(bench.random)[::4]
                                for s in ("", ".relays", ".trie", ".names",
                                          ".deep.sub")])


@case("subzones: refused where they cannot be parted, one by one with --subzone")
def _(bench):
    path = bench.file("combined-sub", COMBINED)

    def run(*args):
        return bench.rd.zonectl("convert", "--zone", APEX, *args,
                                f"combined:{path}")
    for form in ("plain", "postfix-cidr", "rpz"):
        done = run("--format", form)
        equal((done.returncode, done.stdout), (1, ""), done.stderr)
        contains(done.stderr, "cannot part subzones; write one with "
                 "--subzone, of @ ")
        equal(run("--format", form, "--subzone", "@").returncode, 0)
    done = run("--format", "plain", "--subzone", "nowhere")
    equal(done.returncode, 1)
    contains(done.stderr, "there is no subzone nowhere; there is @ ")
    for form in ("rbldnsd", "bind", "unbound", "nftables", "plain", "rpz",
                 "postfix-cidr"):
        one, two = (run("--format", form, "--subzone", "Relays")
                    for _ in range(2))
        equal(one.returncode, 0, one.stderr)
        equal(one.stdout, two.stdout)
        equal(form not in ("plain", "postfix-cidr", "rpz") and
              "trie.bl.test" in one.stdout, False, one.stdout)


@case("unbound: unbound-checkconf takes it, and unbound answers from it")
def _(bench):
    path = bench.file("unbound-zone", export(bench, "unbound", "ip4.test"))
    done = subprocess.run([program("unbound-checkconf"), path], text=True,
                          capture_output=True)
    equal(done.returncode, 0, done.stdout + done.stderr)
    contains(path.read_text(), "redirect")


@case("postfix-cidr: postmap finds what is listed, and nothing else")
def _(bench):
    path = bench.file("cidr", export(bench, "postfix-cidr"))
    for ip, want in (("10.1.2.2", "REJECT listed"), ("10.1.2.3", ""),
                     ("192.0.2.1", 'REJECT a "quoted" \\ text'),
                     ("198.51.100.7", "REJECT key 198.51.100.7"),
                     ("11.1.1.1", ""), ("2001:db8::1", "REJECT six"),
                     ("2001:db8:1::1", ""), ("2001:db9::1", "REJECT six")):
        done = subprocess.run([program("postmap"), "-q", ip, f"cidr:{path}"],
                              text=True, capture_output=True)
        equal((done.stdout.strip(), done.stderr), (want, ""), ip)


@case("nftables: nft takes it")
def _(bench):
    path = bench.file("nft", export(bench, "nftables"))
    done = subprocess.run([program("nft"), "-c", "-f", path], text=True,
                          capture_output=True)
    if "Operation not permitted" in done.stderr:
        raise rvtest.Skip("nft may not ask the kernel")
    equal((done.returncode, done.stderr), (0, ""))


@case("the same data in another order gives the same bytes")
def _(bench):
    head = IP4.splitlines()[0] + "\n"
    lines = [f"10.{i >> 6}.{i & 63}.{i * 7 % 256}\n" for i in range(600)]
    names = [f".n{i}.d{i % 7}.example\n" for i in range(600)]
    for format in ("rbldnsd", "bind", "rpz", "unbound", "postfix-cidr",
                   "nftables", "plain"):
        texts = set()
        for n in range(3):
            bench.random.shuffle(lines)
            bench.random.shuffle(names)
            ip = bench.file("order-ip", head + "".join(lines))
            dn = bench.file("order-dn", "".join(names))
            done = convert("--format", format, f"ip4set:{ip}", f"dnset:{dn}")
            equal(done.returncode, 0, done.stderr)
            texts.add(done.stdout)
        equal(len(texts), 1, format)


@case("bind out and in again: the daemon answers the same")
def _(bench):
    path = bench.file("again.zone", export(bench, "bind"))
    rd = rvtest.resolverd(bench, name="again", zones={APEX: [f"bind:{path}"]})
    same_answers(bench.rd.server, rd.server, questions(bench.random))


@case("lists of others are served: plain of both families, hosts, csv, rpz")
def _(bench):
    sets = [
        "plain(text,127.0.0.9):" + str(bench.file(
            "drop", "; Spamhaus\n192.0.2.0/24 ; SBL1\n2001:db8::/32\n")),
        "drop-json(127.0.0.9):" + str(bench.file(
            "drop.json", '{"cidr":"198.51.100.0/24","sblid":"SBL2"}\n'
            '{"type":"metadata","records":1}\n')),
        "csv(ip,why):" + str(bench.file(
            "feed.csv", 'id,ip,why\n1,203.0.113.7,"brute, force"\n')),
        "hosts:" + str(bench.file("hosts", "0.0.0.0 ads.example\n")),
        "domains(below,127.0.1.2):" + str(bench.file(
            "domains", "spam.example\n")),
        "rpz:" + str(bench.file(
            "rpz", "@ 60 SOA n. h. 1 1 1 1 1\nbad.example 60 CNAME .\n"))]
    rd = rvtest.resolverd(bench, name="lists", zones={"l.test": sets})
    for name, a, txt in (
            (rev4("192.0.2.9"), ["127.0.0.9"], ["SBL1"]),
            (rev6("20010db8"), ["127.0.0.9"], []),
            (rev4("198.51.100.1"), ["127.0.0.9"], []),
            (rev4("203.0.113.7"), ["127.0.0.2"], ["brute, force"]),
            ("ads.example", ["127.0.0.2"], []),
            ("x.spam.example", ["127.0.1.2"], []),
            ("bad.example", ["127.0.0.2"], []), ("example", [], [])):
        equal(listing(rd.server, f"{name}.l.test", "A"), a, name)
        equal(listing(rd.server, f"{name}.l.test", "TXT"), txt, name)


@case("convert: from files, without a configuration, leaving nothing behind")
def _(bench):
    tmp = bench.dir / "tmp"
    tmp.mkdir()
    path = bench.file("list", "10.0.0.0/9\n10.128.0.0/9\n192.0.2.1\nx\n")
    done = convert("--format", "plain", f"plain:{path}",
                   env={**os.environ, "TMPDIR": str(tmp)})
    equal((done.returncode, done.stdout), (0, "10.0.0.0/8\n192.0.2.1\n"))
    contains(done.stderr, f"{path}:4: not an address")
    equal(list(tmp.iterdir()), [])


@case("convert and export: what is refused, and how it is said")
def _(bench):
    path = bench.file("list", "10.0.0.1\n")
    for args, why in (
            (["--format", "bnd", f"plain:{path}"], "there is no format bnd"),
            ([f"plane:{path}"], "unknown dataset type plane"),
            ([f"plain(txt):{path}"], "plain(txt): not an option"),
            ([str(path)], "say its type"),
            (["plain:/nowhere"], "/nowhere: No such file"),
            (["--zone", "a..b", f"plain:{path}"], "not a domain name")):
        done = convert(*args)
        equal((done.returncode, done.stdout), (1, ""), f"{args}")
        contains(done.stderr, why)
    broken = bench.file("broken.zone", "x 60 A 127.0.0.2\ny 60 A 127.0.0\n")
    contains(convert(f"bind:{broken}").stderr, f"{broken}:2: ")
    for args in (["export"], ["export", APEX, APEX], ["convert"],
                 ["export", "--zone", "x", APEX]):
        equal(bench.rd.zonectl(*args).returncode, 2, f"{args}")
    done = bench.rd.zonectl("export", "nowhere.test")
    equal(done.returncode, 1)
    contains(done.stderr, "nowhere.test")


@case("what a format cannot say is counted")
def _(bench):
    done = bench.rd.zonectl("export", "--format", "nftables", APEX)
    equal(done.returncode, 0)
    contains(done.stderr, "entries that nftables has no way to say")


@case("a full disk is an error")
def _(bench):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [ZONECTL, "-c", bench.rd.conf, "export", APEX], text=True,
            stdout=full, stderr=subprocess.PIPE)
    equal(done.returncode, 1, done.stderr)


rvtest.run(setup)
