"""Mail servers that fail in every way that a test asks for, and their DNS.

    with Faults() as net:
        mx = net.host("a.test", Mail(greeting="554 no"))   # -> Host, 127.x.y.z
        net.mx("a.test", (10, mx))
        ... net.mxcheck("a.test") ...

Every server of a net listens on the same port of an address of its own. Each
watches the client: a byte before the last line of a greeting or reply, DATA,
BDAT, AUTH, ETRN and the like are kept in net.sins, which no run may fill. Every
byte is on the tape of its Conversation, too; tape_sins() reads it.
"""

import collections
import itertools
import random
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

import dns.flags

import rvtest
import scripted

MXCHECK = rvtest.BUILDDIR / "tools" / "mxcheck" / "mxcheck"
ALLOWED = ("EHLO", "HELO", "STARTTLS", "MAIL", "RCPT", "RSET", "QUIT")
COMMAND = re.compile(
    rb"(?:(?:EHLO|HELO) [a-z0-9.-]+|STARTTLS|MAIL FROM:<>|RSET|QUIT"
    rb"|RCPT TO:<[A-Za-z0-9.+-]+@[A-Za-z0-9.-]+>)\r\n")
LAST_LINE = re.compile(rb"(?:^|\n)\d{3}(?: [^\n]*)?\r?\n$")
EARLY = 0.05  # s that a server waits for a byte that comes too early


class Gone(Exception):
    """The client hung up, or the server is to."""


class Mail:
    """What one server does. A reply is a text of lines, or a function of the
    Conversation that sends what it likes; None: silence."""

    def __init__(self, greeting="220 {name} ESMTP", ehlo=("8BITMIME",
                 "SMTPUTF8", "SIZE 10240000"), tls=None, after_tls=None,
                 starttls="220 go ahead", mail="250 ok", helo="250 {name}",
                 ehlo_code="250", unknown="550 5.1.1 no such user",
                 postmaster="250 ok", relay="554 5.7.1 relay access denied",
                 rset="250 ok", quit="221 bye", on_accept=None, delay=0,
                 ehlo_reply=None, ehlo_name="{name}", data="354 go on"):
        self.__dict__.update({k: v for k, v in locals().items()
                              if k != "self"})


class Conversation:
    """One connection, in a thread of its own."""

    def __init__(self, server, sock, peer):
        self.server, self.sock, self.peer = server, sock, peer
        self.mail, self.name = server.mail, server.name
        self.is_tls = False
        self.buffer = b""
        self.commands = []
        self.tape = []  # ("<" or ">", bytes), clear text or under TLS

    def recv(self, size=4096):
        data = self.sock.recv(size)
        if data:
            self.tape.append(("<", data))
        return data

    def tape_sins(self):
        """What the client sent that is no single command of those that may
        be sent, behind the last line of a reply."""
        said, last, sins = b"", b"", []
        for way, data in self.tape:
            if way == ">":
                said += data
                continue
            is_hello = last == b"STARTTLS\r\n" and data[:2] == b"\x16\x03"
            if not COMMAND.fullmatch(data) and not is_hello:
                sins.append(f"{self.name}: sent {data!r}")
            if not LAST_LINE.search(said):
                sins.append(f"{self.name}: {data!r} came behind {said!r}")
            said, last = b"", data
        return sins

    def sin(self, what):
        self.server.net.sins.append(f"{self.name}: {what}")

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        self.tape.append((">", data))
        try:
            self.sock.sendall(data)
        except OSError:
            raise Gone

    def early(self):
        """Has the client said something before it was its turn?"""
        if self.is_tls:
            return
        self.sock.settimeout(EARLY)
        try:
            if self.sock.recv(1, socket.MSG_PEEK):
                self.sin("spoke before its turn")
        except (socket.timeout, OSError):
            pass
        finally:
            self.sock.settimeout(60)

    def reply(self, what):
        if self.mail.delay:
            time.sleep(self.mail.delay)
        if callable(what):
            what = what(self)
        elif what is None:
            self.silence()
        if what:
            lines = what.format(name=self.name).split("\n")
            self.send("".join(line + "\r\n" for line in lines))

    def silence(self):
        """Nothing more is said until the client hangs up."""
        try:
            while self.recv():
                pass
        except OSError:
            pass
        raise Gone

    def hang_up(self):
        raise Gone

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        raise Gone

    def line(self):
        while b"\n" not in self.buffer:
            try:
                got = self.recv()
            except (OSError, ValueError):
                raise Gone
            if not got:
                raise Gone
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        if self.buffer and not self.server.net.takes_mail:
            self.sin(f"pipelined {self.buffer!r}")
        return line.rstrip(b"\r").decode("latin-1")

    def ehlo(self):
        mail = self.mail
        if mail.ehlo_reply is not None:
            return self.reply(mail.ehlo_reply)
        words = list(mail.after_tls if self.is_tls and mail.after_tls
                     is not None else mail.ehlo)
        if mail.tls and not self.is_tls and "STARTTLS" not in words:
            words.append("STARTTLS")
        lines = [mail.ehlo_name, *words]
        self.reply("\n".join(
            mail.ehlo_code + (" " if i == len(lines) - 1 else "-") + word
            for i, word in enumerate(lines)))

    def rcpt(self, line):
        mail = self.mail
        to = re.search("<(.*)>", line).group(1)
        if to.startswith("postmaster@"):
            self.reply(mail.postmaster)
        elif to.split("@")[1].endswith(".test"):
            self.reply(mail.unknown)
        else:
            self.reply(mail.relay)

    def starttls(self):
        mail = self.mail
        self.reply(mail.starttls)
        if not mail.tls or not isinstance(mail.starttls, str) or \
                not mail.starttls.startswith("220"):
            return
        try:
            self.sock = mail.tls.wrap_socket(self.sock, server_side=True)
        except (ssl.SSLError, OSError):
            raise Gone
        self.is_tls = True

    def data(self):
        """From a real sender: only where a test asks for it."""
        self.reply(self.mail.data)
        if self.mail.data.startswith("354"):
            while self.line() != ".":
                pass
            self.reply("250 ok")

    def talk(self):
        mail = self.mail
        if mail.on_accept:
            mail.on_accept(self)
        if mail.greeting is not None and not callable(mail.greeting):
            self.early()
        self.reply(mail.greeting)
        while True:
            line = self.line()
            self.commands.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "DATA" and self.server.net.takes_mail:
                self.data()
            elif verb not in ALLOWED:
                self.sin(f"said {line!r}")
                self.reply("502 not here")
            elif verb == "EHLO":
                self.ehlo()
            elif verb == "RCPT":
                self.rcpt(line)
            elif verb == "STARTTLS":
                self.starttls()
            else:
                self.reply(getattr(mail, verb.lower()))
            if verb == "QUIT":
                return

    def run(self):
        self.sock.settimeout(60)
        try:
            self.talk()
        except Gone:
            pass
        finally:
            try:
                self.sock.close()
            except OSError:
                pass


class Server:
    def __init__(self, net, name, addr, mail):
        self.net, self.name, self.addr, self.mail = net, name, addr, mail
        self.conversations = []
        self.stopped = False
        self.listener = None

    def start(self):
        family = socket.AF_INET6 if ":" in self.addr else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.addr, self.net.port))
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock, peer = self.listener.accept()
            except OSError:
                return
            c = Conversation(self, sock, peer)
            self.conversations.append(c)
            threading.Thread(target=c.run, daemon=True).start()

    def stop(self):
        if self.listener:
            try:
                self.listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.listener.close()
            self.listener = None

    @property
    def commands(self):
        """What was said in all connections, one after another."""
        return [line for c in self.conversations for line in c.commands]


class Filtered:
    """A port that drops SYNs: a listen queue that is full and never read."""

    def __init__(self, net, addr):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((addr, net.port))
        self.listener.listen(0)
        self.fill = []
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((addr, net.port))
            self.fill.append(s)

    def stop(self):
        for s in [*self.fill, self.listener]:
            s.close()


class Faults:
    """Servers, and a DNS of {(name, type): [rdata, ...]}; a value that is a
    text is an RCODE, None is silence. In a namespace prefix, port and dns
    can be chosen; where takes_mail is set, DATA is no sin."""

    def __init__(self, prefix=None, port=None, dns=None):
        self.takes_mail = False
        self.sins = []
        self.servers = {}
        self.others = []
        self.records = collections.defaultdict(list)
        self.ttl = 3600
        self.signed = set()  # zones whose answers are secure: AD
        r = random.SystemRandom()
        self.prefix = prefix or f"127.{r.randrange(16, 200)}"
        self.numbers = itertools.count(1)
        self.port = port or rvtest.free_port(f"{self.prefix}.1.1")
        self.dns = scripted.Outside(self.answer, dns)

    def __enter__(self):
        self.dns.__enter__()
        return self

    def __exit__(self, *_):
        for server in [*self.servers.values(), *self.others]:
            server.stop()
        self.dns.__exit__()

    # --- DNS

    def add(self, name, rrtype, *rdata):
        self.records[name, rrtype] += rdata

    def fail(self, name, rrtype, rcode="SERVFAIL"):
        self.records[name, rrtype] = rcode

    def mx(self, domain, *rows):
        self.add(domain, "MX", *(f"{pref} {host}." if host != "." else
                                 f"{pref} ." for pref, host in rows))

    def zone(self, name, **servers):
        """A zone of its own, and its name servers: ns1=[addr, ...] is ns1.NAME;
        without an address, ns1_other_test=() names one that is elsewhere."""
        for server, addrs in servers.items():
            full = server.replace("_", ".") if "_" in server else \
                f"{server}.{name}"
            self.add(name, "NS", full + ".")
            for addr in addrs:
                self.add(full, "AAAA" if ":" in addr else "A", addr)

    def zone_of(self, name):
        """The longest apex at or above it."""
        while name and (name, "NS") not in self.records:
            name = name.partition(".")[2]
        return name or "test"

    def answer(self, q):
        message = self.plain_answer(q)
        if message and message.rcode() in (0, 3) and any(
                q.qname == zone or q.qname.endswith("." + zone)
                for zone in self.signed):
            message.flags |= dns.flags.AD
        return message

    def plain_answer(self, q):
        rrs, name = [], q.qname
        for _ in range(12):
            alias = self.records.get((name, "CNAME"))
            if not alias or q.qtype == "CNAME":
                break
            rrs.append(f"{name} {self.ttl} CNAME {alias[0]}")
            name = alias[0].rstrip(".")
        found = self.records.get((name, q.qtype), [])
        if found is None:
            return None
        if isinstance(found, str):
            return scripted.answer(q, rcode=found)
        rrs += [f"{name} {self.ttl} {q.qtype} {rdata}" for rdata in found]
        if found or rrs and self.records.get((name, "CNAME")):
            return scripted.answer(q, *rrs)
        exists = any(n == name or n.endswith("." + name)
                     for n, _ in self.records)
        message = scripted.negative(q, "NOERROR" if exists else "NXDOMAIN",
                                    zone=self.zone_of(name))
        if rrs:
            message.answer = scripted.answer(q, *rrs).answer
        return message

    # --- servers

    def address(self):
        """The first 250 each in a /24 of its own."""
        turn, n = divmod(next(self.numbers) - 1, 250)
        return f"{self.prefix}.{n + 1}.{turn + 1}"

    def host(self, name, mail=None, addr=None, ptr=""):
        """A server of this name; mail None: the address has no listener. Its
        PTR is the name; ptr None: it has none."""
        addr = addr or self.address()
        self.add(name, "AAAA" if ":" in addr else "A", addr)
        reversed_ = ".".join(reversed(addr.split("."))) + ".in-addr.arpa"
        if ":" not in addr and ptr is not None:
            self.add(reversed_, "PTR", (ptr or name) + ".")
        if mail:
            server = Server(self, name, addr, mail)
            server.start()
            if name in self.servers:  # another address of the host
                self.others.append(server)
            else:
                self.servers[name] = server
        return name

    def filtered(self, name):
        addr = self.address()
        self.add(name, "A", addr)
        self.others.append(Filtered(self, addr))
        return name

    # --- the program

    def argv(self, *args):
        server, port = self.dns.server
        return [str(a) for a in (
            MXCHECK, "--resolver", f"{server}@{port}", "--port", self.port,
            "--internal", "--helo", "probe.test", "--recheck", "0", *args)]

    def mxcheck(self, *args, timeout=60, **popen):
        return subprocess.run(self.argv(*args), text=True,
                              capture_output=True, timeout=timeout, **popen)


FINDING = re.compile(r"^      (CRIT|WARN|INFO|UNKNOWN) +([A-Z]\d\d) (.*?): (.*)$")
DOMAIN = re.compile(r"^(\S+)  ([A-Z]+)  (.*)$")


class Table:
    """What a run printed: domains {name: (verdict, sentence)} and findings
    {(domain, id, host or domain): (severity, text)}; domain "" is the run."""

    def __init__(self, done):
        self.domains, self.findings = {}, {}
        domain = ""
        for line in done.stdout.splitlines():
            m = DOMAIN.match(line)
            if m:
                domain = m[1]
                self.domains[domain] = (m[2], m[3])
            m = FINDING.match(line)
            if m:
                host = m[3].split(" ")[0] if "level" not in m[3] else m[3]
                self.findings[domain, m[2], host] = (m[1], m[4])

    def severity(self, domain, check, host):
        return self.findings.get((domain, check, host), ("OK", ""))[0]

    def text(self, domain, check, host):
        return self.findings.get((domain, check, host), ("OK", ""))[1]
