"""What the daemon answers by itself: hosts file, localhost, private zones."""

import signal
import subprocess

import rvtest
from rvtest import ask, case, contains, data, equal, rcode, wait_until
from scripted import Outside, answer, negative

HOSTS = """\
192.0.2.1 mail.example.org mail
2.0.0.127.bl.test 192.0.2.9
192.0.2.7 2.0.0.127.bl.test    # as a list zone has it
127.0.1.1 box.example.org
127.0.0.1 localhost
"""


def script(q):
    if q.qtype == "MX":
        return answer(q, f"{q.qname} 60 MX 10 outside.example.")
    if q.qtype == "PTR":
        return answer(q, f"{q.qname} 60 PTR outside.example.")
    if q.qtype == "A":
        return answer(q, f"{q.qname} 60 A 198.51.100.1")
    return negative(q, "NOERROR")


def setup(bench):
    bench.outside = Outside(script).__enter__()
    bench.hosts = bench.file("hosts", HOSTS)
    bench.rd = start(bench, "resolverd", f'hosts-file = "{bench.hosts}"\n')
    bench.server = bench.rd.server


def start(bench, name, extra="", **options):
    feed = bench.file("feed", "127.0.0.2\n")
    return rvtest.resolverd(
        bench, name=name, zones={"bl.test": [f"ip4set:{feed}"]},
        forward=[bench.outside.server], extra=extra, **options)


def asked(bench, qname):
    return bench.outside.count(qname)


@case("hosts file: A and PTR from the file, AAAA empty, other types outside")
def _(bench):
    got = ask(bench.server, "mail.example.org")
    equal((rcode(got), data(got)), ("NOERROR", ["192.0.2.1"]))
    got = ask(bench.server, "mail.example.org", "AAAA")
    equal((rcode(got), data(got), rvtest.authority(got)),
          ("NOERROR", [], ["SOA"]))
    equal(data(ask(bench.server, "1.2.0.192.in-addr.arpa", "PTR")),
          ["mail.example.org."])
    equal(asked(bench, "mail.example.org"), 0)
    equal(data(ask(bench.server, "mail.example.org", "MX")),
          ["10 outside.example."])
    equal(data(ask(bench.server, "other.example.org")), ["198.51.100.1"])


@case("a faulty line is told with file and line, and left out")
def _(bench):
    contains(bench.rd.process.log(), f"{bench.hosts}:2: \"2.0.0.127.bl.test\" "
             "is no address: the line is left out")


@case("list zones come first")
def _(bench):
    got = ask(bench.server, "2.0.0.127.bl.test")
    equal((rcode(got), data(got)), ("NOERROR", ["127.0.0.2"]))
    equal(rcode(ask(bench.server, "x.test")), "NXDOMAIN", "beside it")


@case("list zones come before localhost, private zones and routes, too")
def _(bench):
    feed = bench.file("precedence", "127.0.0.2 :2:listed\n")
    apexes = ["bl.localhost", "bl.invalid", "bl.routed", "bl.example.org"]
    rd = rvtest.resolverd(
        bench, name="precedence", forward=[bench.outside.server],
        zones={apex: [f"ip4set:{feed}"] for apex in apexes},
        extra='route "routed" { forward = "%s@%d" }\n' % bench.outside.server)
    for apex in apexes:
        for qname, want in ((f"2.0.0.127.{apex}", ("NOERROR", ["127.0.0.2"])),
                            (f"3.0.0.127.{apex}", ("NXDOMAIN", []))):
            got = ask(rd.server, qname)
            equal((rcode(got), data(got), asked(bench, qname)), (*want, 0))
    for qname, want in (("a.localhost", ["127.0.0.1"]), ("a.invalid", []),
                        ("a.routed", ["198.51.100.1"])):
        equal(data(ask(rd.server, qname)), want, f"beside them: {qname}")
    equal(rd.stop(), 0)


@case("without hosts-file nothing of a hosts file is answered")
def _(bench):
    rd = start(bench, "without")
    equal(data(ask(rd.server, "mail.example.org")), ["198.51.100.1"])
    equal(rd.stop(), 0)


@case("localhost, with and without RD (RFC 6761 6.3)")
def _(bench):
    for flags in (0, rvtest.dns.flags.RD):
        got = ask(bench.server, "a.localhost", flags=flags)
        equal((rcode(got), data(got)), ("NOERROR", ["127.0.0.1"]))
        equal(data(ask(bench.server, "localhost", "AAAA", flags=flags)),
              ["::1"])
    equal(data(ask(bench.server, "1.0.0.127.in-addr.arpa", "PTR")),
          ["localhost."])
    equal(asked(bench, "localhost") + asked(bench, "a.localhost"), 0)


@case("invalid, test and onion: NXDOMAIN with SOA (RFC 6761 6.4, 6.2; RFC "
      "7686 2), though there is a forwarder")
def _(bench):
    for qname in ("a.invalid", "a.b.test", "a.onion"):
        got = ask(bench.server, qname)
        equal((rcode(got), rvtest.authority(got), asked(bench, qname)),
              ("NXDOMAIN", ["SOA"], 0), qname)


@case("private reverse zones: the forwarder's (RFC 6303 allows for it); "
      "documentation's are nobody's")
def _(bench):
    got = ask(bench.server, "1.0.0.10.in-addr.arpa", "PTR")
    equal(data(got), ["outside.example."])
    got = ask(bench.server, "9.2.0.192.in-addr.arpa", "PTR")
    equal((rcode(got), rvtest.authority(got)), ("NXDOMAIN", ["SOA"]))


@case("a route switches a zone off")
def _(bench):
    rd = start(bench, "routed", 'route "a.test" { forward = "%s@%d" }'
               % bench.outside.server)
    equal(data(ask(rd.server, "x.a.test")), ["198.51.100.1"])
    equal(rcode(ask(rd.server, "x.b.test")), "NXDOMAIN")
    equal(rd.stop(), 0)


@case("a changed file is taken up by a reload; without a file nothing changes")
def _(bench):
    def reload(rd, word):
        before = rd.process.log().count(word)
        rd.process.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: rd.process.log().count(word) > before, 20, word)

    hosts = bench.file("hosts2", "192.0.2.1 a.example.org\n")
    rd = start(bench, "changed", f'hosts-file = "{hosts}"\n')
    equal(data(ask(rd.server, "a.example.org")), ["192.0.2.1"])
    bench.file("hosts2", "192.0.2.2 a.example.org\n")
    reload(rd, " reloaded: serves by")
    equal(data(ask(rd.server, "a.example.org")), ["192.0.2.2"])
    hosts.unlink()
    reload(rd, "not reloaded")
    contains(rd.process.log(), f"hosts-file {hosts}: No such file")
    equal(data(ask(rd.server, "a.example.org")), ["192.0.2.2"])
    equal(rd.stop(), 0)
    done = subprocess.run([rvtest.RESOLVERD, "-d", "-c", rd.conf], text=True,
                          capture_output=True, timeout=10)
    equal(done.returncode, 1)
    contains(done.stderr, f"hosts-file {hosts}: No such file")


if __name__ == "__main__":
    rvtest.run(setup)
