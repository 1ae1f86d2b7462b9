"""A path: how long it may be, when it is valid, who signed what, what it may be used for (RFC 5280 6.1)."""
from __future__ import annotations

import datetime
from typing import Any

from . import build
from .build import CERT_SIGN, CLIENT, CODE, CRL_SIGN, ECDSA_SHA1, ECDSA_SHA384, SERVER, bc, eku, key, ku, name
from .case import AT, Suite, chain
from .der import NULL, bits, explicit, instant, integer, octets, oid, seq


def cases(suite: Suite) -> None:
    path_lengths(suite)
    depths(suite)
    validity(suite)
    algorithms(suite)
    signatures(suite)
    keys(suite)
    purposes(suite)


def limits(*lengths: int | None, **given: Any) -> Any:
    """One CA for each, with that pathLenConstraint."""
    return chain(cas=[{"bc": bc(pathlen=one)} for one in lengths], **given)


def path_lengths(suite: Suite) -> None:
    for one in (0, 1, 2):
        suite.accepted(f"pathlen-{one}-leaf", "4.2.1.9", limits(one))
    suite.pair("pathlen-0-ca-below", "6.1.4 (l)", limits(0, 0), limits(1, 0))
    suite.pair("pathlen-1-two-cas-below", "6.1.4 (l)", limits(1, None, None), limits(2, None, None))
    suite.pair("pathlen-of-second-ca", "6.1.4 (l)", limits(1, 0, 0), limits(2, 1, 0))
    suite.accepted("pathlen-may-increase", "6.1.4 (m)", limits(1, 2))
    suite.pair("pathlen-increase-does-not-widen", "6.1.4 (m)", limits(1, 5, None), limits(2, 5, None))
    suite.pair("pathlen-of-root", "6.1.4 (l)", chain(root={"bc": bc(pathlen=0)}), chain(root={"bc": bc(pathlen=1)}))
    # The last certificate is not counted, even if it is a CA.
    end = {"bc": bc(pathlen=0), "ku": ku(CERT_SIGN, CRL_SIGN)}
    suite.pair("pathlen-0-ends-with-ca", "4.2.1.9", limits(0, 0, leaf=end), limits(0, leaf=end))
    # Neither is a self-issued one: subject and issuer are one name.
    again = {"subject": name(O="Acme", CN="CA 1"), "bc": bc(pathlen=1)}
    suite.pair("pathlen-self-issued", "4.2.1.9", chain(cas=[{"bc": bc(pathlen=1)}, {"bc": bc(pathlen=1)}, {"bc": bc(pathlen=0)}]),
               chain(cas=[{"bc": bc(pathlen=1)}, again, {"bc": bc(pathlen=0)}]))
    suite.pair("pathlen-0-self-issued", "4.2.1.9", chain(cas=[{"bc": bc(pathlen=0)}, {}]), chain(cas=[{"bc": bc(pathlen=0)}, {"subject": name(O="Acme", CN="CA 1")}]))


def depths(suite: Suite) -> None:
    """Far from the limit on both sides, whatever exactly it counts."""
    suite.pair("max-depth-2-of-6", "the option", chain(cas=[{}] * 6, depth=2), chain(cas=[{}] * 6, depth=12))


def later(seconds: int) -> str:
    return (instant(AT) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def validity(suite: Suite) -> None:
    """4.1.2.5: from notBefore through notAfter, inclusive."""
    for role in ("root", "ca", "leaf"):
        suite.pair(f"expired-{role}", "6.1.3 (a)(2)", chain(**{role: {"end": "2026-01-01T00:00:00Z"}}), chain(**{role: {"end": "2027-01-01T00:00:00Z"}}))
        suite.pair(f"not-yet-valid-{role}", "6.1.3 (a)(2)", chain(**{role: {"start": "2027-01-01T00:00:00Z"}}), chain(**{role: {"start": "2026-01-01T00:00:00Z"}}))
        suite.pair(f"last-second-{role}", "4.1.2.5", chain(**{role: {"end": later(-1)}}), chain(**{role: {"end": AT}}))
        suite.pair(f"first-second-{role}", "4.1.2.5", chain(**{role: {"start": later(1)}}), chain(**{role: {"start": AT}}))
    suite.pair("ends-before-it-starts", "4.1.2.5", chain(leaf={"start": later(1), "end": later(-1)}), chain(leaf={"start": later(-1), "end": later(1)}))


def algorithms(suite: Suite) -> None:
    def all_of(kind: str, **more: Any) -> Any:
        return chain(root={"key": key("Root", kind)}, ca={"key": key("CA 1", kind)}, leaf={"key": key("device", kind), **more})
    for kind in ("p384", "2048", "ed25519"):
        label = {"2048": "rsa-2048"}.get(kind, kind)
        suite.pair(f"{label}-flipped-signature", "6.1.3 (a)(1)", all_of(kind, signature=flip), all_of(kind))
    suite.pair("ed25519-with-parameters", "RFC 8410 3", all_of("ed25519", algorithm=seq(oid("1.3.101.112"), NULL)), all_of("ed25519"))
    suite.pair("ecdsa-with-parameters", "RFC 5758 3.2", chain(leaf={"algorithm": seq(oid("1.2.840.10045.4.3.2"), NULL)}))
    rsa_root = {"root": {"key": key("Root", "2048")}}
    for role in ("ca", "leaf"):
        suite.pair(f"sha1-signature-{role}", "NIST SP 800-131A", chain(**{role: {"algorithm": ECDSA_SHA1}}))
    suite.pair("sha1-signature-rsa", "NIST SP 800-131A", chain(**rsa_root, ca={"algorithm": build.RSA_SHA1}), chain(**rsa_root))
    for role in ("ca", "leaf"):
        suite.pair(f"algorithms-differ-{role}", "4.1.1.2", chain(**{role: {"inner": ECDSA_SHA384}}))
        suite.pair(f"algorithms-differ-outside-{role}", "4.1.1.2", chain(**{role: {"inner": build.ECDSA_SHA256, "algorithm": ECDSA_SHA384}}))
    suite.pair("algorithm-unknown", "4.1.1.2", chain(leaf={"algorithm": seq(oid("1.3.6.1.4.1.32473.3.1"))}))


def flip(given: bytes) -> bytes:
    """Another last bit."""
    return given[:-1] + bytes([given[-1] ^ 1])


def other_serial(der: bytes) -> bytes:
    """The certificate with another serial number, of 16 octets, under the old signature."""
    before = explicit(0, integer(2)) + b"\x02\x10"
    at = der.index(before) + len(before) + 15
    return der[:at] + bytes([der[at] ^ 1]) + der[at + 1:]


def signatures(suite: Suite) -> None:
    for role, signer in (("ca", "Root"), ("leaf", "CA 1")):
        suite.pair(f"signed-by-another-key-{role}", "6.1.3 (a)(1)", chain(**{role: {"signed_by": key("Mallory")}}), chain(**{role: {"signed_by": key(signer)}}))
        suite.pair(f"flipped-signature-{role}", "6.1.3 (a)(1)", chain(**{role: {"signature": flip}}))
        suite.pair(f"flipped-byte-{role}", "6.1.3 (a)(1)", chain(**{role: {"edit": other_serial}}))
        suite.pair(f"signature-empty-{role}", "6.1.3 (a)(1)", chain(**{role: {"signature": lambda made: b""}}))
        suite.pair(f"signature-with-a-tail-{role}", "RFC 3279 2.2.3", chain(**{role: {"signature": lambda made: made + b"\0"}}))
    suite.pair("issuer-of-another-name", "6.1.3 (a)(4)", chain(leaf={"issuer": name(O="Acme", CN="CA 2")}), chain(leaf={"issuer": name(O="Acme", CN="CA 1")}))
    suite.pair("issuer-in-another-order", "6.1.3 (a)(4)", chain(leaf={"issuer": name(CN="CA 1", O="Acme")}), chain(leaf={"issuer": name(O="Acme", CN="CA 1")}))


P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296, 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def ec_point(label: str) -> tuple[int, int]:
    numbers = key(label).private.public_key().public_numbers()
    return numbers.x, numbers.y


def encoded(x: int, y: int) -> bytes:
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def ec_spki(parameters: bytes, point: bytes) -> bytes:
    return seq(seq(oid("1.2.840.10045.2.1"), parameters), bits(point))


NAMED = oid("1.2.840.10045.3.1.7")


def keys(suite: Suite) -> None:
    # P-256 written out (X9.62 SpecifiedECDomain): a curve may be made to fit a stolen name (CVE-2020-0601).
    spelled = seq(integer(1), seq(oid("1.2.840.10045.1.1"), integer(P)), seq(octets((P - 3).to_bytes(32, "big")), octets(B.to_bytes(32, "big"))),
                  octets(encoded(*G)), integer(N), integer(1))
    for role, label in (("root", "Root"), ("ca", "CA 1"), ("leaf", "device")):
        point = encoded(*ec_point(label))
        suite.pair(f"ec-explicit-parameters-{role}", "RFC 5480 2.1.1", chain(**{role: {"spki": ec_spki(spelled, point)}}), chain(**{role: {"spki": ec_spki(NAMED, point)}}))
    x, y = ec_point("CA 1")
    suite.pair("ec-point-off-the-curve", "RFC 5480 2.2", chain(ca={"spki": ec_spki(NAMED, encoded(x, y ^ 1))}), chain(ca={"spki": ec_spki(NAMED, encoded(x, y))}))
    for role, label in (("ca", "CA 1"), ("leaf", "device")):
        suite.pair(f"rsa-1024-{role}", "NIST SP 800-131A", chain(**{role: {"key": key(label, "1024")}}), chain(**{role: {"key": key(label, "2048")}}))
    rsa = oid("1.2.840.113549.1.1.1")
    suite.pair("rsa-key-empty", "RFC 3279 2.3.1", chain(ca={"spki": seq(seq(rsa, NULL), bits(b""))}))
    suite.pair("rsa-key-truncated", "RFC 3279 2.3.1", chain(ca={"spki": seq(seq(rsa, NULL), bits(b"\x30\x06\x02\x01"))}))


def purposes(suite: Suite) -> None:
    """4.2.1.12: where the extension is, it limits; a profile that wants no purpose asks for none."""
    for profile, wanted, wrong in (("server", SERVER, CLIENT), ("client", CLIENT, SERVER)):
        def of(profile: str = profile, **more: Any) -> Any:
            return chain(profile=profile, **more)
        suite.accepted(f"{profile}-without-purposes", "4.2.1.12", of())
        suite.pair(f"{profile}-leaf-for-another-purpose", "4.2.1.12", of(leaf={"eku": eku(wrong)}), of(leaf={"eku": eku(wanted)}))
        suite.pair(f"{profile}-leaf-for-other-purposes", "4.2.1.12", of(leaf={"eku": eku(wrong, CODE)}), of(leaf={"eku": eku(wrong, wanted)}))
        suite.pair(f"{profile}-ca-for-another-purpose", "4.2.1.12", of(ca={"eku": eku(wrong)}, leaf={"eku": eku(wanted)}),
                   of(ca={"eku": eku(wanted)}, leaf={"eku": eku(wanted)}))
    suite.accepted("rfc5280-any-purpose", "4.2.1.12", chain(profile="rfc5280", leaf={"eku": eku(CODE)}))
    suite.accepted("rfc5280-any-purpose-critical", "4.2.1.12", chain(leaf={"eku": eku(CODE, critical=True)}))
    suite.pair("purposes-empty", "4.2.1.12", chain(leaf={"eku": eku()}), chain(leaf={"eku": eku(CODE)}))
