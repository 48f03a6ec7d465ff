"""The admin's own list: a change by blctl is answered at the next question."""

import os
import random
import subprocess
import time

import rvtest
from rvtest import (BLCTL, KillPoints, ask, authority, case, contains, data,
                    equal, rcode, wait_until)

SEED = int(os.environ.get("RVTEST_SEED", "11"))
KILLS = int(os.environ.get("RVTEST_KILLS", "100"))
APEX = "blacklist.internal"
NIBBLES = ".".join(reversed("20010db8" + 23 * "0" + "7"))


def setup(bench):
    bench.rd = rvtest.resolverd(bench, workers=2, locals=[APEX])


def blctl(bench, *args, status=0):
    done = bench.rd.blctl(*args)
    equal(done.returncode, status, f"blctl {args}: {done.stdout}{done.stderr}")
    return done


def get(bench, relative, qtype="A"):
    """The answer, the same from both workers."""
    qname = f"{relative}.{APEX}"
    got = [data(ask(bench.rd.server, qname, qtype)) for _ in range(8)]
    equal(got, [got[0]] * 8, qname)
    return got[0]


def keys(bench):
    """The first word of each line of blctl list that is an entry."""
    text = blctl(bench, "list").stdout
    return {line.split()[0] for line in text.splitlines() if line.strip()}


@case("nothing is listed at first: NXDOMAIN with SOA; SOA and NS at the apex")
def _(bench):
    got = ask(bench.rd.server, f"2.0.0.127.{APEX}")
    equal((rcode(got), authority(got)), ("NXDOMAIN", ["SOA"]))
    for qtype in ("SOA", "NS"):
        equal(len(data(ask(bench.rd.server, APEX, qtype))), 1, qtype)


@case("the serial tells of a change, in SOA and in negative answers")
def _(bench):
    def serial(message):
        rrset, = message.answer or message.authority
        return rrset[0].serial

    def serials():
        return [serial(ask(bench.rd.server, name, "SOA"))
                for name in (APEX, f"x.{APEX}")]

    before, same = serials()
    equal(same, before)

    def has_grown():
        blctl(bench, "add", "192.0.2.8", "--reason", "for its serial")
        return serials()[0] != before
    wait_until(has_grown, what="a time to be another")
    equal([n > before for n in serials()], [True, True])
    blctl(bench, "del", "192.0.2.8")


@case("add, change and del of an address, each at the next question")
def _(bench):
    for _ in range(20):
        blctl(bench, "add", "192.0.2.7", "--reason", "first, $")
        equal(get(bench, "7.2.0.192"), ["127.0.0.2"])
        equal(get(bench, "7.2.0.192", "TXT"), ["first, 192.0.2.7"])
        blctl(bench, "add", "192.0.2.7", "--code", "9", "--reason", "second")
        equal(get(bench, "7.2.0.192"), ["127.0.0.9"])
        equal(get(bench, "7.2.0.192", "TXT"), ["second"])
        blctl(bench, "del", "192.0.2.7")
        equal(get(bench, "7.2.0.192"), [])


@case("every form of key lists what it says, and no more")
def _(bench):
    for key, listed, unlisted in (
            ("192.0.2.7", ["7.2.0.192"], ["8.2.0.192", "2.0.192", "6.2.0.192"]),
            ("198.51.100.0/25", ["0.100.51.198", "127.100.51.198"],
             ["128.100.51.198", "255.99.51.198"]),
            ("2001:db8::7", [NIBBLES], ["8" + NIBBLES[1:], NIBBLES[2:]]),
            ("2001:db8::/32", [NIBBLES, "f" + NIBBLES[1:]],
             [NIBBLES[:-1] + "3"]),
            ("example.com", ["example.com", "EXAMPLE.com"],
             ["www.example.com", "com"]),
            ("*.example.com", ["www.example.com", "a.b.example.com"],
             ["example.com"]),
            (".example.com", ["www.example.com", "example.com"],
             ["xexample.com"])):
        blctl(bench, "add", key)
        for relative in listed:
            equal(get(bench, relative), ["127.0.0.2"], f"{key}: {relative}")
        for relative in unlisted:
            equal(get(bench, relative), [], f"{key}: {relative}")
        blctl(bench, "del", key)
        equal(get(bench, listed[0]), [], f"{key}, deleted")
    equal(keys(bench), set())


@case("of two prefixes the longer one answers, after its del the shorter")
def _(bench):
    blctl(bench, "add", "198.51.0.0/16", "--code", "4")
    blctl(bench, "add", "198.51.100.0/24", "--code", "5")
    equal(get(bench, "1.100.51.198"), ["127.0.0.5"])
    equal(get(bench, "1.101.51.198"), ["127.0.0.4"])
    blctl(bench, "del", "198.51.100.0/24")
    equal(get(bench, "1.100.51.198"), ["127.0.0.4"])
    blctl(bench, "del", "198.51.0.0/16")


@case("list shows what was added")
def _(bench):
    wanted = {"192.0.2.7", "198.51.100.0/24", "2001:db8::/32", ".example.com"}
    for key in wanted:
        blctl(bench, "add", key, "--reason", "because of $")
    equal(keys(bench), wanted)
    contains(blctl(bench, "list").stdout, "because of")
    for key in wanted:
        blctl(bench, "del", key)
    equal(keys(bench), set())


@case("what is refused says why and changes nothing: status 1")
def _(bench):
    for args in (["add", "300.1.2.3"], ["add", "10.0.0.0/33"],
                 ["add", "2001:db8::/129"], ["add", "a..b"], ["add", ""],
                 ["add", "x" * 64 + ".example"], ["del", "192.0.2.99"],
                 ["add", "192.0.2.7", "--reason", "x" * 300],
                 ["add", "a b"]):
        done = blctl(bench, *args, status=1)
        equal(bool(done.stderr.strip()), True, f"{args}: a reason")
    equal(keys(bench), set())


@case("usage errors: status 2")
def _(bench):
    for args in ([], ["ad", "192.0.2.7"], ["add"], ["del"], ["list", "x"],
                 ["add", "192.0.2.7", "--colour", "red"],
                 ["add", "192.0.2.7", "--code"]):
        done = blctl(bench, *args, status=2)
        contains(done.stderr, "usage:")
    equal(keys(bench), set())


@case("a code that is none: refused")
def _(bench):
    for code in ("0", "256", "x", "-1", ""):
        done = bench.rd.blctl("add", "192.0.2.7", "--code", code)
        equal(done.returncode in (1, 2), True, f"code {code}")
    equal(keys(bench), set())


@case("many changes at once from several processes: none is lost")
def _(bench):
    wanted = [f"10.9.{n}.1" for n in range(40)]
    running = [subprocess.Popen(
        [BLCTL, "-c", bench.rd.conf, "add", key], stdout=subprocess.DEVNULL)
        for key in wanted]
    equal([p.wait(30) for p in running], [0] * 40)
    equal(keys(bench), set(wanted))
    for key in wanted:
        blctl(bench, "del", key)


@case(f"kill -9 of blctl add, {KILLS} random points: listed or not, never half")
def _(bench):
    rvtest.diag(f"seed {SEED}")
    started = time.monotonic()
    blctl(bench, "add", "10.0.0.1")
    points = KillPoints(random.Random(SEED), time.monotonic() - started)
    for n in range(KILLS):
        started = time.monotonic()
        process = subprocess.Popen(
            [BLCTL, "-c", bench.rd.conf, "add", f"10.1.0.{n}",
             "--reason", f"number {n}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        points.kill(process, started)
        equal(data(ask(bench.rd.server, f"1.0.0.10.{APEX}")), ["127.0.0.2"])
        points.note(data(ask(bench.rd.server, f"{n}.0.1.10.{APEX}")) != [])
    listed = keys(bench)
    for n in range(KILLS):
        is_listed = f"10.1.0.{n}" in listed
        equal((get(bench, f"{n}.0.1.10"), get(bench, f"{n}.0.1.10", "TXT")),
              (["127.0.0.2"], [f"number {n}"]) if is_listed else ([], []))
    points.check("the change")
    blctl(bench, "add", "10.2.0.1")
    equal(get(bench, "1.0.2.10"), ["127.0.0.2"])


@case("a store in the place of another is seen, and so are its changes")
def _(bench):
    folder = bench.rd.state / "local"
    equal(get(bench, "1.0.2.10"), ["127.0.0.2"])
    for parts in ("", "-lock"), ("-lock",):
        for part in parts:
            (folder / f"{APEX}.mdb{part}").rename(bench.dir / f"old{part}")
        blctl(bench, "add", "10.3.0.1")
        wait_until(lambda: all(
            data(ask(bench.rd.server, f"1.0.3.10.{APEX}")) for _ in range(8)),
            10, "the new entry")
        equal(get(bench, "1.0.2.10"), [])
        blctl(bench, "del", "10.3.0.1")
        equal(get(bench, "1.0.3.10"), [])
    blctl(bench, "add", "10.2.0.1")


@case("the entries are there after a restart")
def _(bench):
    equal(bench.rd.stop(), 0)
    bench.rd.start()
    equal(get(bench, "1.0.2.10"), ["127.0.0.2"])


if __name__ == "__main__":
    rvtest.run(setup)
