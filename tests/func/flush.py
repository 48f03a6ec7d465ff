"""resolverctl flush where libunbound recurses: with forwarders its own cache
is off, here it is not: it follows an alias that it knows without asking. In a
namespace with root servers of its own.
"""

import rvtest
from internet import Internet
from rvtest import ask, case, data, equal, wait_until

OLD, NEW = "192.0.2.1", "192.0.2.2"


def zone(address):
    which = "old" if address == OLD else "new"
    return f"""\
alias 3600 CNAME {which}
a.b.alias 3600 CNAME {which}
old 3600 A {OLD}
new 3600 A {NEW}
"""


def setup(bench):
    bench.net = Internet(bench, {"": "", "zz": zone(OLD)})
    # one worker: the one that is asked is the one whose library knows it
    bench.rd = rvtest.resolverd(bench, workers=1, forward=None)


def address(bench, qname):
    return data(ask(bench.rd.server, qname), "A")


def change(bench, old, new):
    """The zone's data, on its server."""
    plain = bench.net.zones["zz"].plain
    plain.write_text(plain.read_text().replace(zone(old), zone(new)))
    bench.net.serve_again("zz")


def flush(bench, *args):
    """When what was asked is in the cache, which is after its answer."""
    wait_until(lambda: bench.rd.resolverctl("flush", *args).stdout ==
               "flushed: 1\n", 5, f"flush {args}")


@case("flush NAME: an alias that libunbound's cache of RRsets has, too")
def _(bench):
    equal(address(bench, "alias.zz"), [OLD])
    change(bench, OLD, NEW)
    equal(address(bench, "alias.zz"), [OLD], "before the flush")
    flush(bench, "alias.zz", "A")
    equal(address(bench, "alias.zz"), [NEW], "after it")


@case("flush --below NAME: likewise")
def _(bench):
    equal(address(bench, "a.b.alias.zz"), [NEW])
    change(bench, NEW, OLD)
    flush(bench, "--below", "b.alias.zz")
    equal(address(bench, "a.b.alias.zz"), [OLD])


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
