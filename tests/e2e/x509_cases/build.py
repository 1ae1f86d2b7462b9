"""Certificates and CRLs whose every field a test can replace: a TBS written by hand, signed with a library's key.

An argument that changes a certificate: subject, issuer (Names); serial; start, end (an instant, or the DER of a Time); version
(the INTEGER's value, or None for the default); key (a Key); spki (DER); signed_by (a Key); algorithm (outside), inner (in the TBS):
AlgorithmIdentifiers; signature (bytes to bytes); edit_tbs (before it is signed), edit (the whole, after); more (extensions behind
the others). Every other argument is an extension in its slot (ski, aki, bc, ku, san, eku, nc, ...), and None takes it away.
"""
from __future__ import annotations

import functools
import hashlib
import ipaddress
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from .der import NULL, bits, boolean, contents, explicit, ia5, implicit, integer, named_bits, octets, oid, printable, seq, set_of, time, tlv, utf8

# Algorithms: RFC 3279, 4055, 5480, 5758, 8410.
ECDSA_SHA1, ECDSA_SHA256, ECDSA_SHA384 = (seq(oid(f"1.2.840.10045.4.{arc}")) for arc in ("1", "3.2", "3.3"))
RSA_SHA1, RSA_SHA256 = (seq(oid(f"1.2.840.113549.1.1.{arc}"), NULL) for arc in (5, 11))
ED25519 = seq(oid("1.3.101.112"))
HASHES = {ECDSA_SHA1: hashes.SHA1, ECDSA_SHA256: hashes.SHA256, ECDSA_SHA384: hashes.SHA384, RSA_SHA1: hashes.SHA1, RSA_SHA256: hashes.SHA256}


class Key(NamedTuple):
    private: Any
    algorithm: bytes  # that it signs with

    @property
    def spki(self) -> bytes:
        return self.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def identifier(self) -> bytes:
        """RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bits; the certificates' hashes and algorithms say nothing about it."""
        kind = serialization.PublicFormat
        public = self.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            raw = public.public_bytes(serialization.Encoding.X962, kind.UncompressedPoint)
        elif isinstance(public, rsa.RSAPublicKey):
            raw = public.public_bytes(serialization.Encoding.DER, kind.PKCS1)
        else:
            raw = public.public_bytes(serialization.Encoding.Raw, kind.Raw)
        return hashlib.sha1(raw).digest()

    def sign(self, data: bytes, algorithm: bytes) -> bytes:
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        digest = HASHES.get(algorithm, HASHES[self.algorithm])()
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), digest)
        return self.private.sign(data, ec.ECDSA(digest))


@functools.lru_cache(maxsize=None)
def key(label: str, kind: str = "p256") -> Key:
    """The key of that label: the same one wherever it is asked for in this run."""
    if kind == "p256":
        return Key(ec.generate_private_key(ec.SECP256R1()), ECDSA_SHA256)
    if kind == "p384":
        return Key(ec.generate_private_key(ec.SECP384R1()), ECDSA_SHA384)
    if kind == "ed25519":
        return Key(ed25519.Ed25519PrivateKey.generate(), ED25519)
    return Key(rsa.generate_private_key(public_exponent=65537, key_size=int(kind)), RSA_SHA256)


# Names
ATTRIBUTES = {"C": "2.5.4.6", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3", "email": "1.2.840.113549.1.9.1"}


def name(**attributes: str | bytes) -> bytes:
    """A Name of one attribute an RDN, in that order; bytes are the DER of the value."""
    def value(kind: str, given: str | bytes) -> bytes:
        return given if isinstance(given, bytes) else {"C": printable, "email": ia5}.get(kind, utf8)(given)
    return seq(*(set_of(seq(oid(ATTRIBUTES[kind]), value(kind, given))) for kind, given in attributes.items()))


def other(kind: str, value: bytes) -> bytes:
    return explicit(0, oid(kind), explicit(0, value))


def mail(text: str) -> bytes:
    return implicit(1, text.encode())


def dns(text: str) -> bytes:
    return implicit(2, text.encode())


def directory(given: bytes) -> bytes:
    return explicit(4, given)


def uri(text: str) -> bytes:
    return implicit(6, text.encode())


def ip(text: str) -> bytes:
    """An address, or with a slash a network as name constraints have it."""
    if "/" in text:
        network = ipaddress.ip_network(text)
        return implicit(7, network.network_address.packed + network.netmask.packed)
    return implicit(7, ipaddress.ip_address(text).packed)


# Extensions
def extension(kind: str, value: bytes, critical: bool | bytes = False) -> bytes:
    """Bytes in place of critical are the DER that stands there."""
    if not isinstance(critical, bytes):
        critical = boolean(True) if critical else b""
    return seq(oid(kind), critical, octets(value))


UNKNOWN = "1.3.6.1.4.1.32473.1.1"  # below the enterprise number for examples (RFC 5612)


def unknown(critical: bool | bytes) -> bytes:
    return extension(UNKNOWN, NULL, critical)


def ski(value: bytes, critical: bool = False) -> bytes:
    return extension("2.5.29.14", octets(value), critical)


def aki(value: bytes, critical: bool = False) -> bytes:
    return extension("2.5.29.35", seq(implicit(0, value)), critical)


def bc(ca: bool = True, pathlen: int | None = None, critical: bool = True) -> bytes:
    return extension("2.5.29.19", seq(boolean(True) if ca else b"", b"" if pathlen is None else integer(pathlen)), critical)


SIGNATURE, ENCIPHERMENT, CERT_SIGN, CRL_SIGN = 0, 2, 5, 6


def ku(*numbers: int, critical: bool = True) -> bytes:
    return extension("2.5.29.15", named_bits(*numbers), critical)


def san(*names: bytes, critical: bool = False) -> bytes:
    return extension("2.5.29.17", seq(*names), critical)


SERVER, CLIENT, CODE = (f"1.3.6.1.5.5.7.3.{arc}" for arc in (1, 2, 3))


def eku(*purposes: str, critical: bool = False) -> bytes:
    return extension("2.5.29.37", seq(*map(oid, purposes)), critical)


def nc(permitted: list | tuple = (), excluded: list | tuple = (), critical: bool = True, more: bytes = b"") -> bytes:
    """More stands in each subtree behind its base: a minimum, a maximum."""
    parts = [explicit(number, *(seq(base, more) for base in bases)) for number, bases in enumerate((permitted, excluded)) if bases]
    return extension("2.5.29.30", seq(*parts), critical)


def policies(*kinds: str) -> bytes:
    return extension("2.5.29.32", seq(*(seq(oid(kind)) for kind in kinds)))


def policy_constraints(explicit_policy: int | None, critical: bool = True) -> bytes:
    return extension("2.5.29.36", seq(b"" if explicit_policy is None else implicit(0, contents(integer(explicit_policy)))), critical)


def access(kind: str, critical: bool = False) -> bytes:
    """authorityInfoAccess (1) or subjectInfoAccess (11), with a caIssuers or caRepository location."""
    method = {"1": "1.3.6.1.5.5.7.48.2", "11": "1.3.6.1.5.5.7.48.5"}[kind]
    return extension(f"1.3.6.1.5.5.7.1.{kind}", seq(seq(oid(method), uri("http://pki.example.com/ca"))), critical)


def crl_points(*names: bytes) -> bytes:
    return extension("2.5.29.31", seq(seq(explicit(0, explicit(0, *names)))))


# Certificates
class Made(NamedTuple):
    der: bytes
    subject: bytes
    key: Key
    identifier: bytes  # what its subjectKeyIdentifier says
    serial: int


_serials: dict[tuple, int] = {}


def serial_of(*parts: bytes) -> int:
    """Positive, 16 octets, the same in every run for the same names."""
    _serials[parts] = _serials.get(parts, 0) + 1
    return int.from_bytes(hashlib.sha256(b"".join(parts) + _serials[parts].to_bytes(4, "big")).digest()[:16], "big") >> 1 | 1 << 126


def as_time(given: str | bytes) -> bytes:
    return given if isinstance(given, bytes) else time(given)


def certificate(parent: Made | None, subject: bytes, own: Key, slots: dict[str, bytes | None], /, **change: Any) -> Made:
    """One certificate with the extensions of the slots; without a parent it is self-signed."""
    take = change.pop
    own = take("key", own)
    subject = take("subject", subject)
    issuer = take("issuer", parent.subject if parent else subject)
    signer = take("signed_by", parent.key if parent else own)
    identifier = take("identifier", own.identifier)
    serial = take("serial") if "serial" in change else serial_of(issuer, subject)
    outer = take("algorithm", signer.algorithm)
    inner = take("inner", outer)
    version = take("version", 2)
    start, end = take("start", "2025-01-01T00:00:00Z"), take("end", "2035-01-01T00:00:00Z")
    spki, signature = take("spki", own.spki), take("signature", lambda made: made)
    edit_tbs, edit, more = take("edit_tbs", lambda tbs: tbs), take("edit", lambda der: der), take("more", [])
    slots = {"ski": ski(identifier), "aki": aki(parent.identifier) if parent else None, **slots, **change}
    extensions = [one for one in slots.values() if one is not None] + list(more)
    tbs = edit_tbs(seq(
        b"" if version is None else explicit(0, integer(version)),
        integer(serial) if isinstance(serial, int) else serial, inner, issuer, seq(as_time(start), as_time(end)), subject, spki,
        explicit(3, seq(*extensions)) if extensions else b""))
    der = edit(seq(tbs, outer, bits(signature(signer.sign(tbs, outer)))))
    return Made(der, subject, own, identifier, serial)


def root(label: str = "Root", /, **change: Any) -> Made:
    return certificate(None, name(O="Acme", CN=label), key(label), {"bc": bc(), "ku": ku(CERT_SIGN, CRL_SIGN)}, **change)


def ca(parent: Made, label: str = "CA", /, **change: Any) -> Made:
    return certificate(parent, name(O="Acme", CN=label), key(label), {"bc": bc(), "ku": ku(CERT_SIGN, CRL_SIGN)}, **change)


def leaf(parent: Made, /, **change: Any) -> Made:
    return certificate(parent, name(O="Acme", CN="device"), key("device"), {"ku": ku(SIGNATURE), "san": san(dns("device.example.com"))}, **change)


# CRLs
def entry(serial: int, at: str = "2026-01-02T00:00:00Z", *extensions: bytes) -> bytes:
    return seq(integer(serial), time(at), seq(*extensions) if extensions else b"")


def reason(code: int) -> bytes:
    return extension("2.5.29.21", tlv(0x0A, bytes([code])))


def crl_number(critical: bool = False) -> bytes:
    return extension("2.5.29.20", integer(7), critical)


def issuing_point(*parts: bytes) -> bytes:
    """issuingDistributionPoint; the parts: [0] distributionPoint, [1] user, [2] CA, [5] attribute certificates only."""
    return extension("2.5.29.28", seq(*parts), True)


def crl(issuer: Made, /, *entries: bytes, **change: Any) -> bytes:
    """A full CRL. What changes it: name, signed_by, version, start (thisUpdate), end (nextUpdate, or None), algorithm, inner,
    signature, edit, more as for a certificate; entries (revokedCertificates, whole); the slots are aki and number."""
    take = change.pop
    signer = take("signed_by", issuer.key)
    outer = take("algorithm", signer.algorithm)
    inner, version, subject = take("inner", outer), take("version", 1), take("name", issuer.subject)
    start, end = take("start", "2026-05-25T00:00:00Z"), take("end", "2026-06-25T00:00:00Z")
    signature, edit, more = take("signature", lambda made: made), take("edit", lambda der: der), take("more", [])
    listed = take("entries", seq(*entries) if entries else b"")
    slots = {"aki": aki(issuer.identifier), "number": crl_number(), **change}
    extensions = [one for one in slots.values() if one is not None] + list(more)
    tbs = seq(b"" if version is None else integer(version), inner, subject, as_time(start), b"" if end is None else as_time(end),
              listed, explicit(0, seq(*extensions)) if extensions else b"")
    return edit(seq(tbs, outer, bits(signature(signer.sign(tbs, outer)))))
