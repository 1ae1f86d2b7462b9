"""A station at a factory and its manufacturer, as docs/guides/factory.md goes: orders by quorum, certificates for openssl's requests, bundle, over-build, hold."""
import csv
import json
import os
import random
import resource
import signal
import subprocess

import holdfast
import people

FLASH = "f" * 64
KILLS = 4
SEED = int(os.environ.get("HF_SEED", random.randrange(2**32)))


@holdfast.both_engines
class Station(people.People):
    def setUp(self):
        self.meet()
        records = [
            {"record": "manufacturer", "code": "acme", "name": "ACME", "country": "DE"},
            {"record": "product", "code": "px-100", "manufacturer": "acme", "name": "PX", "product_class": "default"},
            {"record": "module", "product": "px-100", "code": "fw", "name": "F", "kind": "firmware"},
            {"record": "hardware_revision", "product": "px-100", "code": "a", "name": "A"},
            {"record": "build", "module": "px-100/fw", "version": "1.2.3", "artifacts": [{"name": "app.bin", "sha256": FLASH, "size": 1}]},
            {"record": "release", "product": "px-100", "version": "r1", "kind": "security", "security_version": 1, "builds": [{"build": "px-100/fw/1.2.3"}]},
            {"record": "batch", "product": "px-100", "code": "b1", "hardware_revision": "px-100/a", "release": "px-100/r1", "name": "B", "factory": "sz-1", "authorised_quantity": 100},
        ]
        self.instance.ok("catalog", "apply", "-", stdin="".join(json.dumps(record) + "\n" for record in records))
        self.charter("root", "device_ca", ["x509"], ["ca_certificate"])
        self.charter("factory", "device_ca", ["factory-authorisation"], ["factory_authorisation", "factory_hold"])
        self.instance.ok("pki", "prepare-root", "--subject", "CN=Example Root CA,O=Example", "--key", self.path("root.pub"), "--out", self.path("root.tbs"))
        self.approved("root", "x509", "root.tbs", "root.pem")
        said = self.ok("station", "init", self.path("station"), "--factory", "sz-1", "--manufacturer-key", self.path("factory.pub"), "--subject", "CN=Device CA sz-1,O=Example", "--counter", f"file:{self.path('counter')}")
        self.station = dict(line.split(None, 1) for line in said.splitlines())["station"]
        self.instance.ok("pki", "prepare", "--ca", self.path("root.pem"), "--profile", "issuing-ca", self.path("station/ca.csr"), "--out", self.path("ca.tbs"))
        self.approved("root", "x509", "ca.tbs", "ca.pem")
        self.ok("station", "import", self.path("ca.pem"))

    def path(self, name):
        return str(self.directory / name)

    def ran(self, *words, **more):
        """At the factory: no installation of the manufacturer is there."""
        return holdfast.program(*words, env={"PATH": os.environ["PATH"], "HOLDFAST_STATION": self.path("station"), "HOLDFAST_DATA": "/nowhere"}, **more)

    def ok(self, *words):
        ran = self.ran(*words)
        self.assertEqual(ran.code, 0, ran)
        return ran.out

    def charter(self, name, key_class, formats, kinds):
        charter = {"class": key_class, "environment": "test", "owner": "ann", "deputy": "bob",
                   "policy": {"products": ["px-100"], "formats": formats, "kinds": kinds, "schemes": ["ecdsa-p256-sha256"]},
                   "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 2}], "hours": 72}, "approvers": self.approvers()}
        self.instance.ok("key", "create", name, "--charter", self.instance.write(f"{name}.json", json.dumps(charter)))
        self.write(f"{name}.pub", self.instance.ok("key", "public", name).encode())

    def approved(self, key, form, file, out):
        request = self.instance.ok("sign", "request", self.path(file), "--key", key, "--format", form, "--product", "px-100", "--reason", "production").strip()
        for person in ("ann", "bob"):
            self.assertEqual(self.decide(request, person).code, 0)
        self.instance.ok("sign", "run", request, self.path(file), "--out", self.path(out))
        return request

    def authorise(self, count, *more, last=1000):
        return self.instance.ok("factory", "authorise", "--batch", "px-100/b1", "--station", f"{self.station}={count}", "--ca", self.path("ca.pem"), "--serial-prefix", "GW-",
                                "--serial-first", "1", "--serial-last", str(last), "--serial-digits", "4", "--out", self.path("order.json"), *more).strip()

    def ordered(self, count, *more):
        """Authorised by two people, in the register, and at the station."""
        name = self.authorise(count, *more)
        request = self.approved("factory", "factory-authorisation", "order.json", "order.dsse.json")
        self.assertEqual(self.instance.ok("factory", "register", self.path("order.dsse.json")).strip(), name)
        self.ok("station", "import", self.path("order.dsse.json"))
        return name, request

    def csr(self, serial):
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{serial}.key")
        self.openssl("req", "-new", "-key", f"{serial}.key", "-subj", f"/serialNumber={serial}", "-out", f"{serial}.csr")
        return self.path(f"{serial}.csr")

    def issue(self, serial):
        return self.ran("station", "issue", "--device", serial, self.csr(serial))

    def imported(self):
        self.ok("station", "export", self.path("bundle"))
        ran = self.instance.run("factory", "import", self.path("bundle"), "--json")
        return ran.code, json.loads(ran.out)

    def verify(self, certificate):
        self.openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", "root.pem", "-untrusted", "ca.pem", certificate)

    def test_from_an_approved_order_to_a_reconciled_bundle(self):
        name, request = self.ordered(4, "--fuse", "SECURE_BOOT=1")
        shown = self.instance.ok("sign", "show", request)
        for seen in ("GW-0001 to GW-1000", "SECURE_BOOT=1", FLASH, self.station, "px-100/b1"):
            self.assertIn(seen, shown, "what people approve is shown")
        fuses = self.write("fuses.json", b'{"SECURE_BOOT": 1, "JTAG_DIS": 1}')
        for serial in ("GW-0001", "GW-0002", "GW-0003"):
            issued = self.issue(serial)
            self.assertEqual((issued.code, issued.out), (0, ""), "no certificate goes out before the unit has proven itself")
            refused = self.ran("station", "activate", serial, "--flash-sha256", "0" * 64, "--fuses", fuses)
            self.assertEqual((refused.code, "HF-STATION-0022" in refused.err), (5, True), refused)
            self.ok("station", "activate", serial, "--flash-sha256", FLASH, "--fuses", fuses, "--out", self.path(f"{serial}.pem"))
            self.verify(f"{serial}.pem")
        self.assertIn("HF-STATION-0016", self.issue("GW-1001").err)
        self.assertIn("HF-STATION-0017", self.issue("GW-0001").err)
        self.assertEqual(self.issue("GW-0004").code, 0)
        self.assertIn("HF-STATION-0015", self.issue("GW-0005").err, "the n+1-th")

        code, done = self.imported()
        self.assertEqual((code, done["reserved"], done["activated"], done["alarms"]), (0, 4, 3, []), done)
        self.assertEqual(self.imported()[1]["known"], True)
        report = self.write("shipped.csv", b"serial,date\nGW-0001,2026-11-20\nGW-0002,2026-11-20\nGW-0099,2026-11-20\n")
        answer = self.instance.run("factory", "reconcile", name[:8], "--report", report, "--json")
        found = json.loads(answer.out)
        self.assertEqual((answer.code, found["issued"], found["shipped"]), (1, 4, 3), answer)
        self.assertEqual([(one["serial"], one["what"]) for one in found["differences"]],
                         [("GW-0003", "not_shipped"), ("GW-0004", "not_shipped"), ("GW-0099", "not_issued")])
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)
        self.instance.whole()

    def test_a_hold_stops_the_register_and_the_station_until_it_is_ended(self):
        name, _ = self.ordered(10, "--no-flash")
        self.assertEqual(self.issue("GW-0001").code, 0)
        held = json.loads(self.instance.ok("factory", "hold", "--product", "px-100", "--release", "px-100/r1", "--reason", "CVE-2026-0001", "--out", self.path("hold.json"), "--json"))
        self.assertEqual((held["sequence"], held["authorisations"]), (1, [name]))
        refused = self.instance.run("factory", "authorise", "--batch", "px-100/b1", "--station", f"{self.station}=1", "--ca", self.path("ca.pem"), "--serial-first", "1", "--serial-last", "9",
                                    "--no-flash", "--out", self.path("more.json"))
        self.assertEqual((refused.code, "HF-FACTORY-0004" in refused.err), (5, True), refused)
        self.approved("factory", "factory-authorisation", "hold.json", "hold.dsse.json")
        self.assertEqual(self.instance.ok("factory", "register", self.path("hold.dsse.json")).strip(), "hold 1")
        self.ok("station", "import", self.path("hold.dsse.json"))
        self.assertIn("HF-STATION-0013", self.issue("GW-0002").err)
        self.assertIn("on hold (1)", self.ran("station", "status").out)
        self.assertIn("on hold (1)", self.instance.ok("factory", "list"))

        self.instance.ok("factory", "resume", "1", "--reason", "r2 replaces it", "--out", self.path("resume.json"))
        self.approved("factory", "factory-authorisation", "resume.json", "resume.dsse.json")
        self.ok("station", "import", self.path("resume.dsse.json"))
        self.assertEqual(self.issue("GW-0002").code, 0)
        self.assertEqual(self.imported()[0], 0)
        self.ok("station", "close", name, "--out", self.path("closing.json"))
        self.assertIn("HF-STATION-0015", self.issue("GW-0003").err)
        self.assertEqual(self.imported()[1]["closed"], 1)
        self.assertIn("2 used, 8 returned", self.instance.ok("factory", "show", name))

    def test_a_station_that_was_put_back_begins_anew_and_the_manufacturer_sees_both(self):
        name, _ = self.ordered(10, "--no-flash")
        journal = self.directory / "station/journal"
        self.assertEqual(self.issue("GW-0001").code, 0)
        snapshot = journal.read_bytes()
        self.assertEqual(self.issue("GW-0002").code, 0)
        self.assertEqual(self.imported()[0], 0)
        journal.write_bytes(snapshot)
        self.assertIn("HF-STATION-0004", self.issue("GW-0003").err)
        status = self.ran("station", "status", "--json")
        counter = json.loads(status.out)["counter"]
        self.assertEqual((status.code, f"epoch {counter} begins a new journal" in status.err), (5, True), status)

        fresh = self.instance.ok("factory", "authorise", "--batch", "px-100/b1", "--station", f"{self.station}=5@{counter}", "--ca", self.path("ca.pem"), "--serial-prefix", "GX-",
                                 "--serial-first", "1", "--serial-last", "5", "--serial-digits", "4", "--no-flash", "--out", self.path("fresh.json")).strip()
        self.approved("factory", "factory-authorisation", "fresh.json", "fresh.dsse.json")
        self.instance.ok("factory", "register", self.path("fresh.dsse.json"))
        self.assertIn("a new journal has begun", self.ok("station", "import", self.path("fresh.dsse.json")))
        self.assertEqual(self.issue("GX-0001").code, 0)
        self.assertIn("HF-STATION-0006", self.ran("station", "import", self.path("order.dsse.json")).err)
        code, done = self.imported()
        self.assertEqual((code, done["epoch"], done["alarms"]), (0, counter, []))
        # The snapshot under the old epoch, signed by a station whose keys were copied with it, does not go unseen.
        self.assertEqual([len(json.loads(self.instance.ok("factory", "show", one, "--json"))["identities"]) for one in (name, fresh)], [1, 1])

    def test_abuse_21_killed_while_it_issues_it_loses_nothing_and_counts_the_use(self):
        name, _ = self.ordered(90, "--no-flash")
        serials = [f"GW-{number:04}" for number in range(1, 1 + 6 * (KILLS + 1))]
        for serial in serials:
            self.csr(serial)
        def batch(some):
            file = self.directory / "batch.csv"
            with file.open("w", newline="") as out:
                csv.writer(out).writerows([("serial", "request"), *((serial, self.path(f"{serial}.csr")) for serial in some)])
            return ("station", "issue", "--csv", str(file), "--out-dir", self.path("certificates"))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.ok(*batch(serials[:6]))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        whole = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        chance = random.Random(SEED)
        told = f"HF_SEED={SEED}"
        killed = 0
        for turn in range(1, KILLS + 1):
            point = chance.uniform(0.005, whole)
            ran = self.ran(*batch(serials[6 * turn:6 * turn + 6]), preexec_fn=lambda: signal.setitimer(signal.ITIMER_PROF, point))
            self.assertIn(ran.code, (0, -signal.SIGPROF), told)
            killed += ran.code != 0
        self.assertTrue(killed, told)
        status = json.loads(self.ok("station", "status", "--json"))
        used = status["authorisations"][0]["used"]
        certificates = {file.stem for file in (self.directory / "certificates").iterdir()}
        self.assertGreaterEqual(used, len(certificates), told)
        for serial in certificates:
            self.verify(f"certificates/{serial}.pem")
            self.assertIn("activated", self.ok("station", "status", "--device", serial), told)
        code, done = self.imported()
        self.assertEqual((code, done["alarms"], done["reserved"]), (0, [], used), told)
        self.assertGreaterEqual(done["issued"], len(certificates), told)
        shown = json.loads(self.instance.ok("factory", "show", name, "--json"))
        self.assertEqual(sum(one["identities"] for one in shown["identities"]), used, told)

    def test_the_device_is_the_fleets(self):
        self.ordered(3, "--no-flash")
        ran = self.issue("GW-0001")
        certificate = self.write("unit.pem", ran.out.encode())
        digest = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"], capture_output=True, text=True, check=True).stdout
        unit = {"batch": "px-100/b1", "serial": "GW-0001", "market": "DE", "certificate_sha256": digest.split("=")[1].strip().replace(":", "").lower()}
        other = {"batch": "px-100/b1", "serial": "GW-0002", "market": "DE", "certificate_sha256": "0" * 64}
        self.instance.ok("fleet", "import", self.instance.write("units.ndjson", "".join(json.dumps(one) + "\n" for one in (unit, other))))
        self.assertEqual(self.issue("GW-0002").code, 0)
        code, done = self.imported()
        self.assertEqual((code, [(one["kind"], one["serial"]) for one in done["alarms"]]), (1, [("other_credential", "GW-0002")]))


if __name__ == "__main__":
    holdfast.main()
