"""A disk that is full: a clear error, the last good data served.

The state folder is a small tmpfs in a mount namespace of the test's own.
"""

import os

import rvtest
from rvtest import ask, case, contains, data, equal, wait_until
from scripted import Outside, answer

LISTED = "2.0.0.127.bl.test"
ROOM = "6m"


def feed(code, n=1):
    more = (f"10.{i >> 15 & 255}.{i >> 7 & 255}.{i << 1 & 255} :{i & 63}:{i}\n"
            for i in range(n))
    return f":{code}:code {code}\n127.0.0.2\n" + "".join(more)


def setup(bench):
    bench.outside = Outside(
        lambda q: answer(q, f"{q.qname} 300 A 192.0.2.1")).__enter__()
    path = bench.file("feed", feed(2))
    bench.file("source/ip", feed(2))
    bench.rd = rvtest.Resolverd(
        bench, zones={"bl.test": [f"ip4set:{path}"]},
        locals=["blacklist.internal"], forward=[bench.outside.server],
        cache='size = "1M"',
        extra='zone "feed.test" { datasets = "ip4set:@feed/ip"\n'
              f'feed {{ source = "{bench.dir}/source" }} }}\n')
    bench.mount(bench.rd.state, "-t", "tmpfs", "-o", f"size={ROOM},mode=0755",
                "tmpfs")
    rvtest.own(bench.rd.state, bench.rd.user)
    synced(bench)
    bench.rd.build()
    bench.rd.start()
    equal(data(ask(bench.rd.server, LISTED)), ["127.0.0.2"])


def synced(bench):
    done = bench.rd.zonectl("sync")
    equal(done.returncode, 0, f"{done.stdout}{done.stderr}")


def fill(bench):
    """Leaves no byte; gives the file that takes them."""
    path = bench.rd.state / "ballast"
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 4096)
        except OSError:
            pass
    return path


def files(bench):
    return sorted(p.name for p in (bench.rd.state / "zones/bl.test").iterdir())


@case("a build that does not fit: status 1, why, and nothing is left of it")
def _(bench):
    before = files(bench)
    bench.file("feed", feed(3, 300_000))
    done = bench.rd.zonectl("build")
    equal(done.returncode, 1, f"{done.stdout}{done.stderr}")
    contains(done.stderr, "No space left on device")
    equal(files(bench), before)
    equal(data(ask(bench.rd.server, LISTED)), ["127.0.0.2"])


@case("a disk without a byte left: the same; lists and the outside go on")
def _(bench):
    ballast = fill(bench)
    bench.file("feed", feed(3))
    done = bench.rd.zonectl("build")
    equal(done.returncode, 1, f"{done.stdout}{done.stderr}")
    contains(done.stderr, "No space left on device")
    for n in range(300):
        got = ask(bench.rd.server, f"www{n}.example")
        equal(data(got), ["192.0.2.1"], f"question {n}")
    equal(data(ask(bench.rd.server, LISTED)), ["127.0.0.2"])
    equal("starting it again" in bench.rd.process.log(), False, "workers")
    ballast.unlink()


@case("a start on a full disk: lists and the outside are answered")
def _(bench):
    ballast = fill(bench)
    equal(bench.rd.stop(), 0)
    bench.rd.start()
    equal(data(ask(bench.rd.server, LISTED)), ["127.0.0.2"])
    equal(data(ask(bench.rd.server, "www.example")), ["192.0.2.1"])
    equal("starting it again" in bench.rd.process.log(), False, "workers")
    ballast.unlink()


@case("a feed that does not fit: nothing is left; healed with room again")
def _(bench):
    def fails():
        done = bench.rd.zonectl("sync")
        equal(done.returncode, 1, f"{done.stdout}{done.stderr}")
        contains(done.stderr, "No space left on device")
        contains(done.stderr, "nothing was changed")
        equal(data(ask(bench.rd.server, "2.0.0.127.feed.test")),
              ["127.0.0.2"])

    bench.file("source/ip", feed(3) + f"# {'x' * 998}\n" * 8000)
    fails()
    left = sum(p.stat().st_size
               for p in (bench.rd.state / "feeds").rglob("*") if p.is_file())
    equal(left < 1000, True, f"{left} bytes are left")
    bench.file("source/ip", feed(4))
    ballast = fill(bench)
    fails()
    ballast.unlink()
    synced(bench)
    wait_until(lambda: data(ask(bench.rd.server, "2.0.0.127.feed.test")) ==
               ["127.0.0.4"], 3, "the new generation")


@case("blctl add on a full disk: done wholly, or refused with the reason")
def _(bench):
    ballast = fill(bench)
    refused = 0
    for n in range(200):
        done = bench.rd.blctl("add", f"10.0.0.{n}", "--reason", "r" * 200)
        listed = data(ask(bench.rd.server, f"{n}.0.0.10.blacklist.internal"))
        if done.returncode == 0:
            equal(listed, ["127.0.0.2"], f"entry {n}")
            continue
        refused += 1
        equal((done.returncode, listed), (1, []), done.stderr)
        contains(done.stderr, "No space left on device")
    equal(refused > 0, True, "some were refused")
    ballast.unlink()
    equal(bench.rd.blctl("add", "10.0.1.1").returncode, 0, "with room again")
    equal(data(ask(bench.rd.server, "1.1.0.10.blacklist.internal")),
          ["127.0.0.2"])


@case("blctl add where the store is not made yet: never half a store")
def _(bench):
    rd = rvtest.Resolverd(bench, "new", locals=["new.test"])
    bench.mount(rd.state, "-t", "tmpfs", "-o", "size=256k,mode=0755", "tmpfs")
    ballast = rd.state / "ballast"
    ballast.write_bytes(b"x" * (256 << 10))
    codes = set()
    for room in range(0, 256 << 10, 4096):
        os.truncate(ballast, (256 << 10) - room)
        done = rd.blctl("add", "10.0.0.1", "--reason", f"{room}")
        equal(done.returncode in (0, 1), True, f"{room}: {done}")
        if done.returncode == 1:
            contains(done.stderr, "No space left on device")
        codes.add(done.returncode)
    equal(codes, {0, 1})
    contains(rd.blctl("list").stdout, f"  {room}\n")
    equal(sorted(p.name for p in (rd.state / "local").iterdir()),
          ["new.test.mdb", "new.test.mdb-lock"])


@case("with room again the next build is served")
def _(bench):
    bench.file("feed", feed(4))
    bench.rd.build()
    wait_until(lambda: data(ask(bench.rd.server, LISTED)) == ["127.0.0.4"], 3,
               "the new generation")
    equal(bench.rd.stop(), 0)


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
