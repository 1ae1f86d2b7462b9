"""A root and a device CA under charters, certificates of devices and a CRL, as docs/guides/certificates.md goes; openssl and we ourselves verify."""
import json
import subprocess

import holdfast
import people


@holdfast.both_engines
class Certificates(people.People):
    def setUp(self):
        self.meet()
        self.policy = {"products": ["px-100"], "formats": ["x509"], "schemes": ["ecdsa-p256-sha256"]}

    def path(self, name):
        return str(self.directory / name)

    def ca(self, name, kinds):
        charter = {"class": "device_ca", "environment": "test", "owner": "ann", "deputy": "bob", "policy": self.policy | {"kinds": kinds},
                   "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 2}], "hours": 72},
                   "grants": {"signatures": 5, "days": 7}, "approvers": self.approvers()}
        self.instance.ok("key", "create", name, "--charter", self.instance.write(f"{name}.json", json.dumps(charter)))
        return self.write(f"{name}.pub.pem", self.instance.ok("key", "public", name).encode())

    def approved(self, key, tbs, out):
        """Signed after two people looked at what it says."""
        request = self.instance.ok("sign", "request", self.path(tbs), "--key", key, "--format", "x509", "--product", "px-100", "--reason", "ceremony").strip()
        for person in ("ann", "bob"):
            self.assertEqual(self.decide(request, person).code, 0)
        self.instance.ok("sign", "run", request, self.path(tbs), "--out", self.path(out))
        return request

    def granted(self, grant, tbs, out):
        return self.instance.run("sign", "run", grant, self.path(tbs), "--format", "x509", "--product", "px-100", "--out", self.path(out))

    def prepare_root(self):
        public = self.ca("root", ["ca_certificate"])
        self.instance.ok("pki", "prepare-root", "--subject", "CN=Example Root CA,O=Example", "--key", public, "--out", self.path("root.tbs"))
        return self.approved("root", "root.tbs", "root.pem")

    def csr(self, name, subject):
        self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
        self.openssl("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
        return self.path(f"{name}.csr")

    def test_from_a_root_to_devices_and_a_crl(self):
        request = self.prepare_root()
        self.assertIn("CN=Example Root CA,O=Example", self.instance.ok("sign", "show", request), "what people approve is shown")
        self.assertEqual(self.instance.run("pki", "lint", self.path("root.pem"), "--profile", "root-ca").code, 0)

        # The device CA: its key signs requests for certificates in no format but x509, so the root's people take its public key.
        public = self.ca("devices", ["certificate", "crl"])
        self.instance.ok("pki", "prepare", "--ca", self.path("root.pem"), "--profile", "issuing-ca", "--subject", "CN=Example Device CA,O=Example",
                         "--key", public, "--out", self.path("ca.tbs"))
        self.approved("root", "ca.tbs", "ca.pem")

        grant = self.instance.ok("sign", "grant", "--key", "devices", "--product", "px-100", "--format", "x509", "--signatures", "5", "--days", "7",
                                 "--reason", "batch 1").strip()
        for person in ("ann", "bob"):
            self.assertEqual(self.decide(grant, person).code, 0)
        for serial in ("A1", "A2"):
            self.csr(serial, f"/serialNumber={serial}")
        self.instance.ok("pki", "prepare", "--ca", self.path("ca.pem"), "--profile", "idevid", self.path("A1.csr"), self.path("A2.csr"), "--out-dir", self.path("tbs"))
        for serial in ("A1", "A2"):
            self.assertEqual(self.granted(grant, f"tbs/{serial}.tbs", f"{serial}.pem").code, 0)
            self.openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", "root.pem", "-untrusted", "ca.pem", f"{serial}.pem")
        self.assertEqual(self.verify("A1", "idevid").code, 0)

        # A key of devices may not make a CA, whoever asks and whatever was granted.
        self.csr("evil", "/CN=Evil CA/O=Evil")
        evil = self.instance.run("pki", "prepare", "--ca", self.path("ca.pem"), "--profile", "issuing-ca", self.path("evil.csr"), "--out", self.path("evil.tbs"))
        self.assertIn("HF-PKI-0006", evil.err)
        self.assertIn("kind", self.granted(grant, "ca.tbs", "evil.pem").err)

        serial = json.loads(self.instance.ok("pki", "lint", self.path("A2.pem"), "--json"))["certificates"][0]["certificate"]["serial"]
        revoked = self.instance.write("revoked.csv", f"serial,instant,reason\n{serial},2026-11-01T00:00:00Z,1\n")
        self.instance.ok("pki", "prepare-crl", "--ca", self.path("ca.pem"), "--number", "1", "--revoked", revoked, "--out", self.path("crl.tbs"))
        self.assertEqual(self.granted(grant, "crl.tbs", "crl.pem").code, 0)
        self.assertEqual(self.verify("A1", "idevid", "--crls", self.path("crl.pem")).code, 0)
        lost = self.verify("A2", "idevid", "--crls", self.path("crl.pem"))
        self.assertEqual((lost.code, "path.revoked" in lost.out), (1, True), lost)
        answer = self.instance.ask("trace", "key", "devices")
        self.assertEqual(answer["signatures"], 3)
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)

    def grant(self, key, *more):
        """Standing, decided by two."""
        grant = self.instance.ok("sign", "grant", "--key", key, "--product", "px-100", "--signatures", "5", "--days", "7", "--reason", "batch 1", *more).strip()
        for person in ("ann", "bob"):
            self.assertEqual(self.decide(grant, person).code, 0)
        return grant

    def test_a_ca_of_the_register_issues_revokes_and_answers(self):
        self.prepare_root()
        public = self.ca("devices", ["certificate", "crl"])
        self.instance.ok("pki", "prepare", "--ca", self.path("root.pem"), "--profile", "issuing-ca", "--subject", "CN=Example Device CA,O=Example",
                         "--key", public, "--out", self.path("ca.tbs"))
        self.approved("root", "ca.tbs", "ca.pem")
        self.instance.ok("pki", "ca", "add", "root", "--certificate", self.path("root.pem"), "--key", "root", "--profile", "issuing-ca")
        self.instance.ok("pki", "ca", "add", "devices", "--certificate", self.path("ca.pem"), "--key", "devices", "--profile", "idevid",
                         "--profile", "ocsp-responder")
        self.assertEqual([one["subject"] for one in self.instance.lines("pki", "list", "--ca", "root")], ["CN=Example Device CA,O=Example"],
                         "the root's register knows the CA that it signed")

        # A batch; a key of two subjects is refused, in the batch and after it.
        grant = self.grant("devices", "--format", "x509")
        files = [self.csr(serial, f"/serialNumber={serial}") for serial in ("A1", "A2")]
        self.openssl("req", "-new", "-key", "A1.key", "-subj", "/serialNumber=A3", "-out", "twin.csr")
        ran = self.instance.run("pki", "issue", "--ca", "devices", "--profile", "idevid", "--grant", grant, *files, self.path("twin.csr"), "--out-dir", self.path("certs"))
        self.assertEqual((ran.code, "HF-PKI-0011" in ran.out, "2 certificates issued" in ran.out), (1, True, True), ran)
        for serial in ("A1", "A2"):
            self.openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", "root.pem", "-untrusted", "ca.pem", f"certs/{serial}.pem")
        listed = {one["subject"].removeprefix("serialNumber="): one for one in self.instance.lines("pki", "list", "--ca", "devices")}
        self.assertEqual(set(listed), {"A1", "A2"})
        self.assertIn("HF-PKI-0023", self.instance.run("pki", "issue", "--ca", "devices", "--profile", "issuing-ca", "--grant", grant, files[0], "--out-dir", self.path("certs")).err)

        # Revoked, and then earlier; never later.
        lost = listed["A2"]["serial"]
        revoke = ("pki", "revoke", "--ca", "devices", lost, "--reason", "keyCompromise", "--at")
        self.instance.ok(*revoke, "2025-11-02T00:00:00Z")
        self.instance.ok(*revoke, "2025-11-01T00:00:00Z")
        self.assertIn("HF-PKI-0021", self.instance.run(*revoke, "2025-11-03T00:00:00Z").err)
        missing = self.instance.run("pki", "ca", "list")
        self.assertEqual((missing.code, "STALE" in missing.out), (1, True), missing)
        self.instance.ok("pki", "crl", "--ca", "devices", "--grant", grant, "--encoding", "pem", "--out", self.path("crl.pem"))
        self.assertEqual(self.instance.run("pki", "ca", "list").code, 0)
        self.assertEqual(self.verify("certs/A1", "idevid", "--crls", self.path("crl.pem")).code, 0)
        told = self.verify("certs/A2", "idevid", "--crls", self.path("crl.pem"))
        self.assertEqual((told.code, "path.revoked" in told.out), (1, True), told)
        number = self.instance.ask("pki", "ca", "show", "devices")["crl_number"]
        self.instance.ok("pki", "crl", "--ca", "devices", "--grant", grant, "--newest", self.path("crl.pem"), "--out", self.path("next.crl"))
        self.assertGreater(self.instance.ask("pki", "ca", "show", "devices")["crl_number"], number)

        # A delegated responder: its key signs answers and nothing else.
        kinds, self.policy = self.policy, self.policy | {"formats": ["ocsp"]}
        public = self.ca("ocsp", ["ocsp_response"])
        self.policy = kinds
        self.instance.ok("pki", "issue", "--ca", "devices", "--profile", "ocsp-responder", "--grant", grant, "--subject", "CN=OCSP 1", "--key", public,
                         "--out-dir", self.path("certs"))
        answers = self.grant("ocsp", "--format", "ocsp", "--requester", "service:ocsp")
        self.instance.ok("pki", "ocsp", "add", "--ca", "devices", "--certificate", self.path("certs/ocsp.pem"), "--key", "ocsp", "--grant", answers)
        for name, status in (("A1", "good"), ("A2", "revoked")):
            self.openssl("ocsp", "-issuer", "ca.pem", "-cert", f"certs/{name}.pem", "-no_nonce", "-reqout", "req.der")
            self.instance.ok("pki", "ocsp-respond", self.path("req.der"), "--ca", "devices", "--out", self.path("resp.der"))
            told = self.run_openssl("ocsp", "-issuer", "ca.pem", "-cert", f"certs/{name}.pem", "-no_nonce", "-respin", "resp.der", "-CAfile", "root.pem", "-verify_other", "ca.pem")
            self.assertIn("Response verify OK", told)
            self.assertIn(f"{name}.pem: {status}", told)

        # Frozen, it issues nothing, and still revokes.
        self.instance.ok("pki", "ca", "freeze", "devices", "--reason", "drill")
        self.assertIn("HF-PKI-0018", self.instance.run("pki", "issue", "--ca", "devices", "--profile", "idevid", "--grant", grant, self.csr("A4", "/serialNumber=A4"),
                                                       "--out-dir", self.path("certs")).err)
        self.instance.ok("pki", "revoke", "--ca", "devices", listed["A1"]["serial"], "--reason", "superseded")
        self.assertEqual(self.instance.ask("pki", "show", listed["A1"]["serial"], "--ca", "devices")["state"], "revoked")
        self.assertEqual(self.instance.ask("pki", "expiring", "--months", "2")[0]["profile"], "ocsp-responder")
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)

    def run_openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.directory, capture_output=True, text=True)
        return done.stdout + done.stderr

    def verify(self, name, profile, *more):
        return self.instance.run("pki", "verify-chain", "--roots", self.path("root.pem"), "--intermediates", self.path("ca.pem"), "--leaf", self.path(f"{name}.pem"),
                                 "--profile", profile, *more)

    def test_a_batch_tells_what_it_refused_and_writes_the_rest(self):
        self.prepare_root()
        good = self.csr("good", "/serialNumber=1")
        self.openssl("req", "-new", "-key", "good.key", "-subj", "/serialNumber=2", "-out", "twin.csr")
        named = self.csr("named", "/CN=no serial number")
        ran = self.instance.run("pki", "prepare", "--ca", self.path("root.pem"), "--profile", "idevid", good, self.path("twin.csr"), named,
                                "--out-dir", self.path("tbs"))
        self.assertEqual(ran.code, 1, ran)
        self.assertIn("HF-PKI-0011", ran.out)
        self.assertIn("HF-PKI-0005", ran.out)
        self.assertEqual([file.name for file in (self.directory / "tbs").iterdir()], ["good.tbs"])


if __name__ == "__main__":
    holdfast.main()
