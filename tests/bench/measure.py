"""How the benchmark measures and prints: the load client, rounds, tables."""
import os
import resource
import statistics
import subprocess
import time

from servers import CLIENT_CPU, Echo, Resolverd, TICKS, read, spawn

EQUAL_QPS = 50000


class Broken(Exception):
    """A server lost queries or answered wrongly: its figures mean nothing."""


class Bench:
    """What all rows share: where things are, how much to do, what came out."""

    def __init__(self, build, tmp, rounds, quick, have_resolverd):
        self.build, self.tmp, self.rounds = build, tmp, rounds
        self.quick = quick
        self.have_resolverd = have_resolverd
        self.count = 30000 if quick else 300000
        self.questions = 100000 if quick else 1000000
        self.sizes = {"1m": 20000 if quick else 1000000,
                      "10m": 100000 if quick else 10000000}
        self.running = []  # the servers of this row
        self.kept = []     # what outlives a row's stop_all()
        self.equal, self.made = [], {}

    def say(self, *text):
        print(*text, flush=True)

    def bar(self, what, value, bar, unit="", floor=None, least=False):
        """Prints a figure beside the bar it has to stay under, or above."""
        digits = "%.2f" if unit == "" else "%.1f"
        note = "  (floor %.2f)" % floor if floor else ""
        self.say("  %-44s %s%s   bar %s%s  %s%s" % (
            what, digits % value, unit, digits % bar, unit,
            "met" if (value >= bar if least else value <= bar) else "NOT MET",
            note))

    def tool(self, *argv):
        subprocess.run([self.build + "/tests/bench/" + argv[0], *argv[1:]],
                       check=True)

    def data(self, kind, size):
        """Makes a data set and its questions once; returns both paths."""
        key = (kind, size)
        if key not in self.made:
            path = os.path.join(self.tmp, "%s-%s" % key)
            self.tool("gen", "1", kind, str(self.sizes[size]), path,
                      str(self.questions), path + ".questions")
            self.made[key] = path, path + ".questions"
        return self.made[key]

    def folder(self):
        self.made["folders"] = self.made.get("folders", 0) + 1
        return os.path.join(self.tmp, "server-%d" % self.made["folders"])

    def start(self, server, name):
        self.running.append(server)
        took = server.start(name)
        return took

    def stop_all(self):
        while self.running:
            self.running.pop().stop()

    def close(self):
        self.stop_all()
        while self.kept:
            self.kept.pop().stop()

    def blast_start(self, server, questions, *options):
        return spawn([self.build + "/tests/bench/dnsblast", *options,
                      "127.0.0.1", str(server.port), questions],
                     {CLIENT_CPU}, stdout=subprocess.PIPE, text=True)

    def blast(self, server, questions, *options):
        """Runs the load client; returns its figures by name."""
        return blast_end(self.blast_start(server, questions, *options))

    def resolverds(self, *args, **kw):
        """One resolverd with its zone published; none if it is not built."""
        if not self.have_resolverd:
            return []
        server = Resolverd(self.folder(), self.build, *args, **kw)
        if server.zone:
            server.reload()
        return [server]


def blast_end(client):
    out = client.communicate()[0]
    if client.returncode != 0:
        raise Broken("dnsblast ended with %d" % client.returncode)
    return {k: float(v) for k, v in map(str.split, out.splitlines())}


class Sample:
    """One server's share of a row: CPU a query, round by round."""

    def __init__(self, server):
        self.server = server
        self.us, self.kqps, self.busy, self.latency_us = [], [], [], []
        self.user = self.system = self.lost = self.sent = 0
        self.with_answer = self.answered = 0

    def add(self, before, after, got):
        seconds = after[0] - before[0]
        self.user += after[1] - before[1]
        self.system += after[2] - before[2]
        self.us.append(seconds * 1e6 / max(got["answered"], 1))
        self.kqps.append(got["qps"] / 1e3)
        self.busy.append(seconds / got["seconds"] * 100)
        self.latency_us.append(got["latency_mean_us"])
        self.lost += int(got["lost"])
        self.sent += int(got["sent"])
        self.answered += int(got["answered"])
        self.with_answer += int(got["with_answer"])

    def share(self):
        """The share of the answers that have a record."""
        return self.with_answer / max(self.answered, 1)

    def median(self):
        return statistics.median(self.us)

    def split(self):
        """(user, system) of the median, divided as the ticks were."""
        share = self.user / max(self.user + self.system, 1)
        return self.median() * share, self.median() * (1 - share)


def machine_busy():
    """CPU seconds of the whole machine; includes what a hypervisor stole."""
    f = [int(x) for x in read("/proc/stat").split("\n")[0].split()[1:9]]
    return (sum(f) - f[3] - f[4]) / TICKS


def own_busy():
    """CPU seconds of this program and of the clients that have ended."""
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def measure(bench, servers, questions, rounds, options, step=None):
    """Interleaves the servers, A B C A B C; returns a Sample for each. step:
    how far each round's questions are from those of the one before."""
    samples = [Sample(s) for s in servers]
    ours, busy, begin = -own_busy(), machine_busy(), time.monotonic()
    for n in range(rounds):
        offset = str(n * step if step else n * bench.count % bench.questions)
        for sample in samples:
            before = sample.server.cpu()
            got = bench.blast(sample.server, questions, "-o", offset, *options)
            after = sample.server.cpu()
            if got["wrong"] > 0 or got["late"] > got["lost"]:
                raise Broken("%s: %d wrong answers, %d late ones, %d lost" % (
                    sample.server.name, got["wrong"], got["late"],
                    got["lost"]))
            sample.add(before, after, got)
            bench.client_us = got["client_us_per_query"]
            ours += after[0] - before[0]
    ours += own_busy()
    bench.others = ((machine_busy() - busy - ours) /
                    (time.monotonic() - begin) * 100)
    return samples


def check_answers(samples, want):
    """Every server must find what the first one after the echo finds."""
    for s in samples:
        if s.lost > s.sent / 100:
            raise Broken("%s lost %d of %d queries" % (s.server.name, s.lost,
                                                       s.sent))
    real = [s for s in samples if not isinstance(s.server, Echo)]
    for s in real:
        if (abs(s.share() - want) > 0.01 or abs(s.share() - real[0].share())
                > 0.0002 + s.lost / s.sent + real[0].lost / real[0].sent):
            raise Broken("%s: %.4f of the answers have a record; %s: %.4f" % (
                s.server.name, s.share(), real[0].server.name,
                real[0].share()))


def table(bench, samples):
    bench.say("  %-24s %6s %6s %6s  %-11s %5s %5s %5s" % (
        "CPU s per M answers", "user", "system", "total", "min-max", "kqps",
        "busy", "lost"))
    for s in samples:
        bench.say("  %-24s %6.2f %6.2f %6.2f  %5.2f-%-5.2f %5.0f %4.0f%% %5d" % (
            s.server.name, *s.split(), s.median(), min(s.us), max(s.us),
            statistics.median(s.kqps), statistics.median(s.busy), s.lost))


def load_row(bench, title, servers, questions, first_name, bars, want=0.1,
             warm_up=None):
    """Measures servers under saturation and at an equal load, and compares."""
    for s in servers:
        if s.proc is None:
            bench.start(s, first_name)
    for s in servers:
        bench.blast(s, questions, "-n", str(warm_up or bench.count))
    bench.say("\n%s, saturated, median of %d rounds" % (title, bench.rounds))
    samples = measure(bench, servers, questions, bench.rounds,
                      ("-n", str(bench.count)))
    check_answers(samples, want)
    table(bench, samples)
    bench.say("  client: %.2f us a query; others on this machine took %.0f %% "
              "of a CPU%s" % (bench.client_us, bench.others,
                              ": TOO NOISY" if bench.others > 10 else ""))
    by_name = {s.server.name: s.median() for s in samples}
    for mine, peer, limit in bars:
        if mine in by_name:
            bench.bar("%s / %s" % (mine, peer), by_name[mine] / by_name[peer],
                      limit, floor=by_name["echo (floor)"] / by_name[peer])
    equal = measure(bench, servers, questions, min(bench.rounds, 3),
                    ("-r", str(EQUAL_QPS), "-n", str(min(bench.count,
                                                         EQUAL_QPS))))
    bench.equal.append((title, equal))
    bench.stop_all()


def equal_table(bench):
    if not bench.equal:
        return
    bench.say("\nequal load: %d qps to each, below saturation" % EQUAL_QPS)
    for title, samples in bench.equal:
        bench.say(" %s" % title)
        for s in samples:
            bench.say("  %-24s CPU s per M answers %6.2f   mean latency "
                      "%6.1f us   lost %d" % (
                          s.server.name, s.median(),
                          statistics.median(s.latency_us), s.lost))
