"""docs/guides/encryption.md as it stands; what is refused beside it; and that no content key is anywhere but in memory."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess

import holdfast
import people

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guides" / "encryption.md").read_text()
PEERS = ROOT / "tests" / "interop" / "encryption"
PYTHON = "/usr/bin/python3"


def has(*modules):
    return subprocess.run([PYTHON, "-c", "import " + ", ".join(modules)], capture_output=True).returncode == 0


@holdfast.both_engines
class Encryption(people.People):
    def setUp(self):
        self.meet()
        self.me = "cli:" + subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()

    def path(self, name):
        return str(self.directory / name)

    def shell(self, script):
        (self.directory / "bin").mkdir(exist_ok=True)
        program = self.directory / "bin" / "holdfast"
        # Every call with its arguments and environment is written down.
        program.write_text(f"""#!/bin/bash\n{{ printf '%s\\n' "$@"; env; }} >> '{self.path("calls")}'\nexec '{holdfast._program.resolve()}' "$@"\n""")
        program.chmod(0o755)
        ran = subprocess.run(["bash", "-c", "set -euo pipefail\n" + script], cwd=self.directory, capture_output=True, text=True, env=dict(
            os.environ, HOLDFAST_DATA=str(self.instance.data), PATH=f"{self.directory / 'bin'}:{os.environ['PATH']}"))
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def refused(self, ran, words):
        self.assertEqual((ran.code != 0, words in ran.err), (True, True), ran)

    def encrypt(self, *words):
        return self.instance.run("encrypt", *words)

    def made(self, file, bits="256", product="px-one", version="1.0"):
        ran = self.encrypt("content-key", self.path(file), "--key", "px-ota", "--product", product, "--version", version, "--bits", bits)
        self.assertEqual(ran.code, 0, ran)
        return ran.out.strip()

    def everything_kept(self):
        """Every byte of the installation: rows, ledger, blobs, token and logs."""
        bytes_of = [file.read_bytes() for file in self.instance.data.rglob("*") if file.is_file()]
        if self.engine == "sqlite":
            bytes_of += ["\n".join(sqlite3.connect(self.instance.data / "holdfast.db").iterdump()).encode()]
        else:
            database = json.loads((self.instance.data / "holdfast.json").read_text())["database"]
            dumped = subprocess.run(["pg_dump", "--data-only", "-d", database], capture_output=True)
            self.assertEqual(dumped.returncode, 0, dumped.stderr)
            self.assertIn(b"content_key", dumped.stdout)
            bytes_of += [dumped.stdout]
        return bytes_of

    def nowhere(self, keys, more):
        """None of the keys, as bytes or hexadecimal, in what is kept, which does have the artifacts' digests."""
        places = self.everything_kept() + more
        for shown in self.instance.lines("encrypt", "show"):
            self.assertTrue(any(shown["artifact_sha256"].encode() in place for place in places))
        for key in keys:
            for form in (key, key.hex().encode(), key.hex().upper().encode()):
                for place in places:
                    self.assertEqual(place.find(form), -1)

    def test_the_guide_is_played_and_no_content_key_is_anywhere(self):
        if not shutil.which("cpio"):
            self.skipTest("needs cpio of Debian's package cpio")
        said = self.shell("".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.S)))
        # What the content keys are, as the devices see them.
        key = (self.directory / "key.aes").read_text().split()[0]
        self.assertEqual(len(key), 64)
        keys = [bytes.fromhex(key)]
        if has("cbor2", "cryptography"):  # without them one key is looked for and not two
            opened = subprocess.run([PYTHON, "-B", PEERS / "cose_open.py", "model.enc.cose", "model.enc", "field.pem", "model.out"],
                                    cwd=self.directory, capture_output=True, text=True)
            self.assertEqual(opened.returncode, 0, opened.stderr)
            keys.append(bytes.fromhex(opened.stdout))
            self.assertEqual((self.directory / "model.out").read_bytes(), (self.directory / "model.bin").read_bytes())
        wrapped = [content["files"][0]["recipients"] for content in
                   (self.instance_shown(file) for file in ("model.bin", "update.swu"))]
        self.assertEqual(wrapped, [["field-2026"], ["gateway-1", "gateway-2"]])
        calls = (self.directory / "calls").read_bytes()
        self.assertIn(b"content-key", calls)
        self.nowhere(keys, [calls, said.encode()])
        kinds = [json.loads(line)["kind"] for line in self.instance.ok("ledger", "tail", "--json").splitlines()]
        for kind in ("key_created", "permitted", "recipient_added", "content_key_made", "wrapped", "recipient_revoked"):
            self.assertIn("encryption." + kind, kinds)
        exposed = self.instance.lines("encrypt", "exposed-to", self.path("gateway-1.crt"))
        self.assertEqual([(one["product"], one["form"], one["file"]) for one in exposed], [("px-gw", "swu", "update.enc.swu")])
        self.assertEqual(exposed[0]["file_sha256"], hashlib.sha256((self.directory / "update.enc.swu").read_bytes()).hexdigest())
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)
        self.instance.whole()

        # Refused: for a revoked key, a group without a permit, another file, a private key.
        self.refused(self.encrypt("run", self.path("model.bin"), "--form", "cose", "--recipient", "gateway-1", "--out", self.path("x")), "HF-ENCRYPT-0015")
        self.instance.ok("encrypt", "permit", "px-ota", self.me, "--group", "field", "--end")
        self.refused(self.encrypt("run", self.path("model.bin"), "--form", "cose", "--group", "field", "--out", self.path("x")), "HF-ENCRYPT-0012")
        self.refused(self.encrypt("run", self.path("model.enc"), "--form", "cose", "--group", "gateways", "--out", self.path("x")), "HF-ENCRYPT-0003")
        self.refused(self.encrypt("add-recipient", "y", "--group", "field", "--key", self.path("field.pem")), "HF-RECIPIENT-0003")
        self.refused(self.encrypt("content-key", self.path("model.bin"), "--key", "none", "--product", "p", "--version", "1"), "HF-ENCRYPT-0001")
        self.assertFalse((self.directory / "x").exists())

    def instance_shown(self, file):
        digest = hashlib.sha256((self.directory / file).read_bytes()).hexdigest()
        return json.loads(self.instance.ok("encrypt", "show", digest[:12]))

    def prepared(self):
        self.instance.ok("encrypt", "create-key", "px-ota")
        self.instance.ok("encrypt", "permit", "px-ota", self.me, "--group", "*")
        self.openssl("genpkey", "-algorithm", "X25519", "-out", "device.pem")
        self.openssl("pkey", "-in", "device.pem", "-pubout", "-out", "device.pub.pem")
        self.instance.ok("encrypt", "add-recipient", "device", "--group", "field", "--key", self.path("device.pub.pem"))

    def test_an_image_that_the_signing_service_signed_boots_after_it_is_encrypted(self):
        self.prepared()
        charter = {
            "class": "firmware", "environment": "test", "owner": "ann", "deputy": "bob",
            "policy": {"products": ["px-one"], "formats": ["mcuboot"], "schemes": ["ecdsa-p256-sha256"]},
            "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 1}], "hours": 72},
            "grants": {"signatures": 5, "days": 7}, "approvers": self.approvers(),
        }
        self.instance.ok("key", "create", "px-fw", "--charter", self.write("charter.json", json.dumps(charter).encode()))
        pem = self.write("px-fw.pem", self.instance.ok("key", "public", "px-fw").encode())
        payload = os.urandom(30_000)
        image = self.write("app.bin", payload)
        request = self.instance.ok("sign", "request", image, "--key", "px-fw", "--format", "mcuboot", "--product", "px-one", "--reason", "release",
                                   "--option", "version=1.2.3", "--option", "pad-header=true", "--option", "encrypted=128").strip()
        self.assertEqual(self.decide(request, "ann").code, 0)
        self.instance.ok("sign", "run", request, image, "--out", self.path("app.signed.bin"))
        self.made("app.signed.bin", bits="128")
        self.instance.ok("encrypt", "run", self.path("app.signed.bin"), "--form", "mcuboot", "--group", "field", "--out", self.path("app.enc.bin"))
        seen = json.loads(self.instance.ok("encrypt", "inspect", self.path("app.enc.bin"), "--json"))
        self.assertEqual((seen["form"], seen["cipher"], seen["recipients"]), ("mcuboot", "AES-128-CTR", [{"how": "ECIES-X25519"}]))
        self.refused(self.instance.run("artifact", "verify", self.path("app.enc.bin"), "--key", pem), "encrypted")
        if not has("cryptography"):
            self.skipTest("needs Debian's python3-cryptography")
        opened = subprocess.run([PYTHON, "-B", PEERS / "mcuboot_open.py", "app.enc.bin", "device.pem", "app.out"], cwd=self.directory, capture_output=True, text=True)
        self.assertEqual(opened.returncode, 0, opened.stderr)
        self.nowhere([bytes.fromhex(opened.stdout.split()[1])], [(self.directory / "app.enc.bin").read_bytes()])
        self.assertEqual((self.directory / "app.out").read_bytes()[32:32 + len(payload)], payload)
        imgtool = ROOT / "tests" / "interop" / "formats" / "imgtool"
        if subprocess.run([imgtool, "version"], capture_output=True).returncode == 0:
            verified = subprocess.run([imgtool, "verify", "-k", pem, self.path("app.out")], capture_output=True, text=True)
            self.assertEqual(verified.returncode, 0, verified.stdout)

    def test_a_rauc_bundle_is_for_its_recipients(self):
        if not shutil.which("rauc") or not shutil.which("mksquashfs"):
            self.skipTest("needs Debian's packages rauc and squashfs-tools")
        self.prepared()
        for name in ("signer", "gateway"):
            self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.pem", "-out", f"{name}.crt", "-subj", f"/CN={name}", "-days", "3650")
        (self.directory / "content").mkdir()
        self.write("content/rootfs.img", os.urandom(20_000))
        self.write("content/manifest.raucm", b"[update]\ncompatible=px\nversion=1\n\n[bundle]\nformat=crypt\n\n[image.rootfs]\nfilename=rootfs.img\n")
        subprocess.run(["rauc", "--cert", "signer.crt", "--key", "signer.pem", "bundle", "content", "update.raucb"], cwd=self.directory, check=True, capture_output=True)
        key = re.search(rb"crypt-key=([0-9a-f]{64})", (self.directory / "update.raucb").read_bytes()).group(1)
        self.instance.ok("encrypt", "add-recipient", "gateway", "--group", "gateways", "--key", self.path("gateway.crt"))
        self.made("update.raucb", product="px-gw")
        self.refused(self.encrypt("run", self.path("update.raucb"), "--form", "rauc", "--recipient", "device", "--out", self.path("x")), "certificate")
        self.instance.ok("encrypt", "run", self.path("update.raucb"), "--form", "rauc", "--group", "gateways", "--out", self.path("update.enc.raucb"))
        self.write("system.conf", b"[system]\ncompatible=px\nbootloader=noop\n[keyring]\npath=signer.crt\n[encryption]\nkey=gateway.pem\ncert=gateway.crt\n")
        subprocess.run(["rauc", "-c", "system.conf", "extract", "update.enc.raucb", "out"], cwd=self.directory, check=True, capture_output=True)
        self.assertEqual((self.directory / "out" / "rootfs.img").read_bytes(), (self.directory / "content" / "rootfs.img").read_bytes())
        seen = json.loads(self.instance.ok("encrypt", "inspect", self.path("update.enc.raucb"), "--json"))
        self.assertEqual((seen["form"], [one["issuer"] for one in seen["recipients"]]), ("rauc", ["CN=gateway"]))
        self.assertEqual(self.instance_shown("update.raucb")["origin"], "bundle")
        # This key is known before: it is in the bundle that rauc made, and nowhere else.
        self.nowhere([bytes.fromhex(key.decode())], [(self.directory / "update.enc.raucb").read_bytes()])


if __name__ == "__main__":
    holdfast.main()
