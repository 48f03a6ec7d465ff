"""What failed: how often it is asked again (RFC 9520), how long a client waits,
and a list that is dead. Time is moved by hand, but for what a client waits.
"""

import time

import rvtest
from rvtest import case, data, ede, equal, rcode, together, wait_until
from scripted import answer
from world import ADDRESS, World

EDE_UNREACHABLE = 22
FAILED = ("SERVFAIL", EDE_UNREACHABLE)


def told(message):
    return rcode(message), ede(message)


# --- RFC 9520: back-off

@case("RFC 9520 3.2: a failed question is asked once per back-off period, "
      "which doubles")
def _(bench):
    with World(bench, "doubles") as w:
        w.fails.add("a.example")
        before = 0
        for back_off in 2, 4, 8:
            equal(told(w.failed("a.example")), FAILED)
            asked = w.asked("a.example")
            equal(asked > before, True, "asked")
            for _ in range(3):
                equal(told(w.ask("a.example")), FAILED)
            w.clock.pass_s(back_off - 2)
            equal(told(w.ask("a.example")), FAILED)
            equal(w.asked("a.example"), asked, "within the back-off")
            w.clock.pass_s(2)
            before = asked


@case("RFC 9520 3.2: at least one second, whatever fails")
def _(bench):
    def script(q):
        rcodes = {"servfail": "SERVFAIL", "refused": "REFUSED",
                  "notimp": "NOTIMP", "formerr": "FORMERR"}
        first = q.qname.split(".")[0]
        return answer(q, rcode=rcodes[first]) if first in rcodes else None

    with World(bench, "kinds", script=script, upstream="deadline = 1s") as w:
        for first in "servfail", "refused", "notimp", "formerr", "silent":
            qname = f"{first}.example"
            equal(told(w.failed(qname)), FAILED, qname)
            entry, = [e for e in w.rd.dump(qname) if e["kind"] == "failure"]
            equal(entry["age"] + entry["left"] >= 1, True, f"{entry}")
            before = w.rd.stats()["cached-failures"]
            equal(told(w.ask(qname)), FAILED, qname)
            equal(w.rd.stats()["cached-failures"] - before, 1, qname)


@case("RFC 9520 3.2: at most five minutes, and then it really is as long")
def _(bench):
    with World(bench, "five-minutes") as w:
        w.fails.add("a.example")
        for _ in range(10):
            w.failed("a.example")
            w.clock.pass_s(300)
        w.failed("a.example")
        w.fails.clear()
        w.clock.pass_s(296)
        equal(told(w.ask("a.example")), FAILED, "within five minutes")
        w.clock.pass_s(4)
        equal(data(w.ask("a.example")), [ADDRESS])


@case("RFC 9520 3.3: per question: other names and types are asked")
def _(bench):
    def script(q):
        if (q.qname, q.qtype) == ("a.example", "A"):
            return answer(q, rcode="SERVFAIL")
        return answer(q, f"{q.qname} 300 {q.qtype} "
                      f"{'text' if q.qtype == 'TXT' else ADDRESS}")

    with World(bench, "per-question", script=script) as w:
        equal(told(w.failed("a.example")), FAILED)
        equal(data(w.ask("a.example", "TXT")), ["text"])
        for qname in "b.example", "a.a.example", "example":
            equal(data(w.ask(qname)), [ADDRESS], qname)
        equal(told(w.ask("a.example")), FAILED)


@case("RFC 9520 3.2: a success ends the back-off, the next failure is a first")
def _(bench):
    with World(bench, "success", cache="max-ttl = 10 max-stale = 0d") as w:
        w.fails.add("a.example")
        for passed in 2, 4, 8:
            equal(told(w.failed("a.example")), FAILED)
            w.clock.pass_s(passed)
        w.fails.clear()
        equal(data(w.kept("a.example")), [ADDRESS])
        w.clock.pass_s(10)
        w.fails.add("a.example")
        equal(told(w.failed("a.example")), FAILED)
        w.clock.pass_s(2)
        asked = w.asked("a.example")
        w.ask("a.example")
        equal(w.asked("a.example") > asked, True, "asked after 2 s")


@case("RFC 9520 3.2: it outlives a restart, too")
def _(bench):
    with World(bench, "outlives") as w:
        w.fails.add("a.example")
        w.failed("a.example")
        w.rd.stop()
        w.outside.forget()
        w.rd.start()
        equal((told(w.ask("a.example")), w.asked("a.example")), (FAILED, 0))


# --- deadlines

@case("deadline: SERVFAIL with EDE 22, never silence; a route has its own")
def _(bench):
    with World(bench, "deadline", upstream="deadline = 1s",
               extra='route "list.example" { deadline = 2s }\n') as w:
        w.silent.add("")

        def wait(qname, least, tcp):
            got, took = w.timed(qname, tcp=tcp)
            equal(told(got), FAILED)
            equal(least - .1 < took < least + 1.8, True,
                  f"{qname} took {took:.1f} s")
        together(wait, ("a.example", 1, False), ("b.example", 1, True),
                 ("a.list.example", 2, False), ("b.list.example", 2, True))


@case("deadline: five seconds by default, two for a question of a list's form "
      "(RFC 5782 2.1)")
def _(bench):
    with World(bench, "default") as w:
        w.silent.add("")

        def wait(qname, seconds):
            got, took = w.timed(qname)
            equal((told(got), seconds - .5 < took < seconds + 2),
                  (FAILED, True), f"{qname} took {took:.1f} s")
        together(wait, ("a.example", 5), ("4.3.2.1.list.example", 2))
        equal(w.rd.stats()["deadlines"], 2, "it was not libunbound's end")


@case("deadline: an answer that comes before it is waited for")
def _(bench):
    def script(q):
        time.sleep(.7)  # it is the outside that is slow
        return answer(q, f"{q.qname} 300 A {ADDRESS}")

    with World(bench, "in-time", script=script, upstream="deadline = 2s") as w:
        equal(data(w.ask("a.example")), [ADDRESS])


# --- a list, or all, is dead

@case("a silent outside that is back is asked at once when the back-off ends")
def _(bench):
    with World(bench, "back", upstream="deadline = 1s") as w:
        w.silent.add("")
        for got in together(w.failed, *((f"{n}.example",) for n in range(3))):
            equal(told(got), FAILED)
        w.silent.clear()
        got, took = w.timed("other.example")
        equal((data(got), took < 1), ([ADDRESS], True), f"took {took:.1f} s")
        w.clock.pass_s(2)
        wait_until(lambda: data(w.ask("2.example")) == [ADDRESS] or
                   w.clock.pass_s(300), 15, "one that had failed")


@case("a dead list costs one wait, then nobody waits; it comes back by itself")
def _(bench):
    with World(bench, "dead-list",
               extra='route "list.example" { deadline = 1s }\n') as w:
        w.silent |= {f"{n}.list.example" for n in range(100)}
        took = [w.timed(f"{n}.list.example")[1] for n in range(30)]
        slow = [t for t in took if t > .5]
        equal((len(slow), took[0] == max(took)), (1, True), f"{took}")
        # in each period one question goes out, and still nobody waits
        w.outside.forget()
        for back_off in 2, 4:
            w.clock.pass_s(back_off)
            qname = f"{back_off + 30}.list.example"
            got, took = w.timed(qname)
            equal((told(got), took < .7), (FAILED, True), f"took {took} s")
            wait_until(lambda: w.asked(qname), 5, "a probe")
            w.rd.wait_kept("list.example", "TYPE0", "silent zone")
        w.silent.clear()
        w.clock.pass_s(16)
        w.ask("50.list.example")
        wait_until(lambda: data(w.ask("51.list.example")) == [ADDRESS], 15,
                   "the list")


@case("a list that is dead is nothing to the others")
def _(bench):
    with World(bench, "others",
               extra='route "list.example" { deadline = 1s }\n'
               'route "good.example" { deadline = 1s }\n') as w:
        w.silent.add("1.list.example")
        equal(told(w.ask("1.list.example")), FAILED)
        w.rd.wait_kept("list.example", "TYPE0", "silent zone")
        for qname in "1.good.example", "list.example.example", "1.example":
            got, took = w.timed(qname)
            equal((data(got), took < .7), ([ADDRESS], True), qname)


if __name__ == "__main__":
    rvtest.run()
