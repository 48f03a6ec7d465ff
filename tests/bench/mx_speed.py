"""How long mxcheck takes for 600 endpoints, and how much memory: make mx-speed.

100 domains of 3 MX of 2 addresses. Healthy: each reply comes DELAY later, all
of it from one asyncio process. Filtered: the listen queue of each is full.
NSD answers for the names. Prints one line each; no word of pass or fail where
the machine is busy: the limits of the specification stand beside.
"""

import asyncio
import multiprocessing
import os
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "func"))

import rvtest  # noqa: E402
from mx_faults import MXCHECK, Filtered  # noqa: E402

DOMAINS, HOSTS, ADDRESSES = 100, 3, 2
DELAY = .02  # s
CONNECT_S = 10  # mxcheck's limit


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


def run(bench, what, dns, port, domains, limit_s):
    argv = [str(a) for a in (
        MXCHECK, "--resolver", f"{dns[0]}@{dns[1]}", "--port", port,
        "--internal", "--helo", "probe.example", "--recheck", "0", *domains)]
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
          f"MiB (limit 80), status {os.waitstatus_to_exitcode(status)}, "
          f"{sorted(set(verdicts))} for {len(verdicts)} domains, load "
          f"{os.getloadavg()[0]:.1f}", flush=True)


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
        for f in fill:
            f.stop()


main()
