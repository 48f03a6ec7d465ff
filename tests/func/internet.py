"""An internet of our own in a network namespace: the root's servers at the
addresses that every resolver knows, and zones below it, on NSD.

    rvtest.enter_namespace()  # before rvtest.run()

    net = Internet(bench, {"": ROOT_ZONE, "zz": ...}, signed={"", "zz"})
    net.add("198.18.0.1", ...)  # an address of the loopback interface

A zone's text needs no SOA, NS or glue: each is served by ns.APEX, from an
address of its own. Those that are signed have a DS in the zone above them if
that is signed, too; net.anchor() is a file with the root's key.
"""

import subprocess

import rvtest

ROOT_SERVERS = [  # a.root-servers.net to m, as of 2023, and b's old address
    "198.41.0.4", "170.247.170.2", "199.9.14.201", "192.33.4.12",
    "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4",
    "198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129",
    "199.7.83.42", "202.12.27.33"]


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
        self.signed = signed
        self.ds = ""

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
            self.zones[apex] = Zone(apex, text, server, apex in signed)
        add_address(*ROOT_SERVERS)
        add_address(*(z.server for z in self.zones.values() if z.apex))
        for apex in sorted(self.zones, key=len, reverse=True):
            self._make(self.zones[apex])
        for zone in self.zones.values():
            self._serve(zone)

    def server(self, apex):
        return self.zones[apex].server, 53

    def key_file(self, apex):
        return next(self.dir.glob(f"K{self.zones[apex].origin}+*.key"))

    def anchor(self):
        """The root's DNSKEY."""
        return self.key_file("")

    def _make(self, zone):
        below = [z for z in self.zones.values()
                 if z.apex and parent(z.apex, self.zones) == zone.apex]
        text = zone.head() + zone.text + "".join(
            z.delegation() for z in below)
        path = self.dir / f"{zone.apex or 'root'}.zone"
        path.write_text(text)
        if zone.signed:
            self.sign(zone, path)

    def sign(self, zone, path, *options):
        """path.signed; the first call makes the key and its DS."""
        def ldns(tool, *args):
            return subprocess.run([rvtest.program(tool), *map(str, args)],
                                  cwd=self.dir, check=True, text=True,
                                  capture_output=True).stdout

        if not zone.ds:
            name = ldns("ldns-keygen", "-k", "-a", "ECDSAP256SHA256",
                        zone.origin).strip()
            zone.key = self.dir / name
            zone.ds = ldns("ldns-key2ds", "-n", "-2", f"{zone.key}.key")
        ldns("ldns-signzone", *options, "-f", f"{path}.signed", path, zone.key)

    def zone_file(self, apex):
        zone = self.zones[apex]
        plain = self.dir / f"{apex or 'root'}.zone"
        return plain.with_name(plain.name + ".signed") if zone.signed \
            else plain

    def _serve(self, zone):
        addresses = ROOT_SERVERS if not zone.apex else [zone.server]
        rvtest.nsd(self.bench, {zone.origin: self.zone_file(zone.apex)
                                .read_text()},
                   server=(zone.server, 53), name=f"nsd-{zone.apex or 'root'}",
                   more=[(a, 53) for a in addresses if a != zone.server])
