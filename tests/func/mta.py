"""An unmodified Postfix in a network and mount namespace of its own, whose
resolver is whatever answers at RESOLVER: rvtest.enter_namespace() comes first.
"""

import os
import pathlib
import re
import shutil
import signal
import smtplib
import subprocess
import sys

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
tlsmgr unix - - n 1000? 1 tlsmgr
smtp unix - - n - - smtp
verify unix - - n - 1 verify
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


def last_counts(main_cf):
    """Without what is set again below: each process warns of that, postlogd
    to itself, until it waits for itself."""
    settings = {}
    for entry in re.split(r"\n(?=\S)", main_cf.rstrip("\n")):
        settings[entry.split("=")[0].strip()] = entry
    return "".join(entry + "\n" for entry in settings.values())


class Postfix:
    """An instance of its own. main_cf: what stands behind MAIN_CF. client: an
    address to try it from."""

    def __init__(self, bench, main_cf, client, name="postfix", server=SMTP,
                 master_cf=MASTER_CF):
        self.bench, self.name = bench, name
        self.client, self.server = client, server
        self.home = bench.dir / name
        self.maillog = self.home / "mail.log"
        (self.home / "conf").mkdir(parents=True)
        (self.home / "spool").mkdir()
        (self.home / "data").mkdir()
        shutil.chown(self.home / "data", "postfix")
        bench.file(f"{name}/conf/master.cf", master_cf)
        self.configure(main_cf)
        self.start()

    def configure(self, main_cf):
        """smtpd ends with each client (max_use=1): the next one reads it."""
        self.bench.file(f"{self.name}/conf/main.cf", last_counts(
            MAIN_CF.format(home=self.home) + main_cf))

    def start(self):
        # makes the folders of the queue, checks, and ends as the master
        self.process = self.bench.start(
            [rvtest.program("postfix"), "-c", self.home / "conf",
             "start-fg"], self.name)
        rvtest.wait_until(self.answers, 30, f"{self.name} to answer")

    def stop(self):
        """What was started is a shell; the master is its child."""
        os.kill(int((self.home / "spool/pid/master.pid").read_text()),
                signal.SIGTERM)
        self.process.wait(30)

    def answers(self):
        if not self.process.alive():
            raise AssertionError(f"{self.name} ended: {self.process.log()}")
        try:
            with smtplib.SMTP(*self.server, timeout=15,
                              source_address=(self.client, 0)):
                return True
        except OSError:
            return False


# --- Exim: as a package it conflicts with Postfix, so it is only unpacked

DEBS = ("exim4-daemon-light", "exim4-base", "exim4-config",
        "libgnutls-dane0", "libidn12")


def fetch_exim(bench):
    """Its folder, or None without the network."""
    home = bench.dir / "exim"
    home.mkdir()
    done = subprocess.run(["apt-get", "download", *DEBS], cwd=home,
                          capture_output=True, text=True)
    debs = list(home.glob("*.deb"))
    if done.returncode or len(debs) != len(DEBS):
        return None
    for deb in debs:
        subprocess.run(["dpkg", "-x", deb, home / "root"], check=True)
    return home


def enter_namespace_with_exim():
    """As rvtest.enter_namespace(); Exim is fetched before, where the network
    is, and goes with this process."""
    if "RVTEST_NAMESPACE" not in os.environ and os.geteuid() == 0:
        with rvtest.Bench() as outside:
            home = fetch_exim(outside)
            env = {**os.environ, "RVTEST_NAMESPACE": "1"}
            if home:
                env["RVTEST_EXIM"] = str(home)
            sys.exit(subprocess.run(
                ["unshare", "--net", "--mount", "--pid", "--fork",
                 "--kill-child", "--mount-proc", sys.executable, *sys.argv],
                env=env).returncode)
    rvtest.enter_namespace()


class Exim:
    """conf: the text of its configuration; {home} is its folder. After
    own_etc()."""

    def __init__(self, bench, conf):
        if "RVTEST_EXIM" not in os.environ:
            raise rvtest.Skip("Exim could not be fetched by apt-get")
        self.bench = bench
        self.home = pathlib.Path(os.environ["RVTEST_EXIM"])
        self.program = self.home / "root/usr/sbin/exim4"
        self.log = self.home / "log-main"
        self.configure(conf)
        for name, line in (("passwd",
                            "Debian-exim:x:994:994::/:/bin/false\n"),
                           ("group", "Debian-exim:x:994:\n")):
            with open(f"/etc/{name}", "a") as f:
                f.write(line)
        (self.home / "spool").mkdir()
        for path in (self.home, self.home / "spool"):
            os.chown(path, 994, 994)
        # it is setuid: only the loader's own list of libraries counts
        with open("/etc/ld.so.conf.d/exim.conf", "w") as f:
            f.writelines(f"{path}\n"
                         for path in self.home.glob("root/usr/lib/*-*"))
        subprocess.run([rvtest.program("ldconfig"), "-X"], check=True)

    def configure(self, conf):
        self.conf = self.bench.file("exim.conf", conf.format(home=self.home))

    def serve(self, addr, port):
        """Each client has a process of its own, which reads the file again."""
        process = self.bench.start([self.program, "-C", self.conf, "-bdf",
                                    "-oX", f"<; [{addr}]:{port}"], "exim")

        def answers():
            if not process.alive():
                raise AssertionError(f"Exim ended: {process.log()}")
            try:
                with smtplib.SMTP(addr, port, timeout=15):
                    return True
            except OSError:
                return False

        rvtest.wait_until(answers, 30, "Exim to answer")
        return process


def start(bench, main_cf, client):
    """Returns the path of the mail log."""
    return Postfix(bench, main_cf, client).maillog


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
