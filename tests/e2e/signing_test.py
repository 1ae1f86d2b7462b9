"""From a charter to a signed image that two of three people approved, as docs/guides/signing.md goes; and what is refused on the way."""
import hashlib
import json
import os
import shutil
import sqlite3

import holdfast
import people


@holdfast.both_engines
class Signing(people.People):
    def setUp(self):
        self.meet()
        self.charter = {
            "class": "firmware", "environment": "test", "owner": "ann", "deputy": "bob",
            "policy": {"products": ["px-100"], "formats": ["mcuboot", "swu", "cms"], "schemes": ["ecdsa-p256-sha256"], "min_security_version": None},
            "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 2}], "hours": 72},
            "grants": {"signatures": 5, "days": 7},
            "approvers": self.approvers(),
        }
        self.image = self.write("app.bin", os.urandom(5000))

    def key(self, name="px100-fw"):
        self.instance.ok("key", "create", name, "--charter", self.instance.write("charter.json", json.dumps(self.charter)))
        pem = self.instance.ok("key", "public", name)
        return self.write(f"{name}.pem", pem.encode())

    def request(self, *more, file=None):
        return self.instance.ok("sign", "request", file or self.image, "--key", "px100-fw", "--format", "mcuboot", "--product", "px-100", "--reason", "release",
                                 "--option", "version=1.2.3", "--option", "pad-header=true", "--option", "security-counter=3", *more).strip()

    def sign(self, request, *more, file=None, out="signed.bin"):
        return self.instance.run("sign", "run", request, file or self.image, "--out", str(self.directory / out), *more)

    def test_two_of_three_approve_and_it_is_signed_once(self):
        pem = self.key()
        request = self.request()
        self.assertEqual(self.sign(request).code, 5)
        self.assertEqual(self.decide(request, "ann").code, 0)
        self.assertEqual(self.decide(request, "ann").code, 5, "one person, one word")
        self.assertEqual(self.sign(request).code, 5)
        self.assertEqual(self.decide(request, "bob").code, 0)
        other = self.write("other.bin", os.urandom(5000))
        self.assertIn("HF-KEYS-0018", self.sign(request, file=other).err)
        self.assertFalse((self.directory / "signed.bin").exists())
        ran = self.sign(request)
        self.assertEqual(ran.code, 0, ran)
        self.assertIn("has been used", self.sign(request, out="again.bin").err)
        signed = str(self.directory / "signed.bin")
        self.assertEqual(self.instance.run("artifact", "verify", signed, "--key", pem).code, 0)
        flipped = bytearray((self.directory / "signed.bin").read_bytes())
        flipped[100] ^= 1
        self.assertEqual(self.instance.run("artifact", "verify", self.write("flipped.bin", bytes(flipped)), "--key", pem).code, 1)
        shown = json.loads(self.instance.ok("key", "show", "px100-fw", "--json"))
        self.assertEqual((shown["signatures"], shown["newest_signatures"][0]["request"]), (1, request))
        kinds = [json.loads(line)["kind"] for line in self.instance.ok("ledger", "tail", "--json").splitlines()]
        for kind in ("key.created", "signing.requested", "signing.approved", "signature.made", "signature.assembled"):
            self.assertIn(kind, kinds)
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)
        self.assertEqual(self.instance.run("key", "discover").code, 0)

    def test_a_key_leads_to_the_units_that_depend_on_it(self):
        self.key()
        request = self.request()
        self.decide(request, "ann"), self.decide(request, "bob")
        self.assertEqual(self.sign(request).code, 0)
        digest = hashlib.sha256((self.directory / "signed.bin").read_bytes()).hexdigest()
        records = [
            {"record": "manufacturer", "code": "acme", "name": "ACME", "country": "DE"},
            {"record": "product", "code": "px-100", "manufacturer": "acme", "name": "PX", "product_class": "default"},
            {"record": "module", "product": "px-100", "code": "fw", "name": "F", "kind": "firmware"},
            {"record": "hardware_revision", "product": "px-100", "code": "a", "name": "A"},
            {"record": "build", "module": "px-100/fw", "version": "1.2.3", "artifacts": [{"name": "app.bin", "sha256": digest, "size": 1}]},
            {"record": "build", "module": "px-100/fw", "version": "1.0.0"},
            {"record": "batch", "product": "px-100", "code": "b1", "hardware_revision": "px-100/a", "name": "B", "factory": "F", "authorised_quantity": 100},
        ]
        self.instance.ok("catalog", "apply", "-", stdin="".join(json.dumps(record) + "\n" for record in records))
        units = [{"batch": "px-100/b1", "serial": f"S{i:04}", "hardware_revision": "px-100/a", "market": "DE" if i % 3 else "FR",
                  "builds": ["px-100/fw/1.2.3" if i < 21 else "px-100/fw/1.0.0"]} for i in range(30)]
        self.instance.ok("fleet", "import", self.instance.write("units.ndjson", "".join(json.dumps(unit) + "\n" for unit in units)))
        answer = self.instance.ask("trace", "key", "px100-fw")
        self.assertEqual((answer["builds"], answer["signatures"]), (["px-100/fw/1.2.3"], 1))
        self.assertEqual(answer["devices"], {"total": 21, "by_market": [{"market": "DE", "devices": 14}, {"market": "FR", "devices": 7}]})
        before = self.instance.ask("trace", "key", "px100-fw", "--at", answer["newest_signatures"][0]["signed_at"])
        self.assertEqual(before["devices"]["total"], 0, "no unit was registered then")
        self.assertIn("21 units in 2 Member States", self.instance.ok("trace", "key", "px100-fw"))
        self.assertEqual(self.instance.run("trace", "key", "nobody").code, 4)

    def test_the_register_is_a_bill_of_materials(self):
        self.key()
        self.instance.ok("key", "create", "big", "--algorithm", "rsa-3072", "--charter", self.instance.write("charter.json", json.dumps(
            self.charter | {"policy": self.charter["policy"] | {"schemes": ["rsa-pkcs1-sha256"]}})))
        bom = self.write("keys.cdx.json", self.instance.ok("key", "cbom").encode())
        parsed = json.loads(self.instance.ok("sbom", "parse", bom, "--json"))
        self.assertEqual((parsed["format"], parsed["spec_version"]), ("CycloneDX", "1.6"))
        components = {one["bom-ref"]: one for one in json.loads((self.directory / "keys.cdx.json").read_text())["components"]}
        self.assertEqual(sorted(components), ["algorithm/ecdsa-p256", "algorithm/rsa-3072", "key/big/1", "key/px100-fw/1"])
        material = components["key/big/1"]["cryptoProperties"]["relatedCryptoMaterialProperties"]
        self.assertEqual((material["type"], material["state"], material["size"], material["algorithmRef"]), ("private-key", "active", 3072, "algorithm/rsa-3072"))

    def test_a_rejection_kills_and_a_policy_is_told_first(self):
        self.key()
        request = self.request()
        self.assertEqual(self.decide(request, "cid", "--reject").code, 0)
        self.decide(request, "ann"), self.decide(request, "bob")
        self.assertIn("rejected", self.sign(request).err)
        refused = self.instance.run("sign", "request", self.image, "--key", "px100-fw", "--format", "mcuboot", "--product", "other", "--reason", "r",
                                        "--option", "version=1.2.3", "--option", "pad-header=true")
        self.assertEqual((refused.code, "HF-KEYS-0014" in refused.err), (5, True), refused)

    def test_abuse01_what_takes_the_files_place_after_the_approval_is_not_signed(self):
        self.key()
        request = self.request()
        self.decide(request, "ann"), self.decide(request, "bob")
        image = self.directory / "app.bin"
        good = image.read_bytes()
        evil = self.directory / "evil.bin"
        evil.write_bytes(os.urandom(len(good)))

        def sparse():
            with open(image, "r+b") as file:
                file.truncate(100)
                file.truncate(len(good))

        for replace in (lambda: image.write_bytes(evil.read_bytes()), lambda: (image.unlink(), image.symlink_to(evil)),
                        lambda: (image.unlink(), os.link(evil, image)), sparse, lambda: image.write_bytes(good + b"\0")):
            replace()
            refused = self.sign(request)
            self.assertEqual((refused.code, "HF-KEYS-0018" in refused.err), (5, True), refused)
            self.assertFalse((self.directory / "signed.bin").exists())
            image.unlink()
            image.write_bytes(good)
        self.assertEqual(self.sign(request).code, 0)

    def test_abuse45_a_restored_installation_takes_no_request_of_before(self):
        if self.engine != "sqlite":
            self.skipTest("the signer's journal is a file whatever the engine")
        self.key()
        grant = self.instance.ok("sign", "grant", "--key", "px100-fw", "--product", "px-100", "--format", "mcuboot", "--signatures", "2", "--days", "7", "--reason", "nightly").strip()
        use = ("--format", "mcuboot", "--product", "px-100", "--option", "version=1.0.0", "--option", "pad-header=true")
        self.decide(grant, "ann"), self.decide(grant, "cid")
        backup = str(self.directory / "backup.tar.zst")
        self.instance.ok("db", "backup", backup, "--with-token")
        for out in ("a.bin", "b.bin"):
            self.assertEqual(self.sign(grant, *use, out=out).code, 0)
        shutil.rmtree(self.instance.data)
        self.instance.ok("db", "restore", backup)
        refused = self.sign(grant, *use, out="c.bin")
        self.assertEqual((refused.code, "restored from a backup" in refused.err), (5, True), refused)
        request = self.request()
        self.decide(request, "ann"), self.decide(request, "bob")
        self.assertEqual(self.sign(request).code, 0)

    def test_a_grant_signs_until_it_is_used_up(self):
        self.key()
        grant = self.instance.ok("sign", "grant", "--key", "px100-fw", "--product", "px-100", "--format", "mcuboot", "--signatures", "2", "--days", "7", "--reason", "nightly").strip()
        use = ("--format", "mcuboot", "--product", "px-100", "--option", "version=1.0.0", "--option", "pad-header=true")
        self.assertEqual(self.sign(grant, *use).code, 5)
        self.decide(grant, "ann"), self.decide(grant, "cid")
        for out in ("a.bin", "b.bin"):
            ran = self.sign(grant, *use, out=out)
            self.assertEqual(ran.code, 0, ran)
        self.assertIn("used up", self.sign(grant, *use, out="c.bin").err)

    def test_a_charter_changes_by_its_own_rule(self):
        self.key()
        self.charter["policy"]["min_security_version"] = 4
        change = self.instance.ok("key", "change", "px100-fw", "--charter", self.instance.write("charter.json", json.dumps(self.charter)), "--reason", "floor 4").strip()
        self.assertEqual(self.instance.run("sign", "run", change).code, 5)
        self.decide(change, "ann"), self.decide(change, "bob")
        self.assertEqual(self.instance.run("sign", "run", change).code, 0)
        self.assertIn("below the floor of 4", self.instance.run(
            "sign", "request", self.image, "--key", "px100-fw", "--format", "mcuboot", "--product", "px-100", "--reason", "r",
            "--option", "version=1.2.3", "--option", "pad-header=true", "--option", "security-counter=3").err)

    def test_who_writes_the_database_gets_no_signature_and_is_found(self):
        if self.engine != "sqlite":
            self.skipTest("the file is SQLite's")
        self.key()
        request = self.request()
        self.decide(request, "ann"), self.decide(request, "bob")
        self.assertEqual(self.sign(request).code, 0)
        database = sqlite3.connect(self.instance.data / "holdfast.db")
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DELETE FROM signature")
        database.execute("UPDATE signing_approval SET person = 'cid' WHERE person = 'bob'")
        database.commit()
        database.close()
        self.assertIn("has been used", self.sign(request, out="again.bin").err)
        verified = self.instance.run("ledger", "verify")
        self.assertEqual(verified.code, 1, verified)
        self.assertIn("signing_approval", verified.out + verified.err)
        self.assertIn("signature", verified.out + verified.err)


if __name__ == "__main__":
    holdfast.main()
