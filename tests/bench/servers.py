"""The servers under test: how each is started, and what the kernel says of it.

Every server runs with one worker, pinned to SERVER_CPU, on a free loopback
port, in a folder of its own; the load client runs on CLIENT_CPU.
"""
import os
import pwd
import random
import re
import socket
import struct
import subprocess
import time

SERVER_CPU = 0
CLIENT_CPU = 1
TICKS = os.sysconf("SC_CLK_TCK")
USER = ["-u", "rbldns"] if os.getuid() == 0 else []


def spawn(argv, cpus, **kw):
    """Popen on some CPUs, without a helper process in between."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, **kw)
    finally:
        os.sched_setaffinity(0, mine)


def free_port():
    """A port of 127.0.0.1 that is free for UDP and TCP."""
    for _ in range(100):
        with socket.socket(type=socket.SOCK_DGRAM) as udp, \
                socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                continue
            return udp.getsockname()[1]
    raise RuntimeError("no free port")


def query(port, name, timeout_s=0.002):
    """One A query; returns (rcode, ANCOUNT), or None if nothing came."""
    qid = random.getrandbits(16)
    wire = b"".join(bytes([len(x)]) + x for x in name.encode().split(b"."))
    packet = struct.pack(">6H", qid, 0x100, 1, 0, 0, 0) + wire + b"\0\0\1\0\1"
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.settimeout(timeout_s)
        s.connect(("127.0.0.1", port))
        try:
            s.send(packet)
            answer = s.recv(4096)
        except (TimeoutError, ConnectionRefusedError):
            return None
    if len(answer) < 12 or answer[:2] != packet[:2]:
        return None
    return answer[3] & 15, struct.unpack(">H", answer[6:8])[0]


def descendants(pid):
    """The process and all below it."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = read("/proc/%s/stat" % entry)
        except OSError:
            continue
        parents.setdefault(int(stat.rpartition(")")[2].split()[1]),
                           []).append(int(entry))
    found = [pid]
    for p in found:
        found += parents.get(p, [])
    return found


def read(path):
    with open(path) as f:
        return f.read()


class Server:
    """One server process tree; subclasses give argv() and write their files."""
    name = "?"
    CPUS = {SERVER_CPU}

    def __init__(self, folder):
        self.dir = folder
        self.port = free_port()
        self.proc = None
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def argv(self):
        raise NotImplementedError

    def spawn(self):
        with open(self.path("log"), "ab") as log:
            self.proc = spawn(self.argv(), self.CPUS, stdout=log, stderr=log)

    def wait_answer(self, name, limit_s=30, every_s=0.0005):
        """Asks until the name has an A record; returns the seconds it took."""
        start = time.monotonic()
        while time.monotonic() < start + limit_s:
            if self.proc.poll() is not None:
                break
            got = query(self.port, name)
            if got and got[1] > 0:
                return time.monotonic() - start
            time.sleep(every_s)
        raise RuntimeError("%s does not answer %s:\n%s" % (
            self.name, name, read(self.path("log"))[-2000:]))

    def start(self, name):
        """Starts; returns the seconds from exec to the first answer."""
        begin = time.monotonic()
        self.spawn()
        self.wait_answer(name)
        return time.monotonic() - begin

    def stop(self):
        if self.proc is None:
            return
        self.proc.terminate()
        try:
            self.proc.wait(10)
        except subprocess.TimeoutExpired:
            for pid in descendants(self.proc.pid):
                os.kill(pid, 9)
            self.proc.wait()
        self.proc = None

    def cpu(self):
        """(seconds, user ticks, system ticks) of all processes and threads.

        The seconds are the scheduler's, to the nanosecond; the ticks only
        tell how they divide.
        """
        seconds, user, system = 0.0, 0, 0
        for pid in descendants(self.proc.pid):
            stat = read("/proc/%d/stat" % pid).rpartition(")")[2].split()
            user += int(stat[11])
            system += int(stat[12])
            for task in os.listdir("/proc/%d/task" % pid):
                sched = read("/proc/%d/task/%s/schedstat" % (pid, task))
                seconds += int(sched.split()[0]) / 1e9
        return seconds, user, system

    def memory(self):
        """[(process, Pss, memory only it has and that is no file), ...] KiB."""
        rows = []
        for pid in descendants(self.proc.pid):
            text = read("/proc/%d/smaps_rollup" % pid)
            field = {k: int(v) for k, v in
                     re.findall(r"^(\w+): +(\d+) kB", text, re.M)}
            rows.append((read("/proc/%d/comm" % pid).strip(), field["Pss"],
                         field["Private_Dirty"]))
        return rows


class Echo(Server):
    name = "echo (floor)"

    def __init__(self, folder, build):
        super().__init__(folder)
        self.build = build

    def argv(self):
        return [self.build + "/tests/bench/udpecho", "127.0.0.1",
                str(self.port)]

    def wait_answer(self, name, limit_s=5):
        for _ in range(int(limit_s * 100)):
            if query(self.port, name):
                return
            time.sleep(0.01)
        raise RuntimeError("udpecho does not answer")


class Rbldnsd(Server):
    def __init__(self, folder, zone, dataset, data, flags=()):
        super().__init__(folder)
        self.zone, self.dataset, self.data = zone, dataset, data
        self.flags = list(flags)
        self.name = " ".join(["rbldnsd", dataset] + self.flags)

    def argv(self):
        return ["/usr/sbin/rbldnsd", *USER, "-n", "-a", "-c", "0", *self.flags,
                "-b", "127.0.0.1/%d" % self.port,
                "%s:%s:%s" % (self.zone, self.dataset, self.data)]

    def publish(self, name):
        """Takes the changed data; returns the seconds until name is listed."""
        begin = time.monotonic()
        self.reload()
        self.wait_answer(name)
        return time.monotonic() - begin

    def reload(self):
        os.kill(self.proc.pid, 1)  # SIGHUP


class Nsd(Server):
    """The outside of the cache test; not measured."""
    name = "nsd"

    def __init__(self, folder, zone, zonefile):
        super().__init__(folder)
        self.conf = self.write("nsd.conf", """
server:
  ip-address: 127.0.0.1@%d
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: "%s"
  zonelistfile: "%s/zone.list"
  xfrdfile: "%s/xfrd.state"
  xfrdir: "%s"
  pidfile: "%s/nsd.pid"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "%s"
  zonefile: "%s"
""" % (self.port, folder, folder, folder, folder, folder, zone, zonefile))

    def argv(self):
        return ["/usr/sbin/nsd", "-d", "-c", self.conf]


class Unbound(Server):
    name = "unbound"

    def __init__(self, folder, upstream_port):
        super().__init__(folder)
        self.conf = self.write("unbound.conf", """
server:
  interface: 127.0.0.1@%d
  num-threads: 1
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "%s"
  pidfile: ""
  module-config: "iterator"
  do-not-query-localhost: no
  msg-cache-size: 64m
  rrset-cache-size: 128m
  outgoing-range: 4096
  num-queries-per-thread: 2048
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@%d
""" % (self.port, folder, upstream_port))

    def argv(self):
        return ["/usr/sbin/unbound", "-d", "-c", self.conf]


class Dnsdist(Server):
    """Its packet cache; one thread takes the questions."""
    name = "dnsdist"

    def __init__(self, folder, upstream_port):
        super().__init__(folder)
        self.conf = self.write("dnsdist.conf", """
setLocal("127.0.0.1:%d")
setACL("127.0.0.0/8")
setSecurityPollSuffix("")
newServer({address="127.0.0.1:%d"}):setUp()
getPool(""):setCache(newPacketCache(200000, {numberOfShards=1}))
""" % (self.port, upstream_port))

    def argv(self):
        return ["/usr/bin/dnsdist", "--supervised", "--disable-syslog", "-C",
                self.conf]


class Resolverd(Server):
    WORKERS = 1

    def __init__(self, folder, build, zone=None, dataset=None, data=None,
                 upstream_port=None, options=""):
        super().__init__(folder)
        self.build = build
        self.zone = zone
        self.name = " ".join(filter(None, ["resolverd", dataset, options]))
        text = """
listen = { "127.0.0.1@%d" }
state-dir = "%s/state"
workers = %d
user = "%s"
""" % (self.port, folder, self.WORKERS, pwd.getpwuid(os.getuid()).pw_name)
        if upstream_port:
            text += 'upstream { forward = { "127.0.0.1@%d" } validate = no }\n' \
                % upstream_port
        if zone:
            text += 'zone "%s" { datasets = { "%s:%s" } %s }\n' % (
                zone, dataset, data, options)
        os.makedirs(self.path("state"), exist_ok=True)
        self.conf = self.write("resolverd.conf", text)

    def argv(self):
        return [self.build + "/resolverd/resolverd", "-d", "-c", self.conf]

    def builder(self, cpus):
        with open(self.path("log"), "ab") as log:
            return spawn([self.build + "/tools/zonectl", "-c", self.conf,
                          "build", self.zone], cpus, stdout=log, stderr=log)

    def wait_builder(self, builder):
        if builder.wait() != 0:
            raise RuntimeError("zonectl build failed:\n%s" % read(
                self.path("log"))[-2000:])

    def reload(self):
        """Builds and publishes; the daemon sees it by itself."""
        self.wait_builder(self.builder(frozenset({SERVER_CPU})))

    def publish(self, name):
        """Nobody else is at work: the build has both cores. It is asked
        seldom, lest that takes some of their time."""
        begin = time.monotonic()
        builder = self.builder({SERVER_CPU, CLIENT_CPU})
        self.wait_answer(name, every_s=0.005)
        took = time.monotonic() - begin
        self.wait_builder(builder)
        return took

    def workers(self):
        """Their pids, in the order in which they were started."""
        return [p for p in descendants(self.proc.pid) if p != self.proc.pid]

    def shares(self):
        """Of the CPU time of all workers, by worker."""
        took = [int(read("/proc/%d/schedstat" % p).split()[0])
                for p in self.workers()]
        return [t / sum(took) for t in took]

    def disk(self):
        """Bytes of all published zone data; `current` is only a link."""
        return sum(os.lstat(os.path.join(folder, f)).st_size
                   for folder, _, files in os.walk(self.path("state/zones"))
                   for f in files)
