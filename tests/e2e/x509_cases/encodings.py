"""What is not DER (X.690) is not a certificate, even if the signature over it is right (RFC 5280 4.1)."""
from __future__ import annotations

from typing import Callable

from .build import UNKNOWN, bc, dns, extension, key, name, san, ski, unknown
from .case import Suite, chain
from .der import NULL, bits, contents, explicit, integer, named_bits, octets, oid, seq, tlv

INDEFINITE, LENGTH, BOOLEAN, DEFAULT, BITS = "X.690 10.1", "X.690 10.1", "X.690 11.1", "X.690 11.5", "X.690 11.2"


def indefinite(der: bytes) -> bytes:
    return der[:1] + b"\x80" + contents(der) + b"\0\0"


def padded_length(der: bytes) -> bytes:
    return der[:1] + b"\x84" + len(contents(der)).to_bytes(4, "big") + contents(der)


def with_a_tail(der: bytes) -> bytes:
    return der + b"\0"


def with_another_element(der: bytes) -> bytes:
    return seq(contents(der), NULL)


def truncated(der: bytes) -> bytes:
    return der[:-1]


def nested(depth: int) -> bytes:
    value = NULL
    for _ in range(depth):
        value = seq(value)
    return value


def cases(suite: Suite) -> None:
    whole: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
        "indefinite-length": (INDEFINITE, indefinite), "padded-length": (LENGTH, padded_length), "trailing-data": ("4.1", with_a_tail),
        "fourth-element": ("4.1", with_another_element), "truncated": ("4.1", truncated)}
    for label, (clause, edit) in whole.items():
        for role in ("root", "ca", "leaf"):
            suite.pair(f"{label}-{role}", clause, chain(**{role: {"edit": edit}}))
    suite.pair("empty", "4.1", suite.plain._replace(leaf=b""))
    suite.pair("empty-sequence", "4.1", suite.plain._replace(leaf=seq()))
    suite.pair("nested-a-thousand-times", "4.1", suite.plain._replace(leaf=nested(1000)))

    # The same below the signature, which is right.
    for label, clause, edit in (("indefinite-length", INDEFINITE, indefinite), ("padded-length", LENGTH, padded_length)):
        suite.pair(f"{label}-tbs", clause, chain(leaf={"edit_tbs": edit}))
        suite.pair(f"{label}-subject", clause, chain(leaf={"subject": edit(name(O="Acme", CN="device"))}), chain(leaf={"subject": name(O="Acme", CN="device")}))
        suite.pair(f"{label}-extension", clause, chain(leaf={"san": edit(san(dns("device.example.com")))}), chain(leaf={"san": san(dns("device.example.com"))}))
        suite.pair(f"{label}-extension-value", clause, chain(leaf={"san": extension("2.5.29.17", edit(seq(dns("device.example.com"))))}),
                   chain(leaf={"san": extension("2.5.29.17", seq(dns("device.example.com")))}))
    suite.pair("tbs-another-element", "4.1", chain(leaf={"edit_tbs": with_another_element}))

    integers(suite)
    booleans(suite)
    values(suite)


def integers(suite: Suite) -> None:
    suite.pair("serial-padded", "X.690 8.3.2", chain(leaf={"serial": tlv(2, b"\0\x07")}), chain(leaf={"serial": tlv(2, b"\x07")}))
    suite.pair("serial-without-octets", "X.690 8.3.1", chain(leaf={"serial": tlv(2)}), chain(leaf={"serial": tlv(2, b"\x01")}))
    suite.pair("serial-no-integer", "4.1.2.2", chain(leaf={"serial": octets(b"\x07")}), chain(leaf={"serial": integer(7)}))
    suite.pair("pathlen-negative", "4.2.1.9", chain(ca={"bc": bc(pathlen=-1)}), chain(ca={"bc": bc(pathlen=1)}))
    suite.pair("pathlen-padded", "X.690 8.3.2", chain(ca={"bc": extension("2.5.29.19", seq(b"\x01\x01\xff", b"\x02\x02\0\x01"), True)}), chain(ca={"bc": bc(pathlen=1)}))


def booleans(suite: Suite) -> None:
    true, one, false = b"\x01\x01\xff", b"\x01\x01\x01", b"\x01\x01\x00"
    usage = named_bits(0)
    suite.pair("critical-true-as-1", BOOLEAN, chain(leaf={"ku": extension("2.5.29.15", usage, one)}), chain(leaf={"ku": extension("2.5.29.15", usage, true)}))
    suite.pair("critical-false-written", DEFAULT, chain(leaf={"ku": extension("2.5.29.15", usage, false)}), chain(leaf={"ku": extension("2.5.29.15", usage)}))
    suite.pair("unknown-critical-false-written", DEFAULT, chain(leaf={"more": [unknown(false)]}), chain(leaf={"more": [unknown(b"")]}))
    for label, clause, value, right in (("ca-true-as-1", BOOLEAN, one, true), ("ca-of-two-octets", "X.690 8.2.1", b"\x01\x02\xff\xff", true)):
        suite.pair(label, clause, chain(ca={"bc": extension("2.5.29.19", seq(value), True)}), chain(ca={"bc": extension("2.5.29.19", seq(right), True)}))
    suite.pair("ca-false-written", DEFAULT, chain(leaf={"bc": extension("2.5.29.19", seq(false), True)}), chain(leaf={"bc": extension("2.5.29.19", seq(), True)}))


def values(suite: Suite) -> None:
    suite.pair("key-usage-padding-set", BITS, chain(leaf={"ku": extension("2.5.29.15", bits(b"\xff", 7), True)}),
               chain(leaf={"ku": extension("2.5.29.15", bits(b"\x80", 7), True)}))
    suite.pair("key-usage-8-unused-bits", "X.690 8.6.2", chain(leaf={"ku": extension("2.5.29.15", bits(b"\x80", 8), True)}),
               chain(leaf={"ku": extension("2.5.29.15", bits(b"\x80", 7), True)}))
    names = seq(dns("device.example.com"))
    suite.pair("extension-value-trailing-data", "4.2", chain(leaf={"san": extension("2.5.29.17", names + NULL)}), chain(leaf={"san": extension("2.5.29.17", names)}))
    suite.pair("basic-constraints-trailing-data", "4.2", chain(ca={"bc": extension("2.5.29.19", seq(b"\x01\x01\xff") + NULL, True)}), chain(ca={"bc": bc()}))
    suite.pair("basic-constraints-third-element", "4.2.1.9", chain(ca={"bc": extension("2.5.29.19", seq(b"\x01\x01\xff", integer(1), integer(1)), True)}),
               chain(ca={"bc": extension("2.5.29.19", seq(b"\x01\x01\xff", integer(1)), True)}))
    suite.pair("subject-key-no-octet-string", "4.2.1.2", chain(ca={"ski": extension("2.5.29.14", key("CA 1").identifier)}), chain(ca={"ski": ski(key("CA 1").identifier)}))
    # An arc that begins with a padding octet: two encodings of one identifier would make two extensions of it.
    suite.pair("oid-padded", "X.690 8.19.2", chain(leaf={"more": [seq(tlv(6, contents(oid(UNKNOWN))[:-1], b"\x80\x01"), octets(NULL))]}),
               chain(leaf={"more": [seq(oid(UNKNOWN), octets(NULL))]}))
    suite.pair("oid-cut", "X.690 8.19.2", chain(leaf={"more": [seq(tlv(6, b"\x2b\x06\x81"), octets(NULL))]}),
               chain(leaf={"more": [seq(tlv(6, b"\x2b\x06\x01"), octets(NULL))]}))
    suite.pair("version-padded", "X.690 8.3.2", chain(leaf={"version": None, "edit_tbs": lambda tbs: seq(explicit(0, tlv(2, b"\0\x02")), contents(tbs))}),
               chain(leaf={"version": None, "edit_tbs": lambda tbs: seq(explicit(0, integer(2)), contents(tbs))}))
