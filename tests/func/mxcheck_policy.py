"""mxcheck and what makes senders leave out a host: MTA-STS (RFC 8461), TLSRPT
(RFC 8460) and DANE (RFC 7672)."""

import mx_pki
import rvtest
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal

STS = "_mta-sts."
TLSRPT = "_smtp._tls."


def setup(bench):
    bench.net = Faults().__enter__()
    bench.pki = mx_pki.Pki(bench.dir)


def pair(net, domain, *mails):
    """A domain of one MX for each Mail: mx1.DOMAIN, mx2.DOMAIN, ..."""
    hosts = [net.host(f"mx{i}.{domain}", mail)
             for i, mail in enumerate(mails or (Mail(), Mail()), 1)]
    net.mx(domain, *((10 * i, host) for i, host in enumerate(hosts, 1)))
    return hosts


def run(bench, *args):
    return Table(bench.net.mxcheck("--ca-file", bench.pki.ca_file, *args))


# --- records

@case("RFC 8461 3.1, RFC 8460 3: records that are none, wrong, or doubled")
def _(bench):
    net = bench.net
    rows = (
        ("none", [], [], "INFO", "no MTA-STS", "OK", ""),
        ("fine", ["v=STSv1; id=20261121;"],
         ["v=TLSRPTv1; rua=mailto:t@fine.test"], "OK", "", "OK", ""),
        ("other", ["v=spf1 -all"], [], "INFO", "no MTA-STS", "OK", ""),
        ("badid", ["v=STSv1; id=a-b;"], [], "WARN", "no policy", "OK", ""),
        ("twice", ["v=STSv1; id=1;", "v=STSv1; id=2;"], [], "WARN",
         "several records", "OK", ""),
        ("alone", ["v=STSv1; id=1;"], [], "OK", "", "WARN", "no TLSRPT"),
        ("bad", ["v=STSv1; id=1;"], ["v=TLSRPTv1; rua=here"], "OK", "",
         "WARN", "_smtp._tls:"),
        ("pair", ["v=STSv1; id=1;"],
         ["v=TLSRPTv1; rua=mailto:a@pair.test",
          "v=TLSRPTv1; rua=mailto:b@pair.test"], "OK", "", "WARN",
         "several records"),
    )
    for name, sts, reports, *_ in rows:
        domain = f"{name}.test"
        pair(net, domain)
        for where, texts in ((STS, sts), (TLSRPT, reports)):
            if texts:
                net.add(where + domain, "TXT", *(f'"{t}"' for t in texts))
    table = run(bench, "--only", "P01,P10", *(f"{r[0]}.test" for r in rows))
    for name, _, _, p01, text01, p10, text10 in rows:
        domain = f"{name}.test"
        equal((table.severity(domain, "P01", domain),
               table.severity(domain, "P10", domain)), (p01, p10), name)
        contains(table.text(domain, "P01", domain), text01)
        contains(table.text(domain, "P10", domain), text10)


@case("a lookup that fails is told, and is not taken for no record")
def _(bench):
    pair(bench.net, "lost.test")
    bench.net.fail(STS + "lost.test", "TXT")
    bench.net.fail(TLSRPT + "lost.test", "TXT")
    table = run(bench, "--only", "P", "lost.test")
    for check in ("P01", "P10"):
        severity, text = table.findings["lost.test", check, "lost.test"]
        equal(severity, "WARN")
        contains(text, "SERVFAIL")


DIGEST = "00" * 32


@case("RFC 7672 2.1.1: TLSA that cannot be had counts where DNS is signed")
def _(bench):
    net = bench.net
    for domain in ("signed.test", "plain.test"):
        first, _ = pair(net, domain)
        net.fail(f"_25._tcp.{first}", "TLSA")
    net.signed.add("signed.test")
    table = run(bench, "--only", "P11", "signed.test", "plain.test")
    equal(table.severity("signed.test", "P11", "mx1.signed.test"), "CRIT")
    equal(table.severity("signed.test", "P11", "mx2.signed.test"), "OK")
    equal(table.severity("plain.test", "P11", "mx1.plain.test"), "INFO")


@case("RFC 7672 3.1.3, 2.2.1: unusable records, and half of the hosts")
def _(bench):
    net = bench.net
    for domain, *records in (
            ("pkix.test", f"0 0 1 {DIGEST}", f"1 1 1 {DIGEST}"),
            ("odd.test", f"3 2 1 {DIGEST}", f"3 1 3 {DIGEST}", "3 1 1 00"),
            ("half.test", f"1 1 1 {DIGEST}", f"3 1 1 {DIGEST}")):
        first, _ = pair(net, domain)
        net.add(f"_25._tcp.{first}", "TLSA", *records)
        net.signed.add(domain)
    first, _ = pair(net, "unsigned.test")
    net.add(f"_25._tcp.{first}", "TLSA", f"3 1 1 {DIGEST}")
    table = run(bench, "--only", "P10,P13,P14", "pkix.test", "odd.test",
                "half.test", "unsigned.test")
    got = {(domain, check): severity for (domain, check, _), (severity, _)
           in table.findings.items()}
    equal(got, {("pkix.test", "P13"): "WARN", ("odd.test", "P13"): "WARN",
                ("half.test", "P14"): "WARN", ("half.test", "P10"): "WARN"})


@case("a replay judges policies as the run did")
def _(bench):
    record = bench.dir / "record.json"
    domains = ["fine.test", "twice.test", "half.test", "signed.test"]
    done = bench.net.mxcheck(*domains, "-o", "table", "-o", f"json={record}")
    equal(bench.net.mxcheck("--replay", record).stdout, done.stdout)
    equal(bench.net.mxcheck("--replay", record, "-o", "json").stdout,
          record.read_text())


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
