"""Certificates for mail servers, good and bad, out of an authority of our own.

    pki = Pki(bench.dir)
    context = pki.server("mx1.a.test", days=(-30, 60))     # of an ssl server
    mxcheck --ca-file pki.ca_file
"""

import datetime
import hashlib
import itertools
import ssl
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec as elliptic
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")  # RFC 4985
HOUR = datetime.timedelta(hours=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


class Pki:
    def __init__(self, folder):
        self.dir = folder
        self.numbers = itertools.count()
        self.now = datetime.datetime.utcnow().replace(microsecond=0)
        self.key = rsa.generate_private_key(65537, 2048)
        self.ca_key = rsa.generate_private_key(65537, 2048)
        self.ca = self.sign("Test Root", self.ca_key, "Test Root",
                            self.ca_key, hours=(-24000, 24000), ca=True)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(_pem(self.ca))

    def sign(self, subject, key, issuer, issuer_key, hours, ca=False,
             names=(), digest=None, srv=()):
        start, end = hours
        builder = (x509.CertificateBuilder()
                   .subject_name(_name(subject)).issuer_name(_name(issuer))
                   .public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(self.now + start * HOUR)
                   .not_valid_after(self.now + end * HOUR)
                   .add_extension(x509.BasicConstraints(ca, None), True))
        if names or srv:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(n) for n in names] +
                [x509.OtherName(SRV_NAME, bytes([22, len(n)]) + n.encode())
                 for n in srv]), False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SHA-1 is what a test asks for
            return builder.sign(issuer_key, digest or hashes.SHA256())

    def chain(self, name, hours=(-24 * 30, 24 * 60), names=None, bits=2048,
              digest=None, self_signed=False, intermediate=None,
              show_intermediate=True, srv=(), ec=False):
        """A file of key and chain. intermediate: its hours."""
        key = self.key if bits == 2048 else rsa.generate_private_key(
            65537, bits)
        if ec:
            key = elliptic.generate_private_key(elliptic.SECP256R1())
        issuer, issuer_key, more = "Test Root", self.ca_key, []
        if self_signed:
            issuer, issuer_key = name, key
        elif intermediate:
            issuer, issuer_key = "Test Intermediate", self.key
            more = [self.sign(issuer, self.key, "Test Root", self.ca_key,
                              intermediate, ca=True)]
        leaf = self.sign(name, key, issuer, issuer_key, hours, names=[
            name] if names is None else names, digest=digest, srv=srv)
        path = self.dir / f"chain{next(self.numbers)}.pem"
        path.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()) + b"".join(
                _pem(c) for c in [leaf] + (more if show_intermediate
                                           else [])))
        return path

    def both(self, name, rsa=None, ec=None):
        """A server with two certificates; each as for chain()."""
        context = self.server(name, **(rsa or {}))
        context.load_cert_chain(self.chain(name, ec=True, **(ec or {})))
        return context

    def server(self, name, old=False, **what):
        return self.context(self.chain(name, **what), old)

    def tlsa(self, path, usage, selector, matching, depth=0):
        """The TLSA record of a certificate in a file of chain()."""
        pem = path.read_bytes().split(b"-----BEGIN CERTIFICATE-----")[1:]
        cert = x509.load_pem_x509_certificate(
            b"-----BEGIN CERTIFICATE-----" + pem[depth])
        data = cert.public_bytes(serialization.Encoding.DER)
        if selector == 1:
            data = cert.public_key().public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo)
        if matching:
            data = hashlib.new(("sha256", "sha512")[matching - 1],
                               data).digest()
        return f"{usage} {selector} {matching} {data.hex()}"

    def context(self, chain, old=False):
        """Takes weak keys; old: TLS 1.0 and nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        if old:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1
        context.load_cert_chain(chain)
        return context
