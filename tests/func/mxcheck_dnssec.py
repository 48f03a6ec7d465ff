"""mxcheck behind a validating resolverd, over zones that are really signed: TLSA
that is right, wrong and bogus (RFC 7672 2.1.1, 2.2), an MX set that is bogus."""

import subprocess

import rvtest
from internet import Internet, add_address
from mx_faults import MXCHECK, Faults, Mail, Table
from mx_pki import Pki
from rvtest import case, contains, equal

PROBE = "198.19.7.7"
EXPIRED = ("-e", "20200101")  # signatures, as options of ldns-signzone
DOMAINS = ("good.zz", "wrong.zz", "plain.zz", "bogus.zz", "dead.zz")


def setup(bench):
    mx = {name: f"198.19.{n}.25" for n, name in enumerate(DOMAINS, 1)}
    add_address(PROBE, *mx.values())
    pki = bench.pki = Pki(bench.dir)
    chain = pki.chain("mx.zz", self_signed=True)
    tlsa = pki.tlsa(chain, 3, 1, 1)
    zones = {"": "", "zz": "", "_tcp.mx.bogus.zz": f"_25 TLSA {tlsa}\n"}
    for name, addr in mx.items():
        zones[name] = f"@ MX 10 mx\nmx A {addr}\n"
    zones["good.zz"] += f"_25._tcp.mx TLSA {tlsa}\n"
    zones["plain.zz"] += f"_25._tcp.mx TLSA {tlsa}\n"
    zones["wrong.zz"] += f"_25._tcp.mx TLSA 3 1 1 {'00' * 32}\n"
    signed = {name: () for name in zones if name != "plain.zz"}
    signed |= {"_tcp.mx.bogus.zz": EXPIRED, "dead.zz": EXPIRED}
    bench.net = Internet(bench, zones, signed=signed)
    bench.rd = rvtest.resolverd(
        bench, forward=None, validate="yes", listen=[("127.0.0.1", 53)],
        upstream=f'trust-anchor = "{bench.net.anchor()}"')
    bench.mail = Faults(prefix="198.19", port=25).__enter__()
    for name, addr in mx.items():
        bench.mail.host(f"mx.{name}", Mail(tls=pki.context(chain)), addr=addr)
    bench.done = subprocess.run(
        [str(a) for a in (
            MXCHECK, "--resolver", "127.0.0.1", "--internal", "--helo",
            "probe.test", "--source4", PROBE, "--recheck", "0", "--ca-file",
            pki.ca_file, "--only", "D,P", *DOMAINS)],
        text=True, capture_output=True, timeout=60)
    bench.table = Table(bench.done)


def found(bench, check, domain):
    return bench.table.findings.get((domain, check, f"mx.{domain}"),
                                    ("OK", ""))


@case("RFC 7672 2.2: a secure TLSA that matches, of an own certificate")
def _(bench):
    equal((found(bench, "P11", "good.zz")[0],
           found(bench, "P12", "good.zz")[0]), ("OK", "OK"),
          bench.done.stdout + bench.done.stderr)
    contains(bench.table.domains["good.zz"][0], "NONE")


@case("RFC 7672 2.2: a secure TLSA that does not match: P12")
def _(bench):
    equal(found(bench, "P12", "wrong.zz")[0], "CRIT", bench.done.stdout)


@case("RFC 7672 2.1.1: TLSA that is bogus: P11, senders with DANE defer")
def _(bench):
    severity, text = found(bench, "P11", "bogus.zz")
    equal(severity, "CRIT", bench.done.stdout)
    contains(text, "bogus")
    verdict, sentence = bench.table.domains["bogus.zz"]
    contains(sentence, "with DANE -> DEFER")


@case("RFC 7672 2.2: TLSA without DNSSEC holds nobody to anything")
def _(bench):
    equal((found(bench, "P11", "plain.zz")[0],
           found(bench, "P12", "plain.zz")[0]), ("OK", "OK"),
          bench.done.stdout)


@case("RFC 4035 5.5: an MX set that is bogus: D14, the mail waits")
def _(bench):
    severity, text = bench.table.findings["dead.zz", "D14", "dead.zz"]
    equal(severity, "CRIT")
    contains(text, "bogus")
    equal(bench.table.domains["dead.zz"][0], "DEFER", bench.done.stdout)


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.mail.sins, [])
    bench.mail.__exit__()


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
