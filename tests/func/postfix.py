"""An unmodified Postfix whose resolver is resolverd.

In a network and mount namespace of its own: resolverd on 127.0.0.1:53, where
resolv.conf points; an NSD plays the outside; clients connect from addresses of
the loopback interface.

RESOLVER=plain puts a plain resolver in resolverd's place: then every case about
a list must fail. (Tried by hand; it shows that the test tests something.)
"""

import os

import mta
import rvtest
from mta import RESOLVER, SMTP, mail_from
from rvtest import ask, authority, case, contains, data, equal, rcode

OUTSIDE = ("198.18.1.53", 53)
POSTSCREEN = ("198.18.1.25", 2525)
SMTP6 = ("2001:2::25", 25)

# From the ranges for benchmarks (RFC 2544, RFC 5180): unlike those for
# documentation, a resolver treats them like any other.
GOOD = "198.18.0.7"  # not listed, with PTR
NAMELESS = "198.18.0.8"  # not listed, no PTR
LISTED = "198.18.0.66"  # inside a listed /26
EXCLUDED = "198.18.0.67"  # inside it, but excluded
GOOD6, LISTED6 = "2001:2::7", "2001:2:0:bad::1"
ADDRESSES = [OUTSIDE[0], SMTP[0], SMTP6[0], GOOD, NAMELESS, LISTED, EXCLUDED,
             GOOD6, LISTED6]

FEED_IP4 = """\
$SOA 3600 ns.bl.example.net hostmaster.example.net 0 600 300 86400 300
$NS 3600 ns.bl.example.net
:127.0.0.2:Listed by the feed, see https://bl.example.net/$
198.18.0.64/26
!198.18.0.67
"""
FEED_IP6 = """\
:127.0.0.3:IPv6 listed, see https://bl.example.net/$
2001:2:0:bad::/64
"""
FEED_NAMES = """\
:127.0.1.2:Domain of a spammer: $
.spam.example
only.example
"""
FEED, LOCAL = "bl.example.net", "blacklist.internal"

OUTSIDE_ZONE = """\
$TTL 600
@ SOA ns.example. hostmaster.example. 1 3600 600 86400 300
@ NS ns.example.
ns.example. A 198.18.1.53
example.org. A 198.18.1.25
example.org. MX 10 mx.example.org.
mx.example.org. A 198.18.1.25
good.example. MX 10 mail.good.example.
good.example. TXT "v=spf1 ip4:198.18.0.7 -all"
mail.good.example. A 198.18.0.7
mail.good.example. AAAA 2001:2::7
spam.example. A 198.18.0.66
mail.spam.example. A 198.18.0.66
only.example. A 198.18.0.66
sub.only.example. A 198.18.0.66
7.0.18.198.in-addr.arpa. PTR mail.good.example.
66.0.18.198.in-addr.arpa. PTR mail.spam.example.
""" + "".join(".".join(reversed("20010002" + 20 * "0" + "0007")) +
              ".ip6.arpa. PTR mail.good.example.\n")

MAIN_CF = f"""\
smtpd_client_restrictions = permit_mynetworks,
 reject_rbl_client {FEED}, reject_rbl_client {LOCAL}
smtpd_sender_restrictions = reject_rhsbl_sender {FEED},
 reject_rhsbl_sender {LOCAL}, reject_unknown_sender_domain
smtpd_peername_lookup = yes
postscreen_access_list = permit_mynetworks
postscreen_dnsbl_sites = {FEED}, {LOCAL}
postscreen_dnsbl_action = enforce
postscreen_dnsbl_min_ttl = 1s
postscreen_dnsbl_max_ttl = 1s
postscreen_greet_action = enforce
postscreen_greet_wait = 1s
postscreen_cache_map =
"""

# --- the ground

def start_resolver(bench):
    if os.environ.get("RESOLVER") == "plain":
        rvtest.unbound(bench, OUTSIDE, RESOLVER)
        return None
    return rvtest.resolverd(
        bench, listen=[RESOLVER], forward=[OUTSIDE], locals=[LOCAL],
        zones={FEED: [f"ip4set:{bench.file('feed-ip4', FEED_IP4)}",
                      f"ip6trie:{bench.file('feed-ip6', FEED_IP6)}",
                      f"dnset:{bench.file('feed-names', FEED_NAMES)}"]})


def setup(bench):
    rvtest.program("postfix")
    mta.own_etc(bench)
    mta.add_addresses(ADDRESSES)
    bench.nsd, _ = rvtest.nsd(bench, {".": OUTSIDE_ZONE}, OUTSIDE)
    bench.rd = start_resolver(bench)
    bench.maillog = mta.start(bench, MAIN_CF, GOOD)


# --- talking to it

def accepted(*args, **kw):
    equal(mail_from(*args, **kw), (250, ""), "reply")


def rejected(*args, text, **kw):
    code, reply = mail_from(*args, **kw)
    equal((code, reply and text in reply), (code // 100 == 5 and code, True),
          f"reply {code} {reply!r} with {text!r}")


def blctl(bench, *args):
    if not bench.rd:
        return  # a plain resolver has no blacklist
    done = bench.rd.blctl(*args)
    equal(done.returncode, 0, f"blctl {args}: {done.stderr}")


def logged(bench, text):
    """postlogd writes a moment after the client has left."""
    rvtest.wait_until(lambda: text in bench.maillog.read_text(), 5,
                      f"{text!r} in the mail log")


# --- what must hold

@case("an unlisted client with PTR is accepted, under its name")
def _(bench):
    accepted(GOOD)
    logged(bench, f"connect from mail.good.example[{GOOD}]")


@case("an unlisted IPv6 client with PTR is accepted, under its name")
def _(bench):
    accepted(GOOD6, server=SMTP6)
    logged(bench, f"connect from mail.good.example[{GOOD6}]")


@case("an unlisted client without PTR is accepted as unknown")
def _(bench):
    accepted(NAMELESS)
    logged(bench, f"connect from unknown[{NAMELESS}]")


@case("reject_rbl_client on the feed zone, TXT in the reply")
def _(bench):
    rejected(LISTED, text=f"[{LISTED}] blocked using {FEED}; "
             f"Listed by the feed, see https://bl.example.net/{LISTED}")


@case("reject_rbl_client on the feed zone, IPv6")
def _(bench):
    rejected(LISTED6, server=SMTP6, text="IPv6 listed, see")


@case("an address that the feed excludes is accepted")
def _(bench):
    accepted(EXCLUDED)


@case("reject_rhsbl_sender on a name of the feed zone")
def _(bench):
    rejected(GOOD, "a@spam.example", text="Domain of a spammer: spam.example")
    rejected(GOOD, "a@mail.spam.example", text=f"blocked using {FEED}")
    rejected(GOOD, "a@only.example", text="Domain of a spammer: only.example")


@case("a name that only has a listed parent is not listed by it")
def _(bench):
    accepted(GOOD, "a@sub.only.example")


@case("a sender domain that does not exist is refused as such")
def _(bench):
    code, reply = mail_from(GOOD, "a@no-such.example")
    equal(code, 450, reply)
    contains(reply, "Domain not found")


@case("blctl add of a client: its next connection fails; del lets it in")
def _(bench):
    accepted(GOOD)
    blctl(bench, "add", GOOD, "--reason", "Tired of $")
    rejected(GOOD, text=f"blocked using {LOCAL}; Tired of {GOOD}")
    blctl(bench, "del", GOOD)
    accepted(GOOD)


@case("blctl add of an IPv6 prefix: its next connection fails; del lets it in")
def _(bench):
    blctl(bench, "add", "2001:2::/112", "--reason", "Prefix $")
    rejected(GOOD6, server=SMTP6, text=f"blocked using {LOCAL}; Prefix")
    blctl(bench, "del", "2001:2::/112")
    accepted(GOOD6, server=SMTP6)


@case("blctl add of a sender's name: its next mail fails; del lets it in")
def _(bench):
    blctl(bench, "add", ".good.example", "--reason", "No more of $")
    rejected(GOOD, text=f"blocked using {LOCAL}; No more of good.example")
    blctl(bench, "del", ".good.example")
    accepted(GOOD)


@case("postscreen: the feed zone")
def _(bench):
    rejected(LISTED, server=POSTSCREEN, text=f"blocked using {FEED}")
    logged(bench, f"addr {LISTED} listed by domain {FEED} as 127.0.0.2")


@case("postscreen: an unlisted client gets through to smtpd")
def _(bench):
    accepted(GOOD, server=POSTSCREEN)


@case("postscreen: blctl add and del")
def _(bench):
    blctl(bench, "add", GOOD)
    rejected(GOOD, server=POSTSCREEN, text=f"blocked using {LOCAL}")
    blctl(bench, "del", GOOD)
    accepted(GOOD, server=POSTSCREEN)


def outside_answers():
    """What a mail server asks of the outside, negative answers included."""
    for qname, qtype, want in (
            ("good.example", "MX", ["10 mail.good.example."]),
            ("good.example", "TXT", ["v=spf1 ip4:198.18.0.7 -all"]),
            ("mail.good.example", "A", [GOOD]),
            ("mail.good.example", "AAAA", [GOOD6]),
            ("7.0.18.198.in-addr.arpa", "PTR", ["mail.good.example."])):
        got = ask(RESOLVER, qname, qtype)
        equal((rcode(got), data(got)), ("NOERROR", want), f"{qname} {qtype}")
    for qname, qtype, want in (
            ("8.0.18.198.in-addr.arpa", "PTR", "NXDOMAIN"),
            ("no-such.example", "MX", "NXDOMAIN"),
            ("mail.good.example", "MX", "NOERROR")):
        got = ask(RESOLVER, qname, qtype)
        equal((rcode(got), data(got), authority(got)), (want, [], ["SOA"]),
              f"{qname} {qtype}")


@case("MX, SPF's TXT, PTR and negative answers come from the outside")
def _(bench):
    outside_answers()


@case("the same from the cache, with the outside gone")
def _(bench):
    bench.nsd.stop()
    outside_answers()


@case("with the outside gone, known clients are judged as before")
def _(bench):
    accepted(GOOD)
    rejected(LISTED, text=f"blocked using {FEED}; Listed by the feed")


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
