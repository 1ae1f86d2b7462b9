#!/usr/bin/python3
"""Debug access read and made by another implementation, on struct and Debian's python3-cryptography.

    adac-make DIR [P256|Ed25519]     a chain of three: DIR/chain (base64), root.pem, leaf.key, soc_id
    adac-chain FILE ROOT.pem         prints what a chain says, as JSON
    adac-answer FILE ROOT.pem CHALLENGE.bin
    nxp-make DIR VERSION DCK.pem     DIR/dac.bin, dc.bin, root.pem, for the debug key of DCK.pem
    nxp-check DAR DAC DCK.pem
    sdc-make DIR MAC COUNTER         DIR/chip_info.bin
    sdc-check FILE KEY.pem MAC COUNTER

Exit code 1, with the reason, for what does not hold.
"""
import base64
import hashlib
import json
import os
import pathlib
import struct
import sys
import zlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

CERTIFICATE, TOKEN = 0x0201, 0x0200
HEADER = "<BBBBBBHHHII16s16s"  # version, signature type, key type, role, usage, 0, lifecycle, constraint, extensions, class, id, permissions
SYSTEMS = {1: (64, 32, 64), 5: (32, 64, 64)}  # public key, hash, signature


def need(condition, why):
    if not condition:
        sys.exit(f"not verified: {why}")


def raw(key):
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return numbers.n.to_bytes(key.key_size // 8, "big") + numbers.e.to_bytes(4, "big")
    size = (key.curve.key_size + 7) // 8
    return key.public_numbers().x.to_bytes(size, "big") + key.public_numbers().y.to_bytes(size, "big")


def digest_for(key):
    return hashes.SHA384() if key.curve.key_size == 384 else hashes.SHA256()


def sign(key, message):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest_for(key))))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def verify(key, message, signature):
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            return key.verify(signature, message)
        if isinstance(key, rsa.RSAPublicKey):
            return key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        size = len(signature) // 2
        der = utils.encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
        return key.verify(der, message, ec.ECDSA(digest_for(key)))
    except Exception:
        sys.exit("not verified: a signature")


def pem(path):
    return serialization.load_pem_public_key(pathlib.Path(path).read_bytes())


def write_pem(path, key):
    pathlib.Path(path).write_bytes(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


def tlv(kind, value):
    return struct.pack("<HHI", 0, kind, len(value)) + value + bytes(-len(value) % 4)


def tlvs(data):
    while data:
        zero, kind, size = struct.unpack_from("<HHI", data)
        padded = 8 + (size + 3) // 4 * 4
        need(zero == 0 and padded <= len(data), "a TLV")
        yield kind, data[8:8 + size]
        data = data[padded:]


def certificate(issuer, key, role, soc_id=bytes(16), permissions=b"\xff" * 16, lifecycle=0, extensions=b""):
    system = 5 if isinstance(key, ed25519.Ed25519PrivateKey) else 1
    hashed = (hashlib.sha512 if system == 5 else hashlib.sha256)(extensions).digest() if extensions else bytes(SYSTEMS[system][1])
    body = struct.pack(HEADER, 1, 0, system, system, role, 0, 0, lifecycle, 0, len(extensions), 0x42, soc_id, permissions) + raw(key.public_key()) + hashed
    return body + sign(issuer, body) + extensions


def new_key(kind):
    return ed25519.Ed25519PrivateKey.generate() if kind == "Ed25519" else ec.generate_private_key(ec.SECP256R1())


def adac_make(folder, kind="P256"):
    folder = pathlib.Path(folder)
    root, middle, leaf = (new_key(kind) for _ in range(3))
    soc_id = os.urandom(16)
    chain = tlv(CERTIFICATE, certificate(root, root, 1)) + tlv(CERTIFICATE, certificate(root, middle, 2, extensions=tlv(0x8001, b"note")))
    chain += tlv(CERTIFICATE, certificate(middle, leaf, 3, soc_id, b"\x0f" + bytes(15), 0x3000))
    (folder / "chain").write_bytes(base64.b64encode(chain))
    (folder / "soc_id").write_text(soc_id.hex())
    (folder / "leaf.key").write_bytes(leaf.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    write_pem(folder / "root.pem", root.public_key())


def read_chain(parts, root):
    """The chain's certificates, each verified with the one above it; the last key and what all allow."""
    said, key, allowed = [], None, (1 << 128) - 1
    for value in parts:
        major, minor, signature_type, key_type, role, usage, zero, lifecycle, constraint, size, soc_class, soc_id, permissions = struct.unpack_from(HEADER, value)
        need((major, minor) in ((1, 0), (0, 1)) and signature_type == key_type and zero == 0, "a certificate's header")
        key_size, hash_size, signature_size = SYSTEMS[key_type]
        body = 52 + key_size + hash_size
        point = value[52:52 + key_size]
        own = (ed25519.Ed25519PublicKey.from_public_bytes(point) if key_type == 5
               else ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + point))
        if key is None:
            need(role == 1 and raw(own) == raw(root), "the root")
            key = own
        verify(key, value[:body], value[body:body + signature_size])
        extensions = value[body + signature_size:]
        need(len(extensions) == (size + 3) // 4 * 4, "the size of extensions")
        expected = (hashlib.sha512 if key_type == 5 else hashlib.sha256)(extensions).digest() if extensions else bytes(hash_size)
        need(value[52 + key_size:body] == expected, "the hash of extensions")
        key = own
        allowed &= int.from_bytes(permissions, "little")
        said.append({"role": role, "usage": usage, "lifecycle": lifecycle, "soc_class": soc_class, "soc_id": soc_id.hex(), "permissions": permissions.hex()})
    return said, key, allowed.to_bytes(16, "little")


def adac_chain(file, root):
    data = pathlib.Path(file).read_bytes()
    parts = list(tlvs(base64.b64decode(data) if data[:1] != b"\0" else data))
    need(all(kind == CERTIFICATE for kind, _ in parts), "a part that is no certificate")
    said, key, allowed = read_chain([value for _, value in parts], pem(root))
    print(json.dumps({"certificates": said, "key": raw(key).hex(), "effective": allowed.hex()}))


def adac_answer(file, root, challenge):
    parts = list(tlvs(pathlib.Path(file).read_bytes()))
    need([kind for kind, _ in parts] == [CERTIFICATE] * (len(parts) - 1) + [TOKEN], "the order")
    said, key, allowed = read_chain([value for _, value in parts[:-1]], pem(root))
    need(said[-1]["role"] == 3 or len(said) == 1, "the role of who signs the token")
    token = parts[-1][1]
    major, minor, system, zero, size, permissions = struct.unpack_from("<BBBBI16s", token)
    need(zero == 0 and size == 0, "a token's header")
    body = 24 + SYSTEMS[system][1]
    need(token[24:body] == bytes(body - 24) and len(token) == body + 64, "a token's size")
    verify(key, token[:body] + pathlib.Path(challenge).read_bytes()[-32:], token[body:])
    print(json.dumps({"permissions": permissions.hex(), "soc_id": said[-1]["soc_id"]}))


def nxp_make(folder, version, dck):
    folder, dck = pathlib.Path(folder), pem(dck)
    major, minor = map(int, version.split("."))
    uuid, challenge = os.urandom(16), os.urandom(32)
    root = {"1.0": lambda: rsa.generate_private_key(65537, 2048), "2.0": lambda: ec.generate_private_key(ec.SECP256R1()),
            "2.1": lambda: ec.generate_private_key(ec.SECP384R1())}[version]()
    hashed = 48 if version == "2.1" else 32
    dac = struct.pack("<HHI16sI", major, minor, 7, uuid, 0) + os.urandom(hashed) + struct.pack("<III", 0, 0x3ff, 0) + challenge
    if major == 1:
        dc = struct.pack("<HHI16s128s", major, minor, 7, uuid, os.urandom(128)) + raw(dck) + struct.pack("<III", 0x3ff, 5, 0) + raw(root.public_key())
    else:  # a table of two root keys, of which the second signs
        dc = struct.pack("<HHI16sIIII", major, minor, 7, uuid, 0x3ff, 5, 0, 1 << 31 | 1 << 8 | 2 << 4) + os.urandom(2 * hashed) + raw(root.public_key()) + raw(dck)
    (folder / "dac.bin").write_bytes(dac)
    (folder / "dc.bin").write_bytes(dc + sign(root, dc))
    write_pem(folder / "root.pem", root.public_key())


def nxp_check(dar, dac, dck):
    dar, dac, dck = pathlib.Path(dar).read_bytes(), pathlib.Path(dac).read_bytes(), pem(dck)
    curve = struct.unpack_from("<H", dac)[0] == 2
    size = dck.key_size // 8 * (2 if curve else 1)
    body = dar[:-size]
    need(not curve or body[-16:] == dac[8:24], "the UUID")
    verify(dck, body + dac[-32:], dar[-size:])
    print(json.dumps({"size": len(dar), "beacon": struct.unpack("<I", body[-20:-16] if curve else body[-4:])[0], "uuid": dac[8:24].hex()}))


def chip_info(mac, counter, nonce):
    unique = hashlib.sha256(bytes.fromhex(mac.replace(":", ""))[::-1]).digest()
    return hashlib.sha256(unique + nonce + bytes([int(counter) << 4])).digest()


def sdc_make(folder, mac, counter):
    nonce = os.urandom(32)
    (pathlib.Path(folder) / "chip_info.bin").write_bytes(chip_info(mac, counter, nonce) + nonce)


def sdc_check(file, key, mac, counter):
    data, key = pathlib.Path(file).read_bytes(), pem(key)
    need(len(data) == 468, "the size")
    body, nonce = data[20:436], data[436:]
    need(struct.unpack_from("<IBBHHHII", data) == (0x524D4143, 1, 0, 256, 436, 0, zlib.crc32(body, 0xFFFFFFFF) & 0xFFFFFFFF, 0), "the header")
    usc, point, signature, digest = body[:256], body[256:320], body[320:384], body[384:]
    need(digest == hashlib.sha256(body[:384]).digest(), "the digest")
    need(point == raw(key), "the key")
    verify(key, usc + chip_info(mac, counter, nonce), signature)
    print(json.dumps({"configuration": int.from_bytes(usc[:4], "big"), "rest_is_zero": not any(usc[4:])}))


if __name__ == "__main__":
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
