"""An outside DNS that does as a test tells it, and counts what it is asked.

    def script(q): ...  # a Question -> an answer's Message, or bytes; None: silence

    with Outside(script) as outside:
        ... forward=[outside.server] ...
        equal(outside.count("www.example"), 1)
"""

import collections
import contextlib
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

import rvtest

Question = collections.namedtuple("Question", "qname qtype tcp message")


def answer(q, *rrs, authority=(), rcode="NOERROR", flags=0):
    """A response to q; RRs as "owner ttl type data"."""
    message = dns.message.make_response(q.message, recursion_available=True)
    message.set_rcode(dns.rcode.from_text(rcode))
    message.flags |= flags
    for section, texts in ((message.answer, rrs), (message.authority,
                                                   authority)):
        for text in texts:
            owner, ttl, rrtype, data = text.split(" ", 3)
            section.append(dns.rrset.from_text(owner + ".", int(ttl), "IN",
                                               rrtype, data))
    return message


def negative(q, rcode="NXDOMAIN", zone="example", ttl=3600, minimum=3600):
    """NXDOMAIN or NODATA with the SOA of the zone, RFC 2308 2."""
    return answer(q, rcode=rcode, authority=[
        f"{zone} {ttl} SOA ns.{zone}. host.{zone}. 1 600 300 86400 {minimum}"])


class Outside:
    """UDP and TCP on one port, each question in a thread: it may sleep."""

    def __init__(self, script, server=None):
        self.script = script
        self.asked = collections.Counter()
        self.last = None  # the newest Question
        self.held = {}  # part of a name: Event
        self.tcp_pieces, self.tcp_pause = 1, .05  # of an answer by TCP
        self.lock = threading.Lock()
        self.server = server or (rvtest.LOOPBACK, rvtest.free_port())
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.udp.bind(self.server)
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(self.server)
        self.tcp.listen(50)

    def __enter__(self):
        for loop in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=loop, daemon=True).start()
        return self

    def __exit__(self, *_):
        for s in (self.udp, self.tcp):
            try:
                s.shutdown(socket.SHUT_RDWR)  # wakes the thread
            except OSError:
                pass
            s.close()

    def count(self, qname, tcp=None):
        with self.lock:
            return sum(n for (name, _, over_tcp), n in self.asked.items()
                       if name == qname and tcp in (None, over_tcp))

    def forget(self):
        with self.lock:
            self.asked.clear()

    @contextlib.contextmanager
    def holding(self, part):
        """Names with this in them are answered at the end of the block."""
        released = self.held[part] = threading.Event()
        try:
            yield
        finally:
            del self.held[part]
            released.set()

    def _answer(self, wire, tcp, send):
        message = dns.message.from_wire(wire)
        asked = message.question[0]
        qname = asked.name.to_text(omit_final_dot=True).lower()
        q = Question(qname, dns.rdatatype.to_text(asked.rdtype), tcp, message)
        with self.lock:
            self.asked[q[:3]] += 1
            self.last = q
        for part, released in list(self.held.items()):
            if part in qname:
                released.wait(20)
        got = self.script(q)
        if got is not None:
            try:
                send(got if isinstance(got, bytes) else
                     got.to_wire(max_size=65535))
            except OSError:
                pass  # it has gone

    def _serve_udp(self):
        while True:
            try:
                wire, client = self.udp.recvfrom(4096)
            except OSError:
                return
            if wire:
                self._spawn(wire, False,
                            lambda w, to=client: self.udp.sendto(w, to))

    def _serve_tcp(self):
        while True:
            try:
                conn, _ = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_conn, args=(conn,),
                             daemon=True).start()

    def _serve_conn(self, conn):
        with conn:
            try:
                while True:
                    self._answer(rvtest.recv_tcp(conn), True,
                                 lambda w: self._send_tcp(conn, w))
            except (EOFError, OSError):
                pass

    def _send_tcp(self, conn, wire):
        framed = rvtest.frame_tcp(wire)
        step = max(1, len(framed) // self.tcp_pieces)
        for at in range(0, len(framed), step):
            conn.sendall(framed[at:at + step])
            if self.tcp_pieces > 1:
                time.sleep(self.tcp_pause)

    def _spawn(self, *args):
        threading.Thread(target=self._answer, args=args, daemon=True).start()


def mangled(message, at=0, byte=None, cut=None):
    """Its bytes, one of them another, or cut."""
    wire = bytearray(message.to_wire(max_size=65535))
    if byte is not None:
        wire[at] = byte(wire[at]) & 255
    return bytes(wire[:cut])


def slowly(seconds, message):
    time.sleep(seconds)
    return message
