"""DNS over TLS, RFC 7858: answers, certificates that change, hostile clients."""

import os
import signal
import socket
import ssl
import struct
import subprocess
import time

import rvtest
import scripted
from rvtest import (Clock, case, equal, frame_tcp, question, recv_tcp,
                    wait_until)

LISTED = "2.0.0.127.bl.test"
TXT, PADDING = 16, 12


def script(q):
    if q.qtype == "TXT":
        return scripted.answer(q, *(f"{q.qname} 300 TXT {n:03}{'b' * 250}"
                                    for n in range(200)))
    return scripted.answer(q, f"{q.qname} 300 A 192.0.2.1")


def certificate(bench, name, host="resolver.test"):
    """A certificate for the host, and its key, which is root's alone."""
    key, cert = bench.dir / f"{name}.key", bench.dir / f"{name}.pem"
    subprocess.run(
        [rvtest.program("openssl"), "req", "-x509", "-newkey", "ec",
         "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}",
         "-keyout", key, "-out", cert], check=True, capture_output=True)
    key.chmod(0o600)
    return cert, key


def setup(bench):
    bench.outside = scripted.Outside(script).__enter__()
    bench.feed = bench.file("feed", "127.0.0.2\n")
    bench.cert, bench.key = certificate(bench, "first")
    bench.clock = Clock(bench, "resolverd")
    bench.rd = start(bench, "resolverd", clock=bench.clock)
    bench.tls = bench.rd.tls


def make(bench, name, cert=None, key=None, **options):
    tls = (rvtest.LOOPBACK, rvtest.free_port())
    rd = rvtest.Resolverd(
        bench, name, zones={"bl.test": [f"ip4set:{bench.feed}"]},
        forward=[bench.outside.server],
        extra=f'listen-tls = "{tls[0]}@{tls[1]}"\n'
              f'tls-certificate = "{cert or bench.cert}"\n'
              f'tls-key = "{key or bench.key}"\n', **options)
    rd.tls = tls
    return rd


def start(bench, name, **options):
    rd = make(bench, name, **options)
    rd.build()
    return rd.start()


def client(cert, **settings):
    context = ssl.create_default_context(cafile=cert)
    for name, value in settings.items():
        setattr(context, name, value)
    return context


def connect(server, cert, context=None, host="resolver.test", session=None):
    context = context or client(cert)
    s = socket.create_connection(server, 5)
    try:
        return context.wrap_socket(s, server_hostname=host, session=session,
                                   suppress_ragged_eofs=False)
    except BaseException:
        s.close()
        raise


def asked(s, qname=LISTED, qid=7):
    s.sendall(frame_tcp(question(qname, qid=qid)))
    msg = recv_tcp(s)
    equal((msg[:2], msg[3] & 15, msg[7]), (struct.pack("!H", qid), 0, 1))
    return s


# --- answers

@case("RFC 7858: list zone, upstream and cache; the name is verified")
def _(bench):
    with connect(bench.tls, bench.cert) as s:
        asked(s)
        asked(s, "www.example")
        asked(s, "www.example")
        equal(s.version() in ("TLSv1.2", "TLSv1.3"), True, s.version())


@case("kdig +tls gets an answer")
def _(bench):
    done = subprocess.run(
        [rvtest.program("kdig"), f"@{bench.tls[0]}", "-p",
         str(bench.tls[1]), f"+tls-ca={bench.cert}",
         "+tls-host=resolver.test", "+short", LISTED], text=True,
        capture_output=True, timeout=20)
    equal((done.returncode, done.stdout), (0, "127.0.0.2\n"), done.stderr)


@case("RFC 7858 3.3: pipelining and answers out of order")
def _(bench):
    with connect(bench.tls, bench.cert) as s:
        with bench.outside.holding("slow"):
            s.sendall(frame_tcp(question("slow1.example", qid=1)) +
                      frame_tcp(question(LISTED, qid=2)) +
                      frame_tcp(question("fast.example", qid=3)))
            ids = {struct.unpack("!H", recv_tcp(s)[:2])[0] for _ in range(2)}
            equal(ids, {2, 3})
        equal(struct.unpack("!H", recv_tcp(s)[:2])[0], 1)


@case("large answers, many of them, and questions byte by byte")
def _(bench):
    with connect(bench.tls, bench.cert) as s:
        s.sendall(frame_tcp(question("big.example", TXT)) * 30)
        for _ in range(30):
            equal(len(recv_tcp(s)) > 50000, True)
        for byte in frame_tcp(question(LISTED)):
            s.sendall(bytes([byte]))
        equal(recv_tcp(s)[7], 1)


@case("a client that closes its side gets the answers that are under way")
def _(bench):
    with connect(bench.tls, bench.cert) as s:
        with bench.outside.holding("slow"):
            s.sendall(frame_tcp(question("slow2.example", qid=1)))
            wait_until(lambda: bench.outside.count("slow2.example"))
            # close_notify, then wait: Python's unwrap() would not read on
            socket.socket(fileno=os.dup(s.fileno())).shutdown(socket.SHUT_WR)
            with connect(bench.tls, bench.cert) as other:
                asked(other)
        equal(recv_tcp(s)[:2], b"\0\1")


@case("ALPN: dot is chosen; without it or with another one it works, too")
def _(bench):
    for offered, want in ((["dot"], "dot"), (["h2", "dot"], "dot"),
                          (["h2"], None)):
        context = client(bench.cert)
        context.set_alpn_protocols(offered)
        with connect(bench.tls, bench.cert, context) as s:
            equal(s.selected_alpn_protocol(), want, offered)
            asked(s)


@case("RFC 8467 4.1: padded to 468 bytes for those who pad; never in the clear")
def _(bench):
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 24) + \
        struct.pack("!HH", PADDING, 20) + b"\0" * 20

    def query(qname, qtype=1):
        packet = question(qname, qtype)
        return frame_tcp(packet[:10] + b"\0\1" + packet[12:] + opt)

    with connect(bench.tls, bench.cert) as s:
        for qname, qtype in ((LISTED, 1), ("x.bl.test", 1),
                             ("big.example", TXT), ("new1.example", 1)):
            s.sendall(query(qname, qtype))
            equal(len(recv_tcp(s)) % 468, 0, qname)
        s.sendall(frame_tcp(question(LISTED)))
        equal(len(recv_tcp(s)) < 100, True, "not asked for")
    with socket.create_connection(bench.rd.server, 5) as s:
        s.sendall(query(LISTED))
        equal(len(recv_tcp(s)) < 100, True, "by TCP")


# --- hostile and clumsy clients

@case("RFC 8310: nothing below TLS 1.2")
def _(bench):
    context = client(bench.cert)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        connect(bench.tls, bench.cert, context).close()
    except ssl.SSLError:
        return
    raise AssertionError("TLS 1.1 was spoken")


@case("plain DNS, garbage, resets and cut handshakes: others are served")
def _(bench):
    hello = bytes.fromhex("160301020001")
    for sent in (frame_tcp(question(LISTED)), b"GET / HTTP/1.0\r\n\r\n", b"",
                 hello, hello + os.urandom(600), os.urandom(2000)):
        with socket.create_connection(bench.tls, 5) as s:
            s.sendall(sent)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
    with connect(bench.tls, bench.cert) as s:
        asked(s)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
    with connect(bench.tls, bench.cert) as s:
        asked(s)
        s.sendall(b"\0\1x")  # too short for a message
        equal(s.recv(1), b"", "the end")


@case("an idle connection and half a handshake are closed, with close_notify")
def _(bench):
    with connect(bench.tls, bench.cert) as s, \
            socket.create_connection(bench.tls, 5) as half:
        asked(s)
        half.sendall(b"\x16\x03\x01")

        wait_until(lambda: bench.clock.ends(half, 11), 20, "the end of the handshake")
        # a ragged end would be an SSLEOFError
        wait_until(lambda: bench.clock.ends(s, 11), 20, "the end")


# --- certificates

def hup(rd):
    before = set(rd.worker_pids())
    rd.process.popen.send_signal(signal.SIGHUP)
    return before


def serial(server):
    return ssl.get_server_certificate(server)


@case("a renewed certificate is taken up by SIGHUP; open connections go on")
def _(bench):
    cert, key = certificate(bench, "renewed")
    rd = start(bench, "renewing", cert=cert, key=key, workers=2)
    with connect(rd.tls, cert) as s:
        asked(s)
        new_cert, new_key = certificate(bench, "newer")
        new_cert.rename(cert)
        new_key.rename(key)
        hup(rd)
        wait_until(lambda: "reloaded: serves by" in rd.process.log(), 30,
                   "the reload")
        for _ in range(10):  # every worker has it
            with connect(rd.tls, cert) as fresh:
                asked(fresh)
        asked(s)
    equal(rd.stop(), 0)


@case("a renewed certificate is taken up by itself, key after certificate")
def _(bench):
    cert, key = certificate(bench, "self")
    rd = start(bench, "by-itself", cert=cert, key=key, workers=2)
    with connect(rd.tls, cert) as s:
        asked(s)
        new_cert, new_key = certificate(bench, "self-newer")
        new_cert.rename(cert)
        new_key.rename(key)
        wait_until(lambda: serial(rd.tls) == cert.read_text(), 15,
                   "the new certificate")
        wait_until(lambda: "certificate that was renewed" in rd.process.log(),
                   15, "all workers")
        for _ in range(10):
            with connect(rd.tls, cert) as fresh:
                asked(fresh)
        asked(s)
    done = subprocess.run(
        [rvtest.program("openssl"), "s_client", "-connect",
         f"{rd.tls[0]}:{rd.tls[1]}", "-CAfile", cert, "-verify_return_error",
         "-verify_hostname", "resolver.test"], input="", text=True,
        capture_output=True, timeout=20)
    rvtest.contains(done.stdout, "Verify return code: 0 (ok)")
    equal(rd.stop(), 0)


@case("one that cannot be used is told once, and the old one goes on")
def _(bench):
    cert, key = certificate(bench, "kept")
    rd = start(bench, "keeping", cert=cert, key=key)
    good, workers = cert.read_text(), rd.worker_pids()
    bench.file("kept.pem", "no certificate\n")
    told = "the certificate of before goes on"
    wait_until(lambda: told in rd.process.log(), 15, told)
    time.sleep(2.5)  # two looks more
    equal((rd.process.log().count(told), serial(rd.tls), rd.worker_pids()),
          (1, good, workers))
    bench.file("kept.pem", good)  # what was served all the time
    wait_until(lambda: "certificate that was renewed" in rd.process.log(), 15,
               "the good one")
    equal(serial(rd.tls), good)
    equal(rd.stop(), 0)


@case("a bad certificate changes nothing, and is told")
def _(bench):
    cert, key = certificate(bench, "good")
    rd = start(bench, "steady", cert=cert, key=key)
    good = cert.read_text()
    other_cert, _ = certificate(bench, "other")
    for text, told in (("no certificate\n", "no start line"),
                       (other_cert.read_text(), "key values mismatch")):
        bench.file("good.pem", text)
        hup(rd)
        wait_until(lambda: told in rd.process.log(), 10, told)
        equal(serial(rd.tls), good)
        with connect(rd.tls, None, client(None, check_hostname=False,
                                          verify_mode=ssl.CERT_NONE)) as s:
            asked(s)
    equal(rd.stop(), 0)


@case("sessions are resumed, whichever worker answers")
def _(bench):
    rd = start(bench, "tickets", workers=2)
    context = client(bench.cert)
    with connect(rd.tls, bench.cert, context) as s:
        asked(s)  # with the answer the tickets have come
        session = s.session
    reused = []
    for _ in range(12):
        with connect(rd.tls, bench.cert, context, session=session) as s:
            asked(s)
            reused.append(s.session_reused)
            session = s.session
    equal(all(reused), True, reused)
    equal(rd.stop(), 0)


@case("what cannot be read ends the start with a sentence")
def _(bench):
    for n, (cert, key, told) in enumerate((
            ("/nowhere.pem", bench.key,
             "tls-certificate /nowhere.pem: No such file or directory"),
            (bench.cert, "/nowhere.key",
             "tls-key /nowhere.key: No such file or directory"),
            (bench.cert, certificate(bench, "odd")[1],
             "key values mismatch"))):
        rd = make(bench, f"bad-{n}", cert=cert, key=key)
        done = rd.tool(rvtest.RESOLVERD, "-d")
        equal(done.returncode, 1)
        rvtest.contains(done.stderr, told)


if __name__ == "__main__":
    rvtest.run(setup)
