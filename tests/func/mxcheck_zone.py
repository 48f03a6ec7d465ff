"""mxcheck --zone: the health of MX hosts, built by zonectl and served."""

import re

import rvtest
from mx_faults import Faults, Mail
from rvtest import ask, case, contains, data, equal, wait_until

ZONE = "health.test"


def setup(bench):
    net = bench.net = Faults().__enter__()
    net.mx("a.test", (10, net.host("mx1.a.test", Mail())),
           (20, net.host("mx2.a.test")))
    net.mx("b.test", (10, net.host("mx.b.test", Mail(
        greeting="554 5.7.1 your address is on a blacklist"))))
    bench.file_ = bench.dir / "health"
    run(bench)
    bench.rd = rvtest.Resolverd(bench, zones={ZONE: [
        f"generic:{bench.file_}"]})
    bench.rd.start()
    equal(bench.rd.zonectl("build", ZONE).returncode, 0)
    wait_until(lambda: txt(bench, "a.test._mxcheck"), 10, "the zone")


def run(bench, *args):
    return bench.net.mxcheck("a.test", "b.test", "--zone", bench.file_, *args)


def txt(bench, name):
    return data(ask(bench.rd.server, f"{name}.{ZONE}", "TXT"))


@case("resolverd serves who is up, who is down, and each verdict")
def _(bench):
    equal(txt(bench, "mx1.a.test._up"), ["1"])
    equal(txt(bench, "mx2.a.test._up"), ["0"])
    verdict = txt(bench, "a.test._mxcheck")
    equal(bool(re.fullmatch(r'v=mxc1 t=\d+ verdict=NONE up=1/2',
                            verdict[0])), True, verdict)


@case("of a host that turns only us away nothing is said")
def _(bench):
    equal(txt(bench, "mx.b.test._up"), [])
    contains(txt(bench, "b.test._mxcheck")[0], "verdict=UNKNOWN")


@case("the next run and build change the answer")
def _(bench):
    net = bench.net
    net.servers["mx1.a.test"].stop()
    run(bench)
    done = bench.rd.zonectl("build", ZONE)
    equal(done.returncode, 0, done.stderr)
    wait_until(lambda: txt(bench, "mx1.a.test._up") == ["0"], 10, "down")
    contains(txt(bench, "a.test._mxcheck")[0], "verdict=DEFER up=0/2")


@case("the data has an end, and zonectl refuses what is over")
def _(bench):
    run(bench, "--zone-life", "60")
    text = bench.file_.read_text()
    stamps = re.search(r"^\$TIMESTAMP (\S+):(\d\d):(\d\d) (\S+):(\d\d):(\d\d)$",
                       text, re.M)
    minutes = (int(stamps[5]) - int(stamps[2])) % 60
    equal((minutes, stamps[3]), (1, stamps[6]), text)
    bench.file_.write_text(re.sub(r"TIMESTAMP .*", "TIMESTAMP "
                                  "2020:01:01:00:00:00 2020:01:01:01:00:00",
                                  text))
    equal(bench.rd.zonectl("build", ZONE).returncode, 1)


@case("a file that cannot be written is told, with status 3")
def _(bench):
    done = bench.net.mxcheck("a.test", "--zone", bench.dir / "no" / "health")
    equal(done.returncode, 3)
    contains(done.stderr, "No such file")
    equal(list(bench.dir.glob("health.*")), [])
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
