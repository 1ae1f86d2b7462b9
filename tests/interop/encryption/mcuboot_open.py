"""Decrypts an encrypted MCUboot image as a boot loader does, with Debian's python3-cryptography and nothing of ours.

mcuboot_open.py IMAGE PRIVATE_KEY.pem OUT    OUT is the image with its plain payload; prints the TLV's type and the content key
"""
import struct
import sys

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

image = bytearray(open(sys.argv[1], "rb").read())
private = serialization.load_pem_private_key(open(sys.argv[2], "rb").read(), None)
magic, _, header, protected, size, flags = struct.unpack_from("<IIHHII", image)
assert magic == 0x96F3B83D and flags & 0xC in (4, 8), "not an encrypted image"
bits = 128 if flags & 4 else 256
at = header + size + protected
info, total = struct.unpack_from("<HH", image, at)
assert info == 0x6907 and at + total <= len(image), "no TLV area"
found = {}
place = at + 4
while place < at + total:
    kind, length = struct.unpack_from("<HH", image, place)
    found[kind] = bytes(image[place + 4:place + 4 + length])
    place += 4 + length
kind = next(one for one in found if 0x30 <= one <= 0x34)
value = found[kind]


def ctr(key, data):
    stream = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    return stream.update(data) + stream.finalize()


if kind == 0x30:
    key = private.decrypt(value, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
else:
    width = 65 if kind == 0x32 else 32
    if kind == 0x32:
        shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), value[:width]))
    else:
        shared = private.exchange(x25519.X25519PublicKey.from_public_bytes(value[:width]))
    mac, wrapped = value[width:width + 32], value[width + 32:]
    derived = HKDF(hashes.SHA256(), len(wrapped) + 32, None, b"MCUBoot_ECIES_v1").derive(shared)
    check = hmac.HMAC(derived[len(wrapped):], hashes.SHA256())
    check.update(wrapped)
    check.verify(mac)
    key = ctr(derived[:len(wrapped)], wrapped)
assert len(key) * 8 == bits, "the key is not of the header's size"
image[header:header + size] = ctr(key, bytes(image[header:header + size]))
open(sys.argv[3], "wb").write(image)
print(hex(kind), key.hex())
