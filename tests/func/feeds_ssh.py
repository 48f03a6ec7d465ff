"""A feed over ssh, which a stand-in plays: how it is called, what fails.

The stand-in takes ssh's place in a mount namespace of the test's own, and runs
what it is told to, as sshd would: with a shell.
"""

import os

import rvtest
from rvtest import case, contains, equal

SSH = "/usr/local/bin/ssh"  # the first place that is looked at
FEED = ":2:listed\n127.0.0.2\n"


def stand_in(bench, *then):
    """Notes its arguments and environment, then does this."""
    with open(SSH, "w") as f:
        f.write("#!/bin/sh\n"
                f"printf '%s\\n' \"$@\" >{bench.dir}/args\n"
                f"env >{bench.dir}/env\n" + "\n".join(then) + "\n")
    os.chmod(SSH, 0o755)


def setup(bench):
    rvtest.program("rsync")
    bench.mount(os.path.dirname(SSH), "-t", "tmpfs", "tmpfs")
    bench.file("source/ip", FEED)
    bench.rd = rvtest.Resolverd(
        bench, extra='zone "bl.test" { datasets = "ip4set:@feed/ip"\n'
        f'feed {{ source = "user@host.test:{bench.dir}/source" }} }}\n')


@case("rsync calls ssh, which asks nobody for anything")
def _(bench):
    stand_in(bench, "while [ $# -gt 0 ] && [ \"$1\" != rsync ]; do shift; done",
             "eval \"exec $*\"")
    os.environ["RSYNC_PASSWORD"] = "not for others"
    done = bench.rd.zonectl("sync")
    equal(done.returncode, 0, f"{done.stdout}{done.stderr}")
    contains(done.stdout, "bl.test: generation 1, 1 entry")
    args = (bench.dir / "args").read_text().split("\n")
    equal(args[:5], ["-oBatchMode=yes", "-l", "user", "host.test", "rsync"])
    names = {line.split("=")[0]
             for line in (bench.dir / "env").read_text().splitlines()}
    equal(names - {"PWD", "SHLVL", "OLDPWD", "_"}, {"LC_ALL", "PATH"})


@case("what ssh says is the reason; what is there stays")
def _(bench):
    stand_in(bench, "echo 'user@host.test: Permission denied (publickey).' >&2",
             "exit 255")
    done = bench.rd.zonectl("sync")
    equal(done.returncode, 1, f"{done.stdout}{done.stderr}")
    contains(done.stderr, "Permission denied (publickey).")
    equal((bench.rd.state / "feeds/bl.test/current/ip").read_text(), FEED)


if __name__ == "__main__":
    rvtest.enter_namespace()
    rvtest.run(setup)
