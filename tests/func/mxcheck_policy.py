"""mxcheck and what makes senders leave out a host: MTA-STS (RFC 8461), TLSRPT
(RFC 8460) and DANE (RFC 7672)."""

import gzip
import subprocess
import time

import mx_pki
import rvtest
from mx_faults import Faults, Mail, Table
from mx_web import Web, policy, response
from rvtest import case, contains, equal

STS = "_mta-sts."
TLSRPT = "_smtp._tls."


def setup(bench):
    bench.net = Faults().__enter__()
    bench.pki = mx_pki.Pki(bench.dir)
    bench.web = Web(bench.pki, bench.net.address())


def pair(net, domain, *mails):
    """A domain of one MX for each Mail: mx1.DOMAIN, mx2.DOMAIN, ..."""
    hosts = [net.host(f"mx{i}.{domain}", mail)
             for i, mail in enumerate(mails or (Mail(), Mail()), 1)]
    net.mx(domain, *((10 * i, host) for i, host in enumerate(hosts, 1)))
    return hosts


def run(bench, *args):
    return Table(bench.net.mxcheck(
        "--ca-file", bench.pki.ca_file, "--sts-port", bench.web.port, *args))


def publish(bench, domain, answer, cert=None, **how):
    """The record of a policy, and what its server answers."""
    net, host = bench.net, f"mta-sts.{domain}"
    net.records[STS + domain, "TXT"] = ['"v=STSv1; id=1;"']
    net.records[host, "A"] = [bench.web.addr]
    bench.web.sites[host] = (bench.pki.server(cert or host, **how), answer)


def tls_pair(bench, domain):
    return pair(bench.net, domain, *(
        Mail(tls=bench.pki.server(f"mx{i}.{domain}")) for i in (1, 2)))


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


# --- the policy of MTA-STS

def endless(tls):
    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        tls.sendall(b"mx: mx1.long.test\r\n" * 512)


def headers(tls):
    tls.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        tls.sendall(b"X: " + b"x" * 1000 + b"\r\n")


def silence(tls):
    tls.recv(1)


GZIP = gzip.compress(b"version: STSv1\n" + b"x: " + b"0" * 10_000_000)
FETCHES = (  # name, response, certificate, P02 has, P03 has
    ("whole", response(policy("*.whole.test")), {}, None, None),
    ("missing", response("no", "404 Not Found"), {}, "HTTP status 404", None),
    ("moved", response("", "301 Moved", more="Location: https://mta-sts."
                       "fine.test/.well-known/mta-sts.txt\r\n"), {},
     "HTTP status 301: a redirect", None),
    ("wrong", response(policy("*.wrong.test")), {"cert": "other.test"},
     "name", None),
    ("self", response(policy("*.self.test")), {"self_signed": True},
     "certificate", None),
    ("expired", response(policy("*.expired.test")), {"hours": (-48, -24)},
     "expired", None),
    ("html", response(policy("*.html.test"), kind="text/html"), {},
     "text/html", None),
    ("big", response(b"mx: a.test\n" * 6000), {}, "more than 64 KiB", None),
    ("endless", endless, {}, "more than 64 KiB", None),
    ("headers", headers, {}, "64 KiB", None),
    ("silent", silence, {}, "not had in time", None),
    ("gzip", response(GZIP, more="Content-Encoding: gzip\r\n"), {}, None,
     "the policy is none"),
    ("empty", response(""), {}, None, "the policy is none"),
    ("address", response(policy("192.0.2.1")), {}, None,
     "the policy is none"),
    ("ages", response(policy("*.ages.test", max_age=31557601)), {}, None,
     "the policy is none"),
)


@case("RFC 8461 3.3, 3.2: each way in which a policy does not come")
def _(bench):
    for name, answer, how, *_ in FETCHES:
        domain = f"{name}.test"
        bench.net.mx(domain, (10, bench.net.host(f"mx.{domain}", Mail())))
        publish(bench, domain, answer, **how)
    table = run(bench, "--only", "P02,P03", "--sts-limit", "5",
                *(f"{row[0]}.test" for row in FETCHES))
    for name, _, _, p02, p03 in FETCHES:
        domain = f"{name}.test"
        for check, part in (("P02", p02), ("P03", p03)):
            equal(table.severity(domain, check, domain),
                  "WARN" if part else "OK", (name, check))
            contains(table.text(domain, check, domain), part or "")
    equal([r for r in bench.web.asked if "Accept-Encoding" in r or
           "GET /.well-known/mta-sts.txt HTTP/1.1" not in r], [])


@case("RFC 8461 4.1, 8.4: a pattern that misses the backup")
def _(bench):
    for mode, p04, verdict in (("enforce", "CRIT", "PARTIAL"),
                               ("testing", "WARN", "OK"),
                               ("none", "OK", "OK")):
        domain = f"mode-{mode}.test"
        first, second = tls_pair(bench, domain)
        publish(bench, domain, response(policy(first, mode=mode)))
        table = run(bench, "--only", "P04,P05", domain)
        equal((table.severity(domain, "P04", first),
               table.severity(domain, "P04", second)), ("OK", p04), mode)
        equal(table.domains[domain][0], verdict, table.domains[domain])
    table = run(bench, "--only", "P04", "mode-enforce.test")
    contains(table.domains["mode-enforce.test"][1], "MTA-STS")


@case("--suggest-mx: no host comes first that the enforced policy leaves out")
def _(bench):
    net = bench.net
    net.ttl = 60
    for mode, lines in (("enforce", 1), ("testing", 3)):
        domain = f"up-{mode}.test"
        net.mx(domain, (10, net.host(f"mx1.{domain}")),
               (20, net.host(f"mx2.{domain}", Mail())))
        publish(bench, domain, response(policy(f"mx1.{domain}", mode=mode)))
        done = net.mxcheck("--ca-file", bench.pki.ca_file, "--sts-port",
                           bench.web.port, "--suggest-mx", domain)
        equal(len(done.stdout.splitlines()), lines, done.stdout)
        equal(f"mx2.{domain} is not in the enforced" in done.stdout,
              mode == "enforce")
    net.ttl = 3600


@case("RFC 8461 4.2, 5: a host whose TLS fails the policy")
def _(bench):
    net, pki = bench.net, bench.pki
    net.mx("live.test", *((10 * i, net.host(f"mx{i}.live.test", mail))
           for i, mail in enumerate((
               Mail(tls=pki.server("mx1.live.test")), Mail(),
               Mail(tls=pki.server("mx3.live.test", self_signed=True)),
               Mail(tls=pki.server("other.test")),
               Mail(tls=pki.server("mx5.live.test", hours=(-48, -24)))), 1)))
    net.mx("dead.test", (10, net.host("mx1.dead.test")))
    for domain in ("live.test", "dead.test"):
        publish(bench, domain, response(policy(f"*.{domain}")))
    table = run(bench, "--only", "P05", "live.test", "dead.test")
    for i, part in enumerate(("", "no STARTTLS", "self-signed",
                              "another name", "expired"), 1):
        host = f"mx{i}.live.test"
        equal(table.severity("live.test", "P05", host),
              "CRIT" if part else "OK", host)
        contains(table.text("live.test", "P05", host), part)
    equal(table.severity("dead.test", "P05", "mx1.dead.test"), "OK",
          "nobody can say")
    for mode, severity in (("enforce", "CRIT"), ("testing", "WARN")):
        publish(bench, "live.test", response(policy("*.live.test",
                                                    mode=mode)))
        table = run(bench, "--only", "P02,P05,T", "live.test")
        for i, check in ((2, "T01"), (3, "T05"), (4, "T06"), (5, "T04")):
            host = f"mx{i}.live.test"
            equal(table.severity("live.test", check, host), severity,
                  (mode, check))
            equal("senders with MTA-STS leave it out" in
                  table.text("live.test", check, host), mode == "enforce")


@case("RFC 8461 3.1, 8.1, 8.3: against what the last run saw")
def _(bench):
    state = bench.dir / "state"
    tls_pair(bench, "life.test")

    def life(check, answer=None):
        if answer:
            publish(bench, "life.test", answer)
        return run(bench, "--only", "P02,P06", "--state", state,
                   "life.test").findings.get(("life.test", check,
                                              "life.test"), ("OK", ""))

    equal(life("P06", response(policy("*.life.test"))), ("OK", ""))
    severity, text = life("P06", response(policy("*.life.test", "a.test")))
    equal(severity, "WARN")
    contains(text, "its id has not")
    equal(life("P06", response(policy("*.life.test", "a.test"))), ("OK", ""))
    del bench.net.records[STS + "life.test", "TXT"]
    severity, text = life("P06")
    equal(severity, "WARN")
    contains(text, "is gone before")
    # the enforced policy runs out within the second: half of it has passed
    equal(life("P06", response(policy("*.life.test", max_age=0)))[0], "WARN")
    time.sleep(1.1)
    equal(life("P02", response("no", "404 Not Found"))[0], "CRIT")


@case("without --internal no policy is fetched from a loopback address")
def _(bench):
    n = len(bench.web.asked)
    argv = [a for a in bench.net.argv(
        "--ca-file", bench.pki.ca_file, "--sts-port", bench.web.port,
        "--only", "P02", "whole.test") if a != "--internal"]
    done = subprocess.run(argv, text=True, capture_output=True, timeout=30)
    contains(done.stdout, "a loopback address")
    equal(len(bench.web.asked), n)


# --- DANE

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


# --- what a host has, its TLSA records, and what P12 and P15 say of it
FAR = {"intermediate": (-100, 100)}
OTHER = f"3 1 1 {DIGEST}"
MATCHES = (
    ("ee", {}, [(3, 1, 1)], [], "OK", "INFO"),
    ("ee512", {}, [(3, 0, 2)], [], "OK", "INFO"),
    ("whole", {}, [(3, 0, 0)], [], "OK", "INFO"),
    ("old", {"hours": (-48, -24)}, [(3, 1, 1)], [], "OK", "INFO"),
    ("soon", {"hours": (-2000, 24)}, [(3, 1, 1)], [], "OK", "INFO"),
    ("tasoon", {**FAR, "hours": (-2000, 24)}, [(2, 1, 1, 1)], [], "OK",
     "INFO"),
    ("name", {"names": ["other.test"]}, [(3, 1, 1)], [], "OK", "INFO"),
    ("own", {"self_signed": True}, [(3, 1, 1)], [], "OK", "INFO"),
    ("roll", {}, [(3, 1, 1)], [OTHER], "OK", "OK"),
    ("stale", {}, [], [OTHER], "CRIT", "OK"),
    ("ta", FAR, [(2, 1, 1, 1)], [], "OK", "INFO"),
    ("tacert", FAR, [(2, 0, 1, 1)], [], "OK", "INFO"),
    ("taname", {**FAR, "names": ["other.test"]}, [(2, 1, 1, 1)], [], "CRIT",
     "OK"),
    ("taold", {**FAR, "hours": (-48, -24)}, [(2, 1, 1, 1)], [], "CRIT",
     "INFO"),
    ("tahidden", {**FAR, "show_intermediate": False}, [], [OTHER], "CRIT",
     "OK"),
    ("taleaf", FAR, [(2, 0, 1, 0)], [], "CRIT", "OK"),
    ("pkix", {}, [(1, 1, 1)], [], "OK", "OK"),
    ("clear", None, [], [OTHER], "CRIT", "OK"),
)


@case("RFC 7672 2.2, 3.1: what a server shows against its TLSA records")
def _(bench):
    net, pki = bench.net, bench.pki
    for name, how, own, other, *_ in MATCHES:
        domain = f"dane-{name}.test"
        host = f"mx.{domain}"
        path = how is not None and pki.chain(host, **how)
        net.mx(domain, (10, net.host(host, Mail(
            tls=pki.context(path) if path else None))))
        net.add(f"_25._tcp.{host}", "TLSA", *other,
                *(pki.tlsa(path, *row) for row in own))
        net.signed.add(domain)
    table = run(bench, "--only", "P12,P15", *(
        f"dane-{row[0]}.test" for row in MATCHES))
    for name, *_, p12, p15 in MATCHES:
        domain = f"dane-{name}.test"
        equal((table.severity(domain, "P12", f"mx.{domain}"),
               table.severity(domain, "P15", f"mx.{domain}")), (p12, p15),
              (name, table.text(domain, "P12", f"mx.{domain}")))


# What a TLSA record of usage 3 vouches for is not judged by name and date, one
# of usage 2 not by root; the host of the last is out for all with DANE.
BESIDE = {"old": {}, "soon": {}, "tasoon": {"T07": "CRIT"}, "name": {},
          "own": {}, "taname": {"T06": "CRIT"},
          "taold": {"T04": "WARN"}, "ta": {}, "clear": {"T01": "CRIT"},
          "stale": {}, "whole": {}}


@case("RFC 7672 3.1.1, 3.1.2: what DANE vouches for is not judged besides")
def _(bench):
    table = run(bench, "--only", "T01,T02,T04,T05,T06,T07", *(
        f"dane-{name}.test" for name in BESIDE))
    for name, want in BESIDE.items():
        got = {check: severity for (domain, check, _), (severity, _)
               in table.findings.items() if domain == f"dane-{name}.test"}
        equal(got, want, name)
    contains(table.text("dane-clear.test", "T01", "mx.dane-clear.test"),
             "senders with DANE leave it out")
    # senders with MTA-STS and without DANE still look at it
    publish(bench, "dane-old.test", response(policy("*.dane-old.test")))
    table = run(bench, "--only", "T04,P02,P05", "dane-old.test")
    equal(table.severity("dane-old.test", "T04", "mx.dane-old.test"), "CRIT")
    equal(table.severity("dane-old.test", "P05", "mx.dane-old.test"), "CRIT")


@case("RFC 7671 8.1: all records of one key; a new key without a record")
def _(bench):
    net, pki = bench.net, bench.pki
    for name in ("onekey", "newkey"):
        domain, host = f"{name}.test", f"mx.{name}.test"
        path = pki.chain(host)
        net.mx(domain, (10, net.host(host, Mail(tls=pki.context(path)))))
        net.add(f"_25._tcp.{host}", "TLSA", pki.tlsa(path, 3, 1, 1),
                pki.tlsa(path, 3, 1, 2))
        net.signed.add(domain)
    net.host("mx.newkey.test", Mail(tls=pki.server("mx.newkey.test",
                                                   bits=3072)))
    table = run(bench, "--only", "P15", "onekey.test", "newkey.test")
    severity, text = table.findings["onekey.test", "P15", "mx.onekey.test"]
    equal(severity, "INFO")
    contains(text, "all TLSA records are for the present key")
    severity, text = table.findings["newkey.test", "P15", "mx.newkey.test"]
    equal(severity, "WARN")
    contains(text, "for the old key only, that of "
             f"{net.servers['mx.newkey.test'].addr}")


@case("senders with DANE leave the mismatch out: their mail waits")
def _(bench):
    net = bench.net
    first, second = tls_pair(bench, "walk.test")
    net.signed.add("walk.test")
    net.add(f"_25._tcp.{second}", "TLSA", OTHER)
    table = run(bench, "--only", "P12", "walk.test")
    verdict, sentence = table.domains["walk.test"]
    equal(verdict, "PARTIAL")
    contains(sentence, "Postfix with DANE -> DEFER")


@case("a replay judges policies as the run did")
def _(bench):
    record = bench.dir / "record.json"
    domains = ["fine.test", "twice.test", "half.test", "signed.test"]
    domains += [f"dane-{row[0]}.test" for row in MATCHES[:9]]
    domains += ["mode-enforce.test", "html.test", "gzip.test", "live.test"]
    done = bench.net.mxcheck("--ca-file", bench.pki.ca_file, "--sts-port",
                             bench.web.port, *domains, "-o", "table", "-o",
                             f"json={record}")
    contains(done.stdout, "P04 mx2.mode-enforce.test")
    equal(bench.net.mxcheck("--replay", record).stdout, done.stdout)
    equal(bench.net.mxcheck("--replay", record, "-o", "json").stdout,
          record.read_text())


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.web.stop()
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
