"""Other tokens than the installation's own: a failover group of two."""
import json
import os
import shutil
import subprocess
import unittest

import holdfast
import people

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "0123456789abcdef0123456789abcdef"


class Hsm(people.People):
    engine = "sqlite"

    def setUp(self):
        self.meet()
        self.charter = self.instance.write("charter.json", json.dumps({
            "class": "firmware", "environment": "test", "owner": "ann", "deputy": "bob",
            "policy": {"products": ["px"], "formats": ["raw"], "schemes": ["ecdsa-p256-sha256"], "digest_only": True},
            "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 2}], "hours": 72},
            "grants": {"signatures": 100, "days": 7}, "approvers": self.approvers()}))
        self.pin = self.write("pin", PIN.encode())
        os.chmod(self.pin, 0o600)
        self.environment = {}

    def run_(self, *words):
        return holdfast.program(*words, env=dict(os.environ, HOLDFAST_DATA=str(self.instance.data), **self.environment))

    def ok(self, *words):
        ran = self.run_(*words)
        self.assertEqual(ran.code, 0, ran)
        return ran.out

    def grant(self):
        grant = self.ok("sign", "grant", "--key", "px-fw", "--product", "px", "--format", "raw", "--signatures", "100").strip()
        for person in ("ann", "bob"):
            self.assertEqual(self.decide(grant, person).code, 0)
        return grant

    def sign(self, grant, name="a.bin"):
        file = self.write(name, os.urandom(100))
        return file, self.run_("sign", "run", grant, file, "--format", "raw", "--product", "px", "--out", self.directory / "sig")

    def verified(self, file):
        pem = self.write("px-fw.pem", self.ok("key", "public", "px-fw").encode())
        self.openssl("dgst", "-sha256", "-verify", pem, "-signature", "sig", file)


class FailoverGroup(Hsm, unittest.TestCase):
    """Two SoftHSM tokens in the place of two HSMs; the key pair is put on both, as a vendor's cloning would."""

    def tool(self, *words):
        subprocess.run([str(word) for word in words], check=True, capture_output=True, env=dict(os.environ, SOFTHSM2_CONF=str(self.instance.data / "token" / "softhsm2.conf")))

    def token(self, label):
        self.tool("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", PIN)

    def put(self, label, pem, key):
        self.tool("softhsm2-util", "--import", pem, "--token", label, "--label", key, "--id", "a1", "--pin", PIN)

    def test_abuse23_the_second_signs_while_the_first_is_gone_and_one_with_another_key_never(self):
        if not shutil.which("softhsm2-util"):
            self.skipTest("softhsm2-util is not installed")
        for label in ("hsm-1", "hsm-2"):
            self.token(label)
        for label in ("hsm-1", "hsm-2"):
            self.assertIn("0 key pairs", self.ok("key", "use-token", label, "--module", SOFTHSM, "--pin-file", self.pin))
        self.assertEqual(self.run_("key", "use-token", "hsm-2", "--module", SOFTHSM, "--pin-file", self.pin).code, 5)
        wrong = self.write("wrong", b"0000")
        os.chmod(wrong, 0o600)
        self.assertNotEqual(self.run_("key", "use-token", "hsm-3", "--module", SOFTHSM, "--pin-file", wrong).code, 0)
        self.ok("key", "create", "px-fw", "--charter", self.charter)
        grant = self.grant()
        file, ran = self.sign(grant)
        self.assertEqual(ran.code, 0, ran)
        self.verified(file)

        # The first is gone: its PIN file is, which is what a removed token looks like from here. The second has not the key.
        listed = json.loads((self.instance.data / "token" / "signer.json").read_text())
        listed["tokens"][0]["pin_file"] = str(self.directory / "gone")
        (self.instance.data / "token" / "signer.json").write_text(json.dumps(listed))
        file, ran = self.sign(grant)
        self.assertNotEqual(ran.code, 0, "the second token holds no such key")
        # Another key under the same CKA_ID does not help.
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "other.pem")
        charter = json.loads(self.ok("key", "charter", "px-fw"))
        self.tool("softhsm2-util", "--import", self.directory / "other.pem", "--token", "hsm-2", "--label", "px-fw-1", "--id", charter["versions"][0]["id"], "--pin", PIN)
        file, ran = self.sign(grant)
        self.assertNotEqual(ran.code, 0)
        # Back again, and it signs.
        listed["tokens"][0]["pin_file"] = str(self.pin)
        (self.instance.data / "token" / "signer.json").write_text(json.dumps(listed))
        file, ran = self.sign(grant)
        self.assertEqual(ran.code, 0, ran)
        self.verified(file)
        self.ok("key", "drop-token", "hsm-2")
        self.ok("key", "drop-token", "hsm-1")
        self.assertIn("softhsm", self.ok("key", "tokens"))


if __name__ == "__main__":
    holdfast.main()
