"""How long mxcheck takes for 600 endpoints, and how much memory: make mx-speed.
And to judge a record of 10 000 domains (--replay).

100 domains of 3 MX of 2 addresses. Healthy: each reply comes DELAY later, all
of it from one asyncio process. Filtered: the listen queue of each is full.
NSD answers for the names. Prints one line each; no word of pass or fail where
the machine is busy: the limits of the specification stand beside.
"""

import asyncio
import json
import multiprocessing
import os
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "func"))

import rvtest  # noqa: E402
from mx_faults import MXCHECK, Faults, Filtered, Mail  # noqa: E402
from mx_pki import Pki  # noqa: E402

DOMAINS, HOSTS, ADDRESSES = 100, 3, 2
DELAY = .02  # s
CONNECT_S, PATIENT_S, RECHECK_S = 10, 30, 20  # mxcheck's limits
REPLAYED = 10000  # domains


async def talk(reader, writer):
    def say(text):
        writer.write(text + b"\r\n")

    try:
        await asyncio.sleep(DELAY)
        say(b"220 mx ESMTP")
        while line := await reader.readline():
            await asyncio.sleep(DELAY)
            verb = line[:4].upper()
            if verb == b"EHLO":
                say(b"250-mx\r\n250-8BITMIME\r\n250 SIZE 10240000")
            elif verb == b"RCPT" and b"postmaster" not in line:
                say(b"550 5.1.1 no such user")
            elif verb == b"QUIT":
                say(b"221 bye")
                break
            else:
                say(b"250 ok")
    except ConnectionError:
        pass
    writer.close()


def serve(addresses, port, ready):
    async def main():
        servers = [await asyncio.start_server(talk, addr, port, backlog=64)
                   for addr in addresses]
        ready.set()
        await asyncio.gather(*(s.serve_forever() for s in servers))

    asyncio.run(main())


def layout():
    """(zone text, domains, addresses), each address in a /24 of its own."""
    lines, domains, addresses = [], [], []
    for d in range(DOMAINS):
        domains.append(f"d{d}.example")
        for h in range(1, HOSTS + 1):
            lines.append(f"d{d} MX {10 * h} mx{h}.d{d}")
            for _ in range(ADDRESSES):
                n = len(addresses)
                addr = f"127.{20 + n // 250}.{n % 250}.1"
                addresses.append(addr)
                lines.append(f"mx{h}.d{d} A {addr}")
    zone = "$TTL 3600\n@ SOA ns root 1 3600 600 86400 300\n@ NS ns\n" \
        "ns A 127.0.0.1\n"
    return zone + "\n".join(lines) + "\n", domains, addresses


def run(bench, what, dns, port, domains, limit_s, recheck=0):
    measure(bench, what, [
        MXCHECK, "--resolver", f"{dns[0]}@{dns[1]}", "--port", port,
        "--internal", "--helo", "probe.example", "--recheck", recheck,
        *domains], limit_s, 80)


def measure(bench, what, argv, limit_s, limit_mib):
    argv = [str(a) for a in argv]
    out = os.open(bench.dir / "out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.dup2(out, 1)
        os.execv(argv[0], argv)
    _, status, used = os.wait4(pid, 0)
    seconds = time.monotonic() - started
    verdicts = [line.split("  ")[1] for line in
                (bench.dir / "out").read_text().splitlines()
                if line[:1] == "d" and "  " in line]
    print(f"{what}: {seconds:.1f} s (limit {limit_s} s), CPU "
          f"{used.ru_utime + used.ru_stime:.2f} s, {used.ru_maxrss / 1024:.0f} "
          f"MiB (limit {limit_mib}), status {os.waitstatus_to_exitcode(status)}, "
          f"{sorted(set(verdicts))} for {len(verdicts)} domains, load "
          f"{os.getloadavg()[0]:.1f}", flush=True)


def record(bench, path):
    """One domain of three MX with TLS, many times over."""
    with Faults() as net:
        pki = Pki(bench.dir)
        net.mx("qqq.test", *((10 * i, net.host(name, Mail(
            tls=pki.server(name)))) for i, name in enumerate(
                ("mx1.qqq.test", "mx2.qqq.test", "mx3.qqq.test"), 1)))
        done = net.mxcheck("qqq.test", "--ca-file", pki.ca_file, "-o", "json")
    facts = [line for line in done.stdout.splitlines() if json.loads(
        line)["type"] in ("run", "domain", "host", "address", "endpoint")]
    first, facts = json.loads(facts[0]), sorted(
        facts[1:], key=lambda line: json.loads(line)["type"])
    addresses = first["addresses"]

    def renamed(text, i):
        text = text.replace("qqq.test", f"d{i}.test")
        for k, addr in enumerate(addresses):
            n = 3 * i + k
            text = text.replace(f'"{addr}"', f'"11.{n // 62500}.'
                                f'{n // 250 % 250}.{n % 250 + 1}"')
        return text

    for member in ("domains", "hosts", "addresses", "endpoints"):
        first[member] = [json.loads(renamed(json.dumps(x), i))
                         for i in range(REPLAYED) for x in first[member]]
    with open(path, "w") as f:
        f.write(json.dumps(first) + "\n")
        for line in facts:
            f.writelines(renamed(line, i) + "\n" for i in range(REPLAYED))


class Net:
    def __init__(self, port):
        self.port = port


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(
        resource.RLIMIT_NOFILE)[1]))
    zone, domains, addresses = layout()
    with rvtest.Bench() as bench:
        _, dns = rvtest.nsd(bench, {"example": zone})
        port = rvtest.free_port()
        ready = multiprocessing.Event()
        server = multiprocessing.Process(
            target=serve, args=(addresses, port, ready), daemon=True)
        server.start()
        ready.wait(30)
        for _ in range(3):
            run(bench, f"{len(addresses)} healthy at {DELAY * 1000:.0f} ms",
                dns, port, domains, 8)
        server.terminate()
        server.join()
        port = rvtest.free_port()
        fill = [Filtered(Net(port), addr) for addr in addresses]
        run(bench, f"{len(addresses)} filtered", dns, port, domains,
            CONNECT_S + 2)
        run(bench, f"{len(addresses)} filtered, looked at twice", dns, port,
            domains, CONNECT_S + RECHECK_S + PATIENT_S + 2, RECHECK_S)
        for f in fill:
            f.stop()
        path = bench.dir / "record.json"
        record(bench, path)
        for _ in range(3):
            measure(bench, f"replay of {REPLAYED} domains", [
                MXCHECK, "--replay", path], 2, "none")


main()
