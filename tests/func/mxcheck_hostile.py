"""What servers, certificates, policies and names of strangers say goes into no
output as it is: control bytes, shell and format characters, text without end.

Every row is a domain; all are in one run that writes every output, and one
that a hook follows. Each row has a case for each output.
"""

import gzip
import json
import re
import time

import rvtest
from mx_faults import Faults, Mail
from mx_pki import Pki
from mx_web import Web, response
from rvtest import case, contains, equal

EVIL = "\x1b[31m\x07\x9b\xff\x00`id` $(reboot) ;|& %n%s \"\\' .."
LIMIT = 2  # s, of every stage
LIMITS = [word for stage in ("connect", "greeting", "ehlo", "helo",
                             "starttls", "tls", "ehlo-tls", "mail", "relay")
          for word in ("--limit", f"{stage}={LIMIT}")]


# --- servers

def mebibyte(c):
    c.send(b"220 " + b"A\x1b" * (1 << 19) + b"\r\n")


def endless(c):
    while True:
        c.send(f"220-{EVIL}\r\n" * 20)


def injected(c):
    """Clear text behind the 220, then a real handshake."""
    c.send(f"220 go\r\n250-{EVIL}\r\n250 AUTH PLAIN\r\n")
    c.sock = c.mail.tls.wrap_socket(c.sock, server_side=True)
    c.is_tls = True


def quoted(text):
    """As a character-string of DNS (RFC 1035 5.1)."""
    return "".join(f"\\{b:03}" for b in text.encode("latin-1"))


def say(text):
    """Braces and line ends are the server's, nobody else's."""
    return lambda c: c.send(text + "\r\n")


ROWS = {  # domain: (what, Mail)
    "greeting.test": ("control bytes in the greeting", say(f"554 {EVIL}")),
    "lines.test": ("line ends and a dot in the greeting",
                   say("554-x\r\n.\r\nQUIT\r\n554 \r{y}\n")),
    "ehlo.test": ("control bytes in the reply to EHLO", None),
    "rcpt.test": ("control bytes in the reply to RCPT", None),
    "mebibyte.test": ("a line of 1 MiB", mebibyte),
    "endless.test": ("a greeting without end", endless),
    "starttls.test": ("text injected behind STARTTLS", None),
    "cert.test": ("control bytes in the names of a certificate", None),
    "policy.test": ("control bytes in a policy", None),
    "bomb.test": ("a policy that is a zip bomb", None),
    "mx.test": ("control bytes in the name of an MX", None),
    "txt.test": ("control bytes in TXT and PTR", None),
}


def mails(pki):
    tls = pki.server("mx.starttls.test")
    return {
        "ehlo.test": Mail(ehlo_reply=say(
            f"250-{EVIL}\r\n250-SIZE {EVIL}\r\n250 AUTH {EVIL}")),
        "rcpt.test": Mail(postmaster=say(f"550 5.7.1 {EVIL}"),
                          unknown=say(f"250 {EVIL}"),
                          relay=say(f"250 {EVIL}")),
        "starttls.test": Mail(tls=tls, starttls=injected),
        "cert.test": Mail(tls=pki.server(
            "\x1b[31m$(reboot)\n%n", names=["x.test"], self_signed=True)),
    }


def policies(bench):
    bomb = gzip.compress(b"version: STSv1\n" + b"x: " + b"0" * 10_000_000)
    for domain, answer in (
            ("policy.test", response(
                f"version: {EVIL}\r\nmode: {EVIL}\r\nmx: {EVIL}\r\n".encode(
                    "latin-1"), kind="text/plain")),
            ("bomb.test", response(
                bomb, more="Content-Encoding: gzip\r\n"))):
        host = f"mta-sts.{domain}"
        bench.net.records[f"_mta-sts.{domain}", "TXT"] = ['"v=STSv1; id=1;"']
        bench.net.records[host, "A"] = [bench.web.addr]
        bench.web.sites[host] = (bench.pki.server(host), answer)


def setup(bench):
    net = bench.net = Faults().__enter__()
    bench.pki = Pki(bench.dir)
    bench.web = Web(bench.pki, net.address())
    special = mails(bench.pki)
    for domain, (_, greeting) in ROWS.items():
        mail = special.get(domain) or (
            Mail(greeting=greeting) if greeting else Mail())
        net.mx(domain, (10, net.host(f"mx.{domain}", mail)))
    policies(bench)
    net.records["mx.test", "MX"].append(
        "20 " + quoted("\x1b[31m$(reboot)") + ".mx.test.")
    net.add("_mta-sts.txt.test", "TXT", f'"v=STSv1; id={quoted(EVIL)};"')
    net.add("_smtp._tls.txt.test", "TXT",
            f'"v=TLSRPTv1; rua={quoted(EVIL)}"')
    for (name, rrtype), rdata in net.records.items():
        if rrtype == "PTR" and rdata == ["mx.txt.test."]:
            net.records[name, rrtype] = [quoted("\x1b[31m$(id)") + ".test."]
    run(bench)


def run(bench):
    hook = bench.dir / "hook"
    hook.write_text(f"#!/bin/sh\nenv -0 >>{bench.dir}/env\n"
                    f"printf 'END\\0' >>{bench.dir}/env\n"
                    f"cat >>{bench.dir}/stdin\n")
    hook.chmod(0o755)
    common = [*LIMITS, "--ca-file", bench.pki.ca_file, "--sts-port",
              bench.web.port, *ROWS]
    started = time.monotonic()
    done = bench.net.mxcheck(
        *common, "-v", "--zone", bench.dir / "zone",
        *(word for form in ("table", "json", "nagios", "prom")
          for word in ("-o", f"{form}={bench.dir / form}")))
    bench.seconds = time.monotonic() - started
    equal(done.returncode in (0, 1, 2, 3), True, done.stderr)
    bench.out = {form: (bench.dir / form).read_bytes() for form in
                 ("table", "json", "nagios", "prom", "zone")}
    bench.out["transcript (-v)"] = done.stderr.encode()
    done = bench.net.mxcheck(*common, "-q", "--state", bench.dir / "state",
                             "--confirm", "1", "--hook", hook)
    equal(done.returncode in (0, 1, 2, 3), True, done.stderr)
    bench.out["changes (-q)"] = done.stdout.encode()
    bench.out["the hook's input"] = (bench.dir / "stdin").read_bytes()
    bench.hooks = [dict(v.split(b"=", 1) for v in one.split(b"\0") if v)
                   for one in (bench.dir / "env").read_bytes().split(
                       b"END\0") if one]


# --- what clean is

def plain(data):
    equal([hex(b) for b in data if not 0x20 <= b <= 0x7e and b != 0x0a], [])


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for v in value.values() if isinstance(value, dict) else value:
            yield from strings(v)


def json_lines(data):
    for line in data.splitlines():
        for text in strings(json.loads(line)):
            plain(text.encode())


SERIES = re.compile(r'mxcheck_[a-z_]+\{(?:[a-z]+="(?:[^"\\]|\\[\\"n])*",?)*\}'
                    r' -?[0-9.e+]+')


def series(data):
    for line in data.decode().splitlines():
        if not SERIES.fullmatch(line):
            raise AssertionError(line)


CHECKS = {"json": json_lines, "the hook's input": json_lines,
          "prom": series}


def lines_of(data, domain):
    return b"\n".join(line for line in data.split(b"\n")
                      if domain.encode() in line)


def add_case(domain, what, form):
    @case(f"{what}: {form} is clean")
    def _(bench):
        data = lines_of(bench.out[form], domain)
        if form in ("table", "json", "prom"):
            equal(data != b"", True, "nothing is said of it")
        plain(data)
        if form in CHECKS:
            CHECKS[form](data)


for domain_, (what_, _) in ROWS.items():
    for form_ in ("table", "json", "nagios", "prom", "zone",
                  "transcript (-v)", "changes (-q)", "the hook's input"):
        add_case(domain_, what_, form_)


@case("all of every output is printable, and nothing else stands in it")
def _(bench):
    for data in bench.out.values():
        plain(data)


@case("the hook's environment: its own names, printable values")
def _(bench):
    equal(len(bench.hooks) > len(ROWS) // 2, True)
    for env in bench.hooks:
        equal(set(env) - {b"_", b"PWD", b"SHLVL", b"OLDPWD"}, {
            b"MXC_DOMAIN", b"MXC_ID", b"MXC_SUBJECT", b"MXC_OLD",
            b"MXC_NEW", b"MXC_VERDICT", b"PATH"})
        for value in env.values():
            plain(value.replace(b"\n", b"\0"))


@case("it is there, escaped: what was said can be read")
def _(bench):
    contains(bench.out["table"].decode(), "\\x1b[31m\\x07\\x9b\\xff\\x00`id`")
    contains(bench.out["changes (-q)"].decode(), "\\x1b[31m")


@case("what has no end costs no more than the limits")
def _(bench):
    equal(bench.seconds < 10 * LIMIT, True, f"{bench.seconds:.1f} s")
    equal(bench.net.sins, [])
    bench.web.stop()
    bench.net.__exit__()


if __name__ == "__main__":
    rvtest.run(setup)
