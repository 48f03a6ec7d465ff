"""Start, end and the processes in between."""

import os
import pathlib
import pwd
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import rvtest
from rvtest import (RESOLVERD, Skip, ask, case, contains, data, equal, rcode,
                    wait_until)
from scripted import Outside, answer

LISTED = "2.0.0.127.bl.test"

GOOD_CONF = """\
listen = { "127.0.0.1@5353" }
state-dir = "/nonexistent/state"
zone "bl.test" {
	datasets = { "ip4set:/nonexistent/feed" }
}
local "blacklist.internal" { }
"""


def new(bench, name="resolverd", **options):
    feed = bench.file("feed", "127.0.0.2 :2:listed\n")
    return rvtest.Resolverd(bench, name, zones={"bl.test": [f"ip4set:{feed}"]},
                            locals=["blacklist.internal"], **options)


def started(bench, name, **options):
    rd = new(bench, name, **options)
    rd.build()
    return rd.start()


def run(*args):
    return subprocess.run([RESOLVERD, *args], text=True, capture_output=True,
                          timeout=20)


def listed(server):
    equal(data(ask(server, LISTED)), ["127.0.0.2"])


def status_ids(pid):
    """The real, effective and saved user and group of a process; its groups."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return [set(map(int, fields[f].split())) for f in ("Uid", "Gid", "Groups")]


def is_running(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        return stat.rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- the command line

@case("-V prints the version")
def _(bench):
    done = run("-V")
    equal((done.returncode, done.stderr), (0, ""))
    contains(done.stdout, "resolverd ")


@case("usage errors: status 2 and the usage")
def _(bench):
    for args in (["-x"], ["-c"], ["extra"]):
        done = run(*args)
        equal((done.returncode, done.stdout), (2, ""), f"{args}")
        contains(done.stderr, "usage: resolverd")


@case("-n on a good configuration: status 0, and nothing is made")
def _(bench):
    done = run("-n", "-c", bench.file("good.conf", GOOD_CONF))
    equal((done.returncode, done.stderr), (0, ""))
    equal(os.path.exists("/nonexistent"), False)


def bad_conf(what, line, text, *parts):
    """GOOD_CONF with one line replaced or added: the error says where."""
    @case(f"-n on a bad configuration: {what}")
    def _(bench):
        lines = GOOD_CONF.splitlines()
        lines[line - 1:line] = text.split("\n")
        conf = bench.file("bad.conf", "\n".join(lines) + "\n")
        where = line + text.count("\n")
        done = run("-n", "-c", conf)
        equal(done.returncode, 1, done.stderr)
        for part in (f"{conf}:{where}:", *parts):
            contains(done.stderr, part)


bad_conf("an unknown name, and the right one", 2, 'state-dri = "/x"',
         "state-dri", "state-dir")
bad_conf("an unknown name in a section", 4,
         'dataset = { "ip4set:/x" }', "dataset", "datasets")
bad_conf("a number that is none", 2, "workers = many", "workers")
bad_conf("an address that is none", 1, 'listen = { "127.0.0.300@53" }',
         "127.0.0.300")
bad_conf("a size that is none", 2, 'cache { size = "12Q" }', "12Q")
bad_conf("the same zone twice", 6,
         'zone "BL.test" { datasets = { "ip4set:/x" } }', "BL.test", "line 3")
bad_conf("the same name as zone and local", 6, 'local "bl.test" { }',
         "bl.test")
bad_conf("a zone name that is none", 6,
         'zone "a..b" { datasets = { "ip4set:/x" } }', "a..b")


@case("-n on a bad configuration: an unknown dataset type")
def _(bench):
    conf = bench.file("bad.conf", GOOD_CONF.replace("ip4set:", "ip4sett:"))
    done = run("-n", "-c", conf)
    equal(done.returncode, 1, done.stderr)
    contains(done.stderr, f"{conf}:")
    contains(done.stderr, "ip4sett")


@case("-n on a bad configuration: every error is told, not only the first")
def _(bench):
    conf = bench.file("bad.conf", "workers = -1\nlisten = { \"x\" }\n"
                                  "allow-query = { \"300.0.0.0/8\" }\n")
    done = run("-n", "-c", conf)
    equal(done.returncode, 1)
    for line in (1, 2, 3):
        contains(done.stderr, f"{conf}:{line}:")


@case("a configuration file that is not there")
def _(bench):
    for args in (["-n"], ["-d"]):
        done = run(*args, "-c", bench.dir / "no-such.conf")
        equal(done.returncode, 1)
        contains(done.stderr, "no-such.conf")


# --- start

@case("a port in use: a clear error and status 1")
def _(bench):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as other:
            rd = new(bench, f"used-{kind.name}")
            other.bind(rd.server)
            if kind == socket.SOCK_STREAM:
                other.listen()
            done = run("-d", "-c", rd.conf)
            equal(done.returncode, 1, done.stderr)
            contains(done.stderr, f"{rd.server[0]}@{rd.server[1]}")
            contains(done.stderr, "Address already in use")


@case("another resolverd on the same port: a clear error and status 1")
def _(bench):
    first = started(bench, "first")
    second = new(bench, "second", listen=[first.server])
    done = run("-d", "-c", second.conf)
    equal(done.returncode, 1, done.stderr)
    contains(done.stderr, "Address already in use")
    listed(first.server)
    equal(first.stop(), 0)


@case("a user that does not exist: a clear error and status 1")
def _(bench):
    if os.geteuid() != 0:
        raise Skip("only root changes its user")
    rd = new(bench, "stranger")
    rd.user = "no-such-user"
    rd.write_conf()
    done = run("-d", "-c", rd.conf)
    equal(done.returncode, 1, done.stderr)
    contains(done.stderr, "no-such-user")


@case("no trust anchor to validate with: a clear error and status 1")
def _(bench):
    hidden = ["unshare", "--mount", "sh", "-c",
              'mount -t tmpfs none /usr/share/dns && exec "$@"', "sh"]
    if subprocess.run(hidden + ["true"], capture_output=True).returncode:
        raise Skip("the system's anchor cannot be hidden here")
    rd = new(bench, "anchor", validate="yes")
    done = subprocess.run([*hidden, "timeout", "5", RESOLVERD, "-d", "-c",
                           rd.conf], text=True, capture_output=True)
    equal(done.returncode, 1, done.stderr)
    contains(done.stderr, "/usr/share/dns/root.key")
    contains(done.stderr, "dns-root-data")


@case("started by root, workers run as the configured user, without way back")
def _(bench):
    if os.geteuid() != 0:
        raise Skip("only root changes its user")
    rd = started(bench, "dropped", workers=2)
    want = pwd.getpwnam(rd.user)
    pids = wait_until(lambda: len(p := rd.worker_pids()) == 2 and p)
    ids = [{want.pw_uid}, {want.pw_gid},
           set(os.getgrouplist(rd.user, want.pw_gid))]
    wait_until(lambda: all(status_ids(p) == ids for p in pids), 5,
               "the user to change")
    listed(rd.server)
    equal(rd.stop(), 0)


@case("without -d it goes into the background")
def _(bench):
    rd = new(bench, "background")
    rd.build()
    done = run("-c", rd.conf)
    try:
        equal((done.returncode, done.stderr), (0, ""))
        wait_until(lambda: rvtest.raw(rd.server, rvtest.PROBE, .2))
        listed(rd.server)
    finally:
        pids = pids_with(rd.conf)
        top = [p for p in pids if parent(p) not in pids]
        for pid in top:
            os.kill(pid, signal.SIGTERM)
    equal(len(top), 1, f"supervisors of {pids}")
    wait_until(lambda: not any(map(is_running, pids)), 10, "its end")


def pids_with(argument):
    """Of the processes that have it in their command line."""
    return [int(p.parent.name) for p in
            pathlib.Path("/proc").glob("[0-9]*/cmdline")
            if str(argument).encode() in read_or_empty(p)]


def read_or_empty(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def parent(pid):
    stat = read_or_empty(pathlib.Path(f"/proc/{pid}/stat")).decode()
    return int(stat.rsplit(")", 1)[1].split()[1]) if stat else 0


@case("a low limit of descriptors is raised, or it says so")
def _(bench):
    rd = new(bench, "limit")
    rd.process = bench.start(
        ["prlimit", "--nofile=64:64", RESOLVERD, "-d", "-c", rd.conf], rd.name)
    wait_until(rd.answers)
    limits = pathlib.Path(f"/proc/{rd.worker_pids()[0]}/limits").read_text()
    line, = (l for l in limits.splitlines() if l.startswith("Max open files"))
    equal(int(line.split()[3]) >= 8192 or
          "64 descriptors only" in rd.process.log(), True, line)
    equal(rd.stop(), 0)


def started_as(bench, name, prepare, *options):
    """Starts it by a parent that prepares the process in its own way."""
    rd = new(bench, name)
    rd.build()
    rd.process = bench.start(
        [sys.executable, "-c", f"import os, signal, sys\n{prepare}\n"
         "os.execv(sys.argv[1], sys.argv[1:])",
         RESOLVERD, *options, "-c", rd.conf], name)
    return rd


@case("started with SIGCHLD ignored, it still starts dead workers again")
def _(bench):
    rd = started_as(bench, "ignored",
                    "signal.signal(signal.SIGCHLD, signal.SIG_IGN)", "-d")
    wait_until(rd.answers)
    victim, = rd.worker_pids()
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: (p := rd.worker_pids()) and p != [victim], 5,
               "the new worker")
    equal(rd.stop(), 0)


@case("whoever read its log may go: it goes on")
def _(bench):
    rd = started_as(bench, "unheard", "r, w = os.pipe(); os.dup2(w, 2);"
                    "os.close(r); os.close(w);"
                    "signal.signal(signal.SIGPIPE, signal.SIG_DFL)", "-d")
    wait_until(rd.answers)
    victim, = rd.worker_pids()
    os.kill(victim, signal.SIGKILL)  # that is logged
    wait_until(lambda: victim not in rd.worker_pids())
    wait_until(rd.answers)
    equal(rd.stop(), 0)


@case("started without standard files, it goes into the background and serves")
def _(bench):
    rd = started_as(bench, "closed", "[os.close(fd) for fd in (0, 1, 2)]")
    try:
        equal(rd.process.wait(), 0)
        wait_until(lambda: rvtest.raw(rd.server, rvtest.PROBE, .2))
        listed(rd.server)
        equal(data(ask(rd.server, LISTED, tcp=True)), ["127.0.0.2"])
    finally:
        for pid in pids_with(rd.conf):
            os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not pids_with(rd.conf), 10, "its end")


@case("started with umask 077, workers can read what it and the tools make")
def _(bench):
    old = os.umask(0o077)
    try:
        rd = started(bench, "umask")
        equal(rd.blctl("add", "192.0.2.7").returncode, 0)
    finally:
        os.umask(old)
    listed(rd.server)
    equal(data(ask(rd.server, "7.2.0.192.blacklist.internal")), ["127.0.0.2"])
    equal(rd.stop(), 0)


@case("on the wildcard address, the answer comes from where it was asked")
def _(bench):
    rd = started(bench, "wildcard", listen=[("0.0.0.0", rvtest.free_port())])
    for addr in ("127.0.0.1", "127.0.0.9"):
        listed((addr, rd.server[1]))
    equal(rd.stop(), 0)


@case("on ::1")
def _(bench):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind(("::1", 0))
    except OSError:
        raise Skip("this machine has no ::1")
    port = rvtest.free_port()
    rd = started(bench, "ipv6", listen=[("::1", port), ("127.0.0.1", port)])
    listed(("::1", port))
    equal(data(ask(("::1", port), LISTED, tcp=True)), ["127.0.0.2"])
    listed(("127.0.0.1", port))
    equal(rd.stop(), 0)


@case("the systemd unit leaves what the daemon reads in /proc")
def _(bench):
    unit = (rvtest.HERE.parent.parent / "conf" / "resolverd.service")
    hides = [line for line in unit.read_text().splitlines()
             if line.startswith("ProcSubset=")]
    equal(hides, [], "with it there is no boot id: no cache is trusted")


# --- end

def ends(rd):
    """Sends SIGTERM; returns when the workers have it: they read no more."""
    rd.process.popen.send_signal(signal.SIGTERM)
    wait_until(lambda: rvtest.raw(rd.server, rvtest.PROBE, .05) is None)


def drains(bench, name, tcp):
    with Outside(lambda q: answer(q, f"{q.qname} 9 A 192.0.2.1")) as outside:
        rd = started(bench, name, forward=[outside.server])
        got = []
        client = threading.Thread(target=lambda: got.append(
            ask(rd.server, "slow.example", tcp=tcp)))
        with outside.holding("slow"):
            client.start()
            wait_until(lambda: outside.count("slow.example"))
            ends(rd)
        client.join()
        equal(rd.process.wait(), 0, "exit status")
        equal([(rcode(m), data(m)) for m in got], [("NOERROR", ["192.0.2.1"])])


@case("SIGTERM: a question under way is answered, then status 0")
def _(bench):
    drains(bench, "drain-udp", tcp=False)


@case("SIGTERM: the same over TCP")
def _(bench):
    drains(bench, "drain-tcp", tcp=True)


@case("SIGTERM: answers that a slow TCP client has not read yet still come")
def _(bench):
    txt = "x" * 250
    feed = bench.file("wide", "".join(f"127.0.0.2 :2:{n:03}{txt}\n"
                                      for n in range(200)))
    rd = rvtest.resolverd(bench, name="unread",
                          zones={"bl.test": [f"ip4set:{feed}"]})
    q = rvtest.frame_tcp(rvtest.question(LISTED, qtype=16))
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(rd.server)
        s.sendall(q * 200)
        wait_until(lambda: rvtest.raw(rd.server, rvtest.PROBE))
        ends(rd)
        s.settimeout(5)
        got = [len(rvtest.recv_tcp(s)) for _ in range(200)]
    equal(got, [got[0]] * 200)
    equal(rd.process.wait(), 0)


@case("SIGTERM while workers start: they end by themselves, status 0")
def _(bench):
    for n in range(5):
        rd = new(bench, f"early-{n}", workers=16)
        rd.process = bench.start([RESOLVERD, "-d", "-c", rd.conf], rd.name)
        wait_until(lambda: "starts:" in rd.process.log(), every=.001)
        time.sleep(n * .001)
        equal(rd.stop(), 0)
        contains(rd.process.log().splitlines()[-1], "resolverd: ended")


@case("SIGINT ends it, too; nothing is left running")
def _(bench):
    rd = started(bench, "interrupted", workers=2)
    pids = rd.worker_pids()
    equal((len(pids), rd.stop(sig=signal.SIGINT)), (2, 0))
    equal([p for p in pids if is_running(p)], [])


@case("SIGHUP does no harm")
def _(bench):
    rd = started(bench, "hangup", workers=2)
    for _ in range(3):
        rd.process.popen.send_signal(signal.SIGHUP)
        listed(rd.server)
    equal(rd.stop(), 0)


@case("workers do not outlive a supervisor that is killed")
def _(bench):
    rd = started(bench, "orphans", workers=2)
    pids = rd.worker_pids()
    equal(len(pids), 2)
    rd.stop(sig=signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, pids)), 10, "the workers' end")


# --- a worker dies

@case("a worker that is killed is restarted, with a log line")
def _(bench):
    rd = started(bench, "killed", workers=2)
    before = set(rd.worker_pids())
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: str(victim) in rd.process.log(), 5, "a log line")
    after = wait_until(
        lambda: len(p := set(rd.worker_pids())) == 2 and victim not in p and p,
        5, "the new worker")
    equal(len(before & after), 1, "the other one stays")
    for _ in range(20):
        listed(rd.server)
    equal(rd.stop(), 0)


@case("after a crash over a damaged cache, the new worker begins another one")
def _(bench):
    with Outside(lambda q: answer(q, f"{q.qname} 99 A 192.0.2.1")) as outside:
        rd = started(bench, "damaged", forward=[outside.server])
        cache = rd.state / "cache" / "answers.mdb"
        for n in range(200):
            ask(rd.server, f"kept-{n}.example")
        wait_until(lambda: kept_pages(cache), 5, "entries in the file")
        with open(cache, "r+b") as f:
            for pos in kept_pages(cache):
                f.seek(pos + 16)  # where LMDB has a page's offsets
                f.write(b"\xff" * 64)
        os.kill(rd.worker_pids()[0], signal.SIGKILL)
        wait_until(lambda: "put aside" in rd.process.log(), 5, "a log line")
        for n in range(200):
            equal(data(ask(rd.server, f"kept-{n}.example")), ["192.0.2.1"])
        equal(cache.with_suffix(".mdb.bad").exists(), True)
        equal(rd.process.log().count("was killed"), 1)
        equal(rd.stop(), 0)


@case("a worker that cannot open the cache answers all the same")
def _(bench):
    with Outside(lambda q: answer(q, f"{q.qname} 99 A 192.0.2.1")) as outside:
        rd = started(bench, "cacheless", forward=[outside.server])
        folder = rd.state / "cache"
        os.rename(folder, rd.state / "elsewhere")
        folder.write_text("a file where the folder was")
        os.kill(rd.worker_pids()[0], signal.SIGKILL)
        wait_until(lambda: "not kept" in rd.process.log(), 5, "a log line")
        listed(rd.server)
        for _ in range(2):
            equal(data(ask(rd.server, "www.example")), ["192.0.2.1"])
        equal(rd.process.log().count("was killed"), 1)
        equal(rd.stop(), 0)


def kept_pages(cache):
    """Where LMDB's pages are whose first node is an answer of this test.

    That leaves out the page that is read at each start.
    """
    size = os.sysconf("SC_PAGESIZE")
    with open(cache, "rb") as f:
        pages = [f.read(size) for _ in range(64)]

    def qname(page):
        node, = struct.unpack_from("=H", page, 16)
        return page[node + 8 + 8 + 40:]  # the node's head, key, entry's head
    return [n * size for n, page in enumerate(pages)
            if qname(page)[1:6] == b"kept-"]


@case("meanwhile the others serve; it comes back later each time")
def _(bench):
    rd = started(bench, "often", workers=2)
    victim_index = 0
    for _ in range(4):
        pids = wait_until(lambda: len(p := rd.worker_pids()) == 2 and p, 10)
        os.kill(pids[victim_index], signal.SIGKILL)
        wait_until(lambda: len(rd.worker_pids()) == 1)
        served = sum(rvtest.raw(rd.server, rvtest.PROBE, .02) is not None
                     for _ in range(10))
        equal(served > 0, True, "questions served meanwhile")
        # the new one is the youngest: last in the list of children
        victim_index = 1
    times = []
    for line in rd.process.log().splitlines():
        if "starting it again in" in line:
            times.append(int(line.rsplit(" ", 2)[1]))
    equal((len(times), times == sorted(set(times))), (4, True), f"{times} ms")
    wait_until(lambda: len(rd.worker_pids()) == 2)
    equal(rd.stop(), 0)


if __name__ == "__main__":
    rvtest.run()
