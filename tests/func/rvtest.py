"""What the functional tests share.

A test file says what must hold in small functions,

    @case("a listed address is answered")
    def _(bench): ...

and ends with run(setup): each case becomes one TAP point. The Bench that it
gets owns a folder and processes; both are gone when the test ends, and the
logs of the processes are shown if a case failed.
"""

import concurrent.futures
import ctypes
import glob
import json
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

try:
    import dns.edns
    import dns.flags
    import dns.message
    import dns.query
    import dns.rcode
    import dns.rdatatype
except ImportError:
    dns = None

HERE = pathlib.Path(__file__).resolve().parent
BUILDDIR = pathlib.Path(os.environ.get("BUILDDIR", HERE.parent.parent))
RESOLVERD = BUILDDIR / "resolverd" / "resolverd"
ZONECTL = BUILDDIR / "tools" / "zonectl"
BLCTL = BUILDDIR / "tools" / "blctl"
RESOLVERCTL = BUILDDIR / "tools" / "resolverctl"

# A sanitizer's verdict must not look like an exit status of ours.
os.environ.setdefault("ASAN_OPTIONS", "exitcode=99")
os.environ.setdefault("UBSAN_OPTIONS", "exitcode=99:print_stacktrace=1")

LOOPBACK = "127.0.0.1"
LOG_SHOWN = 4000  # bytes of each process's log after a failure


class Skip(Exception):
    """What this case needs is not here."""


# --- TAP

_cases = []


def case(name):
    def keep(fn):
        _cases.append((name, fn))
        return fn
    return keep


def diag(text):
    for line in str(text).splitlines():
        print("#", line, flush=True)


def _run_case(fn, bench):
    """Returns what stands before and after the name of the TAP point."""
    try:
        fn(bench)
        return "ok", ""
    except Skip as why:
        return "ok", f" # SKIP {why}"
    except BaseException as e:
        if isinstance(e, (KeyboardInterrupt, SystemExit)):
            raise
        diag(traceback.format_exc())
        return "not ok", ""


def _no_dnspython(bench):
    raise Skip("dnspython is not installed")


def run(setup=lambda bench: None):
    """Runs every case; ends the process with the exit status of the test."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"1..{len(_cases)}", flush=True)
    failed = 0
    with Bench() as bench:
        verdict, why = _run_case(setup if dns else _no_dnspython, bench)
        ready = (verdict, why) == ("ok", "")
        for n, (name, fn) in enumerate(_cases, 1):
            if ready:
                verdict, why = _run_case(fn, bench)
            if verdict != "ok":
                failed += 1
            print(f"{verdict} {n} - {name}{why}", flush=True)
        bench.stop_all()
        failed += bench.sanitizer_spoke()
        if failed:
            bench.show_logs()
    sys.exit(failed != 0)


def equal(got, want, what=""):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def contains(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


def wait_until(fn, timeout=10, what="the condition", every=0.02):
    """Until fn() is true; returns what it gave."""
    end = time.monotonic() + timeout
    while True:
        got = fn()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout} s for {what}")
        time.sleep(every)


def together(fn, *rows):
    """fn(*row) for all rows at once, each in a thread: they wait together."""
    with concurrent.futures.ThreadPoolExecutor(len(rows)) as pool:
        return list(pool.map(lambda row: fn(*row), rows))


# --- the ground: programs, ports, namespaces

def program(name, *places):
    """Path of a peer program; Skip says which is missing."""
    path = shutil.which(name, path=os.pathsep.join(
        [os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *places]))
    if not path:
        raise Skip(f"{name} is not installed")
    return path


def free_port(addr=LOOPBACK):
    """A port that is free for UDP and TCP; below those the kernel gives out."""
    for _ in range(200):
        port = random.SystemRandom().randrange(10000, 32000)
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as s:
                    s.bind((addr, port))
            return port
        except OSError:
            continue
    raise AssertionError("no free port")


def enter_namespace():
    """Goes on in a network, mount and PID namespace of its own, lo up.

    Whatever is started there ends with the test. Call it before run().
    """
    if os.environ.get("RVTEST_NAMESPACE"):
        subprocess.run([program("ip"), "link", "set", "lo", "up"], check=True)
        return
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork",
               "--kill-child", "--mount-proc"]
    if os.geteuid() != 0:
        _skip_all("only root makes namespaces in which daemons run")
    if not shutil.which("unshare") or \
            subprocess.run(unshare + ["true"], capture_output=True).returncode:
        _skip_all("namespaces cannot be made here")
    os.environ["RVTEST_NAMESPACE"] = "1"
    os.execvp("unshare", unshare + [sys.executable, *sys.argv])


def _skip_all(why):
    print(f"1..{len(_cases)}")
    for n, (name, _) in enumerate(_cases, 1):
        print(f"ok {n} - {name} # SKIP {why}")
    sys.exit(0)


def daemon_user():
    """Whom the daemon runs as: root must name somebody else."""
    return "nobody" if os.geteuid() == 0 else \
        pwd.getpwuid(os.geteuid()).pw_name


def own(path, user):
    if os.geteuid() == 0:
        shutil.chown(path, user)


# --- processes

def _die_with_parent():
    """In the child: PR_SET_PDEATHSIG, for a test that is itself killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """A program in the background; what it prints goes into a file."""

    def __init__(self, argv, log, **popen):
        self.argv = [str(a) for a in argv]
        self.log_path = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, preexec_fn=_die_with_parent, **popen)
        self.pid = self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait(self, timeout=10):
        return self.popen.wait(timeout)

    def stop(self, sig=signal.SIGTERM, timeout=10):
        """Ends it; returns its exit status, negative for a signal."""
        if self.alive():
            self.popen.send_signal(sig)
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(
                f"{self.argv[0]} was still there {timeout} s after {sig!r}")


class KillPoints:
    """Random points in the life of a process that does one thing.

    About one in five comes after it is done: the span follows what was seen,
    and so the machine's load.
    """

    def __init__(self, r, seconds):
        self.r, self.seconds = r, seconds
        self.before = self.after = 0

    def kill(self, process, started):
        point = self.r.uniform(0, self.seconds)
        time.sleep(max(0, started + point - time.monotonic()))
        process.kill()
        process.wait()

    def note(self, was_done):
        self.after += was_done
        self.before += not was_done
        self.seconds *= .82 if was_done else 1.05

    def check(self, what):
        diag(f"{what}: {self.before} kills before it was done, {self.after} "
             f"after, within {self.seconds * 1000:.0f} ms")
        equal((self.before > 0, self.after > 0), (True, True), what)


class Bench:
    """A folder and processes for the length of one test."""

    def __enter__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="rvtest-"))
        self.dir.chmod(0o755)  # daemons that drop privileges pass through
        self.processes, self.mounts = [], []
        return self

    def __exit__(self, *_):
        self.stop_all()
        for path in reversed(self.mounts):
            subprocess.run(["umount", "--lazy", path], check=True)
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, argv, name=None, **popen):
        name = name or pathlib.Path(argv[0]).name
        p = Process(argv, self.dir / f"{name}.log", **popen)
        self.processes.append(p)
        return p

    def stop_all(self):
        while self.processes:
            try:
                self.processes.pop().stop()
            except AssertionError as e:
                diag(e)

    def mount(self, path, *args):
        """mount ARGS PATH, for the length of the test: enter_namespace()."""
        subprocess.run(["mount", *args, path], check=True)
        self.mounts.append(path)

    def file(self, name, text):
        """Writes a file; datasets are replaced whole, as rsync does it."""
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_bytes(text if isinstance(text, bytes) else text.encode())
        new.rename(path)
        return path

    def logs(self):
        return sorted(self.dir.glob("*.log"))

    def sanitizer_spoke(self):
        """In a build with --enable-sanitizers: any report is a failure."""
        return any(re.search(rb"ERROR: \w+Sanitizer|runtime error:",
                             path.read_bytes()) for path in self.logs())

    def show_logs(self):
        for path in self.logs():
            diag(f"--- {path.name}")
            diag(path.read_bytes()[-LOG_SHOWN:].decode(errors="replace"))


# --- resolverd and its tools

# A zone's option for data that is no list: made up, or at random.
NO_GATE = 'min-entries = 0 max-shrink = 0 max-growth = 0 max-bad-lines = 0 ' \
    'widest-ip4 = 0 widest-ip6 = 0 skip-rules = { "whole-file", "page", ' \
    '"timestamp", "test-points", "protect" }'


class Clock:
    """The clocks of a daemon, lib/clock.h: pass_s() makes time pass for it,
    step_s() sets the wall clock alone."""

    def __init__(self, bench, name):
        self.passed = self.stepped = 0
        self.path = bench.file(f"{name}.clock", bytes(16))
        self.path.chmod(0o644)

    def env(self):
        return {"RESOLVERD_TEST_CLOCK": str(self.path)}

    def pass_s(self, seconds):
        self.passed += seconds
        self._write()

    def step_s(self, seconds):
        self.stepped += seconds
        self._write()

    def _write(self):
        with open(self.path, "r+b") as f:
            f.write(struct.pack("=qq", self.passed, self.stepped))

    def ends(self, s, seconds):
        """Does the connection end then? Its time may have begun just now."""
        self.pass_s(seconds)
        try:
            return is_closed(s, 2)
        except TimeoutError:
            return False


class WholeClock:
    """The wall clock of a daemon and of the libraries in it, which know no test
    clock: libfaketime stands between. What waits, waits in real time."""

    PLACE = "/usr/lib/*/faketime/libfaketime.so.1"

    def __init__(self, bench, name):
        found = glob.glob(self.PLACE)
        if not found:
            raise Skip("libfaketime is not installed")
        if b"__asan_init" in RESOLVERD.read_bytes():
            raise Skip("the sanitizers and libfaketime do not go together")
        self.library = found[0]
        self.path = bench.dir / f"{name}.faketime"
        self.passed = 0
        self.pass_s(0)

    def env(self):
        return {"LD_PRELOAD": self.library, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_TIMESTAMP_FILE": str(self.path),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DISABLE_SHM": "1"}

    def pass_s(self, seconds):
        self.passed += seconds
        new = self.path.with_suffix(".new")
        new.write_text(f"+{self.passed}s\n")
        new.chmod(0o644)
        new.rename(self.path)


class Resolverd:
    """Configuration, state and process of one resolverd.

    zones: {apex: ["type:file", ...]}; forward: [(addr, port)], or None for
    recursion, in a namespace only. More lines of the configuration go into
    `extra`, more options of each zone into `gate`, of upstream into `upstream`.
    """

    def __init__(self, bench, name="resolverd", zones=None, locals=(),
                 forward=(), listen=None, allow=("127.0.0.0/8", "::1"),
                 workers=1, user=None, cache="", validate="no", extra="",
                 gate="", upstream="", clock=None):
        self.bench, self.name = bench, name
        self.server = (LOOPBACK, free_port())
        self.listen = listen or [self.server]
        self.server = self.listen[0]
        self.zones, self.locals = dict(zones or {}), list(locals)
        self.forward, self.allow, self.workers = forward, allow, workers
        self.user = user or daemon_user()
        self.cache, self.validate, self.extra = cache, validate, extra
        self.gate, self.upstream, self.clock = gate, upstream, clock
        self.state = bench.dir / f"{name}-state"
        self.state.mkdir()
        own(self.state, self.user)
        self.conf = bench.dir / f"{name}.conf"
        self.process = None
        self.write_conf()

    def conf_text(self):
        def strings(values):
            return "{ " + ", ".join(f'"{v}"' for v in values) + " }"

        def endpoints(pairs):
            return strings(f"{addr}@{port}" for addr, port in pairs)

        # Without a forwarder it would ask the root servers: name a dead one.
        forward = self.forward if self.forward is None else \
            self.forward or [(LOOPBACK, 9)]
        lines = [
            f"listen = {endpoints(self.listen)}",
            f"allow-query = {strings(self.allow)}",
            f'state-dir = "{self.state}"',
            f"workers = {self.workers}",
            f'user = "{self.user}"',
            f"cache {{ {self.cache} }}",
            "upstream { "
            + (f"forward = {endpoints(forward)} " if forward else "")
            + f"validate = {self.validate} {self.upstream} }}",
        ]
        for apex, datasets in self.zones.items():
            lines.append(f'zone "{apex}" {{ datasets = {strings(datasets)} '
                         f'{self.gate} }}')
        for apex in self.locals:
            lines.append(f'local "{apex}" {{ }}')
        return "\n".join(lines) + "\n" + self.extra

    def write_conf(self):
        self.conf.write_text(self.conf_text())

    def tool(self, path, *args, **popen):
        """As another user (user=...) it runs a copy: the build may be in a
        folder that is ours alone."""
        if "user" in popen:
            path = shutil.copy(path, self.bench.dir)
        return subprocess.run([path, "-c", self.conf, *args], text=True,
                              capture_output=True, timeout=60, **popen)

    def zonectl(self, *args):
        return self.tool(ZONECTL, *args)

    def blctl(self, *args):
        return self.tool(BLCTL, *args)

    def resolverctl(self, *args, **popen):
        return self.tool(RESOLVERCTL, *args, **popen)

    def stats(self):
        """{counter: value}, of all workers together."""
        return json.loads(self.resolverctl("--json", "stats").stdout)

    def dump(self, *args):
        """What the cache's file holds: a list of entries."""
        done = self.resolverctl("--json", "dump", *args)
        return json.loads(done.stdout)["entries"]

    def wait_kept(self, qname, qtype="A", kind="answer"):
        """Until a live entry is there: it is written after its answer went."""
        wait_until(lambda: any(
            (e["type"], e["kind"]) == (qtype, kind) and e["left"] > 0
            for e in self.dump(qname)), 10, f"{qname} {qtype} in the cache")

    def build(self):
        done = self.zonectl("build")
        equal(done.returncode, 0, f"zonectl build: {done.stdout}{done.stderr}")

    def start(self):
        if not RESOLVERD.exists():
            raise AssertionError(f"{RESOLVERD} is not built")
        env = dict(os.environ)
        if self.clock:
            env.update(self.clock.env())
        self.process = self.bench.start(
            [RESOLVERD, "-d", "-c", self.conf], self.name, env=env)
        wait_until(self.answers, 10, f"{self.name} to answer")
        return self

    def answers(self):
        if not self.process.alive():
            raise AssertionError(f"{self.name} ended: {self.process.log()}")
        return raw(self.server, PROBE, timeout=0.2) is not None

    def stop(self, **how):
        return self.process.stop(**how)

    def worker_pids(self):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(p) for p in pathlib.Path(children).read_text().split()]


def resolverd(bench, **options):
    """The usual way: build the zones, start, wait until it answers."""
    rd = Resolverd(bench, **options)
    if rd.zones:
        rd.build()
    return rd.start()


# --- questions

def name_wire(name):
    """Wire form of a name in plain text (no escapes)."""
    labels = [l.encode("latin-1") for l in name.rstrip(".").split(".") if l]
    return b"".join(bytes([len(l)]) + l for l in labels) + b"\0"


def question(name, qtype=1, qclass=1, qid=0x2a2a, flags=0x0100):
    """A message with one question; name in text or wire form."""
    wire = name if isinstance(name, bytes) else name_wire(name)
    return struct.pack("!HHHHHH", qid, flags, 1, 0, 0, 0) + wire + \
        struct.pack("!HH", qtype, qclass)


PROBE = question("probe.invalid", flags=0x1000)  # opcode 2: answered NOTIMP


def raw(server, packet, timeout=2, source=None):
    """Sends bytes over UDP; the answer's bytes, or None."""
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        if source:
            s.bind((source, 0))
        s.connect(server)
        try:
            s.send(packet)
            return s.recv(65535)
        except (socket.timeout, ConnectionRefusedError):
            return None


def recv_exactly(s, n):
    got = b""
    while len(got) < n:
        part = s.recv(n - len(got))
        if not part:
            raise EOFError(f"{len(got)} of {n} bytes, then the end")
        got += part
    return got


def is_closed(s, timeout=5):
    """By the other end, in order or not."""
    s.settimeout(timeout)
    try:
        return s.recv(1) == b""
    except ConnectionError:
        return True


def recv_tcp(s):
    """One message of a TCP connection, RFC 1035 4.2.2."""
    return recv_exactly(s, struct.unpack("!H", recv_exactly(s, 2))[0])


def frame_tcp(packet):
    return struct.pack("!H", len(packet)) + packet


def ask(server, qname, qtype="A", tcp=False, edns=None, timeout=6, **make):
    """A question with dnspython; RD is set. Returns its Message."""
    q = dns.message.make_query(qname, qtype, use_edns=edns, **make)
    how = dns.query.tcp if tcp else dns.query.udp
    return how(q, server[0], port=server[1], timeout=timeout)


def rcode(message):
    return dns.rcode.to_text(message.rcode())


def data(message, qtype=None):
    """The RDATA of the answer section as sorted texts, without quotes."""
    return sorted(
        rd.to_text().strip('"') for rrset in message.answer for rd in rrset
        if qtype is None or rrset.rdtype == dns.rdatatype.from_text(qtype))


def ede(message):
    """The INFO-CODE of the extended error (RFC 8914), or None."""
    codes = [option.code for option in message.options
             if option.otype == dns.edns.OptionType.EDE]
    return codes[0] if codes else None


def authority(message):
    """The types in the authority section."""
    return [dns.rdatatype.to_text(rrset.rdtype) for rrset in message.authority]


# --- peers

def wait_answer(process, server, packet):
    def answers():
        if not process.alive():
            raise AssertionError(
                f"{process.argv[0]} ended: {process.log()}")
        return raw(server, packet, timeout=0.2)
    wait_until(answers, 10, f"{process.argv[0]} to answer")


def nsd(bench, zones, server=None, name="nsd", more=()):
    """An authoritative server for {apex: zone text}. Returns it, address."""
    path = program("nsd")
    server = server or (LOOPBACK, free_port())
    home = bench.dir / name
    home.mkdir()
    listen = "".join(f"  ip-address: {addr}@{port}\n"
                     for addr, port in [server, *more])
    lines = [f"""server:
{listen}  username: ""
  chroot: ""
  server-count: 1
  rrl-ratelimit: 0
  zonesdir: "{home}"
  database: ""
  pidfile: "{home}/pid"
  xfrdfile: "{home}/xfrd"
  zonelistfile: "{home}/list"
  xfrdir: "{home}"
remote-control:
  control-enable: no"""]
    for n, (apex, text) in enumerate(zones.items()):
        bench.file(f"{name}/{n}.zone", text)
        lines.append(f'zone:\n  name: "{apex}"\n  zonefile: "{n}.zone"')
    conf = bench.file(f"{name}/nsd.conf", "\n".join(lines) + "\n")
    process = bench.start([path, "-d", "-c", conf], name)
    wait_answer(process, server, question(next(iter(zones)), 6))
    return process, server


KNOT_SIGNS = """policy:
  - id: ours
    single-type-signing: on
    algorithm: ecdsap256sha256
    nsec3: on
    manual: on
template:
  - id: default
    dnssec-signing: on
    dnssec-policy: ours
"""


def knot(bench, zones, server=None, name="knot", signed=False):
    """Another authoritative server, as nsd(). With signed it makes keys and
    signs, with NSEC3; then the zones' DS records are returned as well."""
    path = program("knotd")
    server = server or (LOOPBACK, free_port())
    home = bench.dir / name
    home.mkdir()
    lines = [f"""server:
  listen: {server[0]}@{server[1]}
  rundir: "{home}"
database:
  storage: "{home}"
{KNOT_SIGNS if signed else ""}zone:"""]
    for n, (apex, text) in enumerate(zones.items()):
        path_zone = bench.file(f"{name}/{n}.zone", text)
        lines.append(f'  - domain: "{apex}"\n    file: "{path_zone}"')
    conf = bench.file(f"{name}/knot.conf", "\n".join(lines) + "\n")
    ds = "".join(_knot_key(conf, apex) for apex in zones if signed)
    process = bench.start([path, "-c", conf], name)
    wait_answer(process, server, question(next(iter(zones)), 6))
    return (process, server, ds) if signed else (process, server)


def _knot_key(conf, apex):
    """Makes the one key of a zone; returns its DS."""
    def keymgr(*args):
        return subprocess.run([program("keymgr"), "-c", conf, apex, *args],
                              check=True, capture_output=True, text=True).stdout
    keymgr("generate", "algorithm=ecdsap256sha256", "ksk=yes", "zsk=yes")
    return keymgr("ds")


def rbldnsd(bench, zones, name="rbldnsd", options=()):
    """rbldnsd for {apex: ["type:file", ...]}. Returns it, address."""
    path = program("rbldnsd")
    server = (LOOPBACK, free_port())
    user = ["-u", daemon_user()] if os.geteuid() == 0 else []
    specs = [f"{apex}:{ds}" for apex, sets in zones.items() for ds in sets]
    process = bench.start(
        [path, "-n", "-b", f"{server[0]}/{server[1]}", *user, *options,
         *specs], name)
    wait_answer(process, server, question(next(iter(zones)), 6))
    return process, server


def unbound(bench, forward, server=None, name="unbound", zones=()):
    """A plain resolver that asks `forward`, or for the names of a zone whom
    {apex: address} says; without any it recurses, in a namespace only. It does
    not validate. Returns it, address."""
    servers = {**({".": forward} if forward else {}), **dict(zones)}
    clauses = "".join(
        f'forward-zone:\n  name: "{apex}"\n  forward-addr: {addr}@{port}\n'
        for apex, (addr, port) in servers.items())
    path = program("unbound")
    server = server or (LOOPBACK, free_port())
    conf = bench.file(f"{name}/unbound.conf", f"""server:
  interface: {server[0]}@{server[1]}
  username: ""
  chroot: ""
  directory: "{bench.dir}/{name}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
{clauses}remote-control:
  control-enable: no
""")
    process = bench.start([path, "-d", "-c", conf], name)
    wait_answer(process, server, question("probe.invalid"))
    return process, server
