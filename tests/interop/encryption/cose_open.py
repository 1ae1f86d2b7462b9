"""Opens a COSE_Encrypt with detached ciphertext for one recipient, with Debian's python3-cbor2 and python3-cryptography.

cose_open.py INFO CIPHERTEXT PRIVATE_KEY.pem OUT [suit]    prints the content key
"""
import hashlib
import sys

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

tag = cbor2.loads(open(sys.argv[1], "rb").read())
assert tag.tag == 96
protected, unprotected, payload, recipients = tag.value
assert payload is None and cbor2.loads(protected)[1] in (1, 3)
private = serialization.load_pem_private_key(open(sys.argv[3], "rb").read(), None)
spki = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
header, parameters, wrapped = next(one for one in recipients if one[1][4] == hashlib.sha256(spki).digest())
algorithm = cbor2.loads(header)[1]
wrapping, bits = {-29: (-3, 128), -31: (-5, 256)}[algorithm]
peer = parameters[-1]
if peer[1] == 2:
    point = ec.EllipticCurvePublicNumbers(int.from_bytes(peer[-2], "big"), int.from_bytes(peer[-3], "big"), ec.SECP256R1()).public_key()
    shared = private.exchange(ec.ECDH(), point)
else:
    assert (peer[1], peer[-1]) == (1, 4)
    shared = private.exchange(x25519.X25519PublicKey.from_public_bytes(peer[-2]))
public = [bits, header] + ([b"SUIT Payload Encryption"] if "suit" in sys.argv[5:] else [])
context = cbor2.dumps([wrapping, [None] * 3, [None] * 3, public])
key = aes_key_unwrap(HKDF(hashes.SHA256(), bits // 8, None, context).derive(shared), wrapped)
plain = AESGCM(key).decrypt(unprotected[5], open(sys.argv[2], "rb").read(), cbor2.dumps(["Encrypt", protected, b""]))
open(sys.argv[4], "wb").write(plain)
print(key.hex())
