"""DER by hand (X.690), so that a test can also write what no library lets it write."""
from __future__ import annotations

import datetime


def length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag]) + length(len(content)) + content


def contents(encoded: bytes) -> bytes:
    """What is in one element."""
    if encoded[1] < 0x80:
        return encoded[2:]
    return encoded[2 + (encoded[1] & 0x7F):]


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return tlv(0x31, *sorted(parts))


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True))


def boolean(value: bool) -> bytes:
    return tlv(0x01, b"\xff" if value else b"\0")


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = b""
    for arc in (40 * first + second, *rest):
        octets = [arc & 0x7F]
        while arc := arc >> 7:
            octets.append(0x80 | arc & 0x7F)
        out += bytes(reversed(octets))
    return tlv(0x06, out)


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def bits(content: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]), content)


def named_bits(*numbers: int) -> bytes:
    """A named bit list: no zero bits at its end (X.690 11.2.2)."""
    if not numbers:
        return bits(b"")
    size = max(numbers) + 1
    value = sum(1 << (size - 1 - number) for number in numbers)
    unused = -size % 8
    return bits((value << unused).to_bytes((size + unused) // 8, "big"), unused)


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def printable(text: str) -> bytes:
    return tlv(0x13, text.encode("ascii"))


def ia5(text: str) -> bytes:
    return tlv(0x16, text.encode("ascii"))


def explicit(number: int, *parts: bytes) -> bytes:
    """A constructed context-specific element: an EXPLICIT tag, or an IMPLICIT one of a SEQUENCE's parts."""
    return tlv(0xA0 | number, *parts)


def implicit(number: int, content: bytes) -> bytes:
    return tlv(0x80 | number, content)


def instant(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)


def time(text: str) -> bytes:
    """A Time as RFC 5280 4.1.2.5 wants it: UTCTime through 2049."""
    digits = "".join(character for character in text if character.isdigit())
    return utc_time(digits[2:] + "Z") if text < "2050" else generalized_time(digits + "Z")


def utc_time(text: str) -> bytes:
    return tlv(0x17, text.encode())


def generalized_time(text: str) -> bytes:
    return tlv(0x18, text.encode())


NULL = tlv(0x05)
