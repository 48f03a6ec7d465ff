"""Questions without a pause, and whether each was answered."""

import selectors
import socket
import struct
import threading
import time

import rvtest
from rvtest import diag, equal, wait_until


class Load:
    """A thousand questions a second over UDP from many ports, and what TCP
    takes on one connection after the other; each waits for its answer."""

    PORTS, RATE, WAIT = 16, 1000, 5

    def __init__(self, server, qname):
        self.server, self.wire = server, rvtest.question(qname)[2:]
        self.asked = self.answered = self.tcp_asked = self.tcp_answered = 0
        self.is_over = False
        self.threads = [threading.Thread(target=t)
                        for t in (self.udp, self.tcp)]

    def udp(self):
        waiting, ports = {}, selectors.DefaultSelector()
        sockets = []
        for _ in range(self.PORTS):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.connect(self.server)
            s.setblocking(False)
            ports.register(s, selectors.EVENT_READ)
            sockets.append(s)
        start = time.monotonic()
        last = start
        while not self.is_over or waiting:
            now = time.monotonic()
            if self.is_over and now > last + self.WAIT:
                break
            while not self.is_over and \
                    self.asked < (now - start) * self.RATE:
                s = sockets[self.asked % self.PORTS]
                qid = self.asked // self.PORTS % 65536
                s.send(struct.pack("!H", qid) + self.wire)
                waiting[s, qid] = now
                self.asked += 1
                last = now
            for key, _ in ports.select(.001):
                got = key.fileobj.recv(512)
                if waiting.pop((key.fileobj, got[0] << 8 | got[1]), None):
                    self.answered += got[3] & 15 == 0
        for s in sockets:
            s.close()

    def tcp(self):
        while not self.is_over:
            with socket.create_connection(self.server, self.WAIT) as s:
                for _ in range(20):
                    self.tcp_asked += 1
                    s.sendall(rvtest.frame_tcp(b"\1\1" + self.wire))
                    self.tcp_answered += rvtest.recv_tcp(s)[3] & 15 == 0
                    time.sleep(.002)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()

    def goes_on(self):
        """Until there were some more questions of both kinds."""
        asked, tcp_asked = self.asked, self.tcp_asked
        wait_until(lambda: self.asked > asked + 100 and
                   self.tcp_asked > tcp_asked + 5, 20, "more questions")

    def check(self, what):
        diag(f"{what}: {self.asked} questions by UDP, {self.tcp_asked} by TCP; "
             f"lost: {self.asked - self.answered}, "
             f"{self.tcp_asked - self.tcp_answered}")
        equal((self.answered, self.tcp_answered), (self.asked, self.tcp_asked),
              "answered, by UDP and TCP")
