"""The answer cache by its rules: how long what is kept, what is kept apart, and
when its file is trusted. Time is moved by hand.
"""

import os
import signal
import socket

import rvtest
from rvtest import ask, case, data, equal, question, rcode, wait_until
from scripted import answer
from world import ADDRESS, NEW_ADDRESS, World, near, ttl

YEAR = 365 * 86400
flags = rvtest.dns.flags if rvtest.dns else None


# --- how long

@case("RFC 1035 3.2.1: a TTL counts down to its end, then it is asked again")
def _(bench):
    with World(bench, "ttl") as w:
        w.kept("a.example")
        for passed in 100, 180:
            w.clock.pass_s(passed)
            near(ttl(w.ask("a.example")), 300 - w.clock.passed)
        equal(w.asked("a.example"), 1)
        w.clock.pass_s(20)
        w.address = NEW_ADDRESS
        got = w.ask("a.example")
        equal((data(got), ttl(got), w.asked("a.example")),
              ([NEW_ADDRESS], 300, 2))


@case("RFC 2308 5: NXDOMAIN and NODATA end, too")
def _(bench):
    with World(bench, "negative") as w:
        codes = {"nx.example": "NXDOMAIN", "nodata.example": "NOERROR"}
        for qname in codes:
            w.kept(qname)
        w.clock.pass_s(58)
        for qname, code in codes.items():
            got = w.ask(qname)
            equal((rcode(got), data(got), rvtest.authority(got)),
                  (code, [], ["SOA"]))
            equal(w.asked(qname), 1)
            near(ttl(got), 2)
        w.clock.pass_s(2)
        for qname in codes:
            w.ask(qname)
            equal(w.asked(qname), 2, qname)


@case("RFC 2308 5: as long as the lesser of the SOA's TTL and MINIMUM")
def _(bench):
    with World(bench, "lesser") as w:
        for qname, want in (("nx-minimum.example", 20), ("nx-ttl.example", 30)):
            equal(ttl(w.kept(qname)), want, qname)
        w.clock.pass_s(18)
        near(ttl(w.ask("nx-minimum.example")), 2)
        w.clock.pass_s(2)
        for qname, want in (("nx-minimum.example", 2), ("nx-ttl.example", 1)):
            w.ask(qname)
            equal(w.asked(qname), want, f"questions for {qname}")


@case("RFC 2308 5: NODATA is of its type alone")
def _(bench):
    with World(bench, "types") as w:
        w.kept("nodata.example")
        w.kept("nodata.example", "MX")
        equal(w.asked("nodata.example"), 2)
        w.kept("a.example")
        equal(data(w.kept("a.example", "TXT")), ["text"])
        equal(data(w.ask("a.example")), [ADDRESS])
        equal(w.asked("a.example"), 2)


def bounded(bench, option, want):
    """With the option, names have these TTLs, and live as long."""
    with World(bench, option.split()[0], cache=option) as w:
        for qname, seconds in want.items():
            got = w.ask(qname) if seconds == 1 else w.kept(qname)
            equal(ttl(got), seconds, qname)
        for seconds in sorted(set(want.values()) - {1}):
            names = [n for n in want if want[n] == seconds]
            for before, asked in ((4, 1), (0, 2)):
                w.clock.pass_s(seconds - before - w.clock.passed)
                for qname in names:
                    w.ask(qname)
                    equal(w.asked(qname), asked,
                          f"{qname}, {before} s before its end")


@case("min-ttl: a smaller TTL is raised, no other, and no negative one")
def _(bench):
    bounded(bench, "min-ttl = 20", {
        "brief.example": 20, "a.example": 300, "nx-brief.example": 1})


@case("RFC 2181 8, RFC 8767 4: max-ttl: a larger TTL is cut, no other, and no "
      "negative one")
def _(bench):
    bounded(bench, "max-ttl = 40", {
        "a.example": 40, "brief.example": 1, "nx.example": 60})


@case("min-negative-ttl: likewise for negative answers, and for no other")
def _(bench):
    bounded(bench, "min-negative-ttl = 10", {
        "nx-brief.example": 10, "nx.example": 60, "brief.example": 1})


@case("RFC 2308 5: max-negative-ttl: likewise, NXDOMAIN and NODATA")
def _(bench):
    bounded(bench, "max-negative-ttl = 50", {
        "nx.example": 50, "nodata.example": 50, "nx-ttl.example": 30,
        "a.example": 300})


# --- clocks

def stepped(bench, name, *steps):
    with World(bench, name) as w:
        w.kept("a.example")
        for step in steps:
            w.clock.step_s(step)
            near(ttl(w.ask("a.example")), 300, 3)
        w.clock.pass_s(300)
        w.ask("a.example")
        equal(w.asked("a.example"), 2, "at its end")


@case("the wall clock is set forward: TTLs go on as before")
def _(bench):
    stepped(bench, "forward", 5, 7200, YEAR)


@case("the wall clock is set back: TTLs go on as before, nothing lives longer")
def _(bench):
    stepped(bench, "back", -5, -7200, -YEAR)


@case("the wall clock is set while we are not running: likewise")
def _(bench):
    with World(bench, "away") as w:
        w.kept("a.example")
        for step, left in (7200, 200), (-2 * YEAR, 100):
            w.rd.stop()
            w.clock.step_s(step)
            w.clock.pass_s(100)
            w.rd.start()
            near(ttl(w.ask("a.example")), left, 4)
        equal(w.asked("a.example"), 1)


# --- what is kept, and what is kept apart

@case("64 KiB of TXT are kept")
def _(bench):
    with World(bench, "large") as w:
        w.kept("large.example", "TXT", tcp=True)
        w.clock.pass_s(20)
        got = w.ask("large.example", "TXT", tcp=True)
        equal((rcode(got), len(data(got))), ("NOERROR", 245))
        near(ttl(got), 280)
        equal(w.asked("large.example"), 1)


@case("RFC 1034 3.6.2: a CNAME and its target have TTLs of their own")
def _(bench):
    def script(q):
        address = f"end.example 500 A {ADDRESS}"
        return answer(q, address) if q.qname == "end.example" else \
            answer(q, f"{q.qname} 50 CNAME end.example.", address)

    with World(bench, "chain", script=script) as w:
        w.kept("chain.example")
        w.clock.pass_s(40)
        got = w.ask("chain.example")
        equal(data(got), [ADDRESS, "end.example."])
        near(min(rrset.ttl for rrset in got.answer), 10)
        near(max(rrset.ttl for rrset in got.answer), 460)
        equal(w.asked("chain.example"), 1)


@case("RFC 4035 3.2.1, 3.2.2: answers to DO and to CD are kept apart")
def _(bench):
    hows = {(False, False): {}, (True, False): {"want_dnssec": True},
            (False, True): {"flags": flags.RD | flags.CD}}
    with World(bench, "apart") as w:
        before = w.rd.stats()
        for how in hows.values():
            equal(data(w.ask("a.example", **how)), [ADDRESS])
        wait_until(lambda: {(e["dnssec-ok"], e["checking-disabled"])
                            for e in w.rd.dump("a.example")} == set(hows), 10,
                   "an entry for each")
        for (do, cd), how in hows.items():
            got = w.ask("a.example", **how)
            equal((bool(got.flags & flags.CD), bool(got.ednsflags & flags.DO)),
                  (cd, do), "what came back")
        after = w.rd.stats()
        equal((after["cache-misses"] - before["cache-misses"],
               after["cache-hits"] - before["cache-hits"]), (3, 3))


@case("RFC 4343 3: case makes no other question; it comes back as it was sent")
def _(bench):
    with World(bench, "case") as w:
        w.kept("a.example")
        for qname in "A.EXAMPLE.", "a.eXaMpLe.":
            got = w.ask(qname)
            equal((data(got), got.question[0].name.to_text(),
                   got.answer[0].name.to_text()), ([ADDRESS], qname, qname))
        equal((w.asked("a.example"), len(w.rd.dump("a.example"))), (1, 1))


@case("no snooping: without RD nothing of it is told, REFUSED")
def _(bench):
    with World(bench, "snoop") as w:
        w.kept("a.example")
        got = w.ask("a.example", flags=0)
        equal((rcode(got), data(got)), ("REFUSED", []))


@case("workers share what one of them has asked")
def _(bench):
    with World(bench, "shared", workers=2) as w:
        w.kept("a.example")
        for _ in range(30):
            equal(data(w.ask("a.example")), [ADDRESS])
        equal(w.asked("a.example"), 1)


@case("size: never more, whatever passes through, and the newest is there")
def _(bench):
    with World(bench, "size", cache='size = "1M"') as w:
        file = w.rd.state / "cache" / "answers.mdb"
        for n in range(50):  # 3 MB
            w.ask(f"large.{n}.example", "TXT", tcp=True)
            equal(file.stat().st_size <= 1 << 20, True, f"{n}")
        w.kept("a.example")
        w.ask("a.example")
        equal(w.asked("a.example"), 1)


# --- when its file is trusted

def kill(rd):
    """All of them at once: nobody sees that another died."""
    os.kill(rd.process.pid, signal.SIGSTOP)
    for pid in rd.worker_pids():
        os.kill(pid, signal.SIGKILL)
    rd.process.stop(signal.SIGKILL)


def machine_went_down(w):
    kill(w.rd)
    (w.rd.state / "cache" / "state").write_text(
        "open 00000000-0000-0000-0000-000000000000\n")


def damaged(w):
    """As after a crash, or else nobody would look."""
    kill(w.rd)
    file = w.rd.state / "cache" / "answers.mdb"
    file.write_bytes(b"no cache\n" + file.read_bytes()[9:20000])


def restarted(bench, name, end):
    """Started again after end(w): (log, questions to the outside, put aside)"""
    with World(bench, name) as w:
        for qname in "a.example", "nx.example", "nodata.example":
            w.kept(qname)
        end(w)
        w.outside.forget()
        w.rd.start()
        equal([rcode(w.ask(qname)) for qname in (
            "a.example", "nx.example", "nodata.example")],
            ["NOERROR", "NXDOMAIN", "NOERROR"])
        return (w.rd.process.log(), sum(w.outside.asked.values()),
                (w.rd.state / "cache" / "answers.mdb.bad").exists())


@case("it survives a restart, and kill -9 of all processes")
def _(bench):
    for name, end in (("restart", lambda w: w.rd.stop()),
                      ("killed", lambda w: kill(w.rd))):
        _, asked, aside = restarted(bench, name, end)
        equal((asked, aside), (0, False), name)


@case("an entry of an unclean boot of the machine is not trusted")
def _(bench):
    log, asked, aside = restarted(bench, "boot", machine_went_down)
    equal((asked >= 3, aside), (True, True))
    rvtest.contains(log, "put aside")


@case("a damaged file is put aside, and the daemon goes on")
def _(bench):
    log, asked, aside = restarted(bench, "damaged", damaged)
    equal((asked >= 3, aside), (True, True))
    rvtest.contains(log, "put aside")


@case("it stays whole when a worker is killed while it is being filled")
def _(bench):
    with World(bench, "filled", workers=2, cache='size = "1M"') as w:
        for n in range(5):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.connect(w.rd.server)
                for i in range(300):
                    s.send(question(f"a{n}x{i}.example", qid=i))
                s.settimeout(5)
                for _ in range(60 * n):  # so far it came
                    s.recv(512)
                os.kill(w.rd.worker_pids()[n % 2], signal.SIGKILL)
            wait_until(lambda: len(w.rd.worker_pids()) == 2)
            for i in range(0, 300, 10):
                got = ask(w.rd.server, f"a{n}x{i}.example")
                equal(data(got), [ADDRESS], f"after kill {n}")
        equal([l for l in w.rd.process.log().splitlines() if "cache" in l], [],
              "complaints")


if __name__ == "__main__":
    rvtest.run()
