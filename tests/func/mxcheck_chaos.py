"""Servers that say anything at any point: mxcheck ends in time, with clean
output and one of its own exit statuses. In a build with sanitizers any report
of theirs would be another status.
"""

import random
import time

import mx_faults
import rvtest
from mx_faults import Faults, Mail, Table
from mx_pki import Pki
from rvtest import case, equal

SERVERS = 100
STAGES = ("greeting", "ehlo", "helo", "starttls", "tls", "ehlo-tls", "mail",
          "relay", "quit")


def noise(r, length):
    return bytes(r.randrange(256) for _ in range(length))


def anything(r):
    """A reply that is a few random things, the same for a seed."""
    def say(c):
        for _ in range(r.randrange(1, 6)):
            what = r.randrange(8)
            if what == 0:
                c.send(noise(r, r.randrange(1, 200)))
            elif what == 1:
                c.send(f"{r.randrange(100, 700)}{r.choice(' -')}x\r\n")
            elif what == 2:
                c.send(f"{r.choice((220, 250, 354, 421, 450, 550))} ok\r\n")
            elif what == 3:
                c.send(b"\x16\x03\x03" + noise(r, 50))  # as a TLS record
            elif what == 4:
                c.send("250-STARTTLS\r\n250 SIZE 99999999999999999999\r\n")
            elif what == 5:
                time.sleep(r.random() / 4)
            elif what == 6:
                c.send("250-" + "A" * r.randrange(3000) + "\r\n")
            elif r.random() < .3:
                r.choice((c.hang_up, c.reset))()
    return say


def mail(r, context):
    stages = ("greeting", "ehlo_reply", "helo", "starttls", "mail",
              "postmaster", "unknown", "relay", "rset", "quit")
    return Mail(tls=context if r.random() < .5 else None,
                **{s: anything(random.Random(r.random())) for s in stages
                   if r.random() < .25})


def setup(bench):
    mx_faults.EARLY = .001  # what is said when is no question here
    seed = random.SystemRandom().randrange(1 << 32)
    rvtest.diag(f"seed {seed}")
    r = random.Random(seed)
    context = Pki(bench.dir).server("mx.test")
    with Faults() as net:
        names = []
        for i in range(SERVERS):
            names.append(f"c{i}.test")
            net.mx(names[-1], (10, net.host(f"mx.c{i}.test",
                                            mail(r, context))))
        started = time.monotonic()
        bench.done = net.mxcheck(
            *names, "--jobs", "200", "--limit", "session=4",
            *(w for s in STAGES for w in ("--limit", f"{s}=1")))
        bench.seconds = time.monotonic() - started
        bench.sins = net.sins


@case("the run ends, with a status of its own and a verdict for each")
def _(bench):
    equal((bench.done.returncode, bench.done.stderr), (2, ""))
    equal(len(Table(bench.done).domains), SERVERS)


@case("a session has a limit, whatever is said in it")
def _(bench):
    if bench.seconds > 2 * 4 + 1 + 10:  # two sessions, and a busy machine
        raise AssertionError(f"{bench.seconds:.1f} s")


@case("the output is printable")
def _(bench):
    equal([c for c in bench.done.stdout
           if not " " <= c <= "~" and c != "\n"], [])


@case("no message was begun")
def _(bench):
    equal([sin for sin in bench.sins if "DATA" in sin or "BDAT" in sin], [])


rvtest.run(setup)
