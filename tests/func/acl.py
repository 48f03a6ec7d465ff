"""Access control by client address, in the daemon: clients are 127.0.0.x."""

import re
import socket

import dns.message
import dns.query
import rvtest
from rvtest import case, contains, data, equal, rcode, wait_until

SOON = 3
LISTED, OTHER = "4.3.2.1.bl.test", "9.9.9.9.bl.test"

ACL = """\
:refuse
127.0.0.3
127.0.0.4 :ignore
127.0.0.5 :empty
127.0.0.6 :6:not for you, $
127.0.0.16/28 :empty
127.0.0.17 :pass
::1 :6:nor for $
"""
ALL = "127.0.0.7 :ignore\n127.0.0.8 :refuse\n127.0.0.6 :refuse\n"
LIST = ":3:$ is listed\n1.2.3.4\n"


def setup(bench):
    bench.file("list", LIST)
    bench.file("acl", ACL)
    bench.file("all", ALL)
    listen = [(rvtest.LOOPBACK, rvtest.free_port())]
    if socket.has_ipv6:
        listen.append(("::1", listen[0][1]))
    bench.rd = rvtest.resolverd(
        bench, listen=listen, locals=["own.test"], zones={
            "bl.test": [f"ip4set:{bench.dir}/list", f"acl:{bench.dir}/acl"],
            "free.test": [f"ip4set:{bench.dir}/list"]})


def ask(bench, qname, last, qtype="A", tcp=False, server=None):
    """The answer for the client 127.0.0.LAST; None for none."""
    q = dns.message.make_query(qname, qtype)
    server = server or bench.rd.server
    how = dns.query.tcp if tcp else dns.query.udp
    source = f"127.0.0.{last}" if last else None
    try:
        return how(q, server[0], port=server[1], source=source, timeout=1.5)
    except (dns.exception.Timeout, EOFError):
        return None


@case("each action, over UDP and TCP")
def _(bench):
    for tcp in (False, True):
        def answer(last, qname=LISTED, **more):
            return ask(bench, qname, last, tcp=tcp, **more)
        equal(data(answer(1)), ["127.0.0.3"])
        equal((rcode(answer(3)), rcode(answer(3, "x.y.bl.test"))),
              ("REFUSED", "REFUSED"))
        equal(answer(4), None)
        equal((rcode(answer(5)), rvtest.authority(answer(5))),
              ("NXDOMAIN", ["SOA"]))
        equal((data(answer(6)), data(answer(6, OTHER))),
              (["127.0.0.6"], ["127.0.0.6"]))
        equal(data(answer(6, OTHER, qtype="TXT")),
              ["not for you, 127.0.0.6"])
        equal((rcode(answer(16)), data(answer(17))),
              ("NXDOMAIN", ["127.0.0.3"]))


@case("a client that is answered nothing: the same connection goes on")
def _(bench):
    with socket.create_connection(bench.rd.server, timeout=3,
                                  source_address=("127.0.0.4", 0)) as s:
        s.sendall(rvtest.frame_tcp(rvtest.question(LISTED, qid=1)) +
                  rvtest.frame_tcp(rvtest.question("4.3.2.1.free.test",
                                                   qid=2)))
        equal(rvtest.recv_tcp(s)[:2], b"\0\2")


@case("SOA and NS are answered to whom nothing else is")
def _(bench):
    for last in (5, 6):
        for qtype in ("SOA", "NS"):
            equal(len(ask(bench, "bl.test", last, qtype).answer), 1)


@case("a client over IPv6")
def _(bench):
    if len(bench.rd.listen) < 2:
        raise rvtest.Skip("there is no IPv6")
    equal(data(ask(bench, OTHER, None, "TXT", server=bench.rd.listen[1])),
          ["nor for ::1"])


@case("a zone without an acl is for everybody")
def _(bench):
    for last in (3, 4, 5, 6):
        equal(data(ask(bench, "4.3.2.1.free.test", last)), ["127.0.0.3"])


@case("a new acl is taken up like other data; a bad line is told")
def _(bench):
    bench.file("acl", "127.0.0.3 :pass\n127.0.0.4 :refuse\n!127.0.0.5\n")
    done = bench.rd.zonectl("build", "bl.test")
    equal(done.returncode, 0, done.stderr)
    contains(done.stderr, "acl:3: an acl has no exclusions")
    wait_until(lambda: data(ask(bench, LISTED, 3) or []) == ["127.0.0.3"]
               if rcode(ask(bench, LISTED, 3)) == "NOERROR" else False,
               SOON, "the new acl")
    equal(rcode(ask(bench, LISTED, 4)), "REFUSED")
    bench.file("acl", ACL)
    equal(bench.rd.zonectl("build", "bl.test").returncode, 0)


@case("zonectl check knows the type")
def _(bench):
    done = bench.rd.zonectl("check", f"acl:{bench.dir}/acl")
    equal(done.returncode, 0, done.stdout + done.stderr)


@case("the zone . is an acl for all zones, also the local ones")
def _(bench):
    bench.rd.stop()
    bench.rd.extra = f'zone "." {{ datasets = {{ "acl:{bench.dir}/all" }} }}\n'
    bench.rd.write_conf()
    bench.rd.start()
    contains(bench.rd.process.log(), "no client is refused")
    equal(data(ask(bench, "4.3.2.1.free.test", 8)), ["127.0.0.3"])
    equal(bench.rd.zonectl("build", ".").returncode, 0)
    wait_until(lambda: rcode(ask(bench, "4.3.2.1.free.test", 8)) == "REFUSED",
               SOON, "the acl")
    equal(ask(bench, "4.3.2.1.free.test", 7), None)
    equal(ask(bench, "4.3.2.1.own.test", 7), None)
    equal(rcode(ask(bench, "4.3.2.1.own.test", 8)), "REFUSED")
    equal(rcode(ask(bench, LISTED, 6)), "REFUSED", "the stronger one counts")
    equal(data(ask(bench, "4.3.2.1.free.test", 1)), ["127.0.0.3"])
    states = [l.split()[:2] for l in
              bench.rd.zonectl("list").stdout.splitlines()]
    contains(states, [".", "ok"])


@case("an acl that stands alone, and lists in the zone .: said")
def _(bench):
    for zone, dataset, want in (
            ("alone.test", "acl:{}/acl", "nothing but an acl"),
            (".", "ip4set:{}/list", "takes one dataset, an acl")):
        rd = rvtest.Resolverd(bench, name=f"bad-{len(zone)}", zones={
            zone: [dataset.format(bench.dir)]})
        done = rd.zonectl("build")
        equal(done.returncode, 1)
        contains(done.stderr, want)


@case("zonectl why --client says what each client is answered")
def _(bench):
    does = {1: "is answered as usual", 3: "is refused", 4: "is not answered",
            7: "is not answered"}
    for last in (1, 3, 4, 5, 6, 7, 8, 16, 17, 18):
        client = f"127.0.0.{last}"
        said = bench.rd.zonectl("why", "--client", client, "1.2.3.4",
                                "bl.test").stdout
        m = ask(bench, LISTED, last)
        want = data(m) if m is not None else []
        equal(re.findall("^  answers  .* A (.*)$", said, re.M), want, said)
        contains(said, f"  acl  {client} " + does.get(last, ""))
        if m is None or rcode(m) == "REFUSED":
            contains(said, "bl.test: not listed: the acl ")
    said = bench.rd.zonectl("why", "1.2.3.4", "bl.test").stdout
    contains(said, "clients may get other answers, see --client")
    equal(bench.rd.zonectl("why", "--client", "x", "1.2.3.4").returncode, 2)


@case("the daemon lost no worker")
def _(bench):
    equal("starting it again" in bench.rd.process.log(), False)
    equal(bench.rd.stop(), 0)


if __name__ == "__main__":
    rvtest.run(setup)
