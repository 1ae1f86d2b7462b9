#!/usr/bin/env python3
"""dsse_verify.py ENVELOPE PUBLIC_KEY_PEM: verifies a DSSE envelope (secure-systems-lab/dsse) with python3-cryptography."""
import base64
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

envelope = json.load(open(sys.argv[1]))
key = serialization.load_pem_public_key(open(sys.argv[2], "rb").read())
payload = base64.b64decode(envelope["payload"], validate=True)
kind = envelope["payloadType"].encode()
message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
signature = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
if isinstance(key, ed25519.Ed25519PublicKey):
    key.verify(signature, message)
elif isinstance(key, ec.EllipticCurvePublicKey):
    key.verify(signature, message, ec.ECDSA(hashes.SHA384() if key.curve.key_size == 384 else hashes.SHA256()))
else:
    key.verify(signature, message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
print("verified", json.loads(payload)["predicateType"])
