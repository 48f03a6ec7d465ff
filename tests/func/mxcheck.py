"""mxcheck from names to the exit status, against servers that fail."""

import json
import random
import subprocess

import mx_faults
import rvtest
import scripted
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal


def setup(bench):
    bench.net = Faults().__enter__()


@case("a healthy pair is OK, and the sentence names the next MX")
def _(bench):
    net = bench.net
    net.mx("pair.test", (10, net.host("mx1.pair.test", Mail())),
           (20, net.host("mx2.pair.test", Mail())))
    done = net.mxcheck("pair.test", "--only", "C")
    table = Table(done)
    equal(table.domains["pair.test"],
          ("OK", "if mx1.pair.test dies: Postfix -> mx2.pair.test (0 s, 30 s "
           "if it is silent), Exim -> mx2.pair.test (0 s, 5 min if it is "
           "silent), OpenSMTPD -> mx2.pair.test (0 s, 2 min if it is "
           "silent), strict -> mx2.pair.test (0 s, 5 min if it is silent)"))
    equal((done.returncode, done.stderr), (0, ""))


@case("the primary refuses: DEGRADED, the backup is named, status 2")
def _(bench):
    net = bench.net
    net.mx("down.test", (10, net.host("mx1.down.test")),
           (20, net.host("mx2.down.test", Mail())))
    done = net.mxcheck("down.test")
    verdict, sentence = Table(done).domains["down.test"]
    equal((verdict, done.returncode), ("DEGRADED", 2))
    contains(sentence, "mx1.down.test is down (refused)")
    contains(sentence, "-> mx2.down.test (0 s)")


@case("both refuse: DEFER")
def _(bench):
    net = bench.net
    net.mx("gone.test", (10, net.host("mx1.gone.test")),
           (20, net.host("mx2.gone.test")))
    equal(Table(net.mxcheck("gone.test")).domains["gone.test"][0], "DEFER")


@case("one server, one usable server: no failover")
def _(bench):
    net = bench.net
    net.host("one.test", Mail())
    net.mx("half.test", (10, net.host("mx1.half.test", Mail())),
           (20, net.host("mx2.half.test")))
    table = Table(net.mxcheck("one.test", "half.test"))
    equal(table.domains["one.test"][0], "NONE")
    verdict, sentence = table.domains["half.test"]
    equal(verdict, "NONE")
    contains(sentence, "only mx1.half.test takes mail")


@case("a session says what it must, in order, and nothing more")
def _(bench):
    net = bench.net
    name = net.host("mx.talk.test", Mail())
    net.mx("talk.test", (10, name))
    net.mxcheck("talk.test")
    said = net.servers[name].commands
    unknown = said[5]
    equal(said, ["EHLO probe.test",
                 "MAIL FROM:<>", "RCPT TO:<postmaster@talk.test>", "RSET",
                 "MAIL FROM:<>", unknown, "RSET",
                 "MAIL FROM:<>", "RCPT TO:<mxcheck-relay-test@example.net>",
                 "RSET", "QUIT"])
    net.mxcheck("talk.test")
    equal(net.servers[name].commands[len(said):], said,
          "the unknown recipient stays the same")


@case("who turns us away gets a QUIT and nothing else")
def _(bench):
    net = bench.net
    for n, mail in enumerate((
            Mail(greeting="554 no"), Mail(greeting="421 later"),
            Mail(ehlo_reply="421 no"), Mail(mail="550 no"))):
        name = net.host(f"mx.away{n}.test", mail)
        net.mx(f"away{n}.test", (10, name))
        net.mxcheck(f"away{n}.test")
        equal(net.servers[name].commands, [
            ["QUIT"], ["QUIT"], ["EHLO probe.test", "QUIT"],
            ["EHLO probe.test", "MAIL FROM:<>", "QUIT"]][n])


@case("a host of many domains is dialled once")
def _(bench):
    net = bench.net
    name = net.host("mx.many.test", Mail())
    domains = [f"many{i}.test" for i in range(8)]
    for domain in domains:
        net.mx(domain, (10, name))
    net.mxcheck(*domains)
    equal(len(net.servers[name].conversations), 1)
    equal(len([c for c in net.servers[name].commands
               if c.startswith("RCPT TO:<postmaster")]), 5)


@case("a backup that hangs up at RCPT has said nothing, and is judged so")
def _(bench):
    net = bench.net
    net.mx("hangsup.test", (10, net.host("mx1.hangsup.test", Mail())),
           (20, net.host("mx2.hangsup.test", Mail(
               postmaster=lambda c: c.hang_up()))))
    done = net.mxcheck("hangsup.test")
    equal((Table(done).domains["hangsup.test"][0], done.stderr),
          ("NONE", ""))


@case("two names of one address share a session")
def _(bench):
    net = bench.net
    addr = net.address()
    first = net.host("mx1.share.test", Mail(), addr=addr)
    net.add("mx2.share.test", "A", addr)
    net.mx("share.test", (10, first), (20, "mx2.share.test"))
    table = Table(net.mxcheck("share.test"))
    equal(len(net.servers[first].conversations), 1)
    equal(table.domains["share.test"][0], "ILLUSION")


@case("the order of the answers changes nothing in what is printed")
def _(bench):
    net = bench.net
    names = [net.host(f"mx{i}.order.test", Mail()) for i in range(6)]
    net.mx("order.test", *((10 + i, name) for i, name in enumerate(names)))
    honest = net.answer

    def shuffled(q):
        return scripted.slowly(random.random() / 5, honest(q))
    net.dns.script = shuffled
    seen = set()
    for _ in range(3):
        done = net.mxcheck("order.test", "--output", "json")
        seen.add(tuple(json.loads(line).get("host") for line in
                       done.stdout.splitlines()))
    net.dns.script = honest
    equal(len(seen), 1)


@case("domains: U-labels are taken, addresses and rubbish refused")
def _(bench):
    net = bench.net
    net.host("xn--bcher-kva.test", Mail())
    equal(list(Table(net.mxcheck("Bücher.TEST.")).domains),
          ["xn--bcher-kva.test"])
    for bad in ("user@pair.test", "192.0.2.1", "a..test", "a b.test", ""):
        done = net.mxcheck(bad)
        equal((done.returncode, done.stdout), (3, ""), bad)
        contains(done.stderr, bad)


@case("--dry-run tells what would be dialled, and dials nothing")
def _(bench):
    net = bench.net
    name = net.host("mx.plan.test", Mail())
    net.add(name, "A", "224.0.0.1")
    net.mx("plan.test", (10, name))
    done = net.mxcheck("--dry-run", "plan.test")
    equal(done.returncode, 0)
    contains(done.stdout, f"{name} {net.servers[name].addr}\n")
    contains(done.stdout, "224.0.0.1 not dialled: a multicast")
    equal(net.servers[name].conversations, [])


@case("without --internal no loopback or private address is dialled")
def _(bench):
    net = bench.net
    name = net.host("mx.inside.test", Mail())
    net.mx("inside.test", (10, name))
    argv = [a for a in net.argv("inside.test") if a != "--internal"]
    done = subprocess.run(argv, text=True, capture_output=True, timeout=30)
    contains(done.stdout, "a loopback address")
    equal(net.servers[name].conversations, [])


@case("there is no command in the program that could send a message")
def _(bench):
    words = [s.split(b" ")[0].split(b"\r")[0]
             for s in mx_faults.MXCHECK.read_bytes().split(b"\0")]
    found = {b"EHLO", b"DATA", b"BDAT", b"VRFY", b"EXPN", b"ETRN", b"TURN",
             b"SEND"} & set(words)
    equal(found, {b"EHLO"})


@case("options that are wrong are told, with status 3")
def _(bench):
    for args, part in ((["--port", "0"], "give a number from 1 to 65535"),
                       (["--only", "Z"], "there is no such check"),
                       (["--limit", "lunch=3"], "give STAGE=SECONDS"),
                       (["--models", "sendmail"], "there are postfix"),
                       (["--helo", "a b"], "give a host name"),
                       (["-4", "-6"], "give one of them"),
                       (["--output", "xml"], "there is no such format"),
                       (["--explain", "X99"], "there is no such check")):
        done = bench.net.mxcheck(*args, "pair.test")
        equal((done.returncode, done.stdout), (3, ""), args)
        contains(done.stderr, part)


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


rvtest.run(setup)
