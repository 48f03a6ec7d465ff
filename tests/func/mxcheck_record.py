"""mxcheck --output json, and --replay: a recorded run gives the same bytes."""

import json
import random
import re
import time

import rvtest
from mx_faults import Faults, Mail, Table
from rvtest import case, contains, equal


def setup(bench):
    """Domains of many kinds, and the record of a run over them."""
    net = bench.net = Faults().__enter__()
    net.mx("pair.test", (10, net.host("mx1.pair.test", Mail())),
           (20, net.host("mx2.pair.test", Mail())))
    net.mx("down.test", (10, net.host("mx1.down.test")),
           (20, net.host("mx2.down.test", Mail())))
    addr = net.address()
    net.host("mx1.share.test", Mail(), addr=addr)
    net.add("mx2.share.test", "A", addr)
    net.mx("share.test", (10, "mx1.share.test"), (20, "mx2.share.test"))
    net.mx("null.test", (0, "."))
    net.mx("evil.test", (10, net.host("mx.evil.test", Mail(
        greeting="554 \x1b[2J\"$(reboot)\\ {name}"))))
    net.fail("servfail.test", "MX")
    bench.domains = ["pair.test", "down.test", "share.test", "null.test",
                     "evil.test", "servfail.test", "nothing.test"]
    bench.record = bench.dir / "record.json"
    bench.done = net.mxcheck(*bench.domains, "-o", "table", "-o",
                             f"json={bench.record}")
    bench.lines = [json.loads(line)
                   for line in bench.record.read_text().splitlines()]


def replay(bench, *args, text=None):
    path = bench.record
    if text is not None:
        path = bench.dir / "other.json"
        path.write_text(text)
    return bench.net.mxcheck("--replay", path, *args)


@case("a replay gives the bytes of the run, in every format")
def _(bench):
    for form, want in (("table", bench.done.stdout),
                       ("json", bench.record.read_text())):
        done = replay(bench, "-o", form)
        for got, line in zip(done.stdout.splitlines(), want.splitlines()):
            equal(got, line, form)
        equal(done.stdout, want, form)
        equal((done.returncode, done.stderr), (bench.done.returncode, ""))


@case("runs whose answers come in any order say the same")
def _(bench):
    """All but the times, which are another each time."""
    net, r = bench.net, random.Random(7)
    usual = net.dns.script

    def late(q):
        time.sleep(r.random() * .05)
        return usual(q)

    seen = set()
    for jobs in (64, 1, 2, 64, 3):
        net.dns.script = late
        for server in net.servers.values():
            server.mail.delay = r.random() * .02
        done = net.mxcheck(*bench.domains, "--jobs", jobs)
        seen.add(re.sub(r"\d+\.\d+ s", "T s", done.stdout))
    net.dns.script = usual
    for server in net.servers.values():
        server.mail.delay = 0
    equal(len(seen), 1, "\n".join(seen))


@case("a record whose lines stand in any order gives the same bytes")
def _(bench):
    first, *rest = bench.record.read_text().splitlines()
    r = random.Random(11)
    for _ in range(5):
        r.shuffle(rest)
        equal(replay(bench, text="\n".join([first, *rest])).stdout,
              bench.done.stdout)


@case("a replay of a replay's record is the same again")
def _(bench):
    once = replay(bench, "-o", "json").stdout
    equal(replay(bench, "-o", "json", text=once).stdout, once)


@case("a replay judges by the settings of today")
def _(bench):
    equal("C03" in bench.done.stdout, True)
    done = replay(bench, "--skip", "C03")
    equal("C03" in done.stdout, False)
    equal(Table(done).domains, Table(bench.done).domains)


@case("the members that are promised: of domain, finding, scenario")
def _(bench):
    kinds = {}
    for line in bench.lines:
        equal(line["v"], 1)
        kinds.setdefault(line["type"], []).append(line)
    equal(kinds["run"][0]["domains"], bench.domains)
    domains = {d["name"]: d for d in kinds["domain"]}
    table = Table(bench.done)
    for name, (verdict, sentence) in table.domains.items():
        equal((domains[name]["verdict"], domains[name]["sentence"]),
              (verdict, sentence))
    for member in ("domain", "id", "subject", "severity", "text"):
        equal([f for f in kinds["finding"]
               if member not in f and f["subject"] != "run"], [], member)
    now = [s for s in kinds["scenario"] if s["domain"] == "down.test" and
           s["scenario"] == "now" and s["model"] == "postfix" and
           s["order"] == "worst" and "overlay" not in s]
    equal([(s["result"], s["host"], s["delay_s"]) for s in now],
          [("FLOWS", "mx2.down.test", 0)])
    outcomes = {(o["host"], o["outcome"])
                for o in domains["down.test"]["outcomes"]}
    equal(outcomes, {("mx1.down.test", "UNREACH"), ("mx2.down.test", "OK")})


@case("what a server says is escaped in the record")
def _(bench):
    raw = bench.record.read_bytes()
    equal([b for b in raw if b != 0x0a and not 0x20 <= b <= 0x7e], [])
    greeting = [e["session"]["greeting"]["text"] for e in bench.lines
                if e["type"] == "endpoint" and e["host"] == "mx.evil.test"]
    contains(greeting[0], "\\x1b[2J\"$(reboot)\\x5c mx.evil.test")


BAD = (
    ("", "line 1: the record is empty"),
    ("{", "line 1: is no JSON"),
    ("[]", "line 1: is no object"),
    ("{}", "line 1: is no record"),
    ('{"v":2,"type":"run"}', "line 1: is no record"),
    ('{"v":1,"type":"domain"}', "line 1: a record begins with a run"),
    ('{"v":1,"type":"run"}\n{"v":1,"type":"run"}', "line 2: a second run"),
    ('{"v":1,"type":"run","helo":"\\u001b"}', "line 1: helo"),
    ('{"v":1,"type":"run","at":"now"}', "line 1: at"),
    ('{"v":1,"type":"run","at":9223372036854775807}', "line 1: at"),
    ('{"v":1,"type":"run","domains":"x"}', "line 1: domains"),
    ('{"v":1,"type":"run","domains":["a..b"]}', "line 1: domains"),
    ('{"v":1,"type":"run","addresses":["here"]}', "line 1: addresses"),
    ('{"v":1,"type":"run"}\n{"v":1,"type":"host","name":"h.test","a":7}',
     "line 2: a"),
    ('{"v":1,"type":"run"}\n{"v":1,"type":"host","name":"h.test",'
     '"a":{"dns":"perhaps"}}', "line 2: dns"),
    ('{"v":1,"type":"run"}\n{"v":1,"type":"endpoint","host":"h.test",'
     '"addr":"192.0.2.1","shares":9}', "line 2: shares"),
    ('{"v":1,"type":"run","endpoints":[["h.test","192.0.2.1"]]}\n'
     '{"v":1,"type":"endpoint","host":"h.test","addr":"192.0.2.1",'
     '"shares":1}', "shares another"),
    ('{"v":1,"type":"run"}\n{"v":1,"type":"endpoint","host":"h.test",'
     '"addr":"192.0.2.1","session":{"greeting":{"code":12345}}}',
     "line 2: code"),
)


@case(f"{len(BAD)} records that are none: the line and the reason, status 3")
def _(bench):
    for text, part in BAD:
        done = replay(bench, text=text)
        equal((done.returncode, done.stdout), (3, ""), text)
        contains(done.stderr, part)
    done = replay(bench, "pair.test")
    equal(done.returncode, 3)
    contains(done.stderr, "has its own domains")


@case("unknown types and members are skipped")
def _(bench):
    lines = bench.record.read_text().splitlines()
    more = [json.dumps(json.loads(line) | {"new": {"x": 1}})
            for line in lines] + ['{"v":1,"type":"new","a":[]}']
    equal(replay(bench, text="\n".join(more)).stdout, bench.done.stdout)


@case("a line that stands there twice counts once")
def _(bench):
    text = "\n".join(['{"v":1,"type":"run","domains":["d.test"]}'] + 2 * [
        '{"v":1,"type":"domain","name":"d.test","lookup":{"dns":"failed",'
        '"n_aliases":1},"outbound":{"senders":["192.0.2.1","192.0.2.2"]}}'])
    done = replay(bench, "-o", "json", text=text)
    equal(done.stderr, "")
    again = [json.loads(line) for line in done.stdout.splitlines()]
    equal([d["outbound"]["senders"] for d in again if d["type"] == "domain"
           and "outbound" in d], [["192.0.2.1", "192.0.2.2"]])
    equal("(null)" in done.stdout, False)


@case("a replay has dialled nobody")
def _(bench):
    n = sum(len(s.conversations) for s in bench.net.servers.values())
    equal(replay(bench).returncode, bench.done.returncode)
    equal(sum(len(s.conversations) for s in bench.net.servers.values()), n)
    equal(bench.net.sins, [])
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
