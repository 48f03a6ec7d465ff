"""The gate and the generations, beside a daemon that runs.

Each bad feed is refused or loaded as documented, and the old generation
answers throughout.
"""

import datetime
import gzip
import os
import pwd
import re
import subprocess
import threading
import time

import rvtest
from rvtest import ask, case, contains, data, equal, rcode, wait_until

SOON = 3
N = 400  # entries of the good feed, far beyond the gate's slack
LISTED = "2.0.0.127.{}"
MARK = 2  # the code of the good feed

GATE = """
protect = {{ "192.0.2.0/24", "2001:db8:aaaa::/48", "own.example" }}
zone "ip.test" {{ datasets = {{ "ip4set:{dir}/ip" }}
    must-list = {{ "10.0.0.0" }} must-not-list = {{ "203.0.113.7" }} }}
zone "six.test" {{ datasets = {{ "ip6trie:{dir}/six" }} }}
zone "trie.test" {{ datasets = {{ "ip4trie:{dir}/trie" }} }}
zone "name.test" {{ datasets = {{ "dnset:{dir}/name" }} keep = 5 }}
zone "loose.test" {{ datasets = {{ "ip4set:{dir}/loose" }}
    skip-rules = {{ "min-entries", "test-points" }} }}
zone "old.test" {{ datasets = {{ "ip4set:{dir}/old" }}
    max-age = 1h expire = 1d }}
zone "empty.test" {{ datasets = {{ "ip4set:{dir}/old" }}
    expire = 1d when-expired = empty }}
zone "fail.test" {{ datasets = {{ "ip4set:{dir}/old" }}
    expire = 1d when-expired = servfail }}
"""


def ip(n=N, code=MARK, more=""):
    return f":{code}:code {code}\n127.0.0.2\n" + \
        "".join(f"10.{i >> 8}.{i & 255}.0\n" for i in range(n)) + more


def six(n=N, more=""):
    return ":2:six\n::ffff:7f00:2/128\n" + \
        "".join(f"2001:db8:{i:x}::/64\n" for i in range(n)) + more


def name(n=N, more=""):
    return ":2:name\ntest\n" + "".join(f"n{i}.example\n" for i in range(n)) + \
        more


GOOD = {"ip": ip, "six": six, "name": name, "trie": ip}


def stamp(seconds):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(seconds=seconds)) \
        .strftime("%Y:%m:%d:%H:%M:%S")


HTML = """<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center>
<p>The server, at your request, was not able to answer: try again</p>
""" + "".join(f"<p>line {i}: <a href='/{i}'>more</a></p>\n"
              for i in range(40)) + "</body></html>\n"



def packed(text):
    return gzip.compress(text.encode())


def zstd(text):
    return subprocess.run(["zstd", "-qc", "--check"], input=text.encode(),
                          stdout=subprocess.PIPE, check=True).stdout


def changed(content, at):
    return content[:at] + bytes((content[at] ^ 1,)) + content[at:][1:]


# what, feed, its content, the rule that refuses it (None: it is served)
FEEDS = [
    ("cut in mid-line", "ip", ip()[:-5], "whole-file"),
    ("0 bytes", "ip", "", "min-entries"),
    ("0 bytes", "six", "", "min-entries"),
    ("0 bytes", "name", "", "min-entries"),
    ("an HTML page", "ip", HTML, "page"),
    ("an HTML page", "six", HTML, "page"),
    ("an HTML page", "name", HTML, "page"),
    ("binary", "ip", bytes(range(256)) * 64, "whole-file"),
    ("binary with newlines", "ip", b"\x80\0\xff\x01\n" * 4000, "bad-lines"),
    ("a line of 64 KiB", "ip", ip(more="1" * 65536 + "\n"), None),
    ("CRLF", "ip", ip().replace("\n", "\r\n"), None),
    ("more than half gone", "ip", ip(N // 3), "max-shrink"),
    ("ten times as many", "ip", ip(10 * N), "max-growth"),
    ("a little more", "ip", ip(N + N // 4), None),
    ("0.0.0.0/0 in halves", "ip", ip(more="0.0.0.0/1\n128.0.0.0/1\n"),
     "widest-ip4"),
    ("0.0.0.0/0", "trie", ip(more="0.0.0.0/0\n"), "widest-ip4"),
    ("0.0.0.0/0, no entry of an ip4set", "ip", ip(more="0.0.0.0/0\n"), None),
    ("::/0", "six", six(more="::/0\n"), "widest-ip6"),
    ("an address of ours", "ip", ip(more="192.0.2.77\n"), "protect"),
    ("a network around ours", "ip", ip(more="192.0.0.0/16\n"), "protect"),
    ("a prefix of ours", "six", six(more="2001:db8:aaaa:1::/64\n"),
     "protect"),
    ("our name", "name", name(more="own.example\n"), "protect"),
    ("a name below ours", "name", name(more="mx.own.example\n"), "protect"),
    ("all names around ours", "name", name(more=".example\n"), "protect"),
    ("127.0.0.1", "ip", ip(more="127.0.0.1\n"), "test-points"),
    ("127.0.0.1, mapped", "six", six(more="::ffff:7f00:1/128\n"),
     "test-points"),
    ("INVALID", "name", name(more=".invalid\n"), "test-points"),
    ("no 127.0.0.2 any more", "ip", ip().replace("127.0.0.2\n", ""),
     "test-points"),
    ("no TEST any more", "name", name().replace("\ntest\n", "\n"),
     "test-points"),
    ("a canary that is gone", "ip", ip().replace("10.0.0.0\n", ""),
     "must-list"),
    ("a canary that is listed", "ip", ip(more="203.0.113.0/24\n"),
     "must-not-list"),
    ("a stamp from the future", "ip",
     lambda: f"$TIMESTAMP {stamp(7200)}\n" + ip(), "timestamp"),
    ("expired", "ip",
     lambda: f"$TIMESTAMP {stamp(-7200)} +1h\n" + ip(), "timestamp"),
    ("too many bad lines", "ip", ip(more="nonsense\n" * 60), "bad-lines"),
    ("a few bad lines", "ip", ip(more="nonsense\n" * 5), None),
    ("gzip", "ip", packed(ip()), None),
    ("gzip, two members", "ip", packed(ip()[:999]) + packed(ip()[999:]), None),
    ("gzip with a line of 64 KiB", "ip",
     packed(ip(more="1" * 65536 + "\n")), None),
    ("gzip of an HTML page", "ip", packed(HTML), "page"),
    ("gzip of 0 bytes", "ip", packed(""), "min-entries"),
    ("gzip of what was cut", "ip", packed(ip()[:-5]), "whole-file"),
    ("zstd", "name", zstd(name()), None),
]

# what, feed, its content, what is said
DAMAGED = [
    ("gzip cut short", "ip", packed(ip())[:-20], "gzip data: cut short"),
    ("gzip cut in its CRC", "ip", packed(ip())[:-6], "gzip data: cut short"),
    ("gzip, wrong CRC", "ip", changed(packed(ip()), -8),
     "gzip data: incorrect data check"),
    ("gzip, wrong length", "ip", changed(packed(ip()), -2),
     "gzip data: incorrect length check"),
    ("gzip and more behind it", "ip", packed(ip()) + b"10.9.9.9\n",
     "gzip data: incorrect header check"),
    ("zstd cut short", "name", zstd(name())[:-9], "zstd data: cut short"),
    ("zstd, wrong checksum", "name", changed(zstd(name()), -1),
     "zstd data: "),
    ("zstd and more behind it", "name", zstd(name()) + b"more.example\n",
     "zstd data: "),
]


class Watch:
    """Asks on and on; every answer must be one that is allowed."""

    def __init__(self, server, questions):
        self.server, self.questions = server, questions
        self.n, self.bad, self.going = 0, [], True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while self.going:
            for qname in self.questions:
                got = data(ask(self.server, qname))
                self.n += 1
                if not got:
                    self.bad.append(qname)

    def end(self):
        self.going = False
        self.thread.join()
        equal(self.bad, [], "questions without their answer")
        equal(self.n > 0, True)


def setup(bench):
    for feed, make in GOOD.items():
        bench.file(feed, make())
    bench.file("loose", ip())
    bench.file("old", ip())
    bench.rd = rvtest.Resolverd(bench, extra=GATE.format(dir=bench.dir))
    bench.rd.build()
    bench.rd.start()


def build(bench, *args):
    return bench.rd.zonectl("build", *args)


def current(bench, zone):
    link = os.readlink(bench.rd.state / "zones" / zone / "current")
    return int(re.fullmatch(r"gen-(\d+)\.mdb", link).group(1))


def refused(bench, zone, rule, *more):
    """zonectl build ZONE is refused by that rule; nothing changes."""
    before = current(bench, zone)
    done = build(bench, *more, zone)
    equal((done.returncode, done.stdout), (1, ""), done.stderr)
    contains(done.stderr, f"{zone}: refused by {rule}: ")
    contains(done.stderr, f"--force ")
    contains(done.stderr, "nothing was changed")
    equal(current(bench, zone), before)
    left = [p.name for p in (bench.rd.state / "zones" / zone).iterdir()
            if p.name.startswith("new-")]
    equal(left, [])
    return done.stderr


def damaged(bench, zone, said):
    """zonectl build ZONE fails, forced or not; nothing changes."""
    before = current(bench, zone)
    done = build(bench, "--force", "whole-file", zone)
    equal((done.returncode, done.stdout), (1, ""), done.stderr)
    contains(done.stderr, said)
    equal(current(bench, zone), before)


def feed_case(what, feed, content, rule=None, said=None):
    @case(f"{feed}: {what}: " + (
        f"refused by {rule}" if rule else "refused" if said else "served"))
    def _(bench):
        zone = f"{feed}.test"
        watch = Watch(bench.rd.server, {
            "ip": [LISTED.format(zone), f"0.0.0.10.{zone}"],
            "six": [".".join(reversed("20010db80000" + 20 * "0")) +
                    f".{zone}"],
            "trie": [LISTED.format(zone)],
            "name": [f"n1.example.{zone}", f"test.{zone}"]}[feed])
        try:
            bench.file(feed, content() if callable(content) else content)
            if rule:
                why = refused(bench, zone, rule)
                if rule in ("protect", "must-not-list"):
                    contains(why, f" in {bench.dir / feed}:")
            elif said:
                damaged(bench, zone, said)
            else:
                done = build(bench, zone)
                equal(done.returncode, 0, done.stderr)
        finally:
            watch.end()
            bench.file(feed, GOOD[feed]())
        equal(build(bench, zone).returncode, 0, "the good feed again")


for row in FEEDS:
    feed_case(*row)
for *row, text in DAMAGED:
    feed_case(*row, said=text)


@case("unreadable, for a user who is not root: refused, the old one serves on")
def _(bench):
    rd = rvtest.Resolverd(bench, name="unread", zones={
        "ip.test": [f"ip4set:{bench.dir}/unread-ip"]})
    path = bench.file("unread-ip", ip())
    if os.geteuid() != 0:
        user = {}
    else:
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid,
                "extra_groups": []}
    equal(rd.tool(rvtest.ZONECTL, "build", **user).returncode, 0)
    path.chmod(0)
    done = rd.tool(rvtest.ZONECTL, "build", **user)
    equal((done.returncode, done.stdout), (1, ""))
    contains(done.stderr, "unread-ip: Permission denied; nothing was changed")
    equal(os.readlink(rd.state / "zones/ip.test/current"), "gen-00000001.mdb")
    rd.start()
    equal(data(ask(rd.server, LISTED.format("ip.test"))), ["127.0.0.2"])
    path.chmod(0o644)
    equal(rd.tool(rvtest.ZONECTL, "build", **user).returncode, 0)
    wait_until(lambda: "ip.test: generation 2" in rd.process.log(), SOON,
               "the next generation")
    rd.stop()


@case("changing while it is read: refused, forced or not")
def _(bench):
    path = bench.file("ip", ip(300000))
    going = True

    def append():
        with open(path, "a") as f:
            while going:
                f.write("10.250.0.1\n")
                f.flush()

    writer = threading.Thread(target=append)
    writer.start()
    try:
        damaged(bench, "ip.test", "changed while it was read")
    finally:
        going = False
        writer.join()
    equal(data(ask(bench.rd.server, LISTED.format("ip.test"))), ["127.0.0.2"])
    bench.file("ip", ip())
    equal(build(bench, "ip.test").returncode, 0)


@case("unreadable, a folder, missing: refused, and told by list and log")
def _(bench):
    path = bench.dir / "ip"
    path.unlink()
    equal(build(bench, "ip.test").returncode, 1)
    path.mkdir()
    equal(build(bench, "ip.test").returncode, 1)
    path.rmdir()
    equal(data(ask(bench.rd.server, LISTED.format("ip.test"))), ["127.0.0.2"])
    done = bench.rd.zonectl("list")
    equal(done.returncode, 1)
    contains(done.stdout, "ip.test     refused  generation ")
    log = bench.rd.zonectl("log", "ip.test").stdout.splitlines()
    contains(log[-2], "  failed     ")
    contains(log[-2], "No such file or directory")
    bench.file("ip", ip())
    equal(build(bench, "ip.test").returncode, 0)
    contains(bench.rd.zonectl("list").stdout, "ip.test     ok ")


@case("figures: how many, against which generation, what is allowed")
def _(bench):
    now = current(bench, "ip.test")
    bench.file("ip", ip(N // 4 - 1))
    said = refused(bench, "ip.test", "max-shrink")
    contains(said, f"{N // 4} entries, generation {now} has {N + 1}: shrunk "
             "by 75 %, at most 50 % are allowed; --force max-shrink ")
    bench.file("ip", ip())


@case("several rules: all are named, and each has to be forced")
def _(bench):
    bench.file("ip", ip(3, more="192.0.2.1\n127.0.0.1\n"))
    contains(refused(bench, "ip.test", "max-shrink"),
             "--force max-shrink,test-points,protect ")
    refused(bench, "ip.test", "protect", "--force", "max-shrink",
            "--force", "test-points")
    done = build(bench, "--force", "max-shrink,test-points,protect",
                 "ip.test")
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, "ip.test: forced past max-shrink,test-points,protect")
    wait_until(lambda: data(ask(bench.rd.server, "1.0.0.127.ip.test")) ==
               ["127.0.0.2"], SOON, "the forced generation")
    contains(bench.rd.zonectl("log", "ip.test").stdout.splitlines()[-1],
             "forced past max-shrink,test-points,protect")
    bench.file("ip", ip())
    equal(build(bench, "--force", "max-growth", "ip.test").returncode, 0)


@case("a rule that there is not: said, and nothing is built")
def _(bench):
    before = current(bench, "ip.test")
    done = build(bench, "--force", "max-shrnk", "ip.test")
    equal(done.returncode, 1)
    contains(done.stderr, "there is no rule max-shrnk; there is whole-file ")
    equal(current(bench, "ip.test"), before)


@case("a zone's exceptions: rules that are skipped")
def _(bench):
    bench.file("loose", "127.0.0.1\n")
    done = build(bench, "--force", "max-shrink", "loose.test")
    equal(done.returncode, 0, done.stderr)
    bench.file("loose", "# nothing\n")
    equal(build(bench, "loose.test").returncode, 0)


# --- generations

def codes(bench, zone):
    return data(ask(bench.rd.server, LISTED.format(zone)))


@case("rollback: the one before is served at once, without a question lost")
def _(bench):
    for code in (11, 12, 13):
        bench.file("ip", ip(code=code))
        equal(build(bench, "ip.test").returncode, 0)
    wait_until(lambda: codes(bench, "ip.test") == ["127.0.0.13"], SOON, "13")
    last = current(bench, "ip.test")
    watch = Watch(bench.rd.server, [LISTED.format("ip.test")])
    done = bench.rd.zonectl("rollback", "ip.test")
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, f"generation {last - 1} is served in place of {last}")
    wait_until(lambda: codes(bench, "ip.test") == ["127.0.0.12"], SOON, "12")
    equal(bench.rd.zonectl("rollback", "ip.test", last - 2 and
                           str(last - 2)).returncode, 0)
    wait_until(lambda: codes(bench, "ip.test") == ["127.0.0.11"], SOON, "11")
    watch.end()
    done = bench.rd.zonectl("rollback", "ip.test")
    equal(done.returncode, 1)
    contains(done.stderr, "nothing to go back to; there is:")
    contains(done.stderr, f"  {last - 2}  served\n")
    equal(bench.rd.zonectl("rollback", "ip.test", str(last)).returncode, 0,
          "and forth again")
    wait_until(lambda: codes(bench, "ip.test") == ["127.0.0.13"], SOON, "13")
    contains(bench.rd.zonectl("log", "ip.test").stdout,
             f"  rollback   generation {last - 1}  served in place of {last}\n")


@case("rollback to what is not there, is damaged, is no number")
def _(bench):
    before = current(bench, "ip.test")
    for to, want in (("999", "no such generation; there is:\n  "), ("x", "not the number"),
                     ("0", "not the number"), (str(before), "it is served")):
        done = bench.rd.zonectl("rollback", "ip.test", to)
        equal(done.returncode, 1, to)
        contains(done.stderr, want)
    bad = bench.rd.state / "zones/ip.test" / f"gen-{before - 1:08}.mdb"
    good = bad.read_bytes()
    bad.write_bytes(good[:5000])
    equal(bench.rd.zonectl("rollback", "ip.test",
                           str(before - 1)).returncode, 1)
    bad.write_bytes(good)
    equal(current(bench, "ip.test"), before)


@case("keep: as many generations as the zone says")
def _(bench):
    for _ in range(7):
        equal(build(bench, "name.test").returncode, 0)
    kept = list((bench.rd.state / "zones/name.test").glob("gen-*"))
    equal(len(kept), 5)


@case("diff: added, removed, changed, of every kind")
def _(bench):
    bench.file("ip", ip(code=13, more="198.51.100.0/25\n198.51.100.200\n")
               .replace("10.0.7.0\n", "10.0.7.0 :9:nine\n")
               .replace("10.0.8.0\n", ""))
    equal(build(bench, "ip.test").returncode, 0)
    done = bench.rd.zonectl("diff", "ip.test")
    equal((done.returncode, done.stderr), (0, ""))
    now = current(bench, "ip.test")
    equal(done.stdout,
          f"ip.test: generation {now} against {now - 1}\n"
          '~ 10.0.7.0  127.0.0.13 "code 13" -> 127.0.0.9 "nine"\n'
          '- 10.0.8.0  127.0.0.13 "code 13"\n'
          '+ 198.51.100.0/25  127.0.0.13 "code 13"\n'
          '+ 198.51.100.200  127.0.0.13 "code 13"\n'
          "IPv4 addresses: 129 added, 1 removed, 1 changed\n")
    done = bench.rd.zonectl("diff", "ip.test", str(now), str(now))
    equal(done.stdout, f"ip.test: generation {now} against {now}\n"
          "no difference\n")
    done = bench.rd.zonectl("diff", "ip.test", str(now), str(now - 1))
    contains(done.stdout, "IPv4 addresses: 1 added, 129 removed, 1 changed\n")
    bench.file("six", six(more="2001:db8:ffff::/48\n")
               .replace("2001:db8:7::/64\n", ""))
    bench.file("name", name(more="*.z.example\nb.a.example :5:five\n")
               .replace("n7.example\n", "").replace("n8.example\n",
                                                    "n8.example :8:\n"))
    equal(build(bench, "six.test", "name.test").returncode, 0)
    done = bench.rd.zonectl("diff", "six.test")
    contains(done.stdout, '- 2001:db8:7::/64  127.0.0.2 "six"\n'
             '+ 2001:db8:ffff::/48  127.0.0.2 "six"\n'
             "IPv6 prefixes or ranges: 1 added, 1 removed, 0 changed\n")
    done = bench.rd.zonectl("diff", "name.test")
    for line in ('+ b.a.example  127.0.0.5 "five"\n',
                 '- n7.example  127.0.0.2 "name"\n',
                 '~ n8.example  127.0.0.2 "name" -> 127.0.0.8\n',
                 '+ *.z.example  127.0.0.2 "name"\n',
                 "names: 2 added, 1 removed, 1 changed\n"):
        contains(done.stdout, line)
    for feed, make in GOOD.items():
        bench.file(feed, make())


@case("diff of many changes: a sample and the counts, or --all")
def _(bench):
    equal(build(bench, "ip.test").returncode, 0)
    done = bench.rd.zonectl("diff", "ip.test")
    contains(done.stdout, " more; --all shows them\n")
    equal(len(done.stdout.splitlines()), 1 + 20 + 1 + 1)
    done = bench.rd.zonectl("diff", "--all", "ip.test")
    equal(len(done.stdout.splitlines()) > N, True)


@case("zones and generations that are not there: 1; usage: 2")
def _(bench):
    for args, status in ((["log", "x.test"], 1), (["diff", "x.test"], 1),
                         (["rollback", "x.test"], 1), (["log"], 2),
                         (["diff"], 2), (["rollback"], 2),
                         (["diff", "ip.test", "1"], 2),
                         (["diff", "ip.test", "a", "b"], 1),
                         (["diff", "ip.test", "900", "901"], 1),
                         (["rollback", "ip.test", "1", "2"], 2),
                         (["log", "ip.test", "x"], 2)):
        equal(bench.rd.zonectl(*args).returncode, status, f"{args}")


# --- age

def set_age(bench, seconds):
    then = time.time() - seconds
    os.utime(bench.dir / "old", (then, then))
    done = build(bench, "old.test", "empty.test", "fail.test")
    equal(done.returncode, 0, done.stderr)


def states(bench):
    done = bench.rd.zonectl("list")
    return {l.split()[0]: l.split()[1] for l in done.stdout.splitlines()}


@case("age: stale, then expired; list's exit code, the daemon's log")
def _(bench):
    equal((states(bench)["old.test"], bench.rd.zonectl("list").returncode),
          ("ok", 0))
    set_age(bench, 7200)
    equal((states(bench)["old.test"], states(bench)["empty.test"]),
          ("stale", "ok"))
    equal(bench.rd.zonectl("list").returncode, 1)
    wait_until(lambda: "old.test: the data of generation 2 is stale; it "
               "serves on" in bench.rd.process.log(), SOON, "the log")
    equal(codes(bench, "old.test"), ["127.0.0.2"])
    set_age(bench, 2 * 86400)
    equal({z: states(bench)[z] for z in ("old.test", "empty.test",
                                         "fail.test")},
          {"old.test": "expired", "empty.test": "expired",
           "fail.test": "expired"})


@case("expired: served, empty or SERVFAIL, as the zone says")
def _(bench):
    server = bench.rd.server
    wait_until(lambda: rcode(ask(server, LISTED.format("fail.test"))) ==
               "SERVFAIL", SOON, "SERVFAIL")
    wait_until(lambda: rcode(ask(server, LISTED.format("empty.test"))) ==
               "NXDOMAIN", SOON, "NXDOMAIN")
    equal(rvtest.authority(ask(server, LISTED.format("empty.test"))), ["SOA"])
    equal(codes(bench, "old.test"), ["127.0.0.2"])
    log = bench.rd.process.log()
    equal(log.count("old.test: the data of generation 3 has expired; it "
                    "serves on"), 1)
    set_age(bench, 0)
    wait_until(lambda: codes(bench, "fail.test") == ["127.0.0.2"] and
               codes(bench, "empty.test") == ["127.0.0.2"], SOON, "answers")
    contains(bench.rd.process.log(), "old.test: the data is fresh again")


@case("data that expires by its own word does so while it is served")
def _(bench):
    bench.file("old", f"$TIMESTAMP {stamp(-10)} +13s\n" + ip())
    set_age(bench, 0)
    equal(states(bench)["fail.test"], "ok")
    wait_until(lambda: rcode(ask(bench.rd.server,
                                 LISTED.format("fail.test"))) == "SERVFAIL",
               15, "SERVFAIL")
    equal(states(bench)["fail.test"], "expired")


@case("the daemon lost no worker")
def _(bench):
    equal("starting it again" in bench.rd.process.log(), False)
    equal(bench.rd.stop(), 0)


if __name__ == "__main__":
    rvtest.run(setup)
