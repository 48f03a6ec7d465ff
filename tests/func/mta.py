"""An unmodified Postfix in a network and mount namespace of its own, whose
resolver is whatever answers at RESOLVER: rvtest.enter_namespace() comes first.
"""

import shutil
import smtplib
import subprocess

import rvtest

RESOLVER = ("127.0.0.1", 53)
SMTP = ("198.18.1.25", 25)

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.org
mydestination = example.org
mynetworks = 198.18.1.99/32
inet_interfaces = all
inet_protocols = all
local_recipient_maps =
local_transport = discard:
default_transport = discard:
alias_maps =
alias_database =
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
in_flow_delay = 0
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
"""

# smtpd keeps list answers per process: one client each (max_use=1).
MASTER_CF = """\
smtp inet n - n - - smtpd -o max_use=1
2525 inet n - n - 1 postscreen
smtpd pass - - n - - smtpd -o max_use=1
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
discard unix - - n - - discard
retry unix - - n - - error
error unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def own_etc(bench):
    """/etc as it is, but resolv.conf and the rest of name lookup are ours."""
    etc = bench.dir / "etc"
    etc.mkdir()
    bench.mount(etc, "-t", "tmpfs", "tmpfs")
    subprocess.run(["cp", "-a", "/etc/.", etc], check=True)
    for name, text in {
            "resolv.conf": f"nameserver {RESOLVER[0]}\n",
            "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n"
                             "services: files\nprotocols: files\n",
            "hosts": "127.0.0.1 localhost\n::1 localhost\n"}.items():
        (etc / name).unlink(missing_ok=True)
        (etc / name).write_text(text)
    bench.mount("/etc", "--bind", etc)


def add_addresses(addresses):
    for addr in addresses:
        prefix = f"{addr}/128" if ":" in addr else f"{addr}/32"
        command = ["ip", "addr", "add", prefix, "dev", "lo"]
        subprocess.run(command + ["nodad"] * (":" in addr), check=True)


def start(bench, main_cf, client):
    """main_cf: what stands behind MAIN_CF. client: an address to try it from.
    Returns the path of the mail log."""
    home = bench.dir / "postfix"
    (home / "conf").mkdir(parents=True)
    (home / "spool").mkdir()
    (home / "data").mkdir()
    shutil.chown(home / "data", "postfix")
    bench.file("postfix/conf/main.cf", MAIN_CF.format(home=home) + main_cf)
    bench.file("postfix/conf/master.cf", MASTER_CF)
    # makes the folders of the queue, checks, and ends as the master process
    postfix = bench.start(
        [rvtest.program("postfix"), "-c", home / "conf", "start-fg"])
    rvtest.wait_until(lambda: _can_connect(postfix, client), 20,
                      "Postfix to answer")
    return home / "mail.log"


def _can_connect(postfix, client):
    if not postfix.alive():
        raise AssertionError(f"postfix ended: {postfix.log()}")
    try:
        with smtplib.SMTP(*SMTP, source_address=(client, 0)):
            return True
    except OSError:
        return False


def mail_from(client, sender="a@good.example", server=SMTP):
    """Sends a mail; returns the reply that rejected it, else 250."""
    try:
        with smtplib.SMTP(*server, local_hostname="client.example",
                          timeout=15, source_address=(client, 0)) as smtp:
            smtp.sendmail(sender, ["user@example.org"], "Subject: x\n\nx\n")
            return 250, ""
    except smtplib.SMTPRecipientsRefused as e:
        code, text = next(iter(e.recipients.values()))
        return code, text.decode()
    except smtplib.SMTPResponseException as e:
        return e.smtp_code, e.smtp_error.decode()
