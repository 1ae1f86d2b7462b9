"""Time stamps (RFC 3161): our TSA under a standing grant, read by openssl; and detached CMS signatures that carry one, ours or an external TSA's.
And minisign, which takes two signatures."""
import json
import os
import shutil

import holdfast
import people

TSA = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"


@holdfast.both_engines
class TimeStamps(people.People):
    def setUp(self):
        self.meet()
        self.write("report.pdf", os.urandom(3000))
        self.openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-subj", "/CN=CA", "-days", "30", "-out", "ca.pem")

    def path(self, name):
        return str(self.directory / name)

    def key(self, name, formats, scheme="ecdsa-p256-sha256", **more):
        charter = {"class": "firmware", "environment": "test", "owner": "ann", "deputy": "bob", "grants": {"signatures": 5, "days": 1},
                   "policy": {"formats": formats, "schemes": [scheme], "digest_only": True},
                   "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 1}], "hours": 72}, "approvers": self.approvers()}
        self.instance.ok("key", "create", name, "--charter", self.write(f"{name}.json", json.dumps(charter).encode()),
                         *(word for option, value in more.items() for word in (f"--{option}", value)))
        return self.write(f"{name}.pub.pem", self.instance.ok("key", "public", name).encode())

    def certificate(self, name, extensions):
        """By the CA, for a key on the token: openssl puts another key into a request of a key of its own."""
        self.write("ext", extensions.encode())
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key", "-subj", f"/CN={name}", "-out", "csr")
        self.openssl("x509", "-req", "-in", "csr", "-force_pubkey", f"{name}.pub.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "20", "-set_serial", "9",
                     "-extfile", "ext", "-out", f"{name}.crt")
        return self.path(f"{name}.crt")

    def approved(self, *words):
        request = self.instance.ok(*words).strip()
        self.assertEqual(self.decide(request, "ann").code, 0)
        return request

    def sign(self, file, key, format, out, *more):
        request = self.approved("sign", "request", self.path(file), "--key", key, "--format", format, "--reason", "r", *more)
        self.instance.ok("sign", "run", request, self.path(file), "--out", self.path(out))

    def stamp(self, query, out, *more, code=0):
        if not hasattr(self, "grant"):
            self.key("tsa", ["rfc3161"])
            self.tsa = self.certificate("tsa", TSA)
            self.grant = self.approved("sign", "grant", "--key", "tsa", "--product", "docs", "--format", "rfc3161", "--signatures", "5", "--reason", "tsa")
        ran = self.instance.run("sign", "run", self.grant, self.path(query), "--format", "rfc3161", "--product", "docs", "--certificate", self.tsa, "--out", self.path(out), *more)
        self.assertEqual(ran.code, code, ran)

    def test_our_tsa_is_read_by_openssl(self):
        self.openssl("ts", "-query", "-data", "report.pdf", "-sha256", "-cert", "-out", "q.tsq")
        self.stamp("q.tsq", "r.tsr", code=3)  # no policy: neither the request nor an option names one
        self.stamp("q.tsq", "r.tsr", "--option", "policy=1.2.3.4", "--option", "serial=4711", "--option", "accuracy-ms=30000")
        self.openssl("ts", "-verify", "-queryfile", "q.tsq", "-in", "r.tsr", "-CAfile", "ca.pem")
        self.openssl("ts", "-verify", "-data", "report.pdf", "-in", "r.tsr", "-CAfile", "ca.pem")
        verify = ("artifact", "verify", self.path("q.tsq"), "--signature", self.path("r.tsr"), "--certificate", self.path("ca.pem"))
        facts = self.instance.ask(*verify)["view"]["facts"]
        self.assertEqual((facts["policy"], facts["serial"], facts["accuracy_ms"], facts["signer"]), ("1.2.3.4", "4711", 30000, "CN=tsa"))
        flipped = bytearray((self.directory / "r.tsr").read_bytes())
        flipped[-1] ^= 1
        self.write("r.tsr", bytes(flipped))
        self.assertEqual(self.instance.run(*verify).code, 1)
        self.assertIn("4711", self.instance.ok("artifact", "show", self.path("q.tsq"), "--option", "policy=1.2.3", "--option", "serial=4711"))

    def test_a_cms_signature_carries_a_time_stamp_of_ours_or_of_another(self):
        self.key("doc", ["cms"])
        signer = self.certificate("doc", "extendedKeyUsage=emailProtection\n")
        self.sign("report.pdf", "doc", "cms", "report.p7s", "--certificate", signer)
        self.instance.ok("artifact", "timestamp-query", self.path("report.p7s"), "--out", self.path("q.tsq"))
        self.stamp("q.tsq", "ours.tsr", "--option", "policy=1.2.3.4")
        # An external TSA, with a key and a CA of its own.
        self.openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "xca.key", "-subj", "/CN=X", "-days", "30", "-out", "xca.pem")
        self.write("ext", TSA.encode())
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "xtsa.key", "-subj", "/CN=External TSA", "-out", "csr")
        self.openssl("x509", "-req", "-in", "csr", "-CA", "xca.pem", "-CAkey", "xca.key", "-days", "20", "-set_serial", "5", "-extfile", "ext", "-out", "xtsa.pem")
        self.write("ts.cnf", b"[one]\nserial = serial\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.9.9\ndigests = sha256\ness_cert_id_alg = sha256\n")
        self.write("serial", b"0A\n")
        self.openssl("ts", "-reply", "-config", "ts.cnf", "-section", "one", "-queryfile", "q.tsq", "-signer", "xtsa.pem", "-inkey", "xtsa.key", "-out", "theirs.tsr")
        for answer, ca, by in (("ours.tsr", "ca.pem", "CN=tsa"), ("theirs.tsr", "xca.pem", "CN=External TSA")):
            attach = ("artifact", "timestamp-attach", self.path("report.p7s"), self.path(answer), "--out", self.path("stamped.p7s"), "--certificate")
            self.instance.ok(*attach, self.path(ca))
            self.openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", "stamped.p7s", "-content", "report.pdf", "-CAfile", "ca.pem", "-out", "/dev/null")
            verify = ("artifact", "verify", self.path("report.pdf"), "--format", "cms", "--signature", self.path("stamped.p7s"), "--certificate", self.path("ca.pem"))
            told = self.instance.ask(*verify, "--certificate", self.path(ca))["view"]["facts"]
            self.assertEqual(told["time_stamp_by"], by)
            self.assertRegex(told["time_stamp"], r"^20\d\d-")
            self.assertEqual(self.instance.run("artifact", "timestamp-attach", self.path("stamped.p7s"), self.path(answer), "--out", self.path("x"), "--certificate",
                                               self.path(ca)).code, 5, "one is there")
        # By a TSA that is not trusted, or of another signature: refused when it is attached, and when somebody put it there all the same.
        self.assertEqual(self.instance.run(*attach, self.path("ca.pem")).code, 5)
        self.assertEqual(self.instance.run(*verify).code, 1, "nobody said that the external TSA is trusted")
        self.write("other.pdf", b"other")
        self.sign("other.pdf", "doc", "cms", "other.p7s", "--certificate", signer)
        refused = self.instance.run("artifact", "timestamp-attach", self.path("other.p7s"), self.path("theirs.tsr"), "--out", self.path("x"), "--certificate", self.path("xca.pem"))
        self.assertIn("of something else", refused.err)
        stamped, plain = ((self.directory / name).read_bytes() for name in ("stamped.p7s", "report.p7s"))
        for at in range(len(stamped) - 60, len(stamped), 7):  # in the token's signature
            flipped = bytearray(stamped)
            flipped[at] ^= 1
            self.write("flipped.p7s", bytes(flipped))
            self.assertNotEqual(self.instance.run("artifact", "verify", self.path("report.pdf"), "--format", "cms", "--signature", self.path("flipped.p7s"),
                                                  "--certificate", self.path("ca.pem"), "--certificate", self.path("xca.pem")).code, 0, at)
        self.assertGreater(len(stamped), len(plain))

    def test_minisign_takes_what_the_signer_makes(self):
        if not shutil.which("minisign"):
            self.skipTest("minisign is not installed")
        pem = self.key("tools", ["minisign"], scheme="ed25519", algorithm="ed25519")
        self.sign("report.pdf", "tools", "minisign", "report.pdf.minisig")
        self.assertEqual(self.instance.run("artifact", "verify", self.path("report.pdf"), "--format", "minisign", "--key", pem).code, 0)
        self.write("minisign.pub", self.instance.ok("key", "public", "tools", "--minisign").encode())
        minisign = ["minisign", "-V", "-p", self.path("minisign.pub"), "-m", self.path("report.pdf")]
        self.assertEqual(people.subprocess.run(minisign, capture_output=True).returncode, 0)
        content = bytearray((self.directory / "report.pdf").read_bytes())
        content[100] ^= 1
        self.write("report.pdf", bytes(content))
        self.assertNotEqual(people.subprocess.run(minisign, capture_output=True).returncode, 0)
        self.assertEqual(self.instance.run("artifact", "verify", self.path("report.pdf"), "--format", "minisign", "--key", pem).code, 1)


if __name__ == "__main__":
    holdfast.main()
