"""What blctl and zonectl print, refuse and return; no daemon is needed."""

import os
import re
import resource
import subprocess

import rvtest
from rvtest import BLCTL, ZONECTL, case, contains, equal

APEX = "blacklist.internal"
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def setup(bench):
    ip = bench.file("ip", ":2:listed\n127.0.0.2\n10.0.0.0/8\n")
    names = bench.file("names", ":3:name\n.example.com\n")
    bench.one = rvtest.Resolverd(bench, "one", locals=[APEX])
    bench.two = rvtest.Resolverd(bench, "two", locals=["a.test", "b.test"])
    bench.none = rvtest.Resolverd(bench, "none")
    bench.feeds = rvtest.Resolverd(bench, "feeds", zones={
        "bl.test": [f"ip4set:{ip}", f"dnset:{names}"],
        "broken.test": [f"ip4set:{bench.dir}/missing"],
        "names.test": [f"dnset:{names}"]})


def outcome(done):
    return done.returncode, done.stdout, done.stderr


def says(done, status, stdout, stderr=""):
    equal(outcome(done), (status, stdout, stderr))


def raw(program, rd, *args, **popen):
    """As tool(), with file descriptors and limits of our own."""
    popen = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen}
    return subprocess.run([program, "-c", rd.conf, *args], text=True,
                          timeout=60, **popen)


# --- blctl

@case("blctl says what it did: added, changed, the same, deleted")
def _(bench):
    blctl = bench.one.blctl
    says(blctl("list"), 0, "")
    says(blctl("add", "203.0.113.7", "--reason", "spam since May"), 0,
         f'added 203.0.113.7 to {APEX}: 127.0.0.2 "spam since May"\n')
    says(blctl("add", "203.0.113.7", "--reason", "spam since May"), 0,
         f'203.0.113.7 is in {APEX} already: 127.0.0.2 "spam since May"\n')
    says(blctl("add", "203.0.113.7", "--code", "127.0.1.9"), 0,
         f'changed 203.0.113.7 in {APEX}: 127.0.1.9 '
         '(was 127.0.0.2 "spam since May")\n')
    says(blctl("del", "203.0.113.7"), 0,
         f"deleted 203.0.113.7 from {APEX}: 127.0.1.9\n")
    says(blctl("list"), 0, "")


@case("a key is kept in its canonical form, and found in any")
def _(bench):
    blctl = bench.one.blctl
    for key, same, canonical in (
            ("2001:DB8:0::1", "2001:db8::1/128", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1/32", "192.0.2.1"),
            ("*.Example.COM.", "*.example.com", "*.example.com")):
        says(blctl("add", key), 0, f"added {canonical} to {APEX}: 127.0.0.2\n")
        says(blctl("del", same), 0,
             f"deleted {canonical} from {APEX}: 127.0.0.2\n")


@case("options may stand anywhere")
def _(bench):
    want = f'added 192.0.2.1 to {APEX}: 127.0.0.5 "r"\n'
    for args in (["add", "192.0.2.1", "--code", "5", "--reason", "r"],
                 ["--code=5", "add", "--reason=r", "192.0.2.1"],
                 ["add", "--reason", "r", "--zone", APEX, "--code", "5", "--",
                  "192.0.2.1"]):
        says(bench.one.blctl(*args), 0, want)
        equal(bench.one.blctl("del", "192.0.2.1").returncode, 0)


@case("the right spelling is suggested, the covering entry is named")
def _(bench):
    blctl = bench.one.blctl
    equal(blctl("add", "203.0.113.0/24").returncode, 0)
    says(blctl("add", "203.0.113.7/24"), 1, "",
         f"blctl: {APEX}: 203.0.113.7/24: bits are set beyond the prefix "
         "length; did you mean 203.0.113.0/24?\n")
    says(blctl("del", "203.0.113.7"), 1, "",
         f"blctl: {APEX}: 203.0.113.7 is not an entry; 203.0.113.0/24 is, "
         "and covers it\n")
    says(blctl("del", "203.0.112.7"), 1, "",
         f"blctl: {APEX}: 203.0.112.7 is not an entry\n")
    equal(blctl("del", "203.0.113.0/24").returncode, 0)


@case("a key with a terminal's control codes is not repeated as it is")
def _(bench):
    done = bench.one.blctl("add", "\x1b[2Jexample.com")
    equal((done.returncode, "\x1b" in done.stderr), (1, False))


@case("a reason: 254 bytes are taken, 255, a line break or a bell are not")
def _(bench):
    blctl = bench.one.blctl
    equal(blctl("add", "192.0.2.1", "--reason", "x" * 254).returncode, 0)
    before = blctl("list").stdout
    for reason in ("x" * 255, "a\nb", "a\rb", "a\ab"):
        done = blctl("add", "192.0.2.1", "--reason", reason)
        equal((done.returncode, done.stdout), (1, ""), repr(reason))
        contains(done.stderr, "reason has")
    equal(blctl("list").stdout, before)
    equal(blctl("del", "192.0.2.1").returncode, 0)


@case("codes: 2-255 and 127.x.y.z")
def _(bench):
    for code, want in (("2", "127.0.0.2"), ("255", "127.0.0.255"),
                       ("127.0.0.2", "127.0.0.2"),
                       ("127.255.255.254", "127.255.255.254")):
        says(bench.one.blctl("add", "192.0.2.1", "--code", code), 0,
             f"added 192.0.2.1 to {APEX}: {want}\n")
        equal(bench.one.blctl("del", "192.0.2.1").returncode, 0)
    for code in ("0", "1", "256", "-2", "2x", " 2", "", "128.0.0.1",
                 "127.0.0.1", "127.0.0.0", "127.0.0", "::1",
                 "18446744073709551618"):
        says(bench.one.blctl("add", "192.0.2.1", "--code", code), 2, "",
             f"blctl: --code {code}: a code is 2-255 or 127.x.y.z\n")


@case("list: columns under each other, addresses first, by order")
def _(bench):
    blctl = bench.one.blctl
    env = {**os.environ, "SUDO_USER": "alice"}
    for key, more in (("example.com", ["--reason", "a name"]),
                      ("198.51.100.0/24", ["--code", "127.0.0.100"]),
                      ("2001:db8::/32", []),
                      ("198.51.100.9", ["--reason", "one of them"]),
                      ("*.a.example", [])):
        equal(raw(BLCTL, bench.one, "add", key, *more, env=env).returncode, 0)
    rows = blctl("list").stdout.splitlines()
    equal([r.split()[0] for r in rows],
          ["198.51.100.0/24", "198.51.100.9", "2001:db8::/32", "example.com",
           "*.a.example"])
    equal(len({r.index("127.0.0") for r in rows}), 1, "codes in one column")
    equal(len({re.search(ISO, r).start() for r in rows}), 1, "times, too")
    who = "alice" if os.geteuid() == 0 else rvtest.daemon_user()
    equal(bool(re.fullmatch(
        rf"198\.51\.100\.9 +127\.0\.0\.2 +{ISO}  {who}  one of them",
        rows[1])), True, rows[1])
    for key in [r.split()[0] for r in rows]:
        equal(blctl("del", key).returncode, 0)


@case("several local sections: -z says which")
def _(bench):
    says(bench.two.blctl("add", "192.0.2.1"), 1, "",
         f"blctl: {bench.two.conf} has several local sections; say which "
         "with -z:\n  a.test\n  b.test\n")
    says(bench.two.blctl("-z", "c.test", "list"), 1, "",
         f"blctl: {bench.two.conf} has no local section \"c.test\"; there "
         "is:\n  a.test\n  b.test\n")
    says(bench.two.blctl("-z", "b.test", "add", "192.0.2.1"), 0,
         "added 192.0.2.1 to b.test: 127.0.0.2\n")
    says(bench.two.blctl("-z", "a.test", "list"), 0, "")
    contains(bench.two.blctl("list", "-z", "b.test").stdout, "192.0.2.1 ")


@case("no local section, no configuration: what to do")
def _(bench):
    done = bench.none.blctl("list")
    equal((done.returncode, done.stdout), (1, ""))
    contains(done.stderr, 'add one: local "blacklist.internal" { }')
    done = subprocess.run([BLCTL, "-c", "/nonexistent", "list"], text=True,
                          capture_output=True)
    equal(done.returncode, 1)
    contains(done.stderr, "/nonexistent: ")


@case("the daemon's user does not exist: a warning, and it goes on")
def _(bench):
    rd = rvtest.Resolverd(bench, "nouser", locals=[APEX])
    rd.conf.write_text(rd.conf.read_text().replace(
        f'user = "{rd.user}"', 'user = "no-such-user"'))
    done = rd.blctl("add", "192.0.2.1")
    equal((done.returncode, done.stdout),
          (0, f"added 192.0.2.1 to {APEX}: 127.0.0.2\n"))
    contains(done.stderr, '"no-such-user"')


@case("options that belong to add, and a KEY too many: usage, 2")
def _(bench):
    for args in (["list", "--code", "3"], ["del", "192.0.2.1", "--reason", "x"],
                 ["add", "192.0.2.1", "192.0.2.2"], ["-z"], ["--zo"]):
        done = bench.one.blctl(*args)
        equal((done.returncode, done.stdout), (2, ""), f"{args}")
        contains(done.stderr, "usage:")


# --- both

@case("-h and -V print to standard output: 0")
def _(bench):
    for program in (BLCTL, ZONECTL):
        done = raw(program, bench.one, "--help")
        equal((done.returncode, done.stderr), (0, ""))
        contains(done.stdout, "usage: ")
        done = raw(program, bench.one, "-V")
        equal(bool(re.fullmatch(r"(blctl|zonectl) \d+\.\d+\.\d+\n",
                                done.stdout)), True, done.stdout)


@case("standard output closed: refused, nothing is done and nothing damaged")
def _(bench):
    equal(bench.one.blctl("add", "192.0.2.1").returncode, 0)
    before = bench.one.blctl("list").stdout
    for program, rd, args in ((BLCTL, bench.one, ["add", "192.0.2.2"]),
                              (BLCTL, bench.one, ["del", "192.0.2.1"]),
                              (BLCTL, bench.one, ["list"]),
                              (ZONECTL, bench.feeds, ["build", "bl.test"])):
        done = raw(program, rd, *args, stdout=None,
                   preexec_fn=lambda: os.close(1))
        equal(done.returncode, 1, f"{args}")
        contains(done.stderr, "standard output is closed; nothing was done")
    equal(bench.one.blctl("list").stdout, before)
    contains(bench.feeds.zonectl("list").stdout, "no generation yet")


@case("all three closed: still no descriptor of a file is printed to")
def _(bench):
    before = bench.one.blctl("list").stdout
    done = raw(BLCTL, bench.one, "add", "192.0.2.2", stdout=None, stderr=None,
               preexec_fn=lambda: os.closerange(0, 3))
    equal((done.returncode, bench.one.blctl("list").stdout), (1, before))
    done = raw(BLCTL, bench.one, "add", "1.2.3.4/8",
               preexec_fn=lambda: (os.close(0), os.close(2)))
    equal((done.returncode, bench.one.blctl("list").stdout), (1, before))


@case("standard output full: 1, and it is said")
def _(bench):
    with open("/dev/full", "w") as full:
        for program, rd in ((BLCTL, bench.one), (ZONECTL, bench.feeds)):
            done = raw(program, rd, "list", stdout=full)
            equal(done.returncode, 1)
            contains(done.stderr, "standard output: No space left on device")


@case("a file that may not grow: 1, and nothing is changed")
def _(bench):
    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    before = bench.one.blctl("list").stdout
    done = raw(BLCTL, bench.one, "add", "192.0.2.2", preexec_fn=small)
    equal((done.returncode, done.stdout), (1, ""), done.stderr)
    equal(bench.one.blctl("list").stdout, before)
    new = rvtest.Resolverd(bench, "small", locals=[APEX])
    done = raw(BLCTL, new, "add", "192.0.2.2", preexec_fn=small)
    equal((done.returncode, done.stdout), (1, ""), done.stderr)
    contains(done.stderr, "File too large")
    says(new.blctl("add", "192.0.2.2"), 0,
         f"added 192.0.2.2 to {APEX}: 127.0.0.2\n")


# --- zonectl

BUILT = r"{}: generation {}, {}, {}, \d+\.\d [KMG]iB, \d+\.\d\d s\n"


@case("zonectl build goes on behind a zone that fails: 1")
def _(bench):
    done = bench.feeds.zonectl("build")
    equal(done.returncode, 1)
    equal(bool(re.fullmatch(
        BUILT.format(r"bl\.test", 1, "3 entries", "0 bad lines") +
        BUILT.format(r"names\.test", 1, "1 entry", "0 bad lines"),
        done.stdout)), True, done.stdout)
    equal(done.stderr, f"zonectl: broken.test: {bench.dir}/missing: No such "
          "file or directory; nothing was changed\n")


@case("zonectl build ZONE...: those, unless one is unknown, then none")
def _(bench):
    done = bench.feeds.zonectl("build", "names.test", "bl.test")
    equal(done.returncode, 0)
    equal(re.findall(r"^(\S+): generation (\d)", done.stdout, re.M),
          [("names.test", "2"), ("bl.test", "2")])
    says(bench.feeds.zonectl("build", "bl.test", "bl.tst"), 1, "",
         f'zonectl: {bench.feeds.conf} has no zone "bl.tst"; there is:\n'
         "  bl.test\n  broken.test\n  names.test\n")
    contains(bench.feeds.zonectl("list").stdout, "generation 2  3 entries")


@case("build shows 20 bad lines of a zone and says where the rest is")
def _(bench):
    good = (bench.dir / "ip").read_text()
    path = bench.file("ip", good + "".join(f"300.0.0.{n}\n"
                                           for n in range(25)))
    done = bench.feeds.zonectl("build", "--force", "bad-lines", "bl.test")
    equal(done.returncode, 0)
    contains(done.stdout, "3 entries, 25 bad lines, ")
    lines = done.stderr.splitlines()
    equal([l.split(": ")[0] for l in lines],
          [f"{path}:{n}" for n in range(4, 24)] + ["bl.test"])
    equal(lines[-1], f"bl.test: 5 more; zonectl check {path} shows all")
    done = bench.feeds.zonectl("check", path)
    equal((done.returncode, done.stdout, len(done.stderr.splitlines())),
          (1, f"{path}: ip4set, 2 entries, 25 bad lines\n", 25))
    bench.file("ip", good)


@case("check: as what the configuration says, by whatever path, or TYPE:FILE")
def _(bench):
    ip, names = bench.dir / "ip", bench.dir / "names"
    says(bench.feeds.zonectl("check", ip, names), 0,
         f"{ip}: ip4set, 2 entries, 0 bad lines\n"
         f"{names}: dnset, 1 entry, 0 bad lines\n")
    done = raw(ZONECTL, bench.feeds, "check", "./names", cwd=bench.dir)
    says(done, 0, "./names: dnset, 1 entry, 0 bad lines\n")
    done = bench.feeds.zonectl("check", f"ip4set:{names}")
    equal((done.returncode, done.stdout),
          (1, f"{names}: ip4set, 0 entries, 1 bad line\n"))
    contains(done.stderr, f"{names}:2: ")
    done = subprocess.run([ZONECTL, "-c", "/nonexistent", "check",
                           f"dnset:{names}"], capture_output=True)
    equal(done.returncode, 0, "needs no configuration")


@case("check: files that are missing, unknown, of no type")
def _(bench):
    stray = bench.file("stray", "127.0.0.2\n")
    for arg, want in (
            (bench.dir / "missing", "No such file or directory"),
            (f"ip4set:{bench.dir}/missing", "No such file or directory"),
            (bench.dir / "nowhere", "No such file or directory"),
            (f"ip5set:{stray}", "no such type of dataset"),
            (stray, f"say its type, for example ip4set:{stray}")):
        done = bench.feeds.zonectl("check", arg)
        equal((done.returncode, done.stdout), (1, ""), f"{arg}")
        contains(done.stderr, want)


@case("list: generation, entries, age, size, source; or that there is none")
def _(bench):
    done = bench.feeds.zonectl("list")
    equal((done.returncode, done.stderr), (1, ""))
    equal(bool(re.fullmatch(
        rf"bl\.test      ok       generation 3  3 entries  built {ISO} \(\d+ s ago\)  "
        rf"\d+\.\d KiB  sources of {ISO}\n"
        r"broken\.test  none     no generation yet; zonectl build "
        r"broken\.test makes one\n"
        rf"             {bench.dir}/missing: No such file or directory\n"
        rf"names\.test   ok       generation 2  1 entry  built {ISO} \(\d+ s ago\)  "
        rf"\d+\.\d KiB  sources of {ISO}\n", done.stdout)), True, done.stdout)
    current = bench.feeds.state / "zones" / "names.test" / "current"
    current.resolve().write_bytes(b"noise" * 1000)
    done = bench.feeds.zonectl("list")
    equal(done.returncode, 1)
    contains(done.stderr, "zonectl: names.test: ")
    contains(done.stdout, "bl.test")


if __name__ == "__main__":
    rvtest.run(setup)
