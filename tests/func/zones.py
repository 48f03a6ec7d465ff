"""From a dataset to the answer: zonectl beside a daemon that runs.

What fails must be said, must change nothing, and must not stop anything.
"""

import os
import random
import re
import subprocess
import time

import rvtest
from rvtest import (ZONECTL, KillPoints, ask, case, contains, data, equal,
                    rcode, wait_until)

SEED = int(os.environ.get("RVTEST_SEED", "9"))
KILLS = int(os.environ.get("RVTEST_KILLS", "100"))
SOON = 3  # seconds, until a publication must be answered
LISTED = "2.0.0.127.{}"


def feed(code, n=1):
    """127.0.0.2 with this code, and n more entries that lie apart."""
    more = (f"10.{i >> 15 & 255}.{i >> 7 & 255}.{i << 1 & 255}\n"
            for i in range(n))
    return f":{code}:code {code}, $\n127.0.0.2\n" + "".join(more)


def setup(bench):
    rvtest.diag(f"seed {SEED}")
    bench.random = random.Random(SEED)
    bench.files = {zone: bench.file(f"feed-{zone}", feed(2))
                   for zone in ("a.test", "big.test")}
    extra_ip = bench.file("many-ip", "127.0.0.2 :3:second\n"
                                     "127.0.0.9 :9:only here\n")
    extra_ip6 = bench.file("many-ip6", ":6:six\n2001:db8::/32\n")
    names = bench.file("many-names", ":4:name $\n.example.com\n")
    records = bench.file("records", "alias CNAME www.far.example\n"
                         "alias A 192.0.2.1\nalias CNAME second.example\n"
                         "www AAAA 2001:db8::1\n"
                         "_x._tcp SRV 1 2 3 host.example\n"
                         "sub NS ns.example\n1 PTR host.example\n")
    bench.rd = rvtest.Resolverd(bench, workers=2, zones={
        "records.test": [f"generic:{records}"],
        **{zone: [f"ip4set:{path}"] for zone, path in bench.files.items()},
        "many.test": [f"ip4set:{bench.files['a.test']}", f"ip4set:{extra_ip}",
                      f"ip6trie:{extra_ip6}", f"dnset:{names}"]})
    bench.rd.start()


def serves(bench, zone, code):
    """Every one of some questions, that is both workers, has this code."""
    want = [f"127.0.0.{code}"]
    return all(data(ask(bench.rd.server, LISTED.format(zone))) == want
               for _ in range(8))


def soon_serves(bench, zone, code):
    wait_until(lambda: serves(bench, zone, code), SOON, f"code {code}")


def failed_build(bench, zone, *parts):
    """zonectl build ends with status 1 and says these on stderr."""
    done = bench.rd.zonectl("build", zone)
    equal(done.returncode, 1, f"{done.stdout}{done.stderr}")
    for part in parts:
        contains(done.stderr, str(part))


def generations(bench, zone):
    return sorted(p.name for p in (bench.rd.state / "zones" / zone).iterdir())


# --- publishing

@case("damage within a generation is noticed, and nothing is answered from it")
def _(bench):
    path = bench.file("damaged", feed(2))
    rd = rvtest.Resolverd(bench, "damaged", zones={"d.test": [f"ip4set:{path}"]})
    rd.build()
    rd.build()
    current = (rd.state / "zones/d.test/current").resolve()
    for gen in current.parent.glob("gen-*.mdb"):
        gen.write_bytes(gen.read_bytes().replace(b"code 2", b"code 3"))
    done = rd.zonectl("list")
    equal(done.returncode, 1)
    contains(done.stdout, "d.test  damaged")
    contains(done.stderr, "its checksum is not right")
    done = rd.zonectl("rollback", "d.test")
    equal(done.returncode, 1)
    contains(done.stderr, "generation 1 is damaged")
    rd.start()
    equal(rcode(ask(rd.server, LISTED.format("d.test"))), "SERVFAIL")
    rd.build()
    wait_until(lambda: data(ask(rd.server, LISTED.format("d.test"))) ==
               ["127.0.0.2"], SOON, "the next generation")


@case("a zone that was never built: SERVFAIL, and it says so in the log")
def _(bench):
    equal(rcode(ask(bench.rd.server, LISTED.format("a.test"))), "SERVFAIL")
    contains(bench.rd.process.log(), "a.test")


@case("the first build is answered without a signal")
def _(bench):
    done = bench.rd.zonectl("build")
    equal((done.returncode, done.stderr), (0, ""))
    contains(done.stdout, "a.test")
    soon_serves(bench, "a.test", 2)


@case("a new build is answered without a signal")
def _(bench):
    for code in (3, 4, 5):
        bench.file("feed-a.test", feed(code))
        equal(bench.rd.zonectl("build", "a.test").returncode, 0)
        soon_serves(bench, "a.test", code)


@case("a zone of several datasets answers from all of them")
def _(bench):
    server = bench.rd.server
    bench.file("feed-a.test", feed(2))
    equal(bench.rd.zonectl("build", "many.test").returncode, 0)
    wait_until(lambda: data(ask(server, LISTED.format("many.test"))) ==
               ["127.0.0.2", "127.0.0.3"], SOON, "both values")
    for qname, want in (
            ("9.0.0.127", ["127.0.0.9"]),
            (".".join(reversed("20010db8" + 24 * "0")), ["127.0.0.6"]),
            ("www.example.com", ["127.0.0.4"]), ("example.com", ["127.0.0.4"]),
            ("8.0.0.127", []), ("example.net", [])):
        equal(data(ask(server, f"{qname}.many.test")), want, qname)


@case("records of generic; a CNAME is the answer for all types, once")
def _(bench):
    server = bench.rd.server
    equal(bench.rd.zonectl("build", "records.test").returncode, 0)
    wait_until(lambda: data(ask(server, "www.records.test", "AAAA")) ==
               ["2001:db8::1"], SOON, "the zone")
    for qtype in ("A", "AAAA", "CNAME", "TXT", "ANY"):
        answer = ask(server, "alias.records.test", qtype)
        equal([rrset.to_text() for rrset in answer.answer],
              ["alias.records.test. 2100 IN CNAME www.far.example."], qtype)
        equal((rcode(answer), len(answer.authority)), ("NOERROR", 0), qtype)
    for qname, qtype, want in (
            ("_x._tcp", "SRV", "1 2 3 host.example."),
            ("sub", "NS", "ns.example."), ("1", "PTR", "host.example.")):
        equal(data(ask(server, f"{qname}.records.test", qtype)), [want])
        equal(data(ask(server, f"{qname}.records.test", "A")), [])


@case("zonectl list tells the generation that is served")
def _(bench):
    done = bench.rd.zonectl("list")
    equal((done.returncode, done.stderr), (0, ""))
    lines = {l.split()[0]: l for l in done.stdout.splitlines() if l.strip()}
    equal(re.search(r"\b4\b", lines["a.test"]) is not None, True,
          done.stdout)


@case("old generations go, the last few stay")
def _(bench):
    for _ in range(4):
        bench.file("feed-a.test", feed(2))
        equal(bench.rd.zonectl("build", "a.test").returncode, 0)
    kept = [n for n in generations(bench, "a.test") if n.startswith("gen-")]
    equal(len(kept), 3, f"{kept}")


@case("a generation that could not be read for a while is served later on")
def _(bench):
    rd = rvtest.Resolverd(bench, "later", zones={
        "a.test": [f"ip4set:{bench.file('feed-later', feed(2))}"]})
    rd.build()
    current = rd.state / "zones" / "a.test" / "current"
    current.chmod(0)
    rd.start()
    equal(rcode(ask(rd.server, LISTED.format("a.test"))), "SERVFAIL")
    current.chmod(0o644)
    wait_until(lambda: data(ask(rd.server, LISTED.format("a.test"))), 10)
    equal(rd.process.log().count("Permission denied"), 1)
    equal(rd.stop(), 0)


@case("a zone that is not configured, and usage errors: status 1 and 2")
def _(bench):
    failed_build(bench, "nowhere.test", "nowhere.test")
    for args in ([], ["bild"], ["list", "x"], ["check"], ["build", "-x"]):
        done = bench.rd.zonectl(*args)
        equal((done.returncode, done.stdout), (2, ""), f"{args}")
        contains(done.stderr, "usage:")


# --- bad data

@case("a broken line: file and line are told, the rest is served")
def _(bench):
    path = bench.file("feed-a.test", "127.0.0.2 :7:good\n"
                                     "300.1.2.3\n10.0.0.0/33\n"
                                     "127.0.0.3 :7:good\n")
    done = bench.rd.zonectl("build", "a.test")
    equal(done.returncode, 0, done.stderr)
    contains(done.stderr, f"{path}:2:")
    contains(done.stderr, f"{path}:3:")
    soon_serves(bench, "a.test", 7)
    equal(data(ask(bench.rd.server, "3.0.0.127.a.test")), ["127.0.0.7"])


@case("zonectl check tells the same, and changes nothing")
def _(bench):
    path = bench.file("checked", "127.0.0.2\nnonsense here\n")
    before = generations(bench, "a.test")
    done = bench.rd.zonectl("check", f"ip4set:{path}")
    equal(done.returncode, 1, done.stderr)
    contains(done.stderr, f"{path}:2:")
    good = bench.file("good", "a.b\n")
    done = bench.rd.zonectl("check", f"dnset:{good}")
    equal(done.returncode, 0, done.stderr)
    equal(generations(bench, "a.test"), before)


@case("a missing file: an error, the last good data is served")
def _(bench):
    bench.files["a.test"].unlink()
    failed_build(bench, "a.test", bench.files["a.test"],
                 "No such file or directory")
    # another zone's news come after what there might have been of this one
    bench.file("feed-big.test", feed(8))
    equal(bench.rd.zonectl("build", "big.test").returncode, 0)
    soon_serves(bench, "big.test", 8)
    equal(serves(bench, "a.test", 7), True)
    bench.file("feed-a.test", feed(2))
    equal(bench.rd.zonectl("build", "a.test").returncode, 0)
    soon_serves(bench, "a.test", 2)


@case("an unreadable file and a folder: errors, too")
def _(bench):
    path = bench.files["a.test"]
    path.unlink()
    path.mkdir()
    failed_build(bench, "a.test", path)
    path.rmdir()
    bench.file("feed-a.test", feed(2))
    equal(serves(bench, "a.test", 2), True)


@case("one zone that fails does not keep the others from being built")
def _(bench):
    bench.files["a.test"].unlink()
    bench.file("feed-big.test", feed(8))
    equal(bench.rd.zonectl("build").returncode, 1)
    soon_serves(bench, "big.test", 8)
    bench.file("feed-a.test", feed(2))


@case("a damaged generation is refused, the last good one is served")
def _(bench):
    home = bench.rd.state / "zones" / "a.test"
    good = os.readlink(home / "current")
    for what, text in {"empty": b"", "noise": os.urandom(9000),
                       "cut": (home / good).read_bytes()[:5000]}.items():
        (home / "bad.mdb").write_bytes(text)
        os.symlink("bad.mdb", home / "new")
        os.rename(home / "new", home / "current")
        wait_until(lambda: bench.rd.process.log().count("serves on") >= 2,
                   7, f"a log line ({what})")
        equal(serves(bench, "a.test", 2), True, what)
        os.symlink(good, home / "new")
        os.rename(home / "new", home / "current")
    bench.file("feed-a.test", feed(3))
    equal(bench.rd.zonectl("build", "a.test").returncode, 0)
    soon_serves(bench, "a.test", 3)
    (home / "bad.mdb").unlink()


# --- kill -9

def kill_builds(bench, zone, n_entries, n_kills):
    """Builds code after code, each killed at a random point of its life."""
    def built(code):
        bench.file(f"feed-{zone}", feed(code, n_entries))
        started = time.monotonic()
        process = subprocess.Popen(
            [ZONECTL, "-c", bench.rd.conf, "build", "--force", "max-growth",
             zone],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return process, started

    process, started = built(2)
    equal(process.wait(), 0)
    points = KillPoints(bench.random, time.monotonic() - started)
    soon_serves(bench, zone, 2)
    current = bench.rd.state / "zones" / zone / "current"
    old = 2
    for n in range(n_kills):
        new, before = 3 + n % 200, os.readlink(current)
        process, started = built(new)
        points.kill(process, started)
        got = data(ask(bench.rd.server, LISTED.format(zone)))
        if got not in ([f"127.0.0.{old}"], [f"127.0.0.{new}"]):
            raise AssertionError(f"kill {n}: {got}, was {old}, then {new}")
        equal(current.exists(), True, "what is published can be read")
        published = os.readlink(current) != before
        points.note(published)
        if published:
            soon_serves(bench, zone, new)
            old = new
    points.check(f"publication of {zone}")
    process, _ = built(254)
    equal(process.wait(), 0, "the next build")
    soon_serves(bench, zone, 254)
    left = [n for n in generations(bench, zone) if not n.startswith("gen-")]
    equal(left, ["build.lock", "current", "history"],
          "what killed builds left")
    equal(len(generations(bench, zone)) <= 6, True, "generations kept")


@case(f"kill -9 of a build of many entries, {KILLS} random points")
def _(bench):
    kill_builds(bench, "big.test", 150_000, KILLS)


@case(f"kill -9 of a small build, so of its publication, {KILLS} points")
def _(bench):
    kill_builds(bench, "a.test", 1, KILLS)


@case("an entry that expires is not listed any more, without a build")
def _(bench):
    old = bench.files["a.test"].read_text()
    then = time.gmtime(time.time() + 3)
    bench.file("feed-a.test", old + "10.9.9.9 :3:stays\n" +
               time.strftime("$EXPIRES %Y:%m:%d:%H:%M:%S\n", then) +
               "10.9.9.9 :4:goes\n10.9.9.8 :4:goes\n")
    build_time = time.time()
    built = bench.rd.zonectl("build", "a.test")
    equal(built.returncode, 0, built.stderr)
    wait_until(lambda: data(ask(bench.rd.server, "9.9.9.10.a.test")) ==
               ["127.0.0.3", "127.0.0.4"] or time.time() > build_time + 3,
               SOON, "both values")
    wait_until(lambda: data(ask(bench.rd.server, "9.9.9.10.a.test")) ==
               ["127.0.0.3"], 10, "one of them")
    equal(rcode(ask(bench.rd.server, "8.9.9.10.a.test")), "NXDOMAIN")
    contains(bench.rd.zonectl("why", "10.9.9.8", "a.test").stdout,
             "  expired  10.9.9.8  ")
    contains(bench.rd.zonectl("list").stdout, "a.test")
    bench.file("feed-a.test", old)
    equal(bench.rd.zonectl("build", "a.test").returncode, 0)


@case("after all that the daemon has lost no worker, and starts anew")
def _(bench):
    equal("starting it again" in bench.rd.process.log(), False)
    equal(bench.rd.stop(), 0)
    bench.rd.start()
    equal((serves(bench, "a.test", 254), serves(bench, "big.test", 254)),
          (True, True))


if __name__ == "__main__":
    rvtest.run(setup)
