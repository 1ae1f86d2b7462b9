"""The life of a signing key: rotation with overlap, glass that was broken and is ratified, slots of the silicon; as docs/guides/signing.md goes."""
import hashlib
import json
import os

import holdfast
import people


@holdfast.both_engines
class KeyLifecycle(people.People):
    def setUp(self):
        self.meet()
        self.charter = {
            "class": "firmware", "environment": "test", "owner": "ann", "deputy": "bob",
            "policy": {"products": ["px-100"], "formats": ["mcuboot"], "schemes": ["ecdsa-p256-sha256"]},
            "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 2}], "hours": 72},
            "grants": {"signatures": 5, "days": 7},
            "break_glass": {"name": "one officer", "roles": ["officer"], "needed": 1},
            "approvers": self.approvers(),
        }
        self.image = self.write("app.bin", os.urandom(5000))
        self.instance.ok("key", "create", "px100-fw", "--charter", self.instance.write("charter.json", json.dumps(self.charter)))

    def public(self, version):
        return self.write(f"{version}.pem", self.instance.ok("key", "public", "px100-fw", "--version", version).encode())

    def request(self, *more):
        return self.instance.ok("sign", "request", self.image, "--key", "px100-fw", "--format", "mcuboot", "--product", "px-100", "--reason", "release",
                                 "--option", "version=1.2.3", "--option", "pad-header=true", *more).strip()

    def sign(self, request, *more, out="signed.bin"):
        return self.instance.run("sign", "run", request, self.image, "--out", str(self.directory / out), *more)

    def agreed(self, request, *who):
        for person in who or ("ann", "bob"):
            decided = self.decide(request, person)
            self.assertEqual(decided.code, 0, decided)
        return request

    def verifies(self, name, pem):
        return self.instance.run("artifact", "verify", str(self.directory / name), "--key", pem).code == 0

    def versions(self):
        return {one["version"]: one["state"] for one in self.instance.ask("key", "show", "px100-fw")["charter"]["versions"]}

    def fleet(self, *, platform=None):
        """Twenty units of two revisions; the digest of signed.bin is that of the build they run."""
        digest = hashlib.sha256((self.directory / "signed.bin").read_bytes()).hexdigest()
        revision = {"record": "hardware_revision", "product": "px-100", "name": "A"} | ({"platform": platform} if platform else {})
        records = [
            {"record": "manufacturer", "code": "acme", "name": "ACME", "country": "DE"},
            {"record": "product", "code": "px-100", "manufacturer": "acme", "name": "PX", "product_class": "default"},
            {"record": "module", "product": "px-100", "code": "fw", "name": "F", "kind": "firmware"},
            revision | {"code": "a"}, revision | {"code": "b"},
            {"record": "build", "module": "px-100/fw", "version": "1.2.3", "artifacts": [{"name": "app.bin", "sha256": digest, "size": 1}]},
        ] + [{"record": "batch", "product": "px-100", "code": f"{code}1", "hardware_revision": f"px-100/{code}", "name": "B", "factory": "F",
              "authorised_quantity": 100} for code in "ab"]
        self.instance.ok("catalog", "apply", "-", stdin="".join(json.dumps(record) + "\n" for record in records))
        units = [{"batch": f"px-100/{code}1", "serial": f"{code.upper()}{i:04}", "hardware_revision": f"px-100/{code}", "market": "DE" if i % 2 else "FR",
                  "builds": ["px-100/fw/1.2.3"]} for code in "ab" for i in range(10)]
        self.instance.ok("fleet", "import", self.instance.write("units.ndjson", "".join(json.dumps(unit) + "\n" for unit in units)))

    def test_a_rotation_with_overlap(self):
        old = self.public(1)
        before = self.agreed(self.request())
        self.assertEqual(self.sign(before).code, 0)
        self.fleet()
        for revision in "ab":
            self.instance.ok("key", "trust", "px100-fw", "--hardware-revision", f"px-100/{revision}")
        in_flight = self.agreed(self.request())
        grant = self.agreed(self.instance.ok("sign", "grant", "--key", "px100-fw", "--product", "px-100", "--format", "mcuboot", "--signatures", "5",
                                             "--days", "7", "--reason", "nightly").strip())

        # What would follow, without anything being made.
        preview = self.instance.ask("key", "rotate", "px100-fw", "--dry-run")
        self.assertEqual((preview["from"], preview["to"], preview["prepared"]), (1, 2, False))
        self.assertEqual([one["digest"] for one in preview["grants"]], [grant])
        self.assertEqual([one["digest"] for one in preview["requests"]], [in_flight])
        self.assertEqual(preview["builds"], ["px-100/fw/1.2.3"])
        self.assertEqual(preview["trust_only_old"], {"devices": 20, "by_market": [{"market": "DE", "devices": 10}, {"market": "FR", "devices": 10}]})
        self.assertIn("20 units", self.instance.ok("key", "rotate", "px100-fw", "--dry-run"))
        self.assertEqual(self.instance.run("key", "public", "px100-fw", "--version", "2").code, 4, "nothing was made")

        # Prepared: published before anything is signed with it; the old version goes on.
        self.assertIn("pre-active", self.instance.ok("key", "rotate", "px100-fw"))
        self.assertIn("HF-KEYS-0033", self.instance.run("key", "rotate", "px100-fw").err)
        new = self.public(2)
        self.assertIn("pre_active", self.instance.ok("key", "show", "px100-fw"))
        self.assertEqual(self.instance.run("key", "discover").code, 0)
        self.assertEqual(self.sign(in_flight, out="during.bin").code, 0)
        self.assertTrue(self.verifies("during.bin", old))
        self.instance.ok("key", "trust", "px100-fw", "--hardware-revision", "px-100/b", "--version", "2")
        self.assertEqual(self.instance.ask("key", "rotate", "px100-fw", "--dry-run")["trust_only_old"]["devices"], 10)

        # Active under a charter that its approvers agreed to; what was approved for the old version is refused, clearly.
        waiting = self.agreed(self.request())
        change = self.instance.ok("key", "activate", "px100-fw").strip()
        self.assertEqual(self.instance.run("sign", "run", change).code, 5, "nobody agreed yet")
        self.agreed(change)
        self.assertEqual(self.instance.run("sign", "run", change).code, 0)
        self.assertEqual(self.versions(), {1: "verify_only", 2: "active"})
        refused = self.sign(waiting, out="late.bin")
        self.assertEqual(refused.code, 5)
        self.assertIn("ask again, for version 2", refused.err)
        self.assertEqual(self.sign(grant, "--format", "mcuboot", "--product", "px-100", "--option", "version=1.0.0", "--option", "pad-header=true",
                                   out="late.bin").code, 5)
        self.assertEqual(self.sign(self.agreed(self.request()), out="new.bin").code, 0)
        self.assertTrue(self.verifies("new.bin", new))
        self.assertFalse(self.verifies("new.bin", old))
        self.assertTrue(self.verifies("signed.bin", old), "what was signed stays signed")

        # And at last retired; what signs is not.
        self.assertIn("HF-KEYS-0034", self.instance.run("key", "retire", "px100-fw", "--version", "2").err)
        self.assertEqual(self.instance.run("sign", "run", self.agreed(self.instance.ok("key", "retire", "px100-fw", "--version", "1").strip())).code, 0)
        self.assertEqual(self.versions(), {1: "retired", 2: "active"})
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)

    def test_glass_that_was_broken_is_ratified(self):
        request = self.request("--break-glass")
        self.agreed(request, "ann")
        self.assertEqual(self.instance.lines("sign", "unratified"), [], "nothing was signed yet")
        self.assertEqual(self.sign(request).code, 0, "one officer is enough at once")
        line = self.instance.lines("sign", "unratified")[0]
        self.assertEqual((line["digest"], line["ratification"]["state"]), (request, "open"))
        self.assertIn(line["ratification"]["due_at"], self.instance.ok("sign", "list"))
        self.assertIn(line["ratification"]["due_at"], self.instance.ok("today"))
        self.assertEqual([one["digest"] for one in self.instance.ask("today")["signing"]["unratified"]], [request])
        self.assertIn("HF-KEYS-0013", self.decide(request, "ann").err, "who broke it has spoken")
        decided = self.decide(request, "bob")
        self.assertIn("Ratified", decided.out, decided)
        self.assertEqual(self.instance.lines("sign", "unratified"), [])
        self.assertIn("HF-KEYS-0019", self.decide(request, "cid").err, "nothing is left to decide")
        kinds = [json.loads(line)["kind"] for line in self.instance.ok("ledger", "tail", "--json").splitlines()]
        self.assertIn("signing.ratified", kinds)
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)

    def test_who_says_no_afterwards_stops_the_breaking_of_glass(self):
        request = self.request("--break-glass")
        self.agreed(request, "ann")
        self.assertEqual(self.sign(request).code, 0)
        self.assertEqual(self.decide(request, "cid", "--reject").code, 0)
        unratified = self.instance.run("sign", "unratified", "--json")
        self.assertEqual((unratified.code, json.loads(unratified.out)["ratification"]["state"]), (1, "rejected"))
        again = self.agreed(self.request("--break-glass"), "bob")
        self.assertIn("an approver has rejected since", self.sign(again, out="again.bin").err)
        self.assertEqual(self.sign(self.agreed(self.request()), out="again.bin").code, 0, "with all approvals it signs")
        change = self.instance.ok("key", "change", "px100-fw", "--charter", self.instance.write("charter.json", json.dumps(self.charter | {"break_glass_hours": 12})))
        self.assertEqual(self.instance.run("sign", "run", self.agreed(change.strip())).code, 0)
        self.assertEqual(self.sign(self.agreed(self.request("--break-glass"), "bob"), out="third.bin").code, 0)

    def test_slots_are_those_of_the_silicon(self):
        self.assertEqual(self.sign(self.agreed(self.request())).code, 0)
        self.fleet(platform="espressif-esp32-c3")
        shown = self.instance.ask("silicon", "show", "espressif-esp32-c3")
        self.assertEqual((shown["root_keys"]["slots"], shown["root_keys"]["revocable"]), (3, True))
        self.assertEqual(self.instance.ask("silicon", "show", "st-stm32u585")["root_keys"]["slots"], "unknown")
        self.assertIn("HF-SILICON-0002", self.instance.run("silicon", "show", "z80").err)
        self.assertGreater(len(self.instance.lines("silicon", "list")), 50)
        self.assertEqual(self.instance.run("key", "trust", "px100-fw", "--hardware-revision", "px-100/a", "--fused", "--platform", "z80").code, 4)
        self.instance.ok("key", "trust", "px100-fw", "--hardware-revision", "px-100/a", "--fused")
        self.instance.ok("key", "trust", "px100-fw", "--hardware-revision", "px-100/b", "--fused", "--platform", "st-stm32u585")
        answer = self.instance.ask("trace", "key", "px100-fw")
        anchors = {one["hardware_revision"]: one for one in answer["anchors"]}
        a, b = anchors["px-100/a"], anchors["px-100/b"]
        self.assertEqual((a["platform"], a["slots"], a["slots_left"], a["rekeying"]), ("espressif-esp32-c3", 3, 2, "yes"), "of the revision")
        self.assertIn(shown["root_keys"]["sources"][0]["reference"], a["slots_from"])
        self.assertEqual((b["platform"], b["slots"], b["slots_left"], b["rekeying"]), ("st-stm32u585", None, None, "unknown"))
        self.assertEqual((answer["leak"]["rekeyable"], answer["leak"]["stuck"], answer["leak"]["unknown"]), (10, 0, 10))
        self.assertIn("silicon catalogue of", self.instance.ok("trace", "key", "px100-fw"))
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)


if __name__ == "__main__":
    holdfast.main()
