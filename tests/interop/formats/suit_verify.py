#!/usr/bin/env python3
"""suit_verify.py ENVELOPE PUBLIC_KEY_PEM: verifies a SUIT envelope with python3-cbor2 and python3-cryptography."""
import hashlib
import sys

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

envelope = cbor2.loads(open(sys.argv[1], "rb").read())
key = serialization.load_pem_public_key(open(sys.argv[2], "rb").read())
assert envelope.tag == 107
digest, sign1 = cbor2.loads(envelope.value[2])
algorithm, value = cbor2.loads(digest)
assert algorithm == -16 and value == hashlib.sha256(cbor2.dumps(envelope.value[3])).digest(), "digest"
sign1 = cbor2.loads(sign1)
assert sign1.tag == 18
protected, unprotected, payload, signature = sign1.value
assert payload is None
message = cbor2.dumps(["Signature1", protected, b"", digest])
alg = cbor2.loads(protected)[1]
if alg == -8:
    key.verify(signature, message)
else:
    half = len(signature) // 2
    der = utils.encode_dss_signature(*(int.from_bytes(part, "big") for part in (signature[:half], signature[half:])))
    key.verify(der, message, ec.ECDSA({-7: hashes.SHA256, -35: hashes.SHA384}[alg]()))
print("verified", cbor2.loads(envelope.value[3])[2])
