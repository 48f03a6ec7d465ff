"""A changed configuration, taken up while questions come."""

import os
import signal
import socket
import subprocess
import threading
import time

import rvtest
from rvtest import (LOOPBACK, Skip, ask, case, contains, data, diag, equal,
                    rcode, wait_until)
from load import Load
from scripted import Outside, answer

LISTED = "2.0.0.127.bl.test"
RELOADED, REFUSED = "reloaded: serves by", "not reloaded"


def started(bench, name, **options):
    feed = bench.file("feed", "127.0.0.2 :2:listed\n")
    options.setdefault("zones", {"bl.test": [f"ip4set:{feed}"]})
    return rvtest.resolverd(bench, name=name, **options)


def count(rd, text):
    return rd.process.log().count(text)


def hup(rd, says=RELOADED):
    """SIGHUP; until the log tells what became of it."""
    before = count(rd, says)
    rd.process.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: count(rd, says) > before, 20, f"the log: {says}")


def changed(rd, **what):
    for name, value in what.items():
        assert hasattr(rd, name)
        setattr(rd, name, value)
    rd.write_conf()


def alive(pids):
    return [p for p in pids if os.path.exists(f"/proc/{p}")]


@case("ten reloads at 1 kqps: not a question lost")
def _(bench):
    rd = started(bench, "ten", workers=2)
    first = rd.worker_pids()
    with Load(rd.server, LISTED) as load:
        for _ in range(10):
            hup(rd)
            load.goes_on()
    load.check("ten reloads")
    equal(set(first) & set(rd.worker_pids()), set(), "old workers")
    wait_until(lambda: len(rd.worker_pids()) == 2, 40, "their end")
    equal(rd.stop(), 0)


@case("fewer and more workers, then as before, at 1 kqps: none lost")
def _(bench):
    rd = started(bench, "numbers", workers=3)
    with Load(rd.server, LISTED) as load:
        for workers in (1, 4, 2, 5, 3):
            changed(rd, workers=workers)
            hup(rd)
            load.goes_on()
    load.check("workers 3, 1, 4, 2, 5, 3")
    wait_until(lambda: len(rd.worker_pids()) == 3, 40, "three of them")
    for _ in range(50):  # the kernel picks among those who read
        equal(rcode(ask(rd.server, LISTED, timeout=5)), "NOERROR")
    equal(rd.stop(), 0)


@case("an address more is served, one less is closed, the other not disturbed")
def _(bench):
    rd = started(bench, "addresses", workers=2)
    stays, other = rd.server, (LOOPBACK, rvtest.free_port())
    with Load(stays, LISTED) as load:
        changed(rd, listen=[stays, other])
        hup(rd)
        equal(data(ask(other, LISTED)), ["127.0.0.2"])
        equal(data(ask(other, LISTED, tcp=True)), ["127.0.0.2"])
        changed(rd, listen=[stays])
        hup(rd)
        wait_until(lambda: is_closed(other), 10, "the address to be free")
        changed(rd, listen=[other, stays])
        hup(rd)
        equal(data(ask(other, LISTED)), ["127.0.0.2"])
        load.goes_on()
    load.check("another address comes and goes")
    equal(rd.stop(), 0)


def is_closed(server):
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(server)
        return True
    except OSError:
        return False


@case("the new configuration holds when the log says so")
def _(bench):
    rd = started(bench, "holds", workers=2)
    feed = bench.file("more", "127.0.0.2 :9:more\n")
    rd.zones["more.test"] = [f"ip4set:{feed}"]
    rd.write_conf()
    rd.build()
    equal(data(ask(rd.server, "2.0.0.127.more.test")), [])
    hup(rd)
    for _ in range(20):
        equal(data(ask(rd.server, "2.0.0.127.more.test")), ["127.0.0.9"])
    changed(rd, allow=["192.0.2.0/24"])
    hup(rd)
    for _ in range(20):
        equal(rcode(ask(rd.server, LISTED)), "REFUSED")
    equal(rd.stop(), 0)


@case("a faulty configuration changes nothing, and is told line by line")
def _(bench):
    rd = started(bench, "faulty")
    good, pids = rd.conf.read_text(), rd.worker_pids()
    rd.conf.write_text(good + "no-such-option = 3\n")
    hup(rd, REFUSED)
    contains(rd.process.log(), f"{rd.conf}:{len(good.splitlines()) + 1}:")
    rd.conf.write_text(good.replace("ip4set:", "ip4sett:"))
    hup(rd, REFUSED)
    contains(rd.process.log(), "ip4sett")
    rd.conf.unlink()
    hup(rd, REFUSED)
    equal(rd.worker_pids(), pids)
    equal(data(ask(rd.server, LISTED)), ["127.0.0.2"])
    rd.write_conf()
    hup(rd)
    equal(rd.stop(), 0)


@case("an address that cannot be had changes nothing")
def _(bench):
    rd = started(bench, "in-use")
    pids = rd.worker_pids()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((LOOPBACK, 0))
        taken = other.getsockname()
        changed(rd, listen=[rd.server, taken], workers=3)
        hup(rd, REFUSED)
    contains(rd.process.log(), f"listen {taken[0]}@{taken[1]} (UDP): Address "
             "already in use")
    equal(rd.worker_pids(), pids)
    for _ in range(20):
        equal(data(ask(rd.server, LISTED)), ["127.0.0.2"])
    equal(rd.stop(), 0)


@case("state-dir and user: told to need a restart")
def _(bench):
    rd = started(bench, "restart")
    good = rd.conf.read_text()
    rd.conf.write_text(good.replace("-state\"", "-other\""))
    hup(rd, REFUSED)
    contains(rd.process.log(), "`state-dir` has changed: that needs a restart")
    if os.geteuid() == 0:
        rd.conf.write_text(good.replace('user = "nobody"', 'user = "daemon"'))
        hup(rd, REFUSED)
        contains(rd.process.log(), "`user` has changed")
    equal(data(ask(rd.server, LISTED)), ["127.0.0.2"])
    equal(rd.stop(), 0)


@case("a question that is under way in an old worker is answered")
def _(bench):
    with Outside(lambda q: answer(q, f"{q.qname} 9 A 192.0.2.1")) as outside:
        rd = started(bench, "under-way", forward=[outside.server])
        for tcp in (False, True):
            name, got = f"slow-{tcp}.example".lower(), []
            client = threading.Thread(
                target=lambda: got.append(ask(rd.server, name, tcp=tcp)))
            with outside.holding(name):
                client.start()
                wait_until(lambda: outside.count(name))
                hup(rd)
                equal(got, [], "answers so far")
            client.join()
            equal([data(m) for m in got], [["192.0.2.1"]])
        equal(rd.stop(), 0)


@case("a TCP connection of an old worker is served on")
def _(bench):
    rd = started(bench, "connected")
    old, = rd.worker_pids()
    with socket.create_connection(rd.server, 5) as s:
        for _ in range(3):
            s.sendall(rvtest.frame_tcp(rvtest.question(LISTED)))
            equal(rvtest.recv_tcp(s)[-4:], bytes([127, 0, 0, 2]))
            hup(rd)
        equal(alive([old]), [old])
    wait_until(lambda: len(rd.worker_pids()) == 1, 10, "the end of the others")
    equal(rd.stop(), 0)


@case("SIGTERM in the middle of a reload ends all of them, status 0")
def _(bench):
    for n in range(4):
        rd = started(bench, f"middle-{n}", workers=2)
        rd.process.popen.send_signal(signal.SIGHUP)
        time.sleep(n * .02)
        equal(rd.stop(), 0)


@case("a worker that dies after a reload is started again, by the new one")
def _(bench):
    rd = started(bench, "dies")
    changed(rd, allow=["192.0.2.0/24"])
    hup(rd)
    pid = wait_until(lambda: len(p := rd.worker_pids()) == 1 and p, 15)[0]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: (p := rd.worker_pids()) and p != [pid], 10)
    equal(rcode(wait_until(lambda: ask(rd.server, LISTED))), "REFUSED")
    equal(rd.stop(), 0)


@case("systemd is told: ready, reloading, ready, stopping")
def _(bench):
    path = bench.dir / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(path))
        s.settimeout(10)
        os.environ["NOTIFY_SOCKET"] = str(path)
        try:
            rd = started(bench, "notify")
        finally:
            del os.environ["NOTIFY_SOCKET"]
        equal(s.recv(100), b"READY=1\n")
        hup(rd)
        contains(s.recv(100).decode(), "RELOADING=1\nMONOTONIC_USEC=")
        equal(s.recv(100), b"READY=1\n")
        equal(rd.stop(), 0)
        equal(s.recv(100), b"STOPPING=1\n")


@case("a worker that has to be killed at the end: status 1")
def _(bench):
    rd = started(bench, "stuck", upstream="deadline = 1s list-deadline = 1s")
    os.kill(rd.worker_pids()[0], signal.SIGSTOP)
    began = time.monotonic()
    equal(rd.stop(timeout=30), 1)
    took = time.monotonic() - began
    equal(5.5 < took < 12, True, f"it had {took:.1f} s")
    contains(rd.process.log(), "does not end: killed")


@case("a file where a folder of the state should be: said at start")
def _(bench):
    rd = rvtest.Resolverd(bench, "file", zones={"bl.test": ["ip4set:x"]})
    (rd.state / "zones").write_text("no folder")
    done = subprocess.run([rvtest.RESOLVERD, "-d", "-c", rd.conf], text=True,
                          capture_output=True, timeout=20)
    equal(done.returncode, 1)
    contains(done.stderr, "zones")
    (rd.state / "zones").unlink()
    (rd.state / "zones").mkdir()
    (rd.state / "zones" / "bl.test").write_text("no folder")
    done = subprocess.run([rvtest.RESOLVERD, "-d", "-c", rd.conf], text=True,
                          capture_output=True, timeout=20)
    equal(done.returncode, 1)
    contains(done.stderr, "bl.test: is no folder")


if __name__ == "__main__":
    rvtest.run()
