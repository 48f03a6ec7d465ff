"""Validation: what is secure, what is bogus, and where it starts from.

In a namespace with a signed root of its own.
"""

import json
import re
import time

import rvtest
from internet import (OTHER_KEY, STRIPPED, UNPROVEN, UNSIGNED, Internet,
                      add_address)
from rvtest import (Clock, WholeClock, ask, case, contains, data, equal, rcode,
                    wait_until)

DATA = 'www A 198.18.9.1\nwww TXT "text"\nalias CNAME www\n'
ALL_ALONG = ("-i", "20200101", "-e", "20360101")
SIGNED = {"": ALL_ALONG, "zz": ALL_ALONG, "fine.zz": ALL_ALONG,
          "later.zz": (), "expired.zz": ("-i", "20200101", "-e", "20200201"),
          "future.zz": ("-i", "20360101", "-e", "20360201"),
          "unsigned.zz": UNSIGNED, "otherkey.zz": OTHER_KEY,
          "stripped.zz": STRIPPED, "unproven.zz": UNPROVEN}
# INFO-CODE of RFC 8914 4, and a word of the reason in the log
BOGUS = {"expired.zz": (7, "expired"), "future.zz": (8, "inception"),
         "unsigned.zz": (9, "No DNSKEY"), "otherkey.zz": (9, "no keys"),
         "stripped.zz": (10, "no signatures")}

flags = rvtest.dns.flags if rvtest.dns else None


KNOT = ("198.18.9.53", 53)


def knot_signed(bench, apex):
    """A zone that Knot signs itself; returns its delegation."""
    zone = (f"$ORIGIN {apex}.\n$TTL 600\n@ SOA ns host 1 600 300 86400 60\n"
            f"@ NS ns\nns A {KNOT[0]}\n*.wild TXT text\n{DATA}")
    _, _, ds = rvtest.knot(bench, {apex: zone}, server=KNOT, signed=True)
    return f"{apex}. NS ns.{apex}.\nns.{apex}. A {KNOT[0]}\n{ds}"


def setup(bench):
    add_address(KNOT[0])
    bench.net = Internet(bench, {"": "", "zz": knot_signed(bench, "knot.zz"),
        **{apex: DATA for apex in SIGNED if "." in apex}, "plain.zz": DATA},
        signed=SIGNED)
    bench.rd = start(bench, "resolverd")


def start(bench, name, upstream="", **options):
    return rvtest.resolverd(
        bench, name=name, forward=None, validate="yes",
        upstream=f'trust-anchor = "{bench.net.anchor()}" {upstream}',
        **options)


def query(bench, qname, qtype="A", do=False, cd=False, ad=False, rd=None):
    bits = flags.RD | (flags.CD if cd else 0) | (flags.AD if ad else 0)
    return ask((rd or bench.rd).server, qname, qtype, flags=bits,
               edns=0, want_dnssec=do, timeout=8)


def is_ad(message):
    return bool(message.flags & flags.AD)


def types(message):
    return {rvtest.dns.rdatatype.to_text(rrset.rdtype)
            for rrset in message.answer + message.authority}


def info_codes(message):
    return [int(option.code) for option in message.options
            if option.otype == 15]


# --- secure

@case("AD for secure answers, to clients that set DO or AD, and to no other "
      "(RFC 6840 5.7, 5.8)")
def _(bench):
    for qname, qtype, want in (("www.fine.zz", "A", "NOERROR"),
                               ("alias.fine.zz", "A", "NOERROR"),
                               ("www.fine.zz", "MX", "NOERROR"),
                               ("none.fine.zz", "A", "NXDOMAIN")):
        for do, ad in ((1, 0), (0, 1), (1, 1), (0, 0)):
            for again in range(2):  # from the cache, too
                got = query(bench, qname, qtype, do=do, ad=ad)
                equal((rcode(got), is_ad(got)), (want, bool(do or ad)),
                      f"{qname}/{qtype} DO={do} AD={ad} {again}")


@case("no AD for what is not signed (RFC 4035 3.2.3)")
def _(bench):
    for qname, want in (("www.plain.zz", "NOERROR"),
                        ("none.plain.zz", "NXDOMAIN")):
        got = query(bench, qname, do=True)
        equal((rcode(got), is_ad(got)), (want, False), qname)


@case("RRSIG, NSEC and NSEC3 for DO clients only (RFC 4035 3.2.1)")
def _(bench):
    for qname in ("www.fine.zz", "none.fine.zz"):
        equal(types(query(bench, qname)) & {"RRSIG", "NSEC", "NSEC3"}, set())
        with_do = types(query(bench, qname, do=True))
        equal("RRSIG" in with_do, True, f"{qname}: {with_do}")
    equal("NSEC" in with_do, True, f"{with_do}")
    equal("RRSIG" in types(query(bench, "www.fine.zz", "RRSIG")), True,
          "those that were asked for")


def cuts(bench):
    done = bench.rd.resolverctl("stats")
    return int(next(line.split()[1] for line in done.stdout.splitlines()
                    if line.startswith("nxdomain-cuts")))


@case("below a secure NXDOMAIN all is NXDOMAIN, of any type (RFC 8020 2)")
def _(bench):
    for do in False, True:
        equal(rcode(query(bench, "cut.fine.zz", "A", do=do)), "NXDOMAIN")
        wait_until(lambda: any(
            (e["kind"], e["dnssec-ok"]) == ("nothing below", do)
            for e in bench.rd.dump("cut.fine.zz")), 5, "it to be kept")
        before = cuts(bench)
        for qname in "a.cut.fine.zz", "c.b.a.cut.fine.zz":
            got = query(bench, qname, "MX", do=do, ad=True)
            equal((rcode(got), is_ad(got)), ("NXDOMAIN", True), qname)
            equal([r.name.to_text() for r in got.authority
                   if r.rdtype == rvtest.dns.rdatatype.SOA], ["fine.zz."])
            equal("NSEC" in types(got), do, "the proof")
        equal(cuts(bench) - before, 2, f"cuts with DO={do}")


@case("below an insecure one each name is asked for (RFC 8020 3.1)")
def _(bench):
    equal(rcode(query(bench, "cut.plain.zz")), "NXDOMAIN")
    bench.rd.wait_kept("cut.plain.zz")
    before = cuts(bench)
    equal(rcode(query(bench, "a.cut.plain.zz")), "NXDOMAIN")
    equal(cuts(bench), before, "cuts")


# --- bogus

@case("bogus: SERVFAIL, with the reason in the log (RFC 4035 5.5)")
def _(bench):
    for apex in BOGUS:
        got = query(bench, f"www.{apex}")
        equal((rcode(got), data(got), is_ad(got)), ("SERVFAIL", [], False))
    contains(bench.rd.process.log(), "DNSSEC validation failed: ")


@case("bogus: the extended error says why (RFC 8914 4), from the cache of "
      "failures, too (RFC 9520)")
def _(bench):
    for apex, (code, _) in BOGUS.items():
        for again in range(3):
            got = query(bench, f"alias.{apex}")
            equal((rcode(got), info_codes(got)), ("SERVFAIL", [code]),
                  f"{apex} {again}")
    equal(info_codes(query(bench, "www.fine.zz")), [])


@case("bogus: resolverctl lookup tells the reason in words")
def _(bench):
    for apex, (code, _) in BOGUS.items():
        done = bench.rd.resolverctl("--json", "lookup", f"www.{apex}", "TXT")
        got = json.loads(done.stdout)
        equal(got["rcode"], "SERVFAIL", apex)
        words = r"validation failure .*www\..*" if got["source"] == \
            "upstream" else "it failed a moment ago"
        equal(bool(re.fullmatch(rf".+: {words} \({code}\)", got["reason"])),
              True, got)


@case("a denial without a proof is bogus: EDE 12 (RFC 4035 5.4, RFC 8914 4.13)")
def _(bench):
    for qname, qtype in (("none.unproven.zz", "A"), ("www.unproven.zz", "MX")):
        got = query(bench, qname, qtype)
        equal((rcode(got), info_codes(got)), ("SERVFAIL", [12]), qname)
    equal(is_ad(query(bench, "www.unproven.zz", ad=True)), True)


@case("with CD bogus data comes as it is, without AD (RFC 4035 3.2.2)")
def _(bench):
    for apex in BOGUS:
        got = query(bench, f"www.{apex}", cd=True, ad=True)
        equal((rcode(got), data(got), is_ad(got)),
              ("NOERROR", ["198.18.9.1"], False), apex)
        got = query(bench, f"www.{apex}", ad=True)
        equal(rcode(got), "SERVFAIL", f"{apex}: the next without CD")


@case("the reason of each kind is in the log")
def _(bench):
    for apex, (_, word) in BOGUS.items():
        name = f"log-{apex.partition('.')[0]}"
        rd = start(bench, name)
        query(bench, f"www.{apex}", rd=rd)
        line = next(l for l in rd.process.log().splitlines()
                    if "validation failed" in l)
        contains(line, f"www.{apex}/1: ")
        contains(line, word)
        equal(rd.stop(), 0)


@case("a flood of bogus answers is a few lines of log")
def _(bench):
    rd = start(bench, "flood")
    for n in range(200):
        query(bench, f"n{n}.otherkey.zz", rd=rd)
    lines = rd.process.log().count("validation failed")
    equal(1 <= lines <= 5, True, f"{lines} lines")
    equal(rd.stop(), 0)


@case("RFC 8767 5: what is bogus is not covered up by an expired answer; one "
      "that was secure keeps its AD")
def _(bench):
    clock, zone = Clock(bench, "later"), bench.net.zones["later.zz"]
    rd = start(bench, "later", clock=clock)
    for qtype in "A", "TXT":
        got = query(bench, "www.later.zz", qtype, ad=True, rd=rd)
        equal(is_ad(got), True)
        rd.wait_kept("www.later.zz", qtype)
    clock.pass_s(700)
    bench.net.sign(zone, "-i", "20200101", "-e", "20200201", keys=zone.keys)
    bench.net.serve_again("later.zz")
    got = query(bench, "www.later.zz", ad=True, rd=rd)
    equal((rcode(got), data(got), info_codes(got)), ("SERVFAIL", [], [7]))
    zone.process.stop()
    got = query(bench, "www.later.zz", "TXT", ad=True, rd=rd)
    equal((data(got), is_ad(got), info_codes(got)), (["text"], True, [3]))
    equal(rd.stop(timeout=15), 0)


# --- real servers on the way

@case("behind a forwarder that does not validate, unbound: we do (RFC 4035 "
      "4.2)")
def _(bench):
    _, forwarder = rvtest.unbound(bench, None)
    rd = rvtest.resolverd(
        bench, name="behind", forward=[forwarder], validate="yes",
        upstream=f'trust-anchor = "{bench.net.anchor()}"')
    for qname, want in (("www.fine.zz", "NOERROR"),
                        ("none.fine.zz", "NXDOMAIN")):
        got = query(bench, qname, ad=True, rd=rd)
        equal((rcode(got), is_ad(got)), (want, True), qname)
    for apex, (code, _) in BOGUS.items():
        got = query(bench, f"www.{apex}", ad=True, rd=rd)
        equal((rcode(got), info_codes(got)), ("SERVFAIL", [code]), apex)
    got = query(bench, "www.plain.zz", ad=True, rd=rd)
    equal((rcode(got), is_ad(got)), ("NOERROR", False))
    equal(rd.stop(), 0)


@case("a zone that Knot signs, with NSEC3 (RFC 5155 8): secure, also what is "
      "not there")
def _(bench):
    for qname, qtype, want in (("www.knot.zz", "A", "NOERROR"),
                               ("www.knot.zz", "MX", "NOERROR"),
                               ("none.knot.zz", "A", "NXDOMAIN"),
                               ("any.wild.knot.zz", "TXT", "NOERROR")):
        got = query(bench, qname, qtype, do=True, ad=True)
        equal((rcode(got), is_ad(got)), (want, True), f"{qname}/{qtype}")
        equal("NSEC3" in types(got), qname != "www.knot.zz" or qtype == "MX",
              f"{qname}/{qtype}: {types(got)}")


# --- negative trust anchors

def end_in(seconds):
    when = time.gmtime(time.time() + seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", when)


@case("a negative trust anchor: answered without AD (RFC 7646), and nothing "
      "beside it")
def _(bench):
    rd = start(bench, "negative", "negative-anchor = "
               f'{{ "expired.zz {end_in(3600)}" }}')
    got = query(bench, "www.expired.zz", ad=True, rd=rd)
    equal((rcode(got), is_ad(got)), ("NOERROR", False))
    equal(rcode(query(bench, "www.future.zz", rd=rd)), "SERVFAIL")
    equal(is_ad(query(bench, "www.fine.zz", ad=True, rd=rd)), True)
    equal(rd.stop(), 0)


@case("one that has ended is told with its line and not used")
def _(bench):
    rd = start(bench, "ended", '\nnegative-anchor = { "expired.zz '
               '2026-01-31" }\n')
    equal(rcode(query(bench, "www.expired.zz", rd=rd)), "SERVFAIL")
    line = [n for n, l in enumerate(rd.conf.read_text().splitlines(), 1)
            if "negative-anchor" in l][0]
    contains(rd.process.log(), f"{rd.conf}:{line}: the negative-anchor of "
             "expired.zz has ended")
    equal(rd.stop(), 0)


@case("one that ends while the daemon runs")
def _(bench):
    clock = Clock(bench, "ending")
    rd = start(bench, "ending", "negative-anchor = "
               f'{{ "expired.zz {end_in(3600)}" }}', clock=clock)
    equal(rcode(query(bench, "www.expired.zz", rd=rd)), "NOERROR")
    clock.pass_s(3700)
    wait_until(lambda: "its negative trust anchor has ended" in
               rd.process.log(), 10, "the end")
    equal(rcode(query(bench, "alias.expired.zz", rd=rd)), "SERVFAIL")
    equal(is_ad(query(bench, "www.fine.zz", ad=True, rd=rd)), True)
    equal(rd.stop(), 0)


# --- the root's keys

class Root:
    """The root's keys of a test of RFC 5011."""

    def __init__(self, bench, rd, clock):
        self.net, self.rd, self.clock = bench.net, rd, clock
        self.zone = bench.net.zones[""]
        self.state = rd.state / "anchor" / "root.key"

    def sign_with(self, *keys):
        self.net.sign(self.zone, *ALL_ALONG, keys=keys)
        self.net.serve_again("")

    def states(self):
        """{key tag: state} of the daemon's file."""
        return {int(tag): int(state) for tag, state in re.findall(
            r"id = (\d+) .*;;state=(\d)", self.state.read_text())}

    def probed_after(self, days):
        """So much later; the next probe is due then, and done."""
        before = self.state.stat()
        self.clock.pass_s(days * 86400)
        self.rd.stats()  # whatever wakes the supervisor: it looks at the clock
        wait_until(lambda: self.state.stat().st_mtime_ns !=
                   before.st_mtime_ns, 20, "a probe")


def tag(key):
    return int(str(key).rsplit("+", 1)[1])


VALID, PENDING, MISSING, REVOKED = 2, 1, 3, 4


@case("RFC 5011 2.2, 2.4.1: a new key of the root is trusted after 30 days, no "
      "sooner; one that is revoked is not")
def _(bench):
    clock = WholeClock(bench, "roll")
    rd = start(bench, "roll", clock=clock)
    root = Root(bench, rd, clock)
    old = root.zone.keys[0]
    wait_until(lambda: root.states() == {tag(old): VALID}, 20,
               "the first probe")

    new = bench.net.new_key(root.zone)
    root.sign_with(old, new)
    root.probed_after(2)
    equal(root.states(), {tag(old): VALID, tag(new): PENDING})
    root.probed_after(29)
    equal(root.states()[tag(new)], PENDING, "after 29 days")
    root.probed_after(2)
    equal(root.states(), {tag(old): VALID, tag(new): VALID})

    # the old one goes (RFC 5011 2.1): marked, and signed by itself
    bench.net.revoke(root.zone, old, new, *ALL_ALONG)
    bench.net.serve_again("")
    root.probed_after(2)
    states = root.states()
    equal(states[tag(new)], VALID)
    equal(VALID in [s for t, s in states.items() if t != tag(new)], False,
          f"{states}")
    root.sign_with(new)
    wait_until(lambda: is_ad(query(bench, "www.fine.zz", "TXT", ad=True,
                                   rd=rd)), 10, "the worker to take it up")
    equal(rd.stop(), 0)

    # whoever knows the first key only is lost: the test above tests it
    rd = start(bench, "first-key-only")
    equal(rcode(query(bench, "www.fine.zz", rd=rd)), "SERVFAIL")
    equal(rd.stop(), 0)


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
