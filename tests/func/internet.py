"""An internet of our own in a network namespace: the root's servers at the
addresses that every resolver knows, and zones below it, on NSD.

    rvtest.enter_namespace()  # before rvtest.run()

    net = Internet(bench, {"": ROOT_ZONE, "zz": ...}, signed={"", "zz"})
    net.add("198.18.0.1", ...)  # an address of the loopback interface

A zone's text needs no SOA, NS or glue: each is served by ns.APEX, from an
address of its own. Those that are signed have a DS in the zone above them;
net.anchor() is a file with the root's key. signed may be {apex: how}: () for
well, ("-e", "20200101") or other options of ldns-signzone, UNSIGNED for one that
has a DS only, OTHER_KEY for one whose DS is of another key, STRIPPED for one
whose data has lost its signatures, UNPROVEN for one that has lost its NSECs.
"""

import re
import subprocess

import rvtest

ROOT_SERVERS = [  # a.root-servers.net to m, as of 2023, and b's old address
    "198.41.0.4", "170.247.170.2", "199.9.14.201", "192.33.4.12",
    "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4",
    "198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129",
    "199.7.83.42", "202.12.27.33"]


UNSIGNED, OTHER_KEY, STRIPPED = "unsigned", "other key", "stripped"
UNPROVEN = "unproven"


def add_address(*addresses):
    for addr in addresses:
        bits = 128 if ":" in addr else 32
        subprocess.run([rvtest.program("ip"), "addr", "add", f"{addr}/{bits}",
                        "dev", "lo"] + (["nodad"] if bits == 128 else []),
                       check=True)


def parent(apex, apexes):
    """The longest of them above apex; the root's is ""."""
    while apex:
        apex = apex.partition(".")[2]
        if apex in apexes:
            return apex
    return None


class Zone:
    def __init__(self, apex, text, server, signed):
        self.apex, self.text, self.server = apex, text, server
        self.signed = signed  # how; None: not at all
        self.ds, self.keys = "", []

    @property
    def origin(self):
        return self.apex + "."

    def ns(self):
        return f"ns.{self.origin}" if self.apex else "a.root-servers.net."

    def head(self):
        return (f"$ORIGIN {self.origin}\n$TTL 600\n"
                f"@ SOA {self.ns()} host.{self.ns()} 1 600 300 86400 60\n"
                f"@ NS {self.ns()}\n{self.ns()} A {self.server}\n")

    def delegation(self):
        return (f"{self.origin} NS {self.ns()}\n"
                f"{self.ns()} A {self.server}\n{self.ds}")


class Internet:
    def __init__(self, bench, zones, signed=(), first="198.18.0."):
        """zones: {apex: text}; each apex gets the next address of `first`."""
        self.bench = bench
        self.dir = bench.dir / "internet"
        self.dir.mkdir()
        self.zones = {}
        for n, (apex, text) in enumerate(zones.items(), 1):
            server = ROOT_SERVERS[0] if apex == "" else f"{first}{n}"
            how = dict.fromkeys(signed, ()) if not isinstance(signed, dict) \
                else signed
            self.zones[apex] = Zone(apex, text, server, how.get(apex))
        add_address(*ROOT_SERVERS)
        add_address(*(z.server for z in self.zones.values() if z.apex))
        for apex in sorted(self.zones, key=len, reverse=True):
            self._make(self.zones[apex])
        for zone in self.zones.values():
            self._serve(zone)

    def server(self, apex):
        return self.zones[apex].server, 53

    def anchor(self):
        """The root's DNSKEY."""
        return f"{self.zones[''].keys[0]}.key"

    def ldns(self, tool, *args):
        return subprocess.run([rvtest.program(tool), *map(str, args)],
                              cwd=self.dir, check=True, text=True,
                              capture_output=True).stdout

    def new_key(self, zone):
        """A KSK's file, without .key or .private."""
        name = self.ldns("ldns-keygen", "-k", "-a", "ECDSAP256SHA256",
                         zone.origin).strip()
        zone.keys.append(self.dir / name)
        return zone.keys[-1]

    def _make(self, zone):
        below = [z for z in self.zones.values()
                 if z.apex and parent(z.apex, self.zones) == zone.apex]
        text = zone.head() + zone.text + "".join(
            z.delegation() for z in below)
        zone.plain = self.dir / f"{zone.apex or 'root'}.zone"
        zone.plain.write_text(text)
        if zone.signed is None:
            return
        key = self.new_key(zone)
        zone.ds = self.ldns("ldns-key2ds", "-n", "-2", f"{key}.key")
        if zone.signed == OTHER_KEY:
            self.new_key(zone)
        if zone.signed != UNSIGNED:
            self.sign(zone, *(zone.signed if isinstance(zone.signed, tuple)
                              else ()), keys=zone.keys[-1:])

    def sign(self, zone, *options, keys):
        self.ldns("ldns-signzone", *options, "-f", f"{zone.plain}.signed",
                  zone.plain, *keys)

    def revoke(self, zone, old, new, *options):
        """Serves both keys, the old one with the REVOKE bit (RFC 5011 7)."""
        self.ldns("ldns-revoke", f"{old}.key")
        self.sign(zone, *options, keys=[old, new])

    def zone_text(self, zone):
        signed = zone.plain.with_name(zone.plain.name + ".signed")
        text = (signed if signed.exists() else zone.plain).read_text()
        if zone.signed == STRIPPED:
            text = re.sub(r".*\tRRSIG\t(A|TXT|CNAME) .*\n", "", text)
        if zone.signed == UNPROVEN:
            text = re.sub(r".*\t(RRSIG\t)?NSEC[ \t].*\n", "", text)
        return text

    def _serve(self, zone):
        addresses = ROOT_SERVERS if not zone.apex else [zone.server]
        zone.n = getattr(zone, "n", 0) + 1
        zone.process, _ = rvtest.nsd(
            self.bench, {zone.origin: self.zone_text(zone)},
            server=(zone.server, 53), more=[(a, 53) for a in addresses[1:]],
            name=f"nsd-{zone.apex or 'root'}-{zone.n}")

    def serve_again(self, apex):
        """After its file has changed."""
        zone = self.zones[apex]
        zone.process.stop()
        self._serve(zone)
