"""resolverctl(8) and the socket behind it."""

import json
import os
import pwd
import re
import signal
import socket
import stat
import threading

import rvtest
from rvtest import (Skip, ask, case, contains, data, equal, rcode, wait_until)
from load import Load
from scripted import Outside, answer, negative

LISTED = "2.0.0.127.bl.test"


def outside(q):
    if q.qname.startswith("no."):
        return negative(q)
    if q.qname.endswith("dead.example"):
        return None
    if q.qname.startswith("broken."):
        return answer(q, rcode="SERVFAIL")
    if q.qname.startswith("alias."):
        return answer(q, f"{q.qname} 300 CNAME target.example.",
                      "target.example 300 A 192.0.2.1")
    return answer(q, f'{q.qname} 300 TXT "text"' if q.qtype == "TXT" else
                  f"{q.qname} 300 A 192.0.2.1")


def setup(bench):
    bench.outside = Outside(outside).__enter__()
    feed = bench.file("feed", "127.0.0.2 :2:listed\n")
    bench.rd = rvtest.resolverd(
        bench, zones={"bl.test": [f"ip4set:{feed}"]}, workers=2,
        locals=["blacklist.internal"], forward=[bench.outside.server])


def ctl(bench, *args, status=0, **popen):
    done = bench.rd.resolverctl(*args, **popen)
    equal((done.returncode, done.stderr if status == 0 else ""), (status, ""),
          f"{args}: {done.stdout}{done.stderr}")
    return done.stdout if status == 0 else done.stdout + done.stderr


def ctl_json(bench, *args, **how):
    return json.loads(ctl(bench, "--json", *args, **how))


def socket_path(bench):
    return bench.rd.state / "control"


def say(bench, line, shut=False):
    """Bytes to the socket; all that comes back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(20)
        s.connect(str(socket_path(bench)))
        s.sendall(line)
        if shut:
            s.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while part := s.recv(65536):
                got += part
        except ConnectionResetError:
            pass  # it read no further than it wanted
        return got.decode()


def cached(bench, *names, qtype="A"):
    """Puts answers into the cache's file."""
    for name in names:
        ask(bench.rd.server, name, qtype)
    wait_until(lambda: {(n, qtype) for n in names} <=
               {(e["name"], e["type"])
                for e in ctl_json(bench, "dump")["entries"]}, 5, names)


def dumped(bench, *args):
    return {e["name"] for e in ctl_json(bench, "dump", *args)["entries"]}


# --- status and stats

@case("status: version, processes, zones, cache")
def _(bench):
    text = ctl(bench, "status")
    for part in ("version: ", f"pid: {bench.rd.process.pid}\n", "number 1, pid",
                 "zone bl.test, generation gen-00000001.mdb",
                 "blacklist.internal", "cache-bytes-max: "):
        contains(text, part)
    status = ctl_json(bench, "status")
    equal(status["pid"], bench.rd.process.pid)
    equal({w["pid"] for w in status["workers"]} <= set(bench.rd.worker_pids()),
          True, status["workers"])
    equal([w["state"] for w in status["workers"]], ["serves"] * 2)
    equal(status["list-zones"], [{"zone": "bl.test",
                                  "generation": "gen-00000001.mdb"}])
    equal(status["local-zones"], ["blacklist.internal"])


@case("stats: what was asked is counted, in all workers together")
def _(bench):
    before = ctl_json(bench, "stats")
    for _ in range(40):
        ask(bench.rd.server, LISTED)
    for _ in range(5):
        ask(bench.rd.server, LISTED, tcp=True)
    ask(bench.rd.server, "counted.example")
    wait_until(lambda: "counted.example" in dumped(bench), 5)
    for _ in range(10):
        ask(bench.rd.server, "counted.example")
    ask(bench.rd.server, "no.counted.example")
    wait_until(lambda: "no.counted.example" in dumped(bench), 5)
    ask(bench.rd.server, "no.counted.example")
    after = ctl_json(bench, "stats")
    equal({k: after[k] - before[k] for k in after if after[k] != before[k]},
          {"queries": 58, "queries-tcp": 5, "list-answers": 45,
           "cache-hits": 10, "cache-negative-hits": 1, "cache-misses": 2})
    contains(ctl(bench, "stats"), f"queries: {after['queries']}\n")


@case("stats --prometheus: HELP, TYPE and a sample for each")
def _(bench):
    lines = ctl(bench, "stats", "--prometheus").splitlines()
    equal(len(lines), 3 * len(ctl_json(bench, "stats")))
    for told, typed, sample in zip(lines[::3], lines[1::3], lines[2::3]):
        name, value = sample.split(" ")
        kind = "counter" if name.endswith("_total") else "gauge"
        equal(told.split(" ")[:3], ["#", "HELP", name])
        equal(typed, f"# TYPE {name} {kind}")
        equal(bool(re.fullmatch(r"resolverd_[a-z_]+", name)), True, name)
        int(value)


@case("counts survive the death of a worker and a reload")
def _(bench):
    before = ctl_json(bench, "stats")["list-answers"]
    for _ in range(20):
        ask(bench.rd.server, LISTED)
    os.kill(bench.rd.worker_pids()[0], signal.SIGKILL)
    ctl(bench, "reload")
    wait_until(lambda: ctl_json(bench, "stats")["list-answers"] ==
               before + 20, 5)


# --- lookup

@case("lookup: a list zone, its generation, the RRs")
def _(bench):
    got = ctl_json(bench, "lookup", LISTED, "A")
    equal((got["source"], got["zone"], got["rcode"], got["answer"]),
          ("list zone", "bl.test, generation gen-00000001.mdb", "NOERROR",
           [f"{LISTED}. {got['ttl']} A 127.0.0.2"]))
    equal(got["microseconds"] < 5000000, True)
    got = ctl_json(bench, "lookup", LISTED, "TXT")
    equal(got["answer"], [f'{LISTED}. {got["ttl"]} TXT "listed"'])
    text = ctl(bench, "lookup", LISTED, "A")
    contains(text, "source: list zone\n")
    contains(text, "A 127.0.0.2\n")


@case("lookup: a local list, where the name is not listed")
def _(bench):
    got = ctl_json(bench, "lookup", "1.2.0.192.blacklist.internal", "A")
    equal((got["source"], got["zone"], got["rcode"], got["answer"]),
          ("list zone", "blacklist.internal, local list", "NXDOMAIN", []))
    contains(got["authority"][0], " SOA ")


@case("lookup: upstream, then the cache with its age and what is left")
def _(bench):
    first = ctl_json(bench, "lookup", "looked.example", "a")
    equal((first["source"], first["ttl"]), ("upstream", 300))
    then = ctl_json(bench, "lookup", "LOOKED.example", "A")
    equal((then["source"], then["name"]), ("cache", "looked.example"))
    equal(then["ttl"], 300 - then["age"])
    equal(bench.outside.count("looked.example"), 1)
    equal(data(ask(bench.rd.server, "looked.example")), ["192.0.2.1"])
    equal(bench.outside.count("looked.example"), 1, "workers have it, too")
    equal(ctl_json(bench, "lookup", "no.looked.example", "MX")["rcode"],
          "NXDOMAIN")


@case("lookup: why there is no answer; nothing is written of what is empty")
def _(bench):
    before = ctl_json(bench, "stats")
    got = ctl_json(bench, "lookup", "broken.example", "A")
    equal((got["rcode"], got["source"], got["answer"], got["authority"]),
          ("SERVFAIL", "upstream", [], []))
    equal(got["reason"].startswith("No Reachable Authority: "), True, got)
    equal(got["reason"].endswith(" (22)"), True, got)
    text = ctl(bench, "lookup", "broken.example", "A")
    contains(text, "source: cache, a failure\n")
    contains(text, "\nreason: No Reachable Authority: it failed a moment ago "
             "(22)\n")
    equal("answer" in text or "authority:" in text, False, text)
    text = ctl(bench, "lookup", "looked.example", "A")
    equal(("reason" in text, "authority:" in text), (False, False), text)
    # what clients asked is counted, not this
    equal({k: v for k, v in ctl_json(bench, "stats").items()
           if k in ("queries", "upstream-failures", "cached-failures")},
          {k: before[k] for k in ("queries", "upstream-failures",
                                  "cached-failures")})


@case("a list that is dead: lookup and dump tell, flush has it asked again")
def _(bench):
    got = ctl_json(bench, "lookup", "2.0.0.127.dead.example", "A")
    equal((got["reason"], got["microseconds"] < 3000000),
          ("No Reachable Authority: no answer in time (22)", True))
    got = ctl_json(bench, "lookup", "9.0.0.127.dead.example", "A")
    equal((got["source"], got["reason"]),
          ("its servers are not asked now",
           "No Reachable Authority: nothing came from there lately (22)"))
    entry, = ctl_json(bench, "dump", "dead.example")["entries"]
    equal((entry["kind"], entry["left"] <= 2), ("silent zone", True), entry)
    ctl(bench, "flush", "dead.example")
    equal(ctl_json(bench, "dump", "dead.example")["entries"], [])
    equal(ctl_json(bench, "lookup", "localhost", "A")["source"],
          "hosts file, localhost or private zone")


# --- dump

@case("dump: all, one name, all below one")
def _(bench):
    cached(bench, "www.dump.example", "dump.example", "adump.example")
    below = {"www.dump.example", "dump.example"}
    equal(below | {"adump.example"} <= dumped(bench), True)
    equal(dumped(bench, "dump.example"), {"dump.example"})
    equal(dumped(bench, "--below", "DUMP.example."), below)
    equal(dumped(bench, "nothing.example"), set())
    entry, = ctl_json(bench, "dump", "dump.example")["entries"]
    equal((entry["type"], entry["rcode"], entry["secure"], entry["records"]),
          ("A", "NOERROR", False, ["dump.example. 300 A 192.0.2.1"]))
    equal(entry["age"] + entry["left"], 300)
    contains(ctl(bench, "dump", "dump.example"),
             "  name dump.example, type A, kind answer, rcode NOERROR, age ")


@case("dump of many: whole, and somebody who reads slowly stops nobody")
def _(bench):
    names = {f"n{n}.many.example" for n in range(1500)}
    for name in names:
        ask(bench.rd.server, name)
    wait_until(lambda: len(dumped(bench, "--below", "many.example")) == 1500,
               10, "1500 entries")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        s.connect(str(socket_path(bench)))
        s.sendall(b"text dump\n")  # and nothing is read
        ask(bench.rd.server, "meanwhile.example")
        wait_until(lambda: "meanwhile.example" in dumped(bench), 5)
        equal(data(ask(bench.rd.server, LISTED)), ["127.0.0.2"])


# --- flush

def asked_again(bench, *names):
    """Which of them go to the outside when they are asked for."""
    before = {n: bench.outside.count(n) for n in names}
    for _ in range(4):  # both workers
        for name in names:
            ask(bench.rd.server, name)
    return {n for n in names if bench.outside.count(n) > before[n]}


@case("flush of an alias: the worker that knew it asks for it anew")
def _(bench):
    rd = rvtest.resolverd(bench, name="alone", forward=[bench.outside.server])
    for n in (1, 2):
        equal(data(ask(rd.server, "alias.example"), "A"), ["192.0.2.1"])
        equal(bench.outside.count("alias.example"), n)
        wait_until(lambda: rd.resolverctl("flush", "alias.example").stdout ==
                   "flushed: 1\n", 5, "it to be flushed")
    equal(rd.stop(), 0)


@case("flush NAME TYPE: that alone is asked for anew")
def _(bench):
    cached(bench, "flush.example", "www.flush.example")
    cached(bench, "flush.example", qtype="TXT")
    equal(ctl(bench, "flush", "flush.example", "A"), "flushed: 1\n")
    kinds = {(e["name"], e["type"]) for e in
             ctl_json(bench, "dump", "--below", "flush.example")["entries"]}
    equal(kinds, {("flush.example", "TXT"), ("www.flush.example", "A")})
    equal(asked_again(bench, "flush.example", "www.flush.example"),
          {"flush.example"})


@case("flush NAME: all its types, not those below")
def _(bench):
    cached(bench, "both.example", "www.both.example")
    cached(bench, "both.example", qtype="TXT")
    equal(ctl_json(bench, "flush", "both.example"), {"flushed": 2})
    equal(asked_again(bench, "both.example", "www.both.example"),
          {"both.example"})


@case("flush --below NAME: itself and all below, not beside")
def _(bench):
    cached(bench, "below.example", "a.b.below.example", "xbelow.example")
    equal(ctl_json(bench, "flush", "--below", "below.example"), {"flushed": 2})
    equal(asked_again(bench, "below.example", "a.b.below.example",
                      "xbelow.example"), {"below.example", "a.b.below.example"})
    cached(bench, "below.example")
    ctl(bench, "flush", "--below", ".")
    equal(dumped(bench), set())
    equal(ctl_json(bench, "flush", "nothing.example"), {"flushed": 0})


@case("five flushes while questions come: none lost")
def _(bench):
    with Load(bench.rd.server, LISTED) as load:
        for _ in range(5):
            ctl(bench, "flush", "flush.example")
            load.goes_on()
    load.check("five flushes")


# --- reload

@case("reload: a good configuration, a faulty one with file and line")
def _(bench):
    good = bench.rd.conf.read_text()
    last = len(good.splitlines())
    try:
        equal(ctl_json(bench, "reload"), {"reloaded": str(bench.rd.conf)})
        contains(ctl(bench, "status"), "\nreloaded: 2")
        pids = ctl_json(bench, "status")["workers"]
        bench.rd.conf.write_text(good + "workers = x\nno-such = 1\n")
        # the tool needs the configuration, too: only for the socket
        how = ("-s", socket_path(bench))
        text = ctl(bench, *how, "reload", status=1)
        contains(text, f"{bench.rd.conf}:{last + 1}: workers")
        contains(text, f"{bench.rd.conf}:{last + 2}: there is no \"no-such\"")
        got = ctl_json(bench, *how, "reload", status=1)
        equal(got["error"].count(str(bench.rd.conf)), 2)
        equal([w["pid"] for w in ctl_json(bench, *how, "status")["workers"]],
              [w["pid"] for w in pids], "workers")
    finally:
        bench.rd.conf.write_text(good)


@case("reload: what needs a restart is refused")
def _(bench):
    good = bench.rd.conf.read_text()
    try:
        bench.rd.conf.write_text(good + 'control-socket = "elsewhere"\n')
        contains(ctl(bench, "-s", socket_path(bench), "reload", status=1),
                 "`control-socket` has changed: that needs a restart")
    finally:
        bench.rd.conf.write_text(good)


# --- who may, what is refused

@case("the socket is for root and the daemon's group alone")
def _(bench):
    if os.geteuid() != 0:
        raise Skip("only root becomes somebody else")
    st = socket_path(bench).stat()
    group = pwd.getpwnam(bench.rd.user).pw_gid
    equal((stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid), (0o660, 0, group))
    stranger = pwd.getpwnam("daemon")
    how = {"user": stranger.pw_uid, "extra_groups": []}
    bench.rd.conf.chmod(0o644)
    bench.rd.state.chmod(0o755)
    contains(ctl(bench, "status", status=1, group=stranger.pw_gid, **how),
             "Permission denied; that is for root and the group")
    contains(ctl(bench, "status", group=group, **how), "version")


@case("what is no request is refused, and nothing comes of it")
def _(bench):
    long = b"text lookup " + b"a" * 5000 + b" A\n"
    for line in (b"\n", b"text\n", b"status\n", b"yaml status\n",
                 b"text statuss\n", b"text  status\n", b"text status x\n",
                 b"text flush\n", b"text flush a..b\n", b"text flush a NOTYPE\n",
                 b"text flush --below\n", b"text flush --below a A\n",
                 b"text lookup a\n", b"text lookup a AXFR\n",
                 b"text lookup a TYPE70000\n", b"text lookup a OPT\n",
                 b"prometheus status\n", b"text dump \x00\n",
                 b"text dump \xff\n", b"a b c d e f g h i\n", long):
        got = say(bench, line)
        equal((got.startswith("=failed ") or line == long and not got,
               got.count("\n") <= 1), (True, True), f"{line[:40]}: {got!r}")
    equal(say(bench, b"text status", shut=True), "", "half a line")
    equal(say(bench, b"", shut=True), "")
    contains(say(bench, b"text status\nrest"), "=done\n")
    equal(bench.rd.process.alive(), True)
    contains(ctl(bench, "status"), "version")


@case("the tool refuses what it does not know: status 2, usage")
def _(bench):
    for args in ([], ["nothing"], ["status", "x"], ["lookup", "a"],
                 ["flush"], ["dump", "a", "b"], ["--nothing"]):
        done = bench.rd.resolverctl(*args)
        equal((done.returncode, done.stdout), (2, ""), f"{args}")
        contains(done.stderr, "usage: resolverctl")
    done = bench.rd.resolverctl("flush", "a b")
    equal(done.returncode, 2)
    contains(done.stderr, "\\DDD")
    contains(bench.rd.resolverctl("-V").stdout, "resolverd")


# --- processes

@case("it is answered while workers die and come back")
def _(bench):
    for _ in range(3):
        pids = {w["pid"] for w in ctl_json(bench, "status")["workers"]}
        victim = max(pids)
        if victim == 0:
            continue
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in
                   {w["pid"] for w in ctl_json(bench, "status")["workers"]},
                   10, "its death to be seen")
        equal(ctl_json(bench, "lookup", LISTED, "A")["rcode"], "NOERROR")
    wait_until(lambda: all(w["state"] == "serves" for w in
                           ctl_json(bench, "status")["workers"]), 20)


@case("twenty at the same time are all served")
def _(bench):
    got = []
    threads = [threading.Thread(target=lambda: got.append(
        say(bench, b"text stats\n"))) for _ in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal([g.endswith("=done\n") for g in got], [True] * 20)


@case("two reloads at the same time: one after the other")
def _(bench):
    got = []
    threads = [threading.Thread(target=lambda: got.append(
        say(bench, b"text reload\n"))) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal([g.endswith("=done\n") for g in got], [True] * 2)


@case("the socket goes with the daemon; one that is left over is replaced")
def _(bench):
    path = socket_path(bench)
    equal(bench.rd.stop(), 0)
    equal(path.exists(), False)
    contains(ctl(bench, "status", status=1), "does resolverd run?")
    bench.rd.start()
    bench.rd.stop(sig=signal.SIGKILL)
    equal(path.exists(), True)
    wait_until(lambda: not rvtest.raw(bench.rd.server, rvtest.PROBE, .1))
    bench.rd.start()
    contains(ctl(bench, "status"), "version")
    equal(bench.rd.stop(), 0)


@case("a path that cannot be had is told; questions are answered all the same")
def _(bench):
    bench.rd.extra = f'control-socket = "{"x" * 200}"\n'
    bench.rd.write_conf()
    bench.rd.start()
    contains(bench.rd.process.log(), "the path is too long; resolverctl(8) "
             "will not work")
    equal(data(ask(bench.rd.server, LISTED)), ["127.0.0.2"])
    contains(ctl(bench, "status", status=1), "the path is too long")
    equal(bench.rd.stop(), 0)


if __name__ == "__main__":
    rvtest.run(setup)
