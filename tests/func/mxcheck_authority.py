"""mxcheck and the name servers themselves: a root, two NSD that do not always
agree, and resolverd as the resolver, in a namespace where public addresses are
ours (D09, and F04 to F06 over real delegations).
"""

import json
import socket
import subprocess

import dns.flags

import rvtest
import scripted
from internet import Internet, add_address
from mx_faults import MXCHECK, Faults, Mail, Table
from rvtest import case, contains, equal

ONE, TWO, SILENT = "11.1.1.53", "11.2.1.53", "11.3.1.53"
NEAR = "11.1.1.54"  # the first server again, in the same network
MX1, MX2 = "11.4.1.25", "11.5.1.25"
BESIDE = "11.4.1.53"  # a name server in the network of mx1
CACHE = "11.6.1.53"  # answers, but has no zone

MXS = "@ MX 10 mx1.fine.zz.\n@ MX 20 mx2.fine.zz.\n"
ADDRESS = {"ns1": ONE, "ns2": TWO, "near": NEAR, "silent": SILENT,
           "beside": BESIDE, "mx1": MX1, "cache": CACHE}


class Domain:
    """A zone: its servers by the name of their address, its text at the first
    server and at the second; None: that one does not have it. Delegated to the
    servers of `parent`, if those are others."""

    def __init__(self, servers, first=MXS, second=MXS, parent=None):
        self.servers, self.first, self.second = servers, first, second
        self.parent = parent or servers

    def text(self, apex, body):
        return (f"$ORIGIN {apex}.\n$TTL 3600\n@ SOA ns. h. 1 600 300 86400 60\n"
                + "".join(f"@ NS {s}\n" for s in self.servers) + "".join(
                    f"{s} A {ADDRESS[s]}\n"
                    for s in {*self.servers, *self.parent}) + body)

    def delegation(self, apex):
        return "".join(f"{apex}. NS {s}.{apex}.\n{s}.{apex}. A {ADDRESS[s]}\n"
                       for s in self.parent)


DOMAINS = {
    "fine.zz": Domain(["ns1", "ns2"], *2 * [
        MXS + f"mx1 A {MX1}\nmx2 A {MX2}\n"]),
    "differ.zz": Domain(["ns1", "ns2"], second="@ MX 10 old.fine.zz.\n"),
    "address.zz": Domain(
        ["ns1", "ns2"], f"@ MX 10 mx1\n@ MX 20 mx2.fine.zz.\nmx1 A {MX1}\n",
        f"@ MX 10 mx1\n@ MX 20 mx2.fine.zz.\nmx1 A {MX2}\n"),
    "byaddress.zz": Domain(["ns1", "ns2"], *2 * ["@ MX 10 mx1.address.zz.\n"]),
    # load that is spread by DNS
    "turn.zz": Domain(
        ["ns1", "ns2"], f"@ MX 10 mx1\n@ MX 20 mx2.fine.zz.\nmx1 60 A {MX1}\n",
        f"@ MX 10 mx1\n@ MX 20 mx2.fine.zz.\nmx1 60 A {MX2}\n"),
    "byturn.zz": Domain(["ns1", "ns2"], *2 * ["@ MX 10 mx1.turn.zz.\n"]),
    "lame.zz": Domain(["ns1", "ns2"], second=None),
    "silent.zz": Domain(["ns1", "silent"]),
    "nobody.zz": Domain(["ns2"], second=None, parent=["ns1"]),
    "cache.zz": Domain(["ns1", "cache"]),
    "near.zz": Domain(["ns1", "near"]),
    "single.zz": Domain(["ns1"]),
    "inside.zz": Domain(["mx1", "beside"]),
}


def setup(bench):
    add_address(ONE, TWO, SILENT, NEAR, MX1, MX2, BESIDE, CACHE)
    bench.root = Internet(bench, {"": "".join(
        d.delegation(apex) for apex, d in DOMAINS.items())})
    first = {f"{apex}.": d.text(apex, d.first)
             for apex, d in DOMAINS.items()}
    second = {f"{apex}.": d.text(apex, d.second)
              for apex, d in DOMAINS.items() if d.second is not None}
    rvtest.nsd(bench, first, (ONE, 53), "one",
               more=[(a, 53) for a in (NEAR, MX1, BESIDE)])
    rvtest.nsd(bench, second, (TWO, 53), "two")
    bench.asked = []
    bench.cache = scripted.Outside(lambda q: from_cache(bench, q),
                                   (CACHE, 53)).__enter__()
    bench.silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bench.silent.bind((SILENT, 53))
    rvtest.resolverd(bench, forward=None, listen=[("127.0.0.1", 53)])
    bench.mail = Faults(port=25).__enter__()
    bench.mail.host("mx1.fine.zz", Mail(), MX1)
    bench.mail.host("mx2.fine.zz", Mail(), MX2)
    subprocess.run([rvtest.program("ip"), "route", "add", "default", "dev",
                    "lo"], check=True)
    bench.record = bench.dir / "record.json"
    bench.done = mxcheck(*DOMAINS, "--authoritative", "-o", "table", "-o",
                         f"json={bench.record}")
    bench.table = Table(bench.done)


def from_cache(bench, q):
    """Without AA, as a resolver answers."""
    bench.asked.append((q.qname, q.qtype, q.message.flags))
    if q.qtype != "MX":
        return scripted.negative(q, "NOERROR", "cache.zz")
    return scripted.answer(q, "cache.zz 3600 MX 10 mx1.fine.zz.",
                           "cache.zz 3600 MX 20 mx2.fine.zz.")


def mxcheck(*args):
    return subprocess.run([str(a) for a in (
        MXCHECK, "--resolver", "127.0.0.1", "--helo", "probe.zz", "--recheck",
        "0", *args)], text=True, capture_output=True, timeout=100)


ROWS = [
    ("fine", "D09", None, "OK", ""),
    ("differ", "D09", None, "WARN", f'ns1.differ.zz {ONE}: MX has '
     '"10 mx1.fine.zz, 20 mx2.fine.zz", ns2.differ.zz '
     f'{TWO}: "10 old.fine.zz"'),
    ("address", "D09", None, "OK", ""),
    ("address", "D09", "mx1.address.zz", "WARN", f'A has "{MX1}"'),
    ("byaddress", "D09", "mx1.address.zz", "WARN", f'A has "{MX1}"'),
    ("turn", "D09", "mx1.turn.zz", "WARN", f'A has "{MX1}"'),
    ("byturn", "D09", "mx1.turn.zz", "OK", ""),
    ("lame", "D09", None, "WARN", f"name server ns2.lame.zz {TWO} of lame.zz: "
     "REFUSED"),
    ("silent", "D09", None, "WARN", f"silent.silent.zz {SILENT} of silent.zz: "
     "no answer"),
    ("nobody", "D09", None, "CRIT", "no name server of nobody.zz has the zone:"
     f" ns2.nobody.zz {TWO}: REFUSED"),
    ("cache", "D09", None, "WARN", f"cache.cache.zz {CACHE} of cache.zz: it "
     "answers without authority (lame)"),
    ("near", "D09", None, "OK", ""),
    ("fine", "F05", None, "OK", ""),
    ("fine", "F06", None, "OK", ""),
    ("near", "F05", None, "WARN", "in one network: 11.1.1.0/24"),
    ("near", "F04", None, "OK", ""),
    ("single", "F06", None, "WARN", "a single name server, ns1.single.zz"),
    ("inside", "F04", None, "WARN", "in 11.4.1.0/24, as mx1.fine.zz is"),
    ("inside", "F05", None, "WARN", "in one network: 11.4.1.0/24"),
    ("fine", "F04", None, "OK", ""),
]


@case("each zone gives its check, its severity and its cause")
def _(bench):
    wrong = []
    for domain, check, host, severity, text in ROWS:
        got = bench.table.findings.get((f"{domain}.zz", check, host or
                                        f"{domain}.zz"), ("OK", ""))
        if got[0] != severity or text not in got[1]:
            wrong.append(f"{domain} {check}: {got}, not {severity} {text}")
    if wrong:
        raise AssertionError("\n".join(wrong))


@case("RFC 1035 4.1.1: name servers are not asked for recursion")
def _(bench):
    # resolverd asks it, too, as it asks any authority; neither wants that
    equal([a for a in bench.asked if a[2] & dns.flags.RD], [])
    equal([a[:2] for a in bench.asked if a[:2] == ("cache.zz", "MX")] != [],
          True)


@case("mail stops with the names: ILLUSION; of two that agree it does not")
def _(bench):
    verdict, sentence = bench.table.domains["inside.zz"]
    equal(verdict, "ILLUSION")
    contains(sentence, "if 11.4.1.0/24 dies (and all name servers of "
             "inside.zz with it) no mail flows")
    equal(bench.table.domains["fine.zz"][0], "OK")


@case("what each server said is recorded, and judged again: the same bytes")
def _(bench):
    for form, want in (("table", bench.done.stdout),
                       ("json", bench.record.read_text())):
        done = mxcheck("--replay", bench.record, "-o", form)
        for got, line in zip(done.stdout.splitlines(), want.splitlines()):
            equal(got, line, form)
        equal((done.stdout == want, done.stderr), (True, ""), form)
    told = [json.loads(line) for line in bench.record.read_text().splitlines()
            if '"name":"differ.zz"' in line and '"type":"domain"' in line]
    equal(told[0]["told"], [
        {"type": "MX", "server": "ns1.differ.zz", "addr": ONE, "aa": True,
         "dns": "exists", "data": "10 mx1.fine.zz, 20 mx2.fine.zz"},
        {"type": "MX", "server": "ns2.differ.zz", "addr": TWO, "aa": True,
         "dns": "exists", "data": "10 old.fine.zz"}])


@case("silence of all of them may be ours: UNKNOWN")
def _(bench):
    text = bench.record.read_text().replace(
        f'"server":"ns1.silent.zz","addr":"{ONE}","dns":"exists","aa":true',
        f'"server":"ns1.silent.zz","addr":"{ONE}","dns":"failed",'
        '"why":"no answer"')
    equal(text != bench.record.read_text(), True)
    (bench.dir / "mute.json").write_text(text)
    table = Table(mxcheck("--replay", bench.dir / "mute.json"))
    equal(table.severity("silent.zz", "D09", "silent.zz"), "UNKNOWN")
    contains(table.text("silent.zz", "D09", "silent.zz"), "port 53")


@case("without --authoritative no server is asked itself")
def _(bench):
    table = Table(mxcheck("differ.zz", "lame.zz"))
    equal([key for key in table.findings if key[1] == "D09"], [])


@case("a family that is not wanted, and an address of nobody, are not asked")
def _(bench):
    done = mxcheck("fine.zz", "--authoritative", "-6", "-o", "json")
    equal('"why":"not of the family that was asked for"' in done.stdout, True)
    equal('"aa":true' in done.stdout, False)


@case("--explain tells of it, and no mail server was asked for too much")
def _(bench):
    contains(mxcheck("--explain", "D09").stdout, "--authoritative")
    equal(bench.mail.sins, [])
    bench.mail.__exit__()
    bench.cache.__exit__()
    bench.silent.close()


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
