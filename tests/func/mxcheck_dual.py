"""mxcheck --dual-cert: servers with a certificate of each kind of key, T12."""

import rvtest
from mx_faults import Faults, Mail, Table
from mx_pki import Pki
from rvtest import case, contains, equal

OLD = {"hours": (-48, -24)}
OTHER = {"names": ["other.test"]}
SOON = {"hours": (-88 * 24, 2 * 24)}

# name, RSA, ECDSA (None: there is none), T04 and the like of the first one,
# T12, part of its text. Which is the first, the server's OpenSSL says.
ROWS = (
    ("fine", {}, {}, "OK", ""),
    ("rsa", {}, None, "OK", ""),
    ("ecdsa", None, {}, "OK", ""),
    ("oldrsa", OLD, {}, "WARN", "its RSA certificate: the certificate has "
     "expired"),
    ("oldec", {}, OLD, "WARN", "its EC certificate: the certificate has "
     "expired"),
    ("namersa", OTHER, {}, "WARN", "another name"),
    ("soon", SOON, {}, "CRIT", "ends in"),
    ("selfsigned", {"self_signed": True}, {}, "WARN", "self-signed"),
)


def setup(bench):
    net = bench.net = Faults().__enter__()
    pki = bench.pki = Pki(bench.dir)
    bench.domains = []
    for name, rsa, ec, *_ in ROWS:
        domain = f"{name}.test"
        host = f"mx.{domain}"
        tls = pki.both(host, rsa, ec) if None not in (rsa, ec) else \
            pki.server(host, ec=rsa is None)
        net.mx(domain, (10, net.host(host, Mail(tls=tls))))
        bench.domains.append(domain)


def run(bench, *args):
    done = bench.net.mxcheck("--dual-cert", "--ca-file", bench.pki.ca_file,
                             *args)
    equal(done.stderr, "")
    return done


def worst(table, domain, checks):
    order = ("OK", "WARN", "CRIT")
    return max((table.severity(domain, c, f"mx.{domain}") for c in checks),
               key=order.index)


@case("T12: whichever certificate a server shows first, both are judged")
def _(bench):
    table = Table(run(bench, *bench.domains))
    seconds = 0
    for name, _, _, severity, part in ROWS:
        domain = f"{name}.test"
        first = worst(table, domain, ("T04", "T05", "T06", "T07"))
        second = table.severity(domain, "T12", f"mx.{domain}")
        equal(sorted([first, second]), sorted(["OK", severity]), name)
        if second != "OK":
            seconds += 1
            contains(table.text(domain, "T12", f"mx.{domain}"), part)
    equal(seconds > 0, True, "at least one kind is shown second")


@case("the second session is polite: a second later, QUIT after TLS, no third")
def _(bench):
    for server in bench.net.servers.values():
        equal(len(server.conversations), 2, server.name)
        second = server.conversations[1].commands
        # a server of one kind breaks the handshake off
        equal(second[:2], ["EHLO probe.test", "STARTTLS"], server.name)
        equal(second[2:] in ([], ["QUIT"]), True, second)
    equal(bench.net.servers["mx.fine.test"].conversations[1].commands,
          ["EHLO probe.test", "STARTTLS", "QUIT"])


@case("RFC 7672 2.2: TLSA records of one certificate only")
def _(bench):
    net, pki = bench.net, bench.pki
    host = net.host("mx.dane.test", Mail(tls=pki.both("mx.dane.test")))
    net.mx("dane.test", (10, host))
    net.signed.add("dane.test")
    # of the authority's key (RSA): the certificates of mx_pki with RSA
    net.add(f"_25._tcp.{host}", "TLSA", pki.tlsa(pki.chain(host), 3, 1, 1))
    table = Table(run(bench, "dane.test"))
    equal(sorted(table.severity("dane.test", check, host)
                 for check in ("P12", "T12")), ["CRIT", "OK"])


@case("without --dual-cert there is one session; where all is down, none more")
def _(bench):
    net, pki = bench.net, bench.pki
    host = net.host("mx.one.test", Mail(tls=pki.both("mx.one.test")))
    net.mx("one.test", (10, host))
    net.mxcheck("--ca-file", pki.ca_file, "one.test")
    equal(len(net.servers[host].conversations), 1)
    clear = net.host("mx.clear.test", Mail())
    net.mx("clear.test", (10, clear))
    run(bench, "clear.test")
    equal(len(net.servers[clear].conversations), 1, "it has no TLS")


@case("two names of one address: the second certificate is judged for each")
def _(bench):
    net, pki = bench.net, bench.pki
    addr = net.address()
    names = ["mx1.names.test", "mx2.names.test"]
    net.host(names[0], Mail(tls=pki.both(
        names[0], {"names": names}, {"names": names, **OLD})), addr=addr)
    net.add(names[1], "A", addr)
    net.mx("names.test", (10, names[0]), (20, names[1]))
    table = Table(run(bench, "names.test"))
    for name in names:
        found = {check: table.severity("names.test", check, name)
                 for check in ("T04", "T06", "T12")}
        equal(found["T06"], "OK", "both certificates have both names")
        equal(sorted([found["T04"], found["T12"]]), ["OK", "WARN"], name)


@case("a replay judges it as the run did, byte for byte")
def _(bench):
    record = bench.dir / "record.json"
    done = run(bench, *bench.domains, "names.test", "-o", "table", "-o",
               f"json={record}")
    equal("T12" in done.stdout, True)
    equal(bench.net.mxcheck("--replay", record).stdout, done.stdout)
    equal(bench.net.mxcheck("--replay", record, "-o", "json").stdout,
          record.read_text())


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
