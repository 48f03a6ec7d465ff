"""The rows about what comes from outside: an NSD on loopback answers for it."""
import os
import statistics

from bursts import BURST, compare as compare_bursts
from measure import check_answers, load_row, measure, table
from servers import (CLIENT_CPU, SERVER_CPU, Dnsdist, Echo, Nsd, Resolverd,
                     Unbound)

FIRST = "host0.example.com"


def outside(bench, names):
    """Starts the NSD; returns it and the questions: names that exist, and
    names that do not. The first ones are each name once."""
    zone = os.path.join(bench.tmp, "zone-%d" % names)
    positive, negative = zone + ".positive", zone + ".negative"
    bench.tool("gen", "1", "cache", str(names), zone,
               str(max(names, bench.questions)), positive, negative)
    nsd = Nsd(bench.folder(), "example.com", zone)
    bench.kept.append(nsd)
    nsd.start(FIRST)
    return nsd, positive, negative


def fill(bench, server, questions, names):
    """Each name once, gently: the upstream must not lose any."""
    bench.start(server, FIRST)
    bench.blast(server, questions, "-n", str(names), "-w", "16")


def cache(bench):
    names = 2000 if bench.quick else 20000
    nsd, positive, negative = outside(bench, names)
    for title, questions, want in (("cache-positive", positive, 1.0),
                                   ("cache-negative", negative, 0.0)):
        servers = [Echo(bench.folder(), bench.build),
                   Unbound(bench.folder(), nsd.port),
                   Dnsdist(bench.folder(), nsd.port),
                   *bench.resolverds(upstream_port=nsd.port)]
        for s in servers:
            fill(bench, s, questions, names)
        load_row(bench, "%s: %d cached names" % (title, names), servers,
                 questions, None, [("resolverd", "unbound", 0.80),
                                   ("resolverd", "dnsdist", 0.75)], want)
    nsd.stop()


def miss(bench):
    """No name is asked twice, so each question goes to the NSD."""
    step = 2000 if bench.quick else 20000
    nsd, positive, _ = outside(bench, step * (bench.rounds + 1))
    servers = [Unbound(bench.folder(), nsd.port),
               *bench.resolverds(upstream_port=nsd.port)]
    bench.say("\nmiss: names that nobody asked for yet, 64 under way, median "
              "of %d rounds" % bench.rounds)
    for s in servers:
        bench.start(s, FIRST)
        bench.blast(s, positive, "-o", str(step * bench.rounds), "-n",
                    str(step), "-w", "64")  # what a server learns at first
    samples = measure(bench, servers, positive, bench.rounds,
                      ("-n", str(step), "-w", "64"), step)
    check_answers(samples, 1.0)
    table(bench, samples)
    compare(bench, samples, "resolverd", "unbound", 1.5)
    bench.stop_all()
    nsd.stop()


def compare(bench, samples, mine, peer, limit):
    us = {s.server.name: s.median() for s in samples}
    if mine in us:
        bench.bar("%s / %s" % (mine, peer), us[mine] / us[peer], limit)


class TwoWorkers(Resolverd):
    """A worker on each core; the client has to share one of them."""
    WORKERS, CPUS = 2, {SERVER_CPU, CLIENT_CPU}

    def __init__(self, *args, **kw):
        super().__init__(*args, **kw)
        self.name = "resolverd, 2 workers"

    def start(self, name):
        took = super().start(name)
        for pid, cpu in zip(self.workers(), (SERVER_CPU, CLIENT_CPU)):
            os.sched_setaffinity(pid, {cpu})
        return took


def bursts(bench, two, questions):
    """Both workers, each on its core, with the client asleep."""
    pids = two.workers()
    qps, us = compare_bursts(two.port, pids, questions, 10 * bench.rounds)
    bench.say("  bursts of %d questions for each, client asleep: %s alone, "
              "%.0f k/s both\n  CPU us a query: %s alone, %.2f both" % (
                  BURST, " and ".join("%.0f k/s" % (q / 1e3)
                                      for q in qps[:-1]), qps[-1] / 1e3,
                  " and ".join("%.2f" % u for u in us[:-1]), us[-1]))
    one = statistics.mean(qps[:-1])
    bench.bar("two workers / one, throughput of bursts", qps[-1] / one, 1.7,
              least=True)
    bench.bar("the same by CPU time a query",
              2 * statistics.mean(us[:-1]) / us[-1], 1.7, least=True)


def workers(bench):
    """What a second worker adds.

    With two cores there is none left for the client. So CPU time a query is
    compared while it shares one of them; two workers that run at the same time
    reach twice one's throughput, less what each of them pays more because the
    other one is there (shared cache file, counters, the kernel's locks), and
    here because of the client. Then bursts show it without the client.
    """
    names = 2000 if bench.quick else 20000
    nsd, positive, _ = outside(bench, names)
    one = bench.resolverds(upstream_port=nsd.port)
    if not one:
        return
    two = TwoWorkers(bench.folder(), bench.build, upstream_port=nsd.port)
    bench.say("\nworkers: cached names, one worker on CPU %d and two on CPU %d "
              "and %d,\nmedian of %d rounds, 16 sockets of the client" % (
                  SERVER_CPU, SERVER_CPU, CLIENT_CPU, bench.rounds))
    servers = [*one, two]
    for s in servers:
        fill(bench, s, positive, names)
    samples = measure(bench, servers, positive, bench.rounds,
                      ("-n", str(bench.count), "-c", "16"))
    check_answers(samples, 1.0)
    table(bench, samples)
    shares = two.shares()
    bench.say("  share of the CPU time, by worker: %s" % ", ".join(
        "%.0f %%" % (100 * s) for s in shares))
    alone, both = (statistics.median(s.us) for s in samples)
    bench.bar("two workers / one, client on one's core", 2 * alone / both,
              1.7, least=True)
    bursts(bench, two, positive)
    bench.stop_all()
    nsd.stop()
