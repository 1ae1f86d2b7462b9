"""CRLs: their profile (RFC 5280 5) and what they say about a path (6.3). Every CA of the path has one, so that nothing is unknown."""
from __future__ import annotations

from typing import Any

from . import build
from .build import CERT_SIGN, CRL_SIGN, Made, crl, crl_number, crl_points, entry, extension, issuing_point, key, ku, reason, root, unknown, uri
from .case import AT, Given, Suite, chain
from .der import boolean, contents, explicit, generalized_time, implicit, integer, seq, tlv
from .encodings import indefinite, padded_length, with_a_tail
from .paths import flip, later

CA_SERIAL, LEAF_SERIAL, OTHER_SERIAL = 1001, 2002, 3003
OTHERS = [entry(OTHER_SERIAL)]


def listed(by_ca: list[bytes] = OTHERS, by_root: list[bytes] = OTHERS, *, ca: dict[str, Any] = {}, leaf: dict[str, Any] = {}, of_ca: dict[str, Any] = {},
           of_root: dict[str, Any] = {}, more: list[bytes] = []) -> Given:
    """Root, CA, leaf with the entries of both CRLs and what changes these."""
    def crls(path: list[Made]) -> list[bytes]:
        return [crl(path[0], *by_root, **of_root), crl(path[1], *by_ca, **of_ca), *more]
    return chain(ca={"serial": CA_SERIAL, **ca}, leaf={"serial": LEAF_SERIAL, **leaf}, crls=crls)


def cases(suite: Suite) -> None:
    suite.accepted("crl-lists-others", "6.3.3", listed())
    suite.accepted("crl-lists-nobody", "5.1.2.6", listed([], []))
    entries(suite)
    profile(suite)
    times(suite)
    signatures(suite)
    scopes(suite)


def entries(suite: Suite) -> None:
    suite.pair("revoked-leaf", "6.3.3 (j)", listed([entry(LEAF_SERIAL)]), listed([entry(LEAF_SERIAL + 1)]))
    suite.pair("revoked-ca", "6.3.3 (j)", listed(by_root=[entry(CA_SERIAL)]), listed(by_root=[entry(CA_SERIAL + 1)]))
    suite.pair("revoked-in-the-middle", "6.3.3 (j)", listed([entry(1), entry(LEAF_SERIAL), entry(2)]), listed([entry(1), entry(LEAF_SERIAL + 1), entry(2)]))
    many = [entry(10_000 + number) for number in range(10_000)]
    suite.pair("revoked-last-of-10001", "6.3.3 (j)", listed([*many, entry(LEAF_SERIAL)]), listed([*many, entry(LEAF_SERIAL + 1)]))
    suite.pair("revoked-on-hold", "5.3.1", listed([entry(LEAF_SERIAL, AT, reason(6))]), listed([entry(OTHER_SERIAL, AT, reason(6))]))
    suite.pair("revoked-for-compromise", "5.3.1", listed([entry(LEAF_SERIAL, AT, reason(1))]), listed([entry(OTHER_SERIAL, AT, reason(1))]))
    # Who is on the list is revoked, whatever the date says.
    suite.pair("revoked-from-tomorrow", "6.3.3 (j)", listed([entry(LEAF_SERIAL, "2026-06-02T00:00:00Z")]), listed([entry(OTHER_SERIAL, "2026-06-02T00:00:00Z")]))
    suite.pair("revoked-before-it-was-issued", "6.3.3 (j)", listed([entry(LEAF_SERIAL, "2020-01-01T00:00:00Z")]), listed([entry(OTHER_SERIAL, "2020-01-01T00:00:00Z")]))
    elsewhere = root("Elsewhere")
    suite.pair("revoked-by-another-issuer", "6.3.3 (b)", listed([entry(LEAF_SERIAL)])._replace(roots=[*listed().roots, elsewhere.der]),
               listed(more=[crl(elsewhere, entry(LEAF_SERIAL), entry(CA_SERIAL))])._replace(roots=[*listed().roots, elsewhere.der]))
    suite.pair("revoked-by-the-issuers-issuer", "6.3.3 (b)", listed([entry(LEAF_SERIAL)]), listed(by_root=[entry(LEAF_SERIAL)]))
    for kind in ("2048", "p384", "ed25519"):
        own = {"key": key("CA 1", kind)}
        label = {"2048": "rsa-2048"}.get(kind, kind)
        suite.pair(f"revoked-leaf-{label}", "6.3.3 (j)", listed([entry(LEAF_SERIAL)], ca=own), listed([entry(LEAF_SERIAL + 1)], ca=own))
        suite.pair(f"crl-flipped-signature-{label}", "6.3.3 (g)", listed(ca=own, of_ca={"signature": flip}), listed(ca=own))


def profile(suite: Suite) -> None:
    good = listed()
    for role in ("of_root", "of_ca"):
        label = role.replace("_", "-")
        suite.pair(f"crl-{label}-without-number", "5.2.3", listed(**{role: {"number": None}}), good)
        suite.pair(f"crl-{label}-number-critical", "5.2.3", listed(**{role: {"number": crl_number(critical=True)}}), listed(**{role: {"number": crl_number()}}))
        suite.pair(f"crl-{label}-unknown-critical", "5.2", listed(**{role: {"more": [unknown(True)]}}), listed(**{role: {"more": [unknown(False)]}}))
    suite.pair("crl-number-over-20-octets", "5.2.3", listed(of_ca={"number": extension("2.5.29.20", integer(1 << 174))}),
               listed(of_ca={"number": extension("2.5.29.20", integer((1 << 159) - 1))}))
    suite.pair("crl-number-negative", "5.2.3", listed(of_ca={"number": extension("2.5.29.20", integer(-1))}), listed(of_ca={"number": extension("2.5.29.20", integer(0))}))
    suite.accepted("crl-without-authority-key", "6.3.3", listed(of_ca={"aki": None}))  # 5.2.1 asks it of issuers; verifiers are not told to look
    suite.pair("crl-version-1-with-extensions", "5.1.2.1", listed(of_ca={"version": None}), listed(of_ca={"version": 1}))
    suite.pair("crl-version-3", "5.1.2.1", listed(of_ca={"version": 2}), listed(of_ca={"version": 1}))
    suite.pair("crl-list-empty-but-there", "5.1.2.6", listed(of_ca={"entries": seq()}), listed([]))

    # 5.3: one entry that cannot be understood spoils the list, for everybody on it or not.
    suite.pair("crl-entry-unknown-critical", "5.3", listed([entry(OTHER_SERIAL, AT, unknown(True))]), listed([entry(OTHER_SERIAL, AT, unknown(False))]))
    suite.pair("crl-entry-of-leaf-unknown", "5.3", listed([entry(LEAF_SERIAL, AT, unknown(False))]), listed([entry(OTHER_SERIAL, AT, unknown(False))]))
    suite.pair("crl-entry-of-leaf-unknown-critical", "5.3", listed([entry(LEAF_SERIAL, AT, unknown(True))]), listed([entry(OTHER_SERIAL, AT, unknown(False))]))

    # A list of changes alone says nothing about those who are not on it.
    delta = extension("2.5.29.27", integer(6), True)
    suite.pair("crl-of-changes", "5.2.4", listed(of_ca={"more": [delta]}), good)
    for label, edit in (("trailing-data", with_a_tail), ("indefinite-length", indefinite), ("padded-length", padded_length)):
        suite.pair(f"crl-{label}", "5.1", listed(of_ca={"edit": edit}), good)
    suite.pair("crl-critical-false-written", "X.690 11.5", listed(of_ca={"number": extension("2.5.29.20", integer(7), boolean(False))}), good)
    suite.pair("crl-serial-padded", "X.690 8.3.2", listed([seq(tlv(2, b"\0\x07"), build.as_time(AT))]), listed([seq(tlv(2, b"\x07"), build.as_time(AT))]))


def times(suite: Suite) -> None:
    suite.pair("crl-from-tomorrow", "6.3.3", listed(of_ca={"start": "2026-06-02T00:00:00Z"}), listed(of_ca={"start": "2026-05-31T00:00:00Z"}))
    suite.pair("crl-first-second", "5.1.2.4", listed(of_ca={"start": later(1)}), listed(of_ca={"start": AT}))
    suite.pair("crl-outdated", "6.3.3", listed(of_ca={"end": "2026-05-31T00:00:00Z"}), listed(of_ca={"end": "2026-06-02T00:00:00Z"}))
    suite.pair("crl-of-root-outdated", "6.3.3", listed(of_root={"end": "2026-05-31T00:00:00Z"}), listed(of_root={"end": "2026-06-02T00:00:00Z"}))
    suite.pair("crl-last-second", "5.1.2.5", listed(of_ca={"end": later(-1)}), listed(of_ca={"end": later(1)}))
    young = {"start": "2026-05-01T00:00:00Z"}
    suite.pair("crl-before-the-leaf-was-issued", "6.3.3", listed(leaf=young, of_ca={"start": "2025-06-01T00:00:00Z", "end": "2025-07-01T00:00:00Z"}),
               listed(leaf=young))
    suite.pair("crl-without-next-update", "5.1.2.5", listed(of_ca={"end": None}), listed())
    suite.pair("crl-generalized-time-before-2050", "5.1.2.4", listed(of_ca={"start": generalized_time("20260525000000Z")}), listed(of_ca={"start": "2026-05-25T00:00:00Z"}))


def signatures(suite: Suite) -> None:
    good = listed()
    suite.pair("crl-flipped-signature", "6.3.3 (g)", listed(of_ca={"signature": flip}), good)
    suite.pair("crl-of-root-flipped-signature", "6.3.3 (g)", listed(of_root={"signature": flip}), good)
    suite.pair("crl-of-another-key", "6.3.3 (g)", listed(of_ca={"signed_by": key("Mallory")}), listed(of_ca={"signed_by": key("CA 1")}))
    other_root = {"signed_by": key("Elsewhere")}
    suite.pair("crl-of-another-roots-key", "6.3.3 (g)", listed(of_ca=other_root)._replace(roots=[*good.roots, root("Elsewhere").der]),
               good._replace(roots=[*good.roots, root("Elsewhere").der]))
    changed = {"edit": lambda der: der.replace(integer(LEAF_SERIAL), integer(OTHER_SERIAL))}
    suite.pair("crl-changed-after-it-was-signed", "6.3.3 (g)", listed([entry(LEAF_SERIAL)], of_ca=changed), good)
    suite.pair("crl-algorithms-differ", "5.1.1.2", listed(of_ca={"inner": build.ECDSA_SHA384}), good)
    suite.pair("crl-sha1-signature", "NIST SP 800-131A", listed(of_ca={"algorithm": build.ECDSA_SHA1}), good)
    suite.pair("crl-sign-missing", "6.3.3 (f)", listed(ca={"ku": ku(CERT_SIGN)}), listed(ca={"ku": ku(CERT_SIGN, CRL_SIGN)}))
    suite.accepted("crl-issuer-without-key-usage", "6.3.3 (f)", listed(ca={"ku": None}))


def scopes(suite: Suite) -> None:
    """issuingDistributionPoint (5.2.5): a list of some certificates says nothing about the others."""
    user, authority, attribute = (issuing_point(implicit(number, contents(boolean(True)))) for number in (1, 2, 5))
    good = listed()
    suite.pair("crl-of-cas-only", "6.3.3 (b)(2)(iii)", listed(of_ca={"more": [authority]}), good)
    suite.pair("crl-of-users-only", "6.3.3 (b)(2)(ii)", listed(of_root={"more": [user]}), good)
    suite.pair("crl-of-attributes-only", "6.3.3 (b)(2)(iv)", listed(of_ca={"more": [attribute]}), good)
    here, there = "http://pki.example.com/here.crl", "http://pki.example.com/there.crl"

    def at(place: str) -> bytes:
        return issuing_point(explicit(0, explicit(0, uri(place))))
    pointed = {"cdp": crl_points(uri(here))}
    suite.pair("crl-of-another-point", "6.3.3 (b)(2)(i)", listed(leaf=pointed, of_ca={"more": [at(there)]}), listed(leaf=pointed, of_ca={"more": [at(here)]}))
    suite.pair("crl-of-a-point-nobody-names", "6.3.3 (b)(2)(i)", listed(of_ca={"more": [at(here)]}), good)
