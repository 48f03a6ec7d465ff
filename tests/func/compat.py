"""rbldnsd-compat beside the real rbldnsd: the same command line, the same
questions, the same signals; what they answer, write and exit with is compared.

What is ours alone (a file that is gone does not take the zone away) comes
behind, against rbldnsd-compat only.
"""

import os
import pwd
import re
import signal
import struct
import subprocess

import rvtest
from rvtest import case, contains, equal, wait_until

COMPAT = rvtest.BUILDDIR / "resolverd" / "rbldnsd-compat"

A, NS, SOA, MX, TXT, AAAA, SRV, ANY = 1, 2, 6, 15, 16, 28, 33, 255
IN, CH = 1, 3
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
AA, RD, RA = 0x400, 0x100, 0x80

TOP = """\
$SOA 3600 ns1.example.net hostmaster.example.net 7 1h 10m 7d 5m
$NS 1d ns1.example.net ns2.example.org
"""
IP4SET = TOP + """\
:127.0.0.2:listed, see http://example.net/?$
192.0.2.4 :3:a text of its own
192.0.2.4
198.51.100.0/24
!198.51.100.8
"""
IP6TRIE = TOP + "2001:db8::/32 :4:six\n!2001:db8::1\n"
DNSET = TOP + "spam.example\n*.wild.example :5:$\n"
GENERIC = "www 600 A 127.0.0.9\n@ MX 10 mx.example.net\nabout TXT hello\n"

ZONES = {"bl.test": ["ip4set:bl", "generic:records"],
         "six.test": ["ip6trie:six"], "names.test": ["dnset:names"]}
FILES = {"bl": IP4SET, "six": IP6TRIE, "names": DNSET, "records": GENERIC}

QUESTIONS = [(name, qtype) for name in (
    "4.2.0.192.bl.test", "7.100.51.198.bl.test", "8.100.51.198.bl.test",
    "9.2.0.192.bl.test", "www.bl.test", "about.bl.test", "bl.test",
    ".".join("1" * 24) + ".8.b.d.0.1.0.0.2.six.test",
    "spam.example.names.test", "x.wild.example.names.test",
    "x.spam.example.names.test", "SPAM.Example.names.TEST",
    "elsewhere.invalid", "test", "")
    for qtype in (A, TXT, ANY, NS, SOA, MX, AAAA, SRV)]


class Server:
    """One of the two programs, with files and logs of its own."""

    def __init__(self, bench, which, options=(), zones=None, files=None,
                 addr=rvtest.LOOPBACK):
        Server.number += 1
        self.which, self.name = which, f"{which}-{Server.number}"
        self.home = bench.dir / self.name
        self.home.mkdir()
        (self.home / "tmp").mkdir()
        for path in (self.home, self.home / "tmp"):
            rvtest.own(path, rvtest.daemon_user())
        self.bench = bench
        for name, text in (FILES if files is None else files).items():
            self.write(name, text)
        self.server = (addr, rvtest.free_port())
        user = ["-u", rvtest.daemon_user()] if os.geteuid() == 0 else []
        path = COMPAT if which == "ours" else rvtest.program("rbldnsd")
        self.argv = [str(a) for a in [
            path, "-b", f"{addr}/{self.server[1]}", "-w", self.home, *user,
            *options, *(f"{apex}:{ds}" for apex, sets in
                        (ZONES if zones is None else zones).items()
                        for ds in sets)]]
        self.env = {**os.environ, "TMPDIR": str(self.home / "tmp")}

    number = 0

    def write(self, name, text):
        self.bench.file(f"{self.name}/{name}", text)

    def start(self):
        self.process = self.bench.start([self.argv[0], "-n", *self.argv[1:]],
                                        self.name, env=self.env)
        rvtest.wait_answer(self.process, self.server, rvtest.PROBE)
        return self

    def run(self, *more):
        """To its end: (exit status, standard output, standard error)."""
        done = subprocess.run([self.argv[0], *more, *self.argv[1:]], text=True,
                              capture_output=True, timeout=20, env=self.env)
        return done.returncode, done.stdout, done.stderr

    def pid(self):
        return self.process.pid

    def signal(self, signo):
        self.process.popen.send_signal(signo)

    def raw(self, name, qtype=A, qclass=IN, flags=0, **how):
        return rvtest.raw(self.server, rvtest.question(
            name, qtype, qclass, flags=flags), **how)

    def rcode(self, name, qtype=A, **how):
        return self.raw(name, qtype, **how)[3] & 15

    def text(self, name):
        """The TXT record of a name, or None."""
        return rvtest.data(rvtest.ask(self.server, name, "TXT"))

    def lines(self, name):
        path = self.home / name
        return path.read_text().splitlines() if path.exists() else []


def both(bench, **how):
    return [Server(bench, which, **how).start() for which in ("real", "ours")]


def compare(bench, fn, **how):
    """fn of both programs gives the same; returns what it is."""
    servers = both(bench, **how)
    real, ours = [fn(server) for server in servers]
    equal(ours, real, "ours against rbldnsd's")
    for server in servers:
        equal(server.process.stop(), 0, f"exit status of {server.which}")
    return real


def header_and_answer(msg):
    """Flags and the answer section; RRs of an RRset in any order."""
    message = rvtest.dns.message.from_wire(msg)
    return (struct.unpack("!H", msg[2:4])[0],
            sorted(rrset.to_text() for rrset in message.answer))


# --- the same

@case("answers, rcodes and flags are rbldnsd's")
def _(bench):
    def ask_all(server):
        return {(name, qtype, flags):
                header_and_answer(server.raw(name, qtype, flags=flags))
                for name, qtype in QUESTIONS for flags in (0, RD)}
    got = compare(bench, ask_all)
    flags, answer = got["4.2.0.192.bl.test", A, RD]
    equal((flags & (AA | RD | RA | 15), len(answer)), (AA | RD, 1))


@case("names of other zones are REFUSED, with RD or without")
def _(bench):
    equal(compare(bench, lambda server: [
        server.rcode(name, flags=flags) for flags in (0, RD)
        for name in ("example.org", "test", "xbl.test", "")]), [REFUSED] * 8)


@case("SIGTERM and SIGINT: exit status 0, and nothing is left")
def _(bench):
    for signo in (signal.SIGTERM, signal.SIGINT):
        for server in both(bench):
            equal(server.process.stop(signo), 0, server.which)
            equal(list((server.home / "tmp").iterdir()), [])


@case("no zone, no address, no such option, type or file: exit status 1")
def _(bench):
    for argv in ([], ["-n"], ["-n", "x.test:ip4set:bl"],
                 ["-b", "127.0.0.1/1", "-n"], ["-Z"], ["-c", "soon"],
                 ["-t", "1:2:3:4"], ["-b"]):
        for path in (COMPAT, rvtest.program("rbldnsd")):
            done = subprocess.run([path, *argv], capture_output=True,
                                  timeout=20)
            equal(done.returncode, 1, f"{path} {argv}")
    for zones in ({"x.test": ["ip4set:none"]}, {"x.test": ["nosuch:bl"]},
                  {"x.test": ["ip4set"]}, {"": ["ip4set:bl"]},
                  {"x.test": ["ip4set:"]}, {"x" * 64: ["ip4set:bl"]}):
        for which in ("real", "ours"):
            server = Server(bench, which, zones=zones)
            equal(server.run("-n")[0], 1, f"{which} {zones}")
            equal(list((server.home / "tmp").iterdir()), [])


@case("-h: exit status 0, and -6 is an option")
def _(bench):
    for path in (COMPAT, rvtest.program("rbldnsd")):
        done = subprocess.run([path, "-h"], capture_output=True, text=True)
        equal(done.returncode, 0)
        equal(any(l.lstrip().startswith("-6 ")
                  for l in done.stdout.splitlines()), True, f"{path} -h")


@case("SIGHUP takes up a file that has changed")
def _(bench):
    def reload(server):
        before = server.rcode("1.2.0.192.bl.test")
        server.write("bl", IP4SET + "192.0.2.1\n")
        server.signal(signal.SIGHUP)
        wait_until(lambda: server.rcode("1.2.0.192.bl.test") == NOERROR)
        return before, server.rcode("4.2.0.192.bl.test")
    equal(compare(bench, reload, options=["-c", "0"]), (NXDOMAIN, NOERROR))


@case("-c takes it up without a signal")
def _(bench):
    def reload(server):
        server.write("names", DNSET + "other.example\n")
        wait_until(lambda: server.rcode("other.example.names.test") == NOERROR)
    compare(bench, reload, options=["-c", "1"])


@case("-q starts without its file, and answers when it comes")
def _(bench):
    def late(server):
        before = server.rcode("4.2.0.192.bl.test")
        server.write("late", IP4SET)
        wait_until(lambda: server.rcode("4.2.0.192.bl.test") == NOERROR)
        return before
    equal(compare(bench, late, options=["-q", "-c", "1"],
                  zones={"bl.test": ["ip4set:late"]}), SERVFAIL)


def ask(server, questions):
    return {(name, qtype): header_and_answer(server.raw(name, qtype))
            for name, qtype in questions}


@case("-t: the default TTL, and limits for those in the data")
def _(bench):
    data = "a A 192.0.2.1\nb 7 A 192.0.2.1\nc 1d A 192.0.2.1\n" \
        "d 0 A 192.0.2.1\n$TTL 5\ne A 192.0.2.1\n"
    zones = {"x.test": ["generic:data"], "y.test": ["ip4set:list"],
             "z.test": ["ip4set:own"]}
    files = {"data": TOP + data, "list": "192.0.2.1\n",
             "own": "$TTL 1w\n192.0.2.1 text\n"}
    questions = [(f"{a}.x.test", A) for a in "abcde"] + [
        ("x.test", SOA), ("x.test", NS), ("1.2.0.192.y.test", A),
        ("1.2.0.192.z.test", TXT)]
    for ttl in ("40", "40:30:600", "40:30", "40::600", ":600:1d"):
        got = compare(bench, lambda server: ask(server, questions),
                      options=["-t", ttl], zones=zones, files=files)
        contains(str(got), " 40 IN" if ttl[0] == "4" else " 2100 IN")


@case("-e: bits set beyond the length of a prefix are cleared")
def _(bench):
    zones = {"4.test": ["ip4set:4"], "t.test": ["ip4trie:t"],
             "6.test": ["ip6trie:6"]}
    files = {"4": "127.0.0.1/8\n", "t": "10.1.2.3/16\n!10.1.5.5/24\n",
             "6": "2001:db8::1/32\n"}
    questions = [(f"{name}.test", A) for name in (
        "9.9.0.127.4", "9.9.1.10.t", "9.5.1.10.t",
        ".".join("1" * 24) + ".8.b.d.0.1.0.0.2.6")]
    for options, listed in (([], 0), (["-e"], 3)):
        got = compare(bench, lambda server: ask(server, questions),
                      options=options, zones=zones, files=files)
        equal(sum(len(answer) for _, answer in got.values()), listed)


def without_time(lines):
    """Lines that begin with a time."""
    for line in lines:
        equal(bool(re.match(r"\d{9,}( |$)", line)), True, line)
    return [line.partition(" ")[2] for line in lines]


ODD = [b"\1\0", b"\3 \t(", b"\5\"\\.$@", b"\3;\xff)", b"\1A"]


@case("-l: a line for each question, byte for byte but for the time")
def _(bench):
    def log(server):
        for name, qtype in QUESTIONS:
            server.raw(name, qtype)
        for label in ODD:
            server.raw(label + rvtest.name_wire("bl.test"), TXT)
        for qtype in (5, 10, 12, 23, 38, 40, 42, 99, 127):
            server.raw("4.2.0.192.bl.test", qtype)
        for qtype in (250, 251, 252, 253, 254):
            server.raw("4.2.0.192.bl.test", qtype)
        for name in ("version.bind", "version.server", "other.bind"):
            server.raw(name, TXT, qclass=CH)
        server.raw("bl.test", A, qclass=4)
        server.raw("bl.test", A, qclass=77)
        server.process.stop()
        return [line for line in without_time(server.lines("log"))
                if "probe.invalid" not in line]  # that of each start
    for options in (["-l", "+log"], ["-l", "log", "-a"]):
        real, ours = [log(server) for server in both(
            bench, options=["-v", *options])]
        for line, want in zip(ours, real):
            equal(line, want, "a line of the log")
        equal(len(ours), len(real), "lines")
        equal(len(real) > 100, True)


@case("-s: counters by SIGUSR1, SIGUSR2, -c and at the end")
def _(bench):
    def count(server):
        path = server.home / "stats"

        def until(n):
            wait_until(lambda: len(server.lines("stats")) >= n)
        for name, qtype in QUESTIONS:
            server.raw(name, qtype)
        server.signal(signal.SIGUSR1)
        until(2)
        server.raw("4.2.0.192.bl.test")
        server.signal(signal.SIGUSR2)
        until(4)
        server.raw("4.2.0.192.bl.test")
        server.process.stop()
        return without_time(path.read_text().splitlines())
    for options in (["-s", "stats"], ["-s", "+stats"]):
        servers = both(bench, options=["-c", "0", *options])
        real, ours = [count(server) for server in servers]
        # the probe that each start ends with is none's, and may be repeated
        for lines in (real, ours):
            lines[1:3] = [re.sub(r" \*:.*", "", line) for line in lines[1:3]]
        equal(ours, real)
        equal(len(real), 6)


@case("-c writes a line of statistics each time")
def _(bench):
    for server in both(bench, options=["-c", "1", "-s", "stats"]):
        wait_until(lambda: len(server.lines("stats")) > 2)
        equal(set(without_time(server.lines("stats")[2:])) !=
              {""}, True, server.which)
        server.process.stop()


@case("SIGUSR1 logs the counters in rbldnsd's words")
def _(bench):
    def words(server):
        server.raw("4.2.0.192.bl.test", TXT)
        server.signal(signal.SIGUSR1)
        wait_until(lambda: "stats for" in server.process.log())
        wait_until(lambda: re.search(r"stats for \d+sec:",
                                     server.process.log()))
        return [re.sub(r"^.*?: stats for \d+", "", line)
                for line in server.process.log().splitlines()
                if "stats for" in line and "zone" in line]
    got = compare(bench, words)
    contains(got[0], "secs zone bl.test: tot=1 ok=1 nxd=0 err=0 in=35 out=")


@case("SIGHUP opens the log anew")
def _(bench):
    def turn(server):
        server.raw("4.2.0.192.bl.test")
        (server.home / "log").rename(server.home / "old")
        server.signal(signal.SIGHUP)
        wait_until((server.home / "log").exists)
        server.raw("4.2.0.192.bl.test", TXT)
        return (without_time(server.lines("old"))[-1:],
                without_time(server.lines("log")))
    compare(bench, turn, options=["-l", "+log"])


@case("-a: no name servers beside an answer; -A: name servers")
def _(bench):
    for options, want in ((["-a"], []), (["-A"], ["NS"]), ([], ["NS"])):
        equal(compare(bench, lambda server: rvtest.authority(
            rvtest.ask(server.server, "4.2.0.192.bl.test")),
            options=options), want)


@case("version.bind: -v says rbldnsd alone, -vv nothing")
def _(bench):
    equal(compare(bench, lambda server: header_and_answer(
        server.raw("version.bind", TXT, qclass=CH)), options=["-v"]),
        (0x8000, ['version.bind. 0 CH TXT "rbldnsd"']))
    compare(bench, lambda server: header_and_answer(
        server.raw("version.bind", TXT, qclass=CH)), options=["-vv"])
    for server in both(bench):
        contains(str(header_and_answer(
            server.raw("version.server", TXT, qclass=CH))), '"rbldnsd')
        server.process.stop()


ACL = """\
127.0.0.2 :refuse
127.0.0.3 :ignore
127.0.0.4 :empty
127.0.0.0/28 :pass
127.0.0.6 :9:listed for $
127.0.1.0/24
"""
CLIENTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5",
           "127.0.0.6", "127.0.1.1"]


@case("acl, of a zone and of all: refuse, ignore, empty, pass, listed")
def _(bench):
    questions = [(name, qtype) for name in (
        "4.2.0.192.bl.test", "9.9.9.9.bl.test", "bl.test",
        "spam.example.names.test", "elsewhere.invalid")
        for qtype in (A, TXT, SOA)]

    def by_client(server):
        got = {}
        for client in CLIENTS:
            # ignored: not so long as to wait for each
            for name, qtype in questions[:1 + 14 * (client not in (
                    "127.0.0.3", "127.0.1.1"))]:
                msg = server.raw(name, qtype, source=client, timeout=0.5)
                got[client, name, qtype] = msg and header_and_answer(msg)
        return got

    for acl_of in ("bl.test", ""):
        zones = {"bl.test": ["ip4set:bl"], "names.test": ["dnset:names"]}
        zones.setdefault(acl_of, []).append("acl:acl")
        got = compare(bench, by_client, zones=zones,
                      files={**FILES, "acl": ACL})
        equal(got["127.0.0.3", "4.2.0.192.bl.test", A], None)
        flags, _ = got["127.0.0.2", "4.2.0.192.bl.test", A]
        equal(flags & 15, REFUSED)
        contains(str(got["127.0.0.6", "9.9.9.9.bl.test", TXT]), "127.0.0.6")


@case("whom the acl of all ignores, nothing answers")
def _(bench):
    def silence(server):
        return [server.raw(name, qtype, qclass, source=client, timeout=0.5)
                is None for client in ("127.0.0.3", "127.0.0.1")
                for name, qtype, qclass in (
                    ("elsewhere.invalid", A, IN), ("version.bind", TXT, CH))]
    equal(compare(bench, silence, zones={**ZONES, "": ["acl:acl"]},
                  files={**FILES, "acl": ACL}), [True, True, False, False])


@case("in the background: the pid file, and an exit status once it serves")
def _(bench):
    for which in ("real", "ours"):
        server = Server(bench, which, options=["-p", "pid", "-l", "+log"])
        server.argv[server.argv.index("pid")] = str(server.home / "pid")
        equal(server.run()[0], 0, which)
        pid = int((server.home / "pid").read_text())
        equal((server.home / "pid").read_text(), f"{pid}\n")
        try:
            equal(server.rcode("4.2.0.192.bl.test"), NOERROR, which)
            equal(os.getsid(pid), pid, which)
        finally:
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not os.path.exists(f"/proc/{pid}"))
        equal(len(server.lines("log")), 1, which)
        equal(list((server.home / "tmp").iterdir()), [])
        # the same, but that its file is missing
        (server.home / "bl").unlink()
        equal(server.run()[0], 1, which)
        equal(list((server.home / "tmp").iterdir()), [])


@case("-r and -w: files below the root directory")
def _(bench):
    if os.geteuid() != 0:
        raise rvtest.Skip("only root changes its root directory")
    for which in ("real", "ours"):
        server = Server(bench, which, options=["-r", "ROOT"])
        server.argv[server.argv.index("ROOT")] = str(server.home)
        server.argv[server.argv.index("-w") + 1] = "/data"
        (server.home / "data").mkdir()
        for name in FILES:
            (server.home / name).rename(server.home / "data" / name)
        server.env["TMPDIR"] = "/tmp"
        # which wants /proc
        server.env["ASAN_OPTIONS"] += ":detect_leaks=0"
        server.start()
        equal(server.rcode("4.2.0.192.bl.test"), NOERROR, which)
        equal(os.readlink(f"/proc/{server.pid()}/root"), str(server.home))
        equal(server.process.stop(), 0)
        equal(list((server.home / "tmp").iterdir()), [])


@case("-u: as that user, and no groups but the one")
def _(bench):
    if os.geteuid() != 0:
        raise rvtest.Skip("only root changes its user")
    for server in both(bench):
        with open(f"/proc/{server.process.pid}/status") as f:
            status = dict(line.rstrip().split(":\t") for line in f
                          if ":\t" in line)
        user = pwd.getpwnam(rvtest.daemon_user())
        equal(status["Uid"].split(), [str(user.pw_uid)] * 4, server.which)
        equal(status["Groups"].split(), [str(user.pw_gid)], server.which)
        server.process.stop()


# --- our own

@case("-d: a zone file with the same names and records")
def _(bench):
    zones = {"bl.test": ["ip4set:bl", "generic:records"],
             "names.test": ["dnset:names"]}
    # an exclusion is written in another way: without one
    files = {**FILES, "bl": IP4SET.replace("!198.51.100.8\n", "")}
    dumps = []
    for which in ("real", "ours"):
        status, text, _ = Server(bench, which, zones=zones, options=["-d"],
                                 files=files).run()
        equal(status, 0, which)
        equal(text.startswith("; zone dump made "), True)
        dumps.append({apex: read_zone(text, apex) for apex in zones})
    equal(dumps[1], dumps[0])
    equal(len(dumps[0]["bl.test"]) > 5, True)


def read_zone(text, apex):
    """The records of one zone in a dump."""
    import dns.zone  # here: without it, the test is skipped
    part, = [part for part in re.split(r"^(?=\$ORIGIN)", text, flags=re.M)
             if part.split()[:2] == ["$ORIGIN", apex + "."]]
    zone = dns.zone.from_text(part, apex, check_origin=False)
    return sorted(f"{name} {ttl} {rdata}" for name, ttl, rdata in
                  zone.iterate_rdatas())


@case("--check shows every bad line, and its exit status tells")
def _(bench):
    bad = "".join(f"bad{n}\n" for n in range(30))
    zones = {"x.test": ["ip4set:data"]}
    status, _, text = Server(bench, "ours", zones=zones, options=["--check"],
                             files={"data": IP4SET + bad}).run()
    equal((status, text.count("not an IPv4 address")), (1, 30))
    server = Server(bench, "ours", zones=zones, options=["--check"],
                    files={"data": IP4SET})
    equal(server.run()[0], 0)
    server.write("data", IP4SET + "192.0.2.9")
    equal(server.run()[0], 1)
    # serving, as many as rbldnsd shows
    server = Server(bench, "ours", zones=zones,
                    files={"data": IP4SET + bad}).start()
    equal(server.process.log().count("not an IPv4 address"), 5)
    contains(server.process.log(), "25 more")


@case("--print-config: resolverd and zonectl take it, and answer the same")
def _(bench):
    zones = {**ZONES, "": ["acl:acl"]}
    server = Server(bench, "ours", zones=zones, options=["--print-config"],
                    files={**FILES, "acl": "127.0.0.99 :refuse\n"})
    status, text, _ = server.run()
    equal(status, 0)
    rd = rvtest.Resolverd(bench, "printed")
    rd.server = server.server
    rd.conf.write_text(rd.conf_text().replace("listen =", "# ") + text)
    rd.build()
    rd.start()
    for name, qtype in QUESTIONS[:60]:
        equal(rvtest.rcode(rvtest.ask(server.server, name, qtype))
              in ("NOERROR", "NXDOMAIN"), True, name)
    equal(rvtest.data(rvtest.ask(server.server, "4.2.0.192.bl.test")),
          ["127.0.0.2", "127.0.0.3"])


@case("options without effect are accepted, with one warning")
def _(bench):
    server = Server(bench, "ours", options=[
        "-C", "-F", "local0", "-f", "-x", "x.so", "-X", "arg", "-C"]).start()
    equal(server.process.log().count("without effect here: -CFxX"), 1)
    equal(server.process.stop(), 0)


@case("TCP is answered as well")
def _(bench):
    server = Server(bench, "ours", options=["-l", "+log"]).start()
    equal(rvtest.data(rvtest.ask(server.server, "4.2.0.192.bl.test",
                                 tcp=True)), ["127.0.0.2", "127.0.0.3"])
    contains(server.lines("log")[-1], "127.0.0.1 4.2.0.192.bl.test A IN: NO")


# --- better

@case("a file that is gone, or a web page, leaves the last data answering")
def _(bench):
    server = Server(bench, "ours", options=["-c", "1"]).start()
    for break_it in (lambda: (server.home / "bl").unlink(),
                     lambda: server.write("bl", "<html>oops</html>\n"),
                     lambda: server.write("bl", IP4SET + "192.0.2.9")):
        break_it()
        server.signal(signal.SIGHUP)
        n = server.process.log().count("the last data serves on")
        wait_until(lambda: server.process.log().count(
            "the last data serves on") > n, what="the refusal")
        equal(server.rcode("4.2.0.192.bl.test"), NOERROR)
    server.write("bl", IP4SET + "192.0.2.9\n")
    wait_until(lambda: server.rcode("9.2.0.192.bl.test") == NOERROR)
    equal(server.process.stop(), 0)


@case("what a killed one has left is gone after the next start; others' stays")
def _(bench):
    killed = Server(bench, "ours").start()
    alive = Server(bench, "ours")
    killed.signal(signal.SIGKILL)
    killed.process.popen.wait()
    tmp = killed.home / "tmp"
    left = list(tmp.glob("rbldnsd-compat-*"))
    equal(len(left), 1)
    alive.env["TMPDIR"] = str(tmp)
    alive.start()
    equal(left[0].exists(), False, left[0])
    own = list(tmp.glob("rbldnsd-compat-*"))
    equal(len(own), 1)
    third = Server(bench, "ours")
    third.env["TMPDIR"] = str(tmp)
    third.start()
    equal(own[0].exists(), True, "of one that lives")
    equal(len(list(tmp.glob("rbldnsd-compat-*"))), 2)
    for server in (third, alive):
        equal(server.process.stop(), 0)
    equal(list(tmp.glob("rbldnsd-compat-*")), [])


def setup(bench):
    if not COMPAT.exists():
        raise AssertionError(f"{COMPAT} is not built")
    rvtest.program("rbldnsd")


if __name__ == "__main__":
    rvtest.run(setup)
