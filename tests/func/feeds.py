"""Feeds: zonectl sync, a real rsync daemon on loopback, and who serves.

Whatever is killed, wrong, late or gone: the last good generation serves on, and
the next sync heals without help.
"""

import fcntl
import os
import pathlib
import pty
import random
import re
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import rvtest
from rvtest import (LOOPBACK, ZONECTL, KillPoints, ask, case, contains, data,
                    diag, equal, wait_until)

SEED = int(os.environ.get("RVTEST_SEED", "9"))
KILLS = int(os.environ.get("RVTEST_KILLS", "200"))
SOON = 3  # seconds, until a publication must be answered
IDS = 65536  # of questions, each used once
PASSWORD = "pass-word-of-the-feed"
LISTED = "2.0.0.127.{}"
BIG = 3_000_000  # bytes that take a while at 200 KiB/s


def feed(code, n=20_000, salt=0):
    """127.0.0.2 with this code, and n more entries that lie apart."""
    more = (f"10.{i >> 15 & 255}.{i >> 7 & 255}.{i << 1 & 255}\n"
            for i in range(n))
    return f"# {salt}\n:{code}:code {code}, $\n127.0.0.2\n" + "".join(more)


def big(code):
    """As feed(), in many bytes that nothing has in common with another."""
    return feed(code) + "".join(f"# {os.urandom(499).hex()}\n"
                                for _ in range(BIG // 1000))


# --- the rsync daemon

class Rsyncd:
    """Module "open" for all, module "closed" for user:PASSWORD."""

    def __init__(self, bench):
        self.bench, self.port = bench, rvtest.free_port()
        self.path = rvtest.program("rsync")
        self.home = bench.dir / "source"
        self.home.mkdir()
        secrets = bench.file("rsyncd.secrets", f"user:{PASSWORD}\n")
        secrets.chmod(0o600)
        user = f"uid = {os.getuid()}\ngid = {os.getgid()}\n"
        self.conf = bench.file("rsyncd.conf", f"""use chroot = no
{user if os.getuid() == 0 else ""}[open]
path = {self.home}
[closed]
path = {self.home}
auth users = user
secrets file = {secrets}
""")
        self.process = None
        self.start()

    def start(self):
        self.process = self.bench.start(
            [self.path, "--daemon", "--no-detach", f"--address={LOOPBACK}",
             f"--port={self.port}", f"--config={self.conf}"], "rsyncd")
        wait_until(self.is_up, 10, "rsyncd")

    def is_up(self):
        try:
            with socket.create_connection((LOOPBACK, self.port), .2):
                return True
        except OSError:
            return False

    def connections(self):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        return [int(p) for p in children.read_text().split()]

    def kill(self):
        """Daemon and the processes of its connections, at once."""
        for pid in self.connections():
            os.kill(pid, signal.SIGKILL)
        self.process.stop(signal.SIGKILL)

    def url(self, module, user=""):
        return f"rsync://{user}{LOOPBACK}:{self.port}/{module}"


# --- the configuration

def write_conf(bench, **feeds):
    """Both zones; a feed's options may be others for a while."""
    password = bench.dir / "password"
    options = {
        "a": {"source": bench.rsyncd.url("closed", "user@"),
              "password-file": password},
        "b": {"source": bench.rsyncd.url("open")},
    }
    extra = ""
    for name, own in options.items():
        own.update(feeds.get(name, {}))
        lines = "".join(f'{k.replace("_", "-")} = "{v}"\n'
                        for k, v in own.items() if v is not None)
        extra += (f'zone "{name}.test" {{ '
                  f'datasets = {{ "ip4set:@feed/ip-{name}" }}\n'
                  f"feed {{\n{lines}}} }}\n")
    bench.rd.extra = extra
    bench.rd.write_conf()


def setup(bench):
    diag(f"seed {SEED}")
    bench.random = random.Random(SEED)
    bench.rsyncd = Rsyncd(bench)
    bench.file("password", PASSWORD + "\n").chmod(0o600)
    bench.rd = rvtest.Resolverd(bench)
    write_conf(bench)
    for name in "ab":
        bench.file(f"source/ip-{name}", feed(2))
    bench.file("source/not-asked-for", "x")
    bench.rd.start()


def state(bench, name, *path):
    return bench.rd.state.joinpath("feeds", f"{name}.test", *path)


def current(bench, name):
    return os.readlink(bench.rd.state / "zones" / f"{name}.test" / "current")


def serves(bench, name, code):
    return data(ask(bench.rd.server, LISTED.format(f"{name}.test"))) == \
        [f"127.0.0.{code}"]


def soon_serves(bench, name, code):
    wait_until(lambda: serves(bench, name, code), SOON, f"code {code}")


def is_free(bench, name):
    """Nobody holds the feed's lock, so neither zonectl nor rsync is at it."""
    try:
        with open(state(bench, name, "lock")) as f:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def sync(bench, *names, code=0, said=()):
    done = bench.rd.zonectl("sync", *(f"{n}.test" for n in names))
    equal(done.returncode, code, f"{done.stdout}{done.stderr}")
    for part in said:
        contains(done.stdout + done.stderr, part)
    return done


def start_sync(bench, *args):
    return bench.start([ZONECTL, "-c", bench.rd.conf, "sync", *args],
                       "sync")


def fails(bench, name, *said):
    """A sync that changes nothing, and says why."""
    before = current(bench, name)
    code = data(ask(bench.rd.server, LISTED.format(f"{name}.test")))
    done = sync(bench, name, code=1, said=(*said, "nothing was changed"))
    equal(current(bench, name), before)
    equal(data(ask(bench.rd.server, LISTED.format(f"{name}.test"))), code)
    equal(state(bench, name, "staging").exists(), False, "staging is left")
    return done


def heals(bench, name, code):
    sync(bench, name)
    soon_serves(bench, name, code)


def rsyncs(bench):
    """What rsync processes are fetching for this test."""
    found = []
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            argv = (proc / "cmdline").read_bytes()
        except OSError:
            continue
        if b"--files-from=" + bytes(bench.rd.state) in argv:
            found.append(proc)
    return found


# --- the ways it goes well

@case("the first sync fetches, builds and publishes, and only what is named")
def _(bench):
    sync(bench, said=("a.test: generation 1", "b.test: generation 1"))
    for name in "ab":
        soon_serves(bench, name, 2)
        equal([p.name for p in state(bench, name, "current").iterdir()],
              [f"ip-{name}"])
    source = bench.dir / "source" / "ip-a"
    copy = state(bench, "a", "current", "ip-a")
    equal(copy.stat().st_mtime_ns, source.stat().st_mtime_ns, "--times")


@case("a fetch that brings nothing new builds nothing")
def _(bench):
    before = current(bench, "a"), current(bench, "b")
    sync(bench, said=("a.test: nothing new", "b.test: nothing new"))
    equal((current(bench, "a"), current(bench, "b")), before)


@case("a generation that is gone is built again, though nothing is new")
def _(bench):
    (bench.rd.state / "zones" / "b.test" / "current").unlink()
    sync(bench, "b", said=("b.test: generation 2",))
    soon_serves(bench, "b", 2)


@case("--force: once past a rule that refuses what came, and not in a loop")
def _(bench):
    bench.file("source/ip-b", feed(2, n=100))
    fails(bench, "b", "max-shrink", "--force max-shrink")
    done = bench.rd.zonectl("sync", "--force", "page", "b.test")
    equal(done.returncode, 1, done.stderr)
    done = bench.rd.zonectl("sync", "--force", "page,max-shrink", "b.test")
    equal(done.returncode, 0, done.stderr)
    contains(done.stdout, "forced past max-shrink")
    equal(bench.rd.zonectl("sync", "--loop", "--force", "page").returncode, 2)
    bench.file("source/ip-b", feed(2, n=300))
    done = bench.rd.zonectl("sync", "--force", "no-such", "b.test")
    equal(done.returncode, 1)
    contains(done.stderr, "there is no rule no-such")
    bench.file("source/ip-b", feed(2))
    done = bench.rd.zonectl("sync", "--force", "max-growth", "b.test")
    equal(done.returncode, 0, done.stderr)
    soon_serves(bench, "b", 2)


SO_TIMESTAMPNS = 35  # asm-generic/socket.h
SO_RCVBUFFORCE = 33


class Client:
    """1000 questions a second; every answer, and when the kernel had it."""

    def __init__(self, server, qname):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # answers must wait here while a busy machine lets us wait
        buffer = SO_RCVBUFFORCE if os.geteuid() == 0 else socket.SO_RCVBUF
        self.socket.setsockopt(socket.SOL_SOCKET, buffer, 64 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.connect(server)
        self.socket.settimeout(.05)
        self.wire = rvtest.question(qname)[2:]
        self.sent, self.asked, self.answers = 0, [], {}
        self.is_over = False
        self.threads = [threading.Thread(target=self.send),
                        threading.Thread(target=self.receive)]

    def send(self):
        start = time.monotonic()
        while not self.is_over:
            due = int((time.monotonic() - start) * 1000)
            for _ in range(min(due - self.sent, 100, IDS - self.sent)):
                self.asked.append(time.time())
                self.socket.send(struct.pack("!H", self.sent & 0xffff) +
                                 self.wire)
                self.sent += 1
            time.sleep(.001)

    def receive(self):
        """Until each question is answered, or none was for ten seconds."""
        last = time.monotonic()
        while not self.is_over or (len(self.answers) < self.sent and
                                   time.monotonic() < last + 10):
            try:
                got, notes, _, _ = self.socket.recvmsg(512, 64)
            except socket.timeout:
                continue
            last = time.monotonic()
            s, ns = struct.unpack("@qq", notes[0][2])
            # the last of the answer is the address
            self.answers.setdefault(got[:2], []).append(
                (s + ns / 1e9, got[3] & 15, got[-4:]))

    def longest(self):
        """Silence, pause between questions, time to an answer: in ms."""
        def gap(times):
            return max(b - a for a, b in zip(times, times[1:])) * 1000
        came = [self.answers[struct.pack("!H", n)][0][0]
                for n in range(self.sent)]
        return gap(sorted(came)), gap(self.asked), \
            max(b - a for a, b in zip(self.asked, came)) * 1000

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        self.socket.close()


@case("a feed changes ten times while 1 kqps runs: none lost, none wrong")
def _(bench):
    codes = list(range(3, 13))
    with Client(bench.rd.server, LISTED.format("a.test")) as client:
        for code in codes:
            bench.file("source/ip-a", feed(code))
            sync(bench, "a")
            soon_serves(bench, "a", code)
    answers = [a for n in range(client.sent)
               for a in client.answers.get(struct.pack("!H", n), [])]
    equal((len(client.answers), len(answers)), (client.sent, client.sent),
          "questions with an answer, and answers")
    silence, pause, wait = client.longest()
    diag(f"{client.sent} questions, none lost; longest silence {silence:.1f} "
         f"ms, longest pause of the asker itself {pause:.1f} ms, longest wait "
         f"for an answer {wait:.1f} ms")
    want = {(0, bytes([127, 0, 0, c])) for c in [2, *codes]}
    equal({a[1:] for a in answers}, want, "answers seen")
    seen = [a[2][3] for a in answers]
    equal(seen, sorted(seen), "no answer is older than one before it")


@case("progress on a terminal; none elsewhere")
def _(bench):
    bench.file("source/ip-b", big(3))
    write_conf(bench, b={"bandwidth": "2M"})
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [ZONECTL, "-c", bench.rd.conf, "sync", "b.test"],
        stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while select.select([master], [], [], 20)[0]:
            shown += os.read(master, 4096)
    except OSError:
        pass  # its end
    os.close(master)
    equal(process.wait(20), 0, shown)
    equal(re.search(rb"b\.test: \d+% [\d.]+[kMG]B/s", shown) is not None, True,
          shown)
    contains(shown.decode(), "\x1b[Kb.test: fetched, to be built\r\n"
                             "b.test: generation")
    soon_serves(bench, "b", 3)
    bench.file("source/ip-b", feed(2))
    done = sync(bench, "b")
    equal(("\r" in done.stdout + done.stderr, done.stderr), (False, ""))
    write_conf(bench)


# --- credentials

@case("a wrong password, and a user who is none: refused by the server")
def _(bench):
    path = bench.file("password", "wrong\n")
    path.chmod(0o600)
    done = fails(bench, "a", "a.test: ", "auth failed")
    equal("wrong" in done.stdout + done.stderr, False, "the password")
    bench.file("password", PASSWORD + "\n").chmod(0o600)
    write_conf(bench, a={"source": bench.rsyncd.url("closed", "other@")})
    fails(bench, "a", "auth failed")
    write_conf(bench)
    sync(bench, "a", said=("nothing new",))


@case("a password file that others can read is not used")
def _(bench):
    path = bench.dir / "password"
    for mode in (0o644, 0o640, 0o604):
        path.chmod(mode)
        fails(bench, "a", str(path), f"{mode:04o}", "0600")
    path.unlink()
    fails(bench, "a", str(path), "No such file or directory")
    bench.file("password", PASSWORD + "\n").chmod(0o600)
    sync(bench, "a", said=("nothing new",))


@case("no password on a command line or in an environment")
def _(bench):
    bench.file("source/ip-a", big(12))
    write_conf(bench, a={"bandwidth": "200K"})
    process = start_sync(bench, "a.test")
    wait_until(lambda: rsyncs(bench), 5, "rsync")
    for proc in rsyncs(bench):
        contains((proc / "cmdline").read_text(), "--password-file=")
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            texts = [(proc / n).read_bytes() for n in ("cmdline", "environ")]
        except OSError:
            continue
        equal(any(PASSWORD.encode() in t for t in texts), False, proc)
    equal(process.stop(), 1, "stopped by SIGTERM")
    contains(process.log(), "stopped")
    equal((is_free(bench, "a"), rsyncs(bench)), (True, []), "what is left")
    bench.file("source/ip-a", feed(12))
    write_conf(bench)
    heals(bench, "a", 12)


# --- what goes wrong

@case("one feed that fails does not stop another")
def _(bench):
    bench.file("source/ip-b", feed(4))
    write_conf(bench, a={"source": bench.rsyncd.url("nowhere")})
    done = sync(bench, code=1, said=("b.test: generation", "nowhere"))
    equal(done.stderr.count("\n"), 1, done.stderr)
    soon_serves(bench, "b", 4)
    equal(serves(bench, "a", 12), True)
    write_conf(bench)


@case("a file that has vanished, a source that has, a server that has")
def _(bench):
    (bench.dir / "source/ip-a").rename(bench.dir / "source/away")
    fails(bench, "a", "No such file or directory")
    (bench.dir / "source/away").rename(bench.dir / "source/ip-a")
    write_conf(bench, a={"source": bench.dir / "nowhere",
                         "password-file": None})
    fails(bench, "a", "No such file or directory")
    write_conf(bench)
    bench.rsyncd.kill()
    fails(bench, "a", "Connection refused")
    bench.rsyncd.start()
    bench.file("source/ip-a", feed(13))
    heals(bench, "a", 13)


@case("rsyncd killed in mid-transfer")
def _(bench):
    bench.file("source/ip-a", big(14))
    write_conf(bench, a={"bandwidth": "300K"})
    before = current(bench, "a")
    process = start_sync(bench, "a.test")
    staging = state(bench, "a", "staging")
    wait_until(lambda: any(p.stat().st_size for p in staging.glob(".ip-a.*")),
               10, "the first bytes")
    bench.rsyncd.kill()
    equal(process.wait(), 1)
    contains(process.log(), "nothing was changed")
    equal((current(bench, "a"), serves(bench, "a", 13)), (before, True))
    bench.rsyncd.start()
    write_conf(bench)
    heals(bench, "a", 14)


@case("a time limit: it is ended, and nothing is left")
def _(bench):
    bench.file("source/ip-a", big(15))
    write_conf(bench, a={"bandwidth": "100K", "time-limit": "1s"})
    started = time.monotonic()
    fails(bench, "a", "time limit of 1s")
    equal(time.monotonic() - started < 10, True, "how long it took")
    equal((is_free(bench, "a"), rsyncs(bench)), (True, []), "what is left")
    write_conf(bench)
    heals(bench, "a", 15)


@case("two syncs at once: one fetches, the other leaves it to that one")
def _(bench):
    bench.file("source/ip-a", big(16))
    write_conf(bench, a={"bandwidth": "1M"})
    process = start_sync(bench, "a.test")
    wait_until(lambda: rsyncs(bench), 5, "rsync")
    sync(bench, "a", said=("another process",))
    equal(process.wait(), 0, process.log())
    soon_serves(bench, "a", 16)
    write_conf(bench)


@case("what a server says does not reach the terminal as it is")
def _(bench):
    with socket.create_server((LOOPBACK, 0)) as server:
        def lie():
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"@RSYNCD: 31.0 md5\n\033[2Jhello\a\r\n"
                             b"@ERROR: \033]0;title\007gone\n")
                peer.recv(4096)
        thread = threading.Thread(target=lie)
        thread.start()
        port = server.getsockname()[1]
        write_conf(bench, a={"source": f"rsync://user@{LOOPBACK}:{port}/m"})
        done = fails(bench, "a", "gone")
        thread.join()
    equal(re.findall(r"[^ -~\n]", done.stdout + done.stderr), [])
    write_conf(bench)


@case("a feed that the gate refuses: said each time, until it is right again")
def _(bench):
    for text in ("<html><body>503 sorry</body></html>\n", "", feed(17, 5000)):
        bench.file("source/ip-a", text)
        before = current(bench, "a")
        for _ in range(2):
            sync(bench, "a", code=1, said=("a.test: ", "nothing was changed"))
        equal((current(bench, "a"), serves(bench, "a", 16)), (before, True))
    bench.file("source/ip-a", feed(16))
    heals(bench, "a", 16)


@case("a feed that cannot be built is tried again though nothing is new")
def _(bench):
    zone = bench.rd.state / "zones" / "a.test"
    away = zone.with_name("away")
    zone.rename(away)
    zone.write_text("in the way")
    bench.file("source/ip-a", feed(17))
    for _ in range(2):
        sync(bench, "a", code=1, said=("nothing was changed",))
    zone.unlink()
    away.rename(zone)
    equal(serves(bench, "a", 16), True)
    heals(bench, "a", 17)


@case(f"kill -9 of zonectl sync, {KILLS} random points")
def _(bench):
    def begin(code):
        bench.file("source/ip-a", feed(code, salt=bench.random.random()))
        started = time.monotonic()
        process = subprocess.Popen(
            [ZONECTL, "-c", bench.rd.conf, "sync", "a.test"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return process, started

    process, started = begin(2)
    equal(process.wait(), 0)
    points = KillPoints(bench.random, time.monotonic() - started)
    soon_serves(bench, "a", 2)
    old = 2
    for n in range(KILLS):
        new, before = 3 + n % 200, current(bench, "a")
        process, started = begin(new)
        points.kill(process, started)
        got = data(ask(bench.rd.server, LISTED.format("a.test")))
        if got not in ([f"127.0.0.{old}"], [f"127.0.0.{new}"]):
            raise AssertionError(f"kill {n}: {got}, was {old}, then {new}")
        wait_until(lambda: is_free(bench, "a"), 5, "its processes to end")
        published = current(bench, "a") != before
        points.note(published)
        if published:
            soon_serves(bench, "a", new)
            old = new
        elif n % 3 == 0:  # the next one heals, with nothing new or with it
            heals(bench, "a", new)
            old = new
    points.check("publication of a.test")
    bench.file("source/ip-a", feed(254))
    heals(bench, "a", 254)
    equal(sorted(p.name for p in state(bench, "a").iterdir()),
          ["built", "current", "files", "lock"], "what killed ones left")
    equal(rsyncs(bench), [])


# --- the loop

@case("the loop fetches every so often; SIGTERM ends it, and its rsync")
def _(bench):
    write_conf(bench, a={"every": "1s"}, b={"every": "1s"})
    process = start_sync(bench, "--loop")
    for code in (5, 6):
        for name in "ab":
            bench.file(f"source/ip-{name}", feed(code))
        for name in "ab":
            soon_serves(bench, name, code)
    bench.file("source/ip-a", big(7))
    process.stop()
    write_conf(bench, a={"every": "1s", "bandwidth": "100K"})
    process = start_sync(bench, "--loop")
    wait_until(lambda: rsyncs(bench), 5, "rsync")
    equal(process.stop(), 0, process.log())
    equal((is_free(bench, "a"), rsyncs(bench)), (True, []), "what is left")
    equal(serves(bench, "a", 6), True)


@case("the loop goes on after failures, later each time, and recovers")
def _(bench):
    bench.file("source/ip-a", feed(8))
    write_conf(bench, a={"every": "1s", "source": bench.rsyncd.url("nowhere")},
               b={"every": "1s"})
    process = start_sync(bench, "--loop")
    log = len(process.log())
    wait_until(lambda: process.log()[log:].count("a.test: next try") >= 2, 10,
               "two failures")
    bench.file("source/ip-b", feed(9))
    soon_serves(bench, "b", 9)
    equal(process.stop(), 0)
    # the server, not the configuration, comes back
    bench.rsyncd.kill()
    write_conf(bench, a={"every": "1s"}, b={"every": "1s"})
    process = start_sync(bench, "--loop", "a.test")
    log = len(process.log())
    wait_until(lambda: "next try" in process.log()[log:], 10, "a failure")
    bench.rsyncd.start()
    wait_until(lambda: serves(bench, "a", 8), 10, "the recovery")
    equal(process.stop(), 0)
    write_conf(bench)


@case("kill -9 of the loop leaves no rsync behind")
def _(bench):
    bench.file("source/ip-a", big(10))
    write_conf(bench, a={"every": "1s", "bandwidth": "100K"})
    process = start_sync(bench, "--loop", "a.test")
    wait_until(lambda: rsyncs(bench), 5, "rsync")
    process.stop(signal.SIGKILL)
    wait_until(lambda: is_free(bench, "a") and not rsyncs(bench), 5,
               "its rsync to end")
    write_conf(bench)
    heals(bench, "a", 10)


@case("a zone without a feed, one that is not there, and usage errors")
def _(bench):
    bench.rd.zones = {"plain.test": [f"ip4set:{bench.dir}/source/ip-a"]}
    bench.rd.write_conf()
    sync(bench, "plain", code=1, said=("plain.test", "no feed"))
    sync(bench, "nowhere", code=1, said=("nowhere.test",))
    for args in (["--lop"], ["-l"], ["--loop=1"]):
        done = bench.rd.zonectl("sync", *args)
        equal((done.returncode, done.stdout), (2, ""), f"{args}")
        contains(done.stderr, "usage:")
    bench.rd.extra = ""
    bench.rd.write_conf()
    sync(bench, said=("nothing to sync",))


@case("after all that the daemon has lost no worker")
def _(bench):
    equal("starting it again" in bench.rd.process.log(), False)
    equal(bench.rd.stop(), 0)


if __name__ == "__main__":
    rvtest.run(setup)
