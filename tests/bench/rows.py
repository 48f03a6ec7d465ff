"""The rows of the benchmark: what each one starts, measures and must show."""
import ipaddress
import os
import re
import shutil
import statistics
import subprocess
import time

from measure import Broken, blast_end, load_row
from rows_outside import cache, miss, workers
from servers import Echo, Rbldnsd, Resolverd

IP_ZONE, NAME_ZONE = "bl.example.net", "dbl.example.net"
RELOAD_QPS = 1000
# Added to the data during the bench, to see a change become visible.
MARK = "192.0.2.%d"


def ip4_1m(bench):
    data, questions = bench.data("ip4", "1m")
    load_row(bench, "ip4-1m: 1 M IPv4 entries", [
        Echo(bench.folder(), bench.build),
        Rbldnsd(bench.folder(), IP_ZONE, "ip4set", data),
        *bench.resolverds(IP_ZONE, "ip4set", data),
    ], questions, first_listed(data),
        [("resolverd ip4set", "rbldnsd ip4set", 0.90)])


def ip4_10m(bench):
    data, questions = bench.data("ip4", "10m")
    load_row(bench, "ip4-10m: 10 M IPv4 entries", [
        Echo(bench.folder(), bench.build),
        Rbldnsd(bench.folder(), IP_ZONE, "ip4set", data),
        Rbldnsd(bench.folder(), IP_ZONE, "ip4trie", data),
        *bench.resolverds(IP_ZONE, "ip4set", data),
        *bench.resolverds(IP_ZONE, "ip4trie", data),
    ], questions, first_listed(data),
        [("resolverd ip4set", "rbldnsd ip4set", 0.80),
         ("resolverd ip4trie", "rbldnsd ip4trie", 0.95),
         ("resolverd ip4set", "rbldnsd ip4trie", 0.95)])


def dnset_1m(bench):
    data, questions = bench.data("names", "1m")
    load_row(bench, "dnset-1m: 1 M names", [
        Echo(bench.folder(), bench.build),
        Rbldnsd(bench.folder(), NAME_ZONE, "dnset", data),
        *bench.resolverds(NAME_ZONE, "dnset", data),
    ], questions, "www.%s.%s" % (first_wildcard(data), NAME_ZONE),
        [("resolverd dnset", "rbldnsd dnset", 0.76)])


def first_listed(data):
    """A single address of the data, as a name to ask."""
    with open(data) as f:
        for line in f:
            if line[0].isdigit() and "/" not in line:
                return reverse(line.split()[0])
    raise Broken("no address in " + data)


def first_ip6(data):
    with open(data) as f:
        for line in f:
            if line[0] == "2":
                nibbles = ipaddress.ip_network(line.strip())[0].exploded
                return ".".join(reversed(nibbles.replace(":", ""))) + \
                    "." + IP_ZONE
    raise Broken("no prefix in " + data)


def first_wildcard(data):
    with open(data) as f:
        for line in f:
            if line.startswith("*."):
                return line[2:].strip()
    raise Broken("no wildcard in " + data)


def reverse(address):
    return ".".join(reversed(address.split("."))) + "." + IP_ZONE


class Marked:
    """A copy of the data that gets one new entry at each change."""

    def __init__(self, bench, data):
        self.path = os.path.join(bench.tmp, "marked")
        self.n = 0
        shutil.copyfile(data, self.path)

    def change(self):
        """Adds an entry by rename; returns the name that it lists."""
        self.n += 1
        shutil.copyfile(self.path, self.path + ".new")
        with open(self.path + ".new", "a") as f:
            f.write(MARK % self.n + "\n")
        os.rename(self.path + ".new", self.path)
        return reverse(MARK % self.n)


def peers(bench, path):
    return [Rbldnsd(bench.folder(), IP_ZONE, "ip4set", path),
            Rbldnsd(bench.folder(), IP_ZONE, "ip4set", path, ["-f"]),
            *bench.resolverds(IP_ZONE, "ip4set", path)]


def start(bench):
    data, _ = bench.data("ip4", "10m")
    first = first_listed(data)
    bench.say("\nstart: exec to the first answer, 10 M entries, ms")
    for s in [Rbldnsd(bench.folder(), IP_ZONE, "ip4set", data),
              *bench.resolverds(IP_ZONE, "ip4set", data)]:
        took = []
        for _ in range(min(bench.rounds, 5)):
            took.append(bench.start(s, first) * 1e3)
            bench.stop_all()
        figure(bench, s, took, 50)


def figure(bench, server, values, limit, unit=" ms", pick=statistics.median):
    value = pick(values)
    if isinstance(server, Resolverd):
        bench.bar(server.name, value, limit, unit)
    else:
        bench.say("  %-44s %.1f%s" % (server.name, value, unit))


def load(bench):
    data, _ = bench.data("ip4", "10m")
    marked = Marked(bench, data)
    bench.say("\nload: text to visible, 10 M entries, ms")
    bare = bench.resolverds(IP_ZONE, "ip4set", marked.path,
                            options="provenance = no")
    for s in [*peers(bench, marked.path), *bare]:
        bench.start(s, first_listed(data))
        took = []
        for _ in range(min(bench.rounds, 3)):
            took.append(s.publish(marked.change()) * 1e3)
        figure(bench, s, took, 600)
        bench.stop_all()


def reload(bench):
    data, questions = bench.data("ip4", "10m")
    marked = Marked(bench, data)
    seconds = 2 if bench.quick else 4
    bench.say("\nreload: 10 M entries, a steady client of %d qps; worst of %d"
              % (RELOAD_QPS, min(bench.rounds, 3)))
    for s in peers(bench, marked.path):
        bench.start(s, first_listed(data))
        for title, is_reload in (("undisturbed", False), ("reload", True)):
            got = [reload_once(bench, s, questions, marked, seconds, is_reload)
                   for _ in range(min(bench.rounds, 3))]
            lost = sum(int(g["lost"]) for g in got)
            silence = max(g["silence_ms"] for g in got)
            slowest = max(g["latency_max_ms"] for g in got)
            what = "%s, %s" % (s.name, title)
            bench.say("  %-34s silence %7.1f ms  slowest answer %7.1f ms  "
                      "lost in all %d" % (what, silence, slowest, lost))
            if is_reload and isinstance(s, Resolverd):
                bench.bar("resolverd, longest silence", silence, 20, " ms")
                bench.bar("resolverd, lost", lost, 0, " queries")
        bench.stop_all()


def reload_once(bench, server, questions, marked, seconds, is_reload):
    name = marked.change() if is_reload else None
    client = bench.blast_start(server, questions, "-r", str(RELOAD_QPS),
                               "-t", str(seconds))
    try:
        if is_reload:
            time.sleep(0.5)
            server.reload()
        got = blast_end(client)
    finally:
        if client.poll() is None:
            client.kill()
            client.wait()
    if is_reload:
        server.wait_answer(name)
    return got


def memory(bench):
    data, questions = bench.data("ip4", "10m")
    bench.say("\nmemory: 10 M entries, after the questions, MiB")
    for s in [Rbldnsd(bench.folder(), IP_ZONE, "ip4set", data),
              Rbldnsd(bench.folder(), IP_ZONE, "ip4trie", data),
              *bench.resolverds(IP_ZONE, "ip4set", data)]:
        bench.start(s, first_listed(data))
        bench.blast(s, questions, "-n", str(bench.questions))
        rows = s.memory()
        for comm, pss, private in rows:
            bench.say("  %-30s %-14s Pss %6.1f  private %6.1f" % (
                s.name, comm, pss / 1024, private / 1024))
        if isinstance(s, Resolverd):
            bench.bar("resolverd, private, largest process",
                      max(r[2] for r in rows) / 1024, 32, " MiB")
            bench.bar("resolverd, on disk", s.disk() / 2 ** 20, 60, " MiB")
        bench.stop_all()


def zones(bench):
    """Builds and lookups without the network: tests/bench/bench_lookup.c."""
    bench.say("\nzones: builds and single lookups; rbldnsd: exec to the first "
              "answer, and its memory then")
    for kind, size, dataset, zone, limits in (
            ("ip4", "10m", "ip4set", IP_ZONE, (0.6, 100)),
            ("ip6", "1m", "ip6trie", IP_ZONE, (None, 250)),
            ("ip6", "10m", "ip6trie", IP_ZONE, (None, 250)),
            ("names", "1m", "dnset", NAME_ZONE, (None, 250)),
            ("names", "10m", "dnset", NAME_ZONE, (5, 250))):
        data, questions = bench.data(kind, size)
        for provenance in (False, True):
            zones_once(bench, kind, size, provenance,
                       [dataset, data, questions, zone], limits)
        if (kind, size) != ("ip6", "10m"):  # it has not the memory
            zones_rbldnsd(bench, dataset, data, zone, kind, size)


def zones_once(bench, kind, size, provenance, args, limits):
    runs = []
    for _ in range(min(bench.rounds, 3)):
        out = subprocess.run(
            [bench.build + "/tests/bench/bench_lookup",
             *(["-p"] if provenance else []), *args], check=True,
            capture_output=True, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, range(os.cpu_count())))
        runs.append([float(x) for x in re.search(
            r"build +(\S+) s, .* entries, (\S+) bytes each, peak memory (\S+) "
            r"MiB\n.*\nlookup +(\S+) ns singly, (\S+) ns in batches",
            out.stdout).groups()])
    floor = re.search(r"floor +(.*)", out.stdout)[1]
    took, size_each, peak, singly, batched = map(statistics.median, zip(*runs))
    what = "%s-%s, %s" % (kind, size, "provenance" if provenance else "bare")
    limit_s, limit_ns = limits
    if limit_s:
        bench.bar(what + ", build", took, limit_s)
    else:
        bench.say("  %-44s %.2f" % (what + ", build, s", took))
    if kind == "ip4":
        bench.bar(what + ", file, bytes an entry", size_each,
                  10 if provenance else 5)
        bench.bar(what + ", peak memory", peak, 600, " MiB")
    else:
        bench.say("  %-44s %.1f bytes an entry, peak memory %.0f MiB" % (
            what, size_each, peak))
    bench.bar(what + ", lookup, one by one", singly, limit_ns, " ns")
    bench.bar(what + ", lookup, in batches", batched, limit_ns, " ns")
    bench.say("    memory alone: " + floor)


def zones_rbldnsd(bench, dataset, data, zone, kind, size):
    first = {"ip4": first_listed, "ip6": first_ip6, "names": lambda data:
             "www.%s.%s" % (first_wildcard(data), NAME_ZONE)}[kind](data)
    server = Rbldnsd(bench.folder(), zone, dataset, data)
    took = bench.start(server, first)
    memory = sum(row[1] for row in server.memory()) / 1024
    bench.say("  %-44s %.2f s, Pss %.0f MiB" % (
        "%s-%s, rbldnsd" % (kind, size), took, memory))
    bench.stop_all()


ROWS = {"ip4-1m": ip4_1m, "ip4-10m": ip4_10m, "dnset-1m": dnset_1m,
        "cache": cache, "miss": miss, "workers": workers, "start": start,
        "load": load, "reload": reload, "memory": memory,
        "zones": zones}
