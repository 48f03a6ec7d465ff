"""Routes: which server sees the question, and which does not.

In a namespace with root servers of its own, so that recursion is seen, too.
"""

import subprocess

import rvtest
from internet import Internet, add_address
from rvtest import ask, case, contains, data, equal, rcode
from scripted import Outside, answer, negative

FORWARDER, SITE = ("198.18.1.1", 53), ("198.18.1.2", 53)
LIST, PINNED, KNOT = ("198.18.1.3", 53), ("198.18.1.4", 53), ("198.18.1.5", 53)

TLD = f"""\
list NS ns.list
ns.list A {LIST[0]}
corp TXT "the public one"
www.corp TXT "the public one"
alias CNAME a.list
"""
CORP = """\
$ORIGIN corp.zz.
@ 60 SOA ns host 1 600 300 86400 60
@ 60 NS ns
ns 60 A 198.18.1.4
@ 60 TXT "pinned"
www 60 TXT "pinned"
"""


def authoritative(message):
    flags = rvtest.dns.flags
    message.flags = message.flags & ~flags.RA | flags.AA
    return message


def says(name, aa=False):
    """A server that answers every TXT with its name."""
    def script(q):
        got = negative(q, "NOERROR", zone="zz")
        if q.qtype in ("TXT", "PTR"):
            dot = "." if q.qtype == "PTR" else ""
            got = answer(q, f"{q.qname} 60 {q.qtype} {name}{dot}")
        return authoritative(got) if aa else got
    return script


def list_server(q):
    """Authoritative for list.zz, in which every name has a TXT."""
    got = negative(q, "NOERROR", zone="list.zz")
    if q.qname == "out.list.zz" and q.qtype == "TXT":
        got = answer(q, "out.list.zz 60 CNAME corp.zz.")
    elif q.qtype == "TXT":
        got = answer(q, f"{q.qname} 60 TXT list")
    return authoritative(got)


def setup(bench):
    add_address(*(s[0] for s in (FORWARDER, SITE, LIST, PINNED, KNOT)))
    bench.net = Internet(bench, {"": "", "zz": TLD})
    bench.outsides = {}
    for name, server, script in (("forwarder", FORWARDER, says("forwarder")),
                                 ("site", SITE, says("site")),
                                 ("list", LIST, list_server)):
        bench.outsides[name] = Outside(script, server).__enter__()


_n = 0


def start(bench, routes, **options):
    """A daemon of its own; the servers forget what they were asked."""
    global _n
    _n += 1
    for outside in bench.outsides.values():
        outside.forget()
    return rvtest.resolverd(bench, name=f"rd{_n}", extra=routes, **options)


def saw(bench, name, qname):
    return bench.outsides[name].count(qname)


def txt(rd, qname):
    got = ask(rd.server, qname, "TXT")
    return rcode(got), data(got, "TXT")


def said(who):
    return "NOERROR", [who]


# --- forward

@case("forward: the names of the route go there, with RD, and others do not")
def _(bench):
    rd = start(bench, 'route "corp.zz" { forward = "198.18.1.2" }',
               forward=[FORWARDER])
    for qname in ("corp.zz", "a.corp.zz", "b.c.corp.zz"):
        equal(txt(rd, qname), said("site"), qname)
        equal(saw(bench, "forwarder", qname), 0, f"forwarder, {qname}")
    for qname in ("zz", "xcorp.zz", "corp.zz.yy"):
        equal(txt(rd, qname), said("forwarder"), qname)
        equal(saw(bench, "site", qname), 0, f"site, {qname}")
    equal(bench.outsides["site"].last.message.flags & rvtest.dns.flags.RD,
          rvtest.dns.flags.RD)
    equal(rd.stop(), 0)


@case("the longest suffix holds, whatever the order in the file")
def _(bench):
    rd = start(bench, 'route "a.b.zz" { forward = "198.18.1.1" }\n'
               'route "b.zz" { forward = "198.18.1.2" }\n'
               'route "x.a.b.zz" { forward = "198.18.1.2" }\n', forward=None)
    for qname, who in (("b.zz", "site"), ("c.b.zz", "site"),
                       ("a.b.zz", "forwarder"), ("y.a.b.zz", "forwarder"),
                       ("x.a.b.zz", "site"), ("z.x.a.b.zz", "site")):
        equal(txt(rd, qname), said(who), qname)
    equal(txt(rd, "corp.zz"), said("the public one"), "no route: recursion")
    equal(rd.stop(), 0)


@case("forward to a real resolver")
def _(bench):
    _, resolver = rvtest.unbound(bench, SITE)
    rd = start(bench, 'route "corp.zz" { forward = "127.0.0.1@%d" }'
               % resolver[1], forward=[FORWARDER])
    equal(txt(rd, "real.corp.zz"), said("site"))
    equal(txt(rd, "real.zz"), said("forwarder"))
    equal(rd.stop(), 0)


# --- stub

@case("stub: the pinned server is asked, without RD, and nobody above it")
def _(bench):
    with Outside(says("pinned", aa=True), PINNED) as pinned:
        for forward in ([FORWARDER], None):
            rd = start(bench, 'route "corp.zz" { stub = "198.18.1.4" }',
                       forward=forward)
            equal(txt(rd, "www.corp.zz"), said("pinned"), f"{forward}")
            equal(txt(rd, "a.b.corp.zz"), said("pinned"))
            equal(pinned.last.message.flags & rvtest.dns.flags.RD, 0, "RD")
            equal(saw(bench, "forwarder", "www.corp.zz"), 0)
            equal(txt(rd, "alias.zz"), said("forwarder" if forward else
                                            "list"))
            equal(pinned.count("alias.zz"), 0)
            equal(rd.stop(), 0)


@case("stub: real servers, NSD and Knot")
def _(bench):
    rvtest.nsd(bench, {"corp.zz": CORP}, server=PINNED, name="nsd-pinned")
    rvtest.knot(bench, {"corp.zz": CORP.replace("pinned", "knot")},
                server=KNOT)
    for server, name in ((PINNED, "pinned"), (KNOT, "knot")):
        rd = start(bench, f'route "corp.zz" {{ stub = "{server[0]}" }}',
                   forward=[FORWARDER])
        equal(txt(rd, "www.corp.zz"), said(name))
        got = ask(rd.server, "none.corp.zz", "TXT")
        equal((rcode(got), rvtest.authority(got)), ("NXDOMAIN", ["SOA"]))
        equal(rd.stop(), 0)


# --- recurse

@case("recurse: a list's own servers are asked though there is a forwarder")
def _(bench):
    rd = start(bench, 'route "list.zz" { recurse = yes }',
               forward=[FORWARDER])
    for qname in ("a.list.zz", "b.c.list.zz"):
        equal(txt(rd, qname), said("list"), qname)
        equal((saw(bench, "forwarder", qname),
               saw(bench, "list", qname) > 0), (0, True), qname)
    equal(txt(rd, "a.xlist.zz"), said("forwarder"))
    equal(saw(bench, "list", "a.xlist.zz"), 0)
    equal(rd.stop(), 0)


@case("recurse: below a route that forwards, and a route that pins")
def _(bench):
    for how in ("forward", "stub"):
        rd = start(bench, f'route "zz" {{ {how} = "198.18.1.2" }}\n'
                   'route "list.zz" { recurse = yes }', forward=None)
        equal(txt(rd, "a.list.zz"), said("list"), how)
        equal(saw(bench, "site", "a.list.zz"), 0)
        equal(txt(rd, "a.corp.zz"), said("site"), how)
        equal(saw(bench, "list", "a.corp.zz"), 0)
        equal(rd.stop(), 0)


@case("recurse: a CNAME out of the route is followed by recursion, too; a "
      "route of its own holds for its target")
def _(bench):
    rd = start(bench, 'route "list.zz" { recurse = yes }',
               forward=[FORWARDER])
    equal(txt(rd, "out.list.zz"), said("the public one"))
    equal(saw(bench, "forwarder", "corp.zz"), 0)
    equal(rd.stop(), 0)
    rd = start(bench, 'route "list.zz" { recurse = yes }\n'
               'route "corp.zz" { forward = "198.18.1.2" }',
               forward=[FORWARDER])
    equal(txt(rd, "out.list.zz"), said("site"))
    equal(rd.stop(), 0)


# --- what is shown, what is checked

def names_seen(outside):
    with outside.lock:
        return {qname for qname, _, _ in outside.asked}


@case("qname-minimisation: servers see what they need (RFC 9156 3); with no, "
      "they see all")
def _(bench):
    long, seen = "4.3.2.1.a.list.zz", bench.outsides["list"]
    rd = start(bench, 'route "zz" { deadline = 5s }', forward=None)
    equal(txt(rd, long), said("list"))
    equal("a.list.zz" in names_seen(seen), True, f"{names_seen(seen)}")
    equal(rd.stop(), 0)
    rd = start(bench, 'route "list.zz" { qname-minimisation = no }',
               forward=None)
    equal(txt(rd, long), said("list"))
    equal(names_seen(seen) - {"ns.list.zz", "list.zz"}, {long})
    equal(rd.stop(), 0)


@case("validate = no: what cannot be validated is answered there, and only "
      "there")
def _(bench):
    rd = start(bench, 'route "list.zz" { validate = no }', forward=None,
               validate="yes")
    equal(txt(rd, "a.list.zz"), said("list"))
    equal(txt(rd, "corp.zz"), ("SERVFAIL", []))
    equal(rd.stop(), 0)


# --- private reverse zones

@case("a private reverse zone is answered here (RFC 6303), and by the site's "
      "server if a route says so")
def _(bench):
    ours, others = "1.0.0.10.in-addr.arpa", "1.0.168.192.in-addr.arpa"
    rd = start(bench, 'route "10.in-addr.arpa" { forward = "198.18.1.2" }',
               forward=None, validate="yes")
    got = ask(rd.server, ours, "PTR")
    equal((rcode(got), data(got)), ("NOERROR", ["site."]))
    got = ask(rd.server, others, "PTR")
    equal((rcode(got), rvtest.authority(got)), ("NXDOMAIN", ["SOA"]))
    equal((saw(bench, "site", others), saw(bench, "forwarder", ours)), (0, 0))
    equal(rd.stop(), 0)


# --- refusals

@case("a server over TLS is refused at the start, with file and line")
def _(bench):
    server = 'forward = "192.0.2.1@853#dns.example"'
    for name, section in (("route", 'route "a"'), ("upstream", "upstream")):
        rd = rvtest.Resolverd(bench, name=f"tls-{name}")
        text = rd.conf.read_text().splitlines()
        rd.conf.write_text("\n".join(
            [l for l in text if not l.startswith("upstream")] +
            [section + " {", server, "}", ""]))
        done = subprocess.run([rvtest.RESOLVERD, "-d", "-c", rd.conf],
                              text=True, capture_output=True, timeout=10)
        equal(done.returncode, 1)
        contains(done.stderr, f"{rd.conf}:{len(text) + 1}: {name} forward: ")
        contains(done.stderr, "is a server over TLS")


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
