"""mxcheck before real servers: a primary and a backup that are Postfix, another
backup that is Exim, with an authority, a name server and a web server for the
policy of MTA-STS, in a namespace.

The backups' faults are those of their configuration. mxcheck dials from an
address that none of them trusts: from one in mynetworks each looks like an open
relay, which has a case of its own.

Exim conflicts with Postfix as a package: it is fetched and unpacked into the
test's folder. Without it, or without a network, its cases are skipped.
"""

import os
import re
import subprocess

import mta
import mx_faults
import rvtest
from mx_faults import Table
from mx_pki import Pki
from mx_web import Web, policy, response
from rvtest import case, contains, equal

NAMES = ("198.18.9.53", 53)
MX1, MX2, MX3 = (("198.18.%d.25" % n, 25) for n in (1, 2, 3))
WEB = "198.18.8.80"
OUTSIDE, TRUSTED = "198.18.7.7", "198.18.7.99"

ZONE = """\
$TTL 3600
@ SOA ns.example. hostmaster.example. 1 3600 600 86400 300
@ NS ns.example.
ns.example. A 198.18.9.53
pair.example. MX 10 mx1.pair.example.
pair.example. MX 20 mx2.other.example.
mx1.pair.example. A 198.18.1.25
mx2.other.example. A 198.18.2.25
twin.example. MX 10 mx1.pair.example.
twin.example. MX 20 mx2.twin.example.
mx2.twin.example. A 198.18.1.25
mixed.example. MX 10 mx1.pair.example.
mixed.example. MX 20 mx3.exim.example.
mx3.exim.example. A 198.18.3.25
policy.example. MX 10 mx1.pair.example.
policy.example. MX 20 mx2.other.example.
_mta-sts.policy.example. TXT "v=STSv1; id=1;"
_smtp._tls.policy.example. TXT "v=TLSRPTv1; rua=mailto:tls@pair.example"
mta-sts.policy.example. A 198.18.8.80
probe.example. A 198.18.7.7
trusted.example. A 198.18.7.99
25.1.18.198.in-addr.arpa. PTR mx1.pair.example.
25.2.18.198.in-addr.arpa. PTR mx2.other.example.
25.3.18.198.in-addr.arpa. PTR mx3.exim.example.
"""

# The primary knows its users, the backup the addresses it relays for.
COMMON = """\
mynetworks = 198.18.7.99/32
smtpd_tls_security_level = may
smtp_tls_security_level = may
inet_protocols = ipv4
"""
PRIMARY = COMMON + """\
myhostname = mx1.pair.example
mydestination = pair.example, twin.example, mixed.example, policy.example
inet_interfaces = 198.18.1.25
local_recipient_maps = inline:{ user=x, postmaster=x }
smtpd_tls_chain_files = %s
"""
BACKUP = COMMON + """\
myhostname = mx2.other.example
mydestination =
inet_interfaces = 198.18.2.25
relay_domains = pair.example, policy.example
relay_transport = discard:
relay_recipient_maps = inline:{ postmaster@pair.example=x,
    postmaster@policy.example=x }
smtpd_tls_chain_files = %s
"""

EXIM = """\
spool_directory = {{home}}/spool
log_file_path = {{home}}/log-%s
exim_path = {{home}}/root/usr/sbin/exim4
primary_hostname = mx3.exim.example
keep_environment =
smtp_enforce_sync = true
tls_advertise_hosts = *
tls_certificate = {chain}
tls_privatekey = {chain}
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept domains = mixed.example
         local_parts = postmaster
  {more}
  deny domains = ! mixed.example
       message = relay not permitted
  deny message = 5.1.1 unknown user
begin routers
all:
  driver = manualroute
  route_list = * 198.18.1.25
  transport = smtp
begin transports
smtp:
  driver = smtp
"""


def setup(bench):
    rvtest.program("postfix")
    mta.own_etc(bench)
    mta.add_addresses([NAMES[0], MX1[0], MX2[0], MX3[0], WEB, OUTSIDE,
                       TRUSTED])
    rvtest.nsd(bench, {".": ZONE}, NAMES)
    pki = bench.pki = Pki(bench.dir)
    bench.chain2 = pki.chain("mx2.other.example", hours=(-2000, 2000))
    bench.mx1 = mta.Postfix(bench, PRIMARY % pki.chain("mx1.pair.example"),
                            OUTSIDE, "mx1", MX1)
    bench.mx2 = mta.Postfix(bench, BACKUP % bench.chain2, OUTSIDE, "mx2", MX2)
    bench.web = Web(pki, WEB)


def backup(bench, more="", chain=None):
    """Reconfigures it; what is behind counts."""
    bench.mx2.configure(BACKUP % (chain or bench.chain2) + more)


def mxcheck(bench, *args, source=OUTSIDE, helo="probe.example"):
    argv = [mx_faults.MXCHECK, "--resolver", NAMES[0], "--ca-file",
            bench.pki.ca_file, "--internal", "--source4", source, "--helo",
            helo, "--recheck", "0", "--sts-port", bench.web.port, *args]
    return subprocess.run([str(a) for a in argv], text=True,
                          capture_output=True, timeout=120)


def quiet(bench):
    """A run from cron; what it mails."""
    done = mxcheck(bench, "-q", "--state", bench.dir / "state",
                   "pair.example")
    equal(done.stderr, "")
    return done.stdout


def judged(bench, domain="pair.example", **how):
    """(verdict, {id: severity}, table) of what is worth a warning."""
    table = Table(mxcheck(bench, domain, **how))
    bad = {check: severity for (_, check, _), (severity, _)
           in table.findings.items() if severity in ("WARN", "CRIT")}
    return table.domains[domain][0], bad, table


@case("a healthy pair: OK, nothing to complain of, status 0")
def _(bench):
    done = mxcheck(bench, "pair.example")
    equal((done.returncode, done.stderr), (0, ""), done.stdout)
    verdict, bad, table = judged(bench)
    equal((verdict, bad), ("OK", {}), done.stdout)
    contains(table.domains["pair.example"][1],
             "if mx1.pair.example dies: Postfix -> mx2.other.example")


@case("the primary stops: DEGRADED, the backup is named; one mail in all")
def _(bench):
    equal(quiet(bench), "")
    bench.mx1.stop()
    mails = [quiet(bench) for _ in range(4)]
    equal([bool(m) for m in mails], [False, True, False, False])
    contains(mails[1].splitlines()[0], "pair.example: DEGRADED, "
             "mx1.pair.example is down (refused)")
    contains(mails[1], "-> mx2.other.example")


@case("it is back: one mail of the recovery")
def _(bench):
    bench.mx1.start()
    mails = [quiet(bench) for _ in range(4)]
    equal([bool(m) for m in mails], [False, True, False, False])
    contains(mails[1], "pair.example: OK,")
    contains(mails[1], "CRIT -> OK: well again")


@case("the backup relays for anybody: R01, DIRTY and critical")
def _(bench):
    backup(bench, "mynetworks = 0.0.0.0/0\n")
    verdict, bad, table = judged(bench)
    equal((verdict, bad.get("R01")), ("DIRTY", "CRIT"))
    contains(table.domains["pair.example"][1], "mx2.other.example")
    backup(bench)


@case("the backup's certificate has expired: T04 warns, mail still flows")
def _(bench):
    backup(bench, chain=bench.pki.chain("mx2.other.example",
                                        hours=(-2000, -24)))
    verdict, bad, table = judged(bench)
    equal((verdict, bad), ("OK", {"T04": "WARN"}))
    contains(table.text("pair.example", "T04", "mx2.other.example"),
             "expired")
    backup(bench)


@case("the backup accepts unknown users: B01 and R02, DIRTY")
def _(bench):
    backup(bench, "relay_recipient_maps =\n")
    verdict, bad, _ = judged(bench)
    equal((verdict, bad), ("DIRTY", {"B01": "CRIT", "R02": "WARN"}))
    backup(bench)


@case("both MX have the same address: F01, ILLUSION")
def _(bench):
    verdict, bad, table = judged(bench, "twin.example")
    equal((verdict, bad.get("F01")), ("ILLUSION", "WARN"))
    contains(table.domains["twin.example"][1], MX1[0])


def publish(bench, *patterns):
    host = "mta-sts.policy.example"
    bench.web.sites[host] = (bench.pki.server(host),
                             response(policy(*patterns)))


@case("the backup is missing from the MTA-STS policy: P04 critical, "
      "senders that enforce it have no failover")
def _(bench):
    publish(bench, "mx1.pair.example")
    verdict, bad, table = judged(bench, "policy.example")
    equal((verdict, bad), ("PARTIAL", {"P04": "CRIT"}))
    contains(table.text("policy.example", "P04", "mx2.other.example"),
             "matches no mx: of the enforced")
    contains(table.domains["policy.example"][1],
             "Postfix with MTA-STS -> DEFER")


@case("the policy lists it: OK, for senders with MTA-STS as well")
def _(bench):
    publish(bench, "mx1.pair.example", "*.other.example")
    verdict, bad, _ = judged(bench, "policy.example")
    equal((verdict, bad), ("OK", {}))


@case("the policy lists it, but its certificate has expired: P05 critical")
def _(bench):
    backup(bench, chain=bench.pki.chain("mx2.other.example",
                                        hours=(-2000, -24)))
    verdict, bad, table = judged(bench, "policy.example")
    equal((verdict, bad), ("PARTIAL", {"T04": "CRIT", "P05": "CRIT"}))
    contains(table.text("policy.example", "P05", "mx2.other.example"),
             "expired")
    backup(bench)


@case("from an address in mynetworks it looks like an open relay: from there "
      "nothing can be concluded")
def _(bench):
    trusted = {"source": TRUSTED, "helo": "trusted.example"}
    verdict, bad, _ = judged(bench, **trusted)
    equal((verdict, bad.get("R01")), ("DIRTY", "CRIT"))
    table = Table(mxcheck(bench, "--trusted", "yes", "pair.example",
                          **trusted))
    equal(table.domains["pair.example"][0], "OK")
    equal(table.severity("pair.example", "R01", "mx2.other.example"), "INFO")
    contains(table.text("pair.example", "R01", "mx2.other.example"),
             "not conclusive")


@case("as it was: OK again, and no message was ever queued")
def _(bench):
    verdict, bad, _ = judged(bench)
    equal((verdict, bad), ("OK", {}))
    for mx in (bench.mx1, bench.mx2):
        log = mx.maillog.read_text()
        contains(log, f"[{OUTSIDE}] ehlo=2 starttls=1 mail=3 rcpt=1/3 "
                 "rset=3 quit=1")
        equal(re.findall("message-id=.*|lost connection after.*"
                         "|improper command pipelining.*|auth=.*", log), [])
        equal([name for queue in ("maildrop", "incoming", "active",
                                  "deferred", "hold")
               for _, _, files in os.walk(mx.home / "spool" / queue)
               for name in files], [])


# --- another make

def exim(bench, more="", hours=(-2000, 2000)):
    """It serves from now on; what is behind counts."""
    chain = bench.pki.chain("mx3.exim.example", hours=hours)
    chain.chmod(0o644)
    conf = EXIM.format(chain=chain, more=more)
    if not hasattr(bench, "exim"):
        bench.exim = mta.Exim(bench, conf)
    bench.exim.configure(conf)
    bench.mx3 = bench.exim.serve(*MX3)


@case("Exim as the backup: OK, nothing to complain of")
def _(bench):
    exim(bench)
    verdict, bad, table = judged(bench, "mixed.example")
    equal((verdict, bad), ("OK", {}))
    contains(table.domains["mixed.example"][1], "mx3.exim.example")
    bench.mx3.stop()


@case("the primary stops: mail flows to Exim")
def _(bench):
    exim(bench)
    bench.mx1.stop()
    verdict, bad, table = judged(bench, "mixed.example")
    equal((verdict, bad.get("C01")), ("DEGRADED", "CRIT"))
    contains(table.domains["mixed.example"][1], "-> mx3.exim.example")
    bench.mx1.start()
    bench.mx3.stop()


@case("Exim accepts unknown users: B01; relays for anybody: R01")
def _(bench):
    exim(bench, "accept domains = mixed.example")
    verdict, bad, _ = judged(bench, "mixed.example")
    equal((verdict, bad), ("DIRTY", {"B01": "CRIT", "R02": "WARN"}))
    bench.mx3.stop()
    exim(bench, "accept domains = ! mixed.example")
    verdict, bad, _ = judged(bench, "mixed.example")
    equal((verdict, bad), ("DIRTY", {"R01": "CRIT"}))
    bench.mx3.stop()


@case("Exim's certificate has expired: T04 warns, mail still flows")
def _(bench):
    exim(bench, hours=(-2000, -24))
    verdict, bad, _ = judged(bench, "mixed.example")
    equal((verdict, bad), ("OK", {"T04": "WARN"}))
    bench.mx3.stop()


@case("Exim has seen no protocol error, and nothing is in its queue")
def _(bench):
    if not hasattr(bench, "exim"):
        raise rvtest.Skip("Exim could not be fetched by apt-get")
    log = bench.exim.log.read_text() if bench.exim.log.exists() else ""
    equal(re.findall("synchronization error.*|unexpected disconnection.*"
                     "|DATA.*", log), [])
    equal(list((bench.exim.home / "spool").glob("input/**/*-D")), [])


@case("the backup verifies recipients at a primary that is down: B02, DEFER")
def _(bench):
    bench.mx1.stop()
    bench.mx2.stop()  # where mail goes is not asked for each client
    backup(bench, f"relay_transport = smtp:[{MX1[0]}]\n"
           "smtpd_recipient_restrictions = reject_unverified_recipient\n"
           "address_verify_poll_delay = 1s\n")
    bench.mx2.start()
    verdict, bad, table = judged(bench)
    equal((verdict, bad.get("B02")), ("DEFER", "CRIT"))
    contains([text for (_, check, _), (_, text) in table.findings.items()
              if check == "B02"][0], "unverified address")


if __name__ == "__main__":
    mta.enter_namespace_with_exim()
    rvtest.run(setup)
