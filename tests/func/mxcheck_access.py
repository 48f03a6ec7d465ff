"""mxcheck --access: the SRV records of a domain, and the services behind them:
submission, IMAP and POP3 servers that do right and wrong."""

import json
import socket
import ssl
import threading
import time

import mx_pki
import rvtest
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal

EARLY = 0.05  # s that a server waits for a byte that comes too early


class Service:
    """A server of lines on an address and port of its own: greeting, and for
    each command (upper case, without tag and argument) a reply; None: hangs up.
    tls: from the start; starttls: after a command of that name."""

    ALLOWED = ("EHLO", "CAPABILITY", "CAPA", "STARTTLS", "STLS", "QUIT",
               "LOGOUT")

    def __init__(self, net, greeting, replies, tls=None, starttls=None,
                 addr=None):
        self.net, self.greeting, self.replies = net, greeting, replies
        self.tls, self.starttls = tls, starttls
        self.addr = addr or net.address()
        self.port = rvtest.free_port(self.addr)
        self.sessions = []  # commands of each
        self.open = []  # (from, to) of each
        self.listener = socket.create_server((self.addr, self.port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.run, args=(sock,),
                             daemon=True).start()

    def sin(self, what):
        self.net.sins.append(f"{self.greeting!r}: {what}")

    def early(self, sock):
        if isinstance(sock, ssl.SSLSocket):
            return
        sock.settimeout(EARLY)
        try:
            if sock.recv(1, socket.MSG_PEEK):
                self.sin("spoke before its turn")
        except (socket.timeout, OSError):
            pass

    def run(self, sock):
        began, said = time.monotonic(), []
        self.sessions.append(said)
        try:
            self.talk(sock, said)
        except (OSError, ssl.SSLError):
            pass
        finally:
            sock.close()
            self.open.append((began, time.monotonic()))

    def talk(self, sock, said):
        if self.tls:
            sock = self.tls.wrap_socket(sock, server_side=True)
        self.early(sock)
        sock.settimeout(30)
        if self.greeting is None:
            sock.recv(1)
            return
        sock.sendall(self.greeting.encode("latin-1") + b"\r\n")
        buffer = b""
        while True:
            while b"\n" not in buffer:
                got = sock.recv(4096)
                if not got:
                    return
                buffer += got
            line, buffer = buffer.split(b"\n", 1)
            if buffer:
                self.sin(f"pipelined {buffer!r}")
            line = line.strip().decode("latin-1")
            said.append(line)
            words = line.split(" ")
            verb = words[1] if self.greeting.startswith("*") else words[0]
            if verb not in self.ALLOWED:
                self.sin(f"said {line!r}")
            reply = self.replies.get(verb)
            if reply is None:
                return
            if callable(reply):
                reply(sock)
                continue
            sock.sendall(reply.encode("latin-1") + b"\r\n")
            if verb in ("STARTTLS", "STLS") and self.starttls and \
                    not reply.startswith(("-", "s BAD", "454")):
                sock = self.starttls.wrap_socket(sock, server_side=True)
            if verb in ("QUIT", "LOGOUT"):
                return


BYE_IMAP = "* BYE bye\r\nq OK done"


def imap(words, greeting="* OK hello", **more):
    return greeting, {
        "CAPABILITY": f"* CAPABILITY {words}\r\nc OK done",
        "STARTTLS": "s OK go", "LOGOUT": BYE_IMAP} | more


def pop(*words, greeting="+OK hello", **more):
    return greeting, {"CAPA": "\r\n".join(["+OK", *words, "."]),
                      "STLS": "+OK go", "QUIT": "+OK bye"} | more


def smtp(*words, greeting="220 sub ESMTP", **more):
    lines = ["sub", *words]
    return greeting, {"EHLO": "\r\n".join(
        f"250{' ' if i == len(lines) - 1 else '-'}{line}"
        for i, line in enumerate(lines)), "STARTTLS": "220 go",
        "QUIT": "221 bye"} | more


def setup(bench):
    net = bench.net = Faults().__enter__()
    bench.mx = net.host("mx.use.test", Mail())
    bench.pki = mx_pki.Pki(bench.dir)


def domain(bench, name, **offers):
    """offers: service=(host, Service), or a list of SRV RDATA."""
    net = bench.net
    net.mx(name, (10, bench.mx))
    for service, where in offers.items():
        if isinstance(where, tuple):
            host, server = where
            if server.addr not in net.records[host, "A"]:
                net.add(host, "A", server.addr)
            where = [f"0 1 {server.port} {host}."]
        net.add(f"_{service}._tcp.{name}", "SRV", *where)
    return name


def run(bench, *args):
    done = bench.net.mxcheck(
        "--access", "--rcpt", "none", "--relay", "none", "--ca-file",
        bench.pki.ca_file, *args)
    equal(done.stderr, "")
    return Table(done)


def found(table, name):
    return {(check, subject): severity
            for (d, check, subject), (severity, _) in table.findings.items()
            if d == name}


# --- a healthy domain: each service, with TLS from the start and after

@case("all six services in order: nothing to complain of, nobody logs in")
def _(bench):
    net, pki = bench.net, bench.pki
    scripts = {
        "submissions": smtp("AUTH PLAIN"),
        "submission": smtp("STARTTLS"),
        "imaps": imap("IMAP4rev1 AUTH=PLAIN"),
        "imap": imap("IMAP4rev1 STARTTLS LOGINDISABLED"),
        "pop3s": pop("USER", "SASL PLAIN"),
        "pop3": pop("STLS", "UIDL"),
    }
    servers = {service: Service(net, *script, **{
        "tls" if service.endswith("s") else "starttls":
        pki.server(f"{service}.fine.test")})
        for service, script in scripts.items()}
    name = domain(bench, "fine.test", **{
        service: (f"{service}.fine.test", server)
        for service, server in servers.items()})
    table = run(bench, "--only", "A", name)
    equal(found(table, name), {})
    equal({s: server.sessions for s, server in servers.items()}, {
        "submissions": [["EHLO probe.test", "QUIT"]],
        "submission": [["EHLO probe.test", "STARTTLS", "EHLO probe.test",
                        "QUIT"]],
        "imaps": [["c CAPABILITY", "q LOGOUT"]],
        "imap": [["c CAPABILITY", "s STARTTLS", "c CAPABILITY", "q LOGOUT"]],
        "pop3s": [["CAPA", "QUIT"]],
        "pop3": [["CAPA", "STLS", "CAPA", "QUIT"]],
    })


# --- A01, A05, A06: name, service, server, check, severity, part of the text

CLEAR = (
    ("login", "imap", imap("IMAP4rev1 STARTTLS"), "A05", "CRIT",
     "no LOGINDISABLED"),
    ("plain", "imap", imap("STARTTLS LOGINDISABLED AUTH=PLAIN"), "A05",
     "CRIT", "AUTH=PLAIN"),
    ("lower", "imap", imap("starttls logindisabled auth=login"), "A05",
     "CRIT", "auth=login"),
    ("notls", "imap", imap("IMAP4rev1 LOGINDISABLED"), "A05", "OK", ""),
    ("preauth", "imap", imap("IMAP4rev1", greeting="* PREAUTH hi"), "A05",
     "CRIT", "PREAUTH"),
    ("mum", "imap", imap("", CAPABILITY="c BAD what"), "A05", "UNKNOWN",
     "does not say"),
    ("tcode", "imap", imap("STARTTLS LOGINDISABLED", STARTTLS="s BAD no"),
     "A05", "OK", ""),
    ("user", "pop3", pop("STLS", "USER"), "A06", "CRIT", "USER and PASS"),
    ("sasl", "pop3", pop("STLS", "SASL CRAM-MD5 LOGIN"), "A06", "CRIT",
     "SASL CRAM-MD5 LOGIN"),
    ("cram", "pop3", pop("STLS", "SASL CRAM-MD5"), "A06", "OK", ""),
    ("nostls", "pop3", pop("UIDL"), "A06", "CRIT", "no STLS"),
    ("nocapa", "pop3", pop(CAPA="-ERR what"), "A06", "UNKNOWN", "no CAPA"),
    ("auth", "submission", smtp("STARTTLS", "AUTH LOGIN"), "A01", "CRIT",
     "AUTH LOGIN"),
    ("cramauth", "submission", smtp("STARTTLS", "AUTH CRAM-MD5"), "A01",
     "OK", ""),
)


@case("RFC 9051 6.2.3, RFC 2595 4, RFC 8314 3: passwords in clear text")
def _(bench):
    net, pki = bench.net, bench.pki
    subjects, servers = {}, []
    for name, service, (greeting, replies), *_ in CLEAR:
        host = f"users.{name}.test"
        server = Service(net, greeting, replies, starttls=pki.server(host))
        domain(bench, f"{name}.test", **{service: (host, server)})
        servers.append(server)
    table = run(bench, "--only", "A01,A05,A06",
                *(f"{row[0]}.test" for row in CLEAR))
    for name, service, _, check, severity, part in CLEAR:
        got = [(s, text) for (d, c, _), (s, text) in table.findings.items()
               if d == f"{name}.test" and c == check]
        equal([s for s, _ in got], [] if severity == "OK" else [severity],
              name)
        contains(got[0][1] if got else "", part)
    equal([s.sessions[0][-1] for s in servers if "preauth" not in
           s.greeting and s.sessions[0][-1] not in ("QUIT", "q LOGOUT")], [])


# --- A03

@case("RFC 6186 3, RFC 8314 5.1: SRV records, each way")
def _(bench):
    net = bench.net
    up = Service(net, *imap("LOGINDISABLED"))
    net.add("target.srv.test", "A", up.addr)
    net.add("alias.srv.test", "CNAME", "target.srv.test.")
    net.add("bare.srv.test", "TXT", '"x"')
    net.fail("lost.srv.test", "A")
    net.fail("lost.srv.test", "AAAA")
    rows = (
        ("alias", [f"0 1 {up.port} alias.srv.test."], "is an alias"),
        ("nothing", [f"0 1 {up.port} nothing.srv.test."],
         "no address (NXDOMAIN)"),
        ("bare", [f"0 1 {up.port} bare.srv.test."], "no address (NODATA)"),
        ("failing", [f"0 1 {up.port} lost.srv.test."], "SERVFAIL"),
        ("zero", ["0 1 0 target.srv.test."], "no port 0"),
        ("under", [f"0 1 {up.port} a_b.srv.test."], "no host name"),
        ("both", ["0 0 0 .", f"0 1 {up.port} target.srv.test."],
         "not offered"),
        ("off", ["0 0 0 ."], None),
        ("only", [f"0 1 {up.port} target.srv.test."], "no _imaps beside"),
    )
    for name, rdata, _ in rows:
        domain(bench, f"{name}.test", imap=rdata)
    net.mx("unlucky.test", (10, bench.mx))
    net.fail("_imap._tcp.unlucky.test", "SRV")
    table = run(bench, "--only", "A03", "unlucky.test",
                *(f"{row[0]}.test" for row in rows))
    for name, _, part in rows:
        equal(table.severity(f"{name}.test", "A03", "_imap._tcp"),
              "WARN" if part else "OK", name)
        contains(table.text(f"{name}.test", "A03", "_imap._tcp"), part or "")
    contains(table.text("unlucky.test", "A03", "_imap._tcp"), "SERVFAIL")


def endless(sock):
    while True:
        sock.sendall(b"* CAPABILITY " + b"x" * 1000 + b"\r\n")


BROKEN = (
    ("down", None, "connect: refused"),
    ("busy", ("* BYE too many", {"LOGOUT": BYE_IMAP}), "too many"),
    ("wrong", ("220 smtp", {}), "protocol error"),
    ("hangs", imap("", CAPABILITY=None), "ehlo: closed"),
    ("endless", imap("", CAPABILITY=endless), "protocol error"),
    ("mute", (None, {}), "timed out"),
    ("escapes", ("* BYE \x1b[2J$(reboot)", {"LOGOUT": BYE_IMAP}),
     "\\x1b[2J$(reboot)"),
)


@case("a service that does not serve is told with the stage and the reason")
def _(bench):
    net = bench.net
    for name, what, _ in BROKEN:
        host = f"users.{name}.test"
        if what is None:
            net.add(host, "A", net.address())
            where = [f"0 1 {net.port} {host}."]
        else:
            where = (host, Service(net, *what))
        domain(bench, f"{name}.test", imap=where)
    began = time.monotonic()
    table = run(bench, "--only", "A03", "--limit", "greeting=2",
                *(f"{row[0]}.test" for row in BROKEN))
    took = time.monotonic() - began
    equal(took < 2 + 8, True, took)
    for name, _, part in BROKEN:
        text = table.text(f"{name}.test", "A03", "_imap._tcp")
        contains(text, f"users.{name}.test")
        contains(text, part)


# --- A04: what the certificate is for, and what is said

CERTS = (
    ("target", {"names": ["users.ct-target.test"]}, ""),
    ("domain", {"names": ["ct-domain.test"]}, ""),
    ("wild", {"names": ["*.ct-wild.test"]}, ""),
    ("srvid", {"names": ["other.test"], "srv": ["_imaps.ct-srvid.test"]}, ""),
    ("srvno", {"names": ["other.test"], "srv": ["_imap.ct-srvno.test"]},
     "neither for"),
    ("other", {"names": ["other.test"]}, "neither for users.ct-other.test "
     "nor for ct-other.test"),
    ("self", {"self_signed": True}, "not trusted"),
    ("old", {"hours": (-48, -24)}, "has expired"),
)


@case("RFC 6186 6, RFC 7817 3, RFC 4985: names of the certificate")
def _(bench):
    for name, how, _ in CERTS:
        host = f"users.ct-{name}.test"
        domain(bench, f"ct-{name}.test", imaps=(host, Service(
            bench.net, *imap("IMAP4rev1"),
            tls=bench.pki.server(host, **how))))
    table = run(bench, "--only", "A04", *(f"ct-{r[0]}.test" for r in CERTS))
    for name, _, part in CERTS:
        host = f"users.ct-{name}.test"
        equal(table.severity(f"ct-{name}.test", "A04", host),
              "WARN" if part else "OK", name)
        contains(table.text(f"ct-{name}.test", "A04", host), part)


@case("one server of two domains is dialled once, and judged for each")
def _(bench):
    server = Service(bench.net, *imap("IMAP4rev1"),
                     tls=bench.pki.server("both1.test"))
    for name in ("both1.test", "both2.test"):
        domain(bench, name, imaps=("users.both.test", server))
    table = run(bench, "--only", "A04", "both1.test", "both2.test")
    equal(len(server.sessions), 1)
    equal([table.severity(name, "A04", "users.both.test")
           for name in ("both1.test", "both2.test")], ["OK", "WARN"])


# --- politeness

def over(server, n):
    """When its n sessions began and ended; our client may be gone before the
    server has noticed."""
    rvtest.wait_until(lambda: len(server.open) == n,
                      what="the end of the sessions")
    return server.open


@case("an address sees one session after another, a second apart")
def _(bench):
    net = bench.net
    first = Service(net, *imap("LOGINDISABLED"))
    second = Service(net, *pop("UIDL"), addr=first.addr)
    domain(bench, "calm.test", imap=("users.calm.test", first),
           pop3=("users.calm.test", second))
    run(bench, "--only", "A03", "calm.test")
    sessions = over(first, 1) + over(second, 1)
    (_, ended), (began, _) = sorted(sessions)
    equal(began - ended > 0.9, True, began - ended)


@case("an address that is an MX host's is asked after the session for mail")
def _(bench):
    net = bench.net
    ended = []

    def bye(conversation):
        time.sleep(0.3)  # by then a session at once would have begun
        conversation.send("221 bye")
        ended.append(time.monotonic())
    host = net.host("mx.same.test", Mail(quit=bye))
    net.mx("same.test", (10, host))
    server = Service(net, *imap("LOGINDISABLED"),
                     addr=net.servers[host].addr)
    net.add("_imap._tcp.same.test", "SRV", f"0 1 {server.port} {host}.")
    run(bench, "--only", "A03", "same.test")
    (began, _), = over(server, 1)
    equal(began - ended[0] > 0.9, True, began - ended[0])


@case("without --access nothing of it is asked, dialled or said")
def _(bench):
    server = Service(bench.net, *imap("IMAP4rev1"))
    domain(bench, "calmer.test", imap=("users.calmer.test", server))
    done = bench.net.mxcheck("--only", "A", "calmer.test")
    equal((server.sessions, Table(done).findings), ([], {}))


@case("without --internal nothing on loopback is dialled; --dry-run tells")
def _(bench):
    server = Service(bench.net, *imap("IMAP4rev1"))
    domain(bench, "inside.test", imap=("users.inside.test", server))
    done = bench.net.mxcheck("--access", "--dry-run", "inside.test")
    contains(done.stdout, f"users.inside.test {server.addr} port "
             f"{server.port} (imap)\n")
    argv = [a for a in bench.net.argv("--access", "--dry-run", "inside.test")
            if a != "--internal"]
    contains(rvtest.subprocess.run(argv, text=True, capture_output=True,
                                   timeout=30).stdout,
             "(imap) not dialled: a loopback address")
    equal(server.sessions, [])


@case("from run to run: what is not looked at is not well again")
def _(bench):
    net, state = bench.net, bench.dir / "state"
    server = Service(net, *imap("IMAP4rev1"))
    sub = Service(net, *smtp("AUTH LOGIN"))
    name = domain(bench, "again.test", imap=("imap.again.test", server),
                  submission=("sub.again.test", sub))

    def mail(*args):
        return net.mxcheck("-q", "--state", state, "--only", "A", *args,
                           name).stdout

    mails = [mail("--access") for _ in range(2)]
    for check in ("A01", "A03", "A05"):
        equal([check in m for m in mails], [False, True], check)
    equal([mail() for _ in range(3)], ["", "", ""])
    records = net.records[f"_imap._tcp.{name}", "SRV"]
    net.fail(f"_imap._tcp.{name}", "SRV")
    equal(["A05" in mail("--access") for _ in range(3)], [False] * 3)
    net.records[f"_imap._tcp.{name}", "SRV"] = records
    server.replies["CAPABILITY"] = "* CAPABILITY LOGINDISABLED\r\nc OK"
    mails = [mail("--access") for _ in range(3)]
    equal(["A05" in m for m in mails], [False, True, False])
    contains(mails[1], "CRIT -> OK: well again")


@case("a replay judges it as the run did, byte for byte, and dials nobody")
def _(bench):
    record = bench.dir / "record.json"
    names = [f"{r[0]}.test" for r in CLEAR if r[0] not in ("mum",)]
    names += [f"ct-{r[0]}.test" for r in CERTS] + ["both1.test", "both2.test",
                                                   "fine.test", "busy.test"]
    done = bench.net.mxcheck("--access", "--ca-file", bench.pki.ca_file,
                             *names, "-o", "table", "-o", f"json={record}")
    contains(done.stdout, "A05 users.plain.test")
    equal(bench.net.mxcheck("--replay", record).stdout, done.stdout)
    equal(bench.net.mxcheck("--replay", record, "-o", "json").stdout,
          record.read_text())
    kinds = [json.loads(line)["type"] for line in
             record.read_text().splitlines()]
    equal("access" in kinds, True)
    equal(bench.net.mxcheck("--replay", record, "--skip", "A05").stdout ==
          done.stdout, False)


@case("no server was asked for more than it should be, or too early")
def _(bench):
    equal(bench.net.sins, [])
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
