"""A web server for the policies of MTA-STS (RFC 8461 3.3).

    web = Web(pki, addr)
    web.sites["mta-sts.a.test"] = (pki.server("mta-sts.a.test"),
                                   response(policy("*.a.test")))
    mxcheck --sts-port web.port
"""

import socket
import ssl
import threading

import rvtest


class Web:
    """An HTTPS server of many names: {name: (certificate, bytes of the
    response, or a function that sends them)}."""

    def __init__(self, pki, addr):
        self.pki, self.addr, self.port = pki, addr, rvtest.free_port(addr)
        self.sites, self.asked = {}, []
        self.listener = socket.create_server((addr, self.port))
        self.default = pki.server("web.test")
        self.default.sni_callback = self.pick
        threading.Thread(target=self.serve, daemon=True).start()

    def pick(self, sock, name, _):
        if name in self.sites:
            sock.context = self.sites[name][0]

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(sock,),
                             daemon=True).start()

    def one(self, sock):
        try:
            sock.settimeout(30)
            with self.default.wrap_socket(sock, server_side=True) as tls:
                request = b""
                while b"\r\n\r\n" not in request:
                    got = tls.recv(4096)
                    if not got:
                        return
                    request += got
                text = request.decode("latin-1")
                self.asked.append(text)
                name = text.split("Host: ")[1].split(":")[0]
                response = self.sites[name][1]
                if callable(response):
                    response(tls)
                else:
                    tls.sendall(response)
        except (OSError, ssl.SSLError):
            pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def response(body, status="200 OK", kind="text/plain", more=""):
    if isinstance(body, str):
        body = body.encode()
    return (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            ).encode() + body


def policy(*patterns, mode="enforce", max_age=604800):
    return "\r\n".join(["version: STSv1", f"mode: {mode}", *(
        f"mx: {p}" for p in patterns), f"max_age: {max_age}", ""])
