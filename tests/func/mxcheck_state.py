"""mxcheck from run to run: one mail per change, none for noise (-q), and what
becomes of a state that is damaged, killed over, or used twice."""

import fcntl
import json
import os
import random
import signal
import subprocess
import time

import rvtest
from mx_faults import MXCHECK, Faults, Mail
from mx_pki import Pki
from rvtest import case, contains, equal


def setup(bench):
    bench.net = Faults().__enter__()
    bench.n = 0


def pair(bench):
    """A domain of its own, with a state of its own."""
    bench.n += 1
    net, domain = bench.net, f"d{bench.n}.test"
    names = [net.host(f"mx{i}.{domain}", Mail()) for i in (1, 2)]
    net.mx(domain, (10, names[0]), (20, names[1]))
    return domain, [net.servers[name] for name in names], \
        bench.dir / f"state{bench.n}"


def run(bench, domain, state, *args):
    return bench.net.mxcheck("-q", "--state", state, "--only", "C,D,T09,B07",
                             domain, *args)


def mails(bench, domain, state, servers, history):
    """One run for each letter: u for up, d for down; what was printed."""
    out = []
    for letter in history:
        for server in servers:
            if letter == "d":
                server.stop()
            elif server.listener is None:
                server.start()
        out.append(run(bench, domain, state).stdout)
    return out


@case("a healthy pair: no word, status 0")
def _(bench):
    domain, _, state = pair(bench)
    for _ in range(3):
        done = run(bench, domain, state)
        equal((done.stdout, done.stderr, done.returncode), ("", "", 0))


@case("down for one run: no word, and the status does not change")
def _(bench):
    domain, (first, _), state = pair(bench)
    equal(mails(bench, domain, state, [first], "udu"), ["", "", ""])
    first.stop()
    equal(run(bench, domain, state).returncode, 0)


@case("down in two runs: one mail; up in two: one more")
def _(bench):
    domain, (first, _), state = pair(bench)
    out = mails(bench, domain, state, [first], "udddduuu")
    equal([bool(o) for o in out],
          [False, False, True, False, False, False, True, False])
    lines = out[2].splitlines()
    contains(lines[0], f"{domain}: DEGRADED, mx1.{domain} is down (refused), "
             "mail flows to another")
    contains(out[2], f"C01 mx1.{domain} {first.addr}: OK -> CRIT: refused")
    contains(out[2], f"look again: mxcheck {domain}")
    contains(out[6], f"{domain}: OK,")
    contains(out[6], f"C01 mx1.{domain} {first.addr}: CRIT -> OK: well again")


@case("the status is that of what is confirmed; --exit-zero is for timers")
def _(bench):
    domain, (first, _), state = pair(bench)
    mails(bench, domain, state, [first], "udd")
    equal(run(bench, domain, state).returncode, 2)
    equal(run(bench, domain, state, "--exit-zero").returncode, 0)
    first.start()
    equal(run(bench, domain, state).returncode, 2)
    equal(run(bench, domain, state).returncode, 0)


@case("a fault that the run itself has seen twice is told at once")
def _(bench):
    domain, (first, _), state = pair(bench)
    run(bench, domain, state)
    first.stop()
    contains(run(bench, domain, state, "--recheck", "1").stdout,
             "OK -> CRIT: refused")


@case("30 alternations: two mails, one when it begins and one at its end")
def _(bench):
    domain, (first, _), state = pair(bench)
    out = [o for o in mails(bench, domain, state, [first],
                            "ud" * 15 + "u" * 18) if o]
    equal(len(out), 2, "\n".join(out))
    contains(out[0], "flaps; silent until it settles")
    contains(out[1], "settled at OK")


@case("what another run of other domains or checks does not look at stays")
def _(bench):
    domain, (first, _), state = pair(bench)
    other = pair(bench)[0]
    mails(bench, domain, state, [first], "udd")
    first.start()
    for args in ((other,), (domain, "--skip", "C01")):
        for _ in range(3):
            bench.net.mxcheck("-q", "--state", state, "--only", "C",
                              *args)
    contains(run(bench, domain, state).stdout + run(bench, domain,
             state).stdout, "C01 mx1")


@case("C06: a server that says too many is left alone; what is known stays")
def _(bench):
    domain, (first, _), state = pair(bench)
    mails(bench, domain, state, [first], "uu")
    first.mail = Mail(greeting="421 4.7.0 too many connections")
    n = len(first.conversations)
    for _ in range(3):
        done = run(bench, domain, state)
        equal((done.stdout, done.stderr), ("", ""))
    equal(len(first.conversations), n + 1)
    table = bench.net.mxcheck("--state", state, domain).stdout
    contains(table, f"C06 {first.name} {first.addr}: it limits us, and is "
             "left alone for ten minutes")
    contains(table, f"{domain}  OK")


@case("T09: STARTTLS that worked in three runs and is gone; T13: a new key")
def _(bench):
    net, pki = bench.net, Pki(bench.dir)
    name = net.host("mx.tls.test", Mail(tls=pki.server("mx.tls.test")))
    net.mx("tls.test", (10, name))
    state = bench.dir / "tls"

    def look(at=state):
        done = net.mxcheck("--state", at, "tls.test")
        return [id for id in ("T09", "T13") if id in done.stdout], done.stdout

    equal([look()[0] for _ in range(2)], [[], []])
    net.servers[name].mail = Mail(tls=pki.server("mx.tls.test", bits=3072,
                                              hours=(-24, 2000)))
    ids, said = look()
    equal(ids, ["T13"])
    contains(said, "a new key")
    net.servers[name].mail = Mail()
    ids, said = look()
    equal(ids, ["T09"])
    contains(said, "STARTTLS worked in 3 runs")
    equal(look(bench.dir / "other")[0], [])


@case("a state that is damaged: put aside, and no mail of what was known")
def _(bench):
    domain, (first, _), state = pair(bench)
    mails(bench, domain, state, [first], "udd")
    path = state / "state.mdb"
    data = path.read_bytes()
    r = random.Random(3)
    for damage in (data[:5000], b"", r.randbytes(20000),
                   data[:8192] + r.randbytes(len(data[8192:65536]))):
        path.write_bytes(damage)
        done = run(bench, domain, state)
        if damage:
            contains(done.stderr, "put aside")
        equal((done.stdout, done.returncode in (0, 2)), ("", True))
        equal(run(bench, domain, state).returncode, 2)


@case("a run that is killed changes nothing")
def _(bench):
    domain, (first, _), state = pair(bench)
    mails(bench, domain, state, [first], "ud")
    argv = bench.net.argv("-q", "--state", state, "--only", "C,D", domain)
    r = random.Random(5)
    for _ in range(10):
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(r.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = run(bench, domain, state)
    equal(done.stderr, "")
    contains(done.stdout + run(bench, domain, state).stdout, "DEGRADED")


@case("two runs at once: the second leaves it to the first")
def _(bench):
    domain, _, state = pair(bench)
    run(bench, domain, state)
    with open(state / "run.lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(bench, domain, state)
        equal((done.stdout, done.stderr, done.returncode), ("", "", 0))
        done = bench.net.mxcheck("--state", state, domain)
        equal((done.stdout, done.returncode), ("", 3))
        contains(done.stderr, "another run holds it")
        long_ago = time.time() - 4 * 240

        os.utime(state / "run.lock", (long_ago, long_ago))
        done = run(bench, domain, state)
        equal(done.returncode, 3)
        contains(done.stderr, "another run holds it")


@case("a state that cannot be kept is told, with status 3")
def _(bench):
    domain, _, _ = pair(bench)
    file = bench.file("file", "in the way")
    done = run(bench, domain, file)
    equal((done.stdout, done.returncode), ("", 3))
    contains(done.stderr, str(file))
    done = bench.net.mxcheck("-q", "--no-state", domain)
    equal(done.returncode, 3)
    contains(done.stderr, "needs a state")


HOOK = """#!/bin/sh
{ cat; env | sort; } >>%s
echo oops >&2
exit %d
"""


@case("--hook: once per change, an environment of its own, JSON to read")
def _(bench):
    domain, servers, state = pair(bench)
    out, hook = bench.dir / "hook.out", bench.dir / "hook"
    hook.write_text(HOOK % (out, 0))
    hook.chmod(0o755)
    servers[0].stop()
    for n in range(3):
        run(bench, domain, state, "--hook", hook)
        equal(out.exists(), n > 0, "confirmed in the second run")
    lines = out.read_text().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    equal(len({(e["id"], e["subject"]) for e in events}), len(events))
    changes = [(e["id"], e["was"], e["is"]) for e in events]
    equal(("verdict", "OK", "CRIT") in changes, True, changes)
    equal(("C01", "OK", "CRIT") in changes, True, changes)
    names = {line.split("=")[0] for line in lines if "=" in line and
             not line.startswith("{")}
    equal(names - {"_", "PWD", "SHLVL", "OLDPWD"}, {
        "MXC_DOMAIN", "MXC_ID", "MXC_SUBJECT", "MXC_OLD", "MXC_NEW",
        "MXC_VERDICT", "PATH"})
    contains("\n".join(lines), f"MXC_DOMAIN={domain}")
    contains("\n".join(lines), "MXC_NEW=CRIT")


@case("--hook-batch: once for all changes of a run, a line of JSON each")
def _(bench):
    domain, servers, state = pair(bench)
    out, hook = bench.dir / "batch.out", bench.dir / "batch"
    hook.write_text(HOOK % (out, 0))
    hook.chmod(0o755)
    servers[0].stop()
    for n in range(3):
        run(bench, domain, state, "--hook", hook, "--hook-batch")
        equal(out.exists(), n > 0, "confirmed in the second run")
    lines = out.read_text().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    equal({("verdict", "CRIT"), ("C01", "CRIT")} - {
        (e["id"], e["is"]) for e in events}, set())
    said = sorted(line for line in lines if line.startswith("MXC_"))
    equal(said, [f"MXC_EVENTS={len(events)}", "MXC_NEW=CRIT"])


@case("a hook that fails is told; the change is not told again")
def _(bench):
    domain, servers, state = pair(bench)
    hook = bench.dir / "bad-hook"
    hook.write_text(HOOK % ("/dev/null", 7))
    hook.chmod(0o755)
    servers[0].stop()
    run(bench, domain, state, "--hook", hook)
    contains(run(bench, domain, state, "--hook", hook).stderr,
             f"hook {hook}: status 7: oops")
    equal(run(bench, domain, state, "--hook", hook).stderr, "")
    contains(run(bench, domain, state, "--hook", "bad-hook").stderr,
             "absolute path")


def command(state, *args):
    verb, *rest = args
    return subprocess.run([str(a) for a in (MXCHECK, verb, "--state", state,
                                            *rest)], text=True,
                          capture_output=True, timeout=30)


@case("ack keeps quiet, state --dump lists, --forget drops")
def _(bench):
    domain, servers, state = pair(bench)
    subject = f"{servers[0].name} {servers[0].addr}"
    servers[0].stop()
    run(bench, domain, state)
    for check, what in (("C01", subject), ("verdict", domain)):
        equal(command(state, "ack", check, what).returncode, 0, check)
    equal(subject in run(bench, domain, state).stdout, False,
          "it is confirmed now, and known")
    alerts = [json.loads(line) for line in
              command(state, "state", "--dump").stdout.splitlines()]
    mine = [a for a in alerts if a["id"] == "C01" and
            a["subject"] == subject]
    equal([(a["domain"], a["severity"], a["ack_until"] > time.time() + 80000)
           for a in mine], [(domain, "CRIT", True)])
    equal(command(state, "state", "--forget", domain).returncode, 0)
    equal(command(state, "state", "--dump").stdout, "")


@case("mute keeps quiet about a domain or host; then what is wrong is news")
def _(bench):
    domain, servers, state = pair(bench)
    run(bench, domain, state)
    servers[0].stop()
    for name in (domain.upper(), servers[0].name):
        equal(command(state, "mute", name).returncode, 0)
        mails = [run(bench, domain, state).stdout for _ in range(3)]
        equal(["C01" in m for m in mails], [False, False, False], name)
        equal(["verdict" in m for m in mails], [False, name !=
              domain.upper(), False], name)
        equal(command(state, "mute", "--off", name).returncode, 0)
    mails = [run(bench, domain, state).stdout for _ in range(3)]
    equal(["C01" in m for m in mails], [False, True, False])


@case("ack and state: what is wrong is told, with status 3")
def _(bench):
    _, _, state = pair(bench)
    for args, part in ((("ack", "C01"), "usage"), (("state",), "usage"),
                       (("state", "--dump", "--forget", "x"), "usage"),
                       (("ack", "--until", "7", "C01", "x"), "+7"),
                       (("ack", "C01", "x"), "no run has seen"),
                       (("mute",), "usage"), (("mute", "a b"), "a domain"),
                       (("mute", "--until", "x", "a.test"), "+7"),
                       (("ack", "--off", "C01", "x"), "usage"),
                       (("state", "--forget", "x"), "nothing is known")):
        done = command(state, *args)
        equal((done.returncode, done.stdout), (3, ""), args)
        contains(done.stderr, part)


@case("the record of a run has what earlier runs saw")
def _(bench):
    domain, (first, _), state = pair(bench)
    run(bench, domain, state)
    record = bench.dir / "past.json"
    bench.net.mxcheck("--state", state, domain, "-o", f"json={record}", "-o",
                      "table")
    past = [line["past"] for line in map(json.loads, open(record))
            if line["type"] == "endpoint"]
    equal(len(past), 2)
    equal([abs(p["last_usable"] - time.time()) < 60 for p in past],
          [True, True])
    equal(bench.net.sins, [])
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
