"""A server that signs: from CI over the network, and through the agent for tools that only know a token, a callout or SPSDK's protocol."""
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess

import holdfast
import people

MODULE = os.environ.get("HF_PKCS11_MODULE", "")
CLIENTS = pathlib.Path(__file__).resolve().parents[2] / "clients"
ENGINE = pathlib.Path("/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so")


@holdfast.both_engines
class SigningService(people.People):
    def setUp(self):
        self.meet()
        charter = {
            "class": "firmware", "environment": "test", "owner": "ann", "deputy": "bob",
            "policy": {"products": ["px-100"], "formats": ["mcuboot", "raw"], "schemes": [], "digest_only": True},
            "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 2}], "hours": 72},
            "grants": {"signatures": 50, "days": 7},
            "approvers": self.approvers(),
        }
        for key, algorithm, schemes in (("px100-fw", "ecdsa-p256", ["ecdsa-p256-sha256"]), ("px100-boot", "rsa-2048", ["rsa-pkcs1-sha256", "rsa-pss-sha256"])):
            charter["policy"]["schemes"] = schemes
            self.instance.ok("key", "create", key, "--charter", self.instance.write("charter.json", json.dumps(charter)), "--algorithm", algorithm)
        self.public = {name: self.write(f"{name}.pem", self.instance.ok("key", "public", name).encode()) for name in ("px100-fw", "px100-boot")}
        self.server = self.instance.serve(self, "--signer").sign_in()
        token = self.server.token("keys.read", "keys.request", "keys.sign")
        self.requester = f"token:{token['id']}"
        self.write("token", token["secret"].encode() + b"\n")
        self.image = self.write("app.bin", os.urandom(5000))
        self.elsewhere = self.directory / "elsewhere"  # a build machine: no installation, no database, no token
        self.elsewhere.mkdir()

    def remote(self, *words, **more):
        return holdfast.program(*words, "--server", f"https://localhost:{self.server.ports['operator']}", "--token-file", self.directory / "token",
                                "--trust", self.instance.data / "tls" / "certificate.pem", cwd=self.elsewhere, **more)

    def ok(self, *words):
        ran = self.remote(*words)
        self.assertEqual(ran.code, 0, ran)
        return ran.out.strip()

    def approve(self, request, *by):
        for person in by or ("ann", "bob"):
            ran = self.decide(request, person)
            self.assertEqual(ran.code, 0, ran)

    def grant(self, key, format, signatures=20):
        grant = self.ok("sign", "grant", "--key", key, "--product", "px-100", "--format", format, "--signatures", signatures, "--reason", "nightly")
        self.approve(grant)
        return grant

    def used(self, request):
        return json.loads(self.ok("sign", "show", request, "--json"))["used"]

    def test_ci_asks_and_signs_over_the_network(self):
        options = ("--format", "mcuboot", "--product", "px-100", "--option", "version=1.2.3", "--option", "pad-header=true", "--option", "security-counter=3")
        request = self.ok("sign", "request", self.image, "--key", "px100-fw", "--reason", "release", *options)
        shown = self.ok("sign", "show", request)
        for text in (self.requester, "security_version", "has 0 of 2 approvals"):
            self.assertIn(text, shown)
        out = self.directory / "signed.bin"
        run = ("sign", "run", request, self.image, "--out", out)
        self.assertEqual(self.remote(*run).code, 5)
        self.approve(request)
        self.assertIn("signed", self.ok(*run))
        self.assertEqual(holdfast.program("artifact", "verify", out, "--key", self.public["px100-fw"]).code, 0)
        again = self.remote(*run)
        self.assertEqual(again.code, 5)
        self.assertIn("has been used", again.err)
        self.assertFalse(list(self.elsewhere.iterdir()))

        grant = self.grant("px100-fw", "mcuboot", 2)
        for i, code in ((1, 0), (2, 0), (3, 5)):
            self.assertEqual(self.remote("sign", "run", grant, self.image, "--out", self.directory / f"{i}.bin", *options).code, code)
        self.assertEqual(self.used(grant), 2)
        signed = hashlib.sha256((self.directory / "1.bin").read_bytes()).hexdigest()
        uses = self.server.ask("GET", "/v1/signing-keys/px100-fw/signatures").json["items"]
        self.assertEqual([use["requester"] for use in uses], [self.requester] * 3)
        self.assertIn(signed, [file for use in uses for file in use["signed_files"]])

        # Another token of the account is another requester to a grant; a token without the scope reaches no key.
        self.write("token", self.server.token("keys.read", "keys.sign")["secret"].encode())
        other = self.remote("sign", "run", grant, self.image, "--out", self.directory / "4.bin", *options)
        self.assertEqual(other.code, 5, other)
        self.write("token", self.server.token("keys.read")["secret"].encode())
        self.assertIn("HF-HTTP-0044", self.remote("sign", "request", self.image, "--key", "px100-fw", *options).err)
        secret = (self.directory / "token").read_text()
        self.assertNotIn(secret, self.server.stop())
        self.assertEqual(self.remote("sign", "show", request).code, 6, "nobody answers")
        self.instance.whole()

    def test_a_server_that_is_not_the_one_is_not_told_the_token(self):
        self.write("wrong.pem", self.openssl_certificate())
        ran = holdfast.program("sign", "show", "0" * 8, "--server", f"https://localhost:{self.server.ports['operator']}",
                               "--token-file", self.directory / "token", "--trust", self.directory / "wrong.pem")
        self.assertEqual((ran.code, "HF-HTTP-0061" in ran.err), (6, True), ran)
        self.assertIn("https://", holdfast.program("sign", "show", "0" * 8, "--server", "http://localhost:1").err)

    def openssl_certificate(self):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "x.key", "-out", "x.pem", "-subj", "/CN=x")
        return (self.directory / "x.pem").read_bytes()

    def agent(self, *options, keys=("px100-fw", "px100-boot")):
        path = self.directory / "agent"
        words = ["agent", "run", "--socket", path, "--product", "px-100", *(word for key in keys for word in ("--key", key)), "--spsdk-port", 0,
                 "--server", f"https://localhost:{self.server.ports['operator']}", "--token-file", self.directory / "token",
                 "--trust", self.instance.data / "tls" / "certificate.pem", *options]
        log = (self.directory / "agent.log").open("ab")
        process = subprocess.Popen([str(holdfast._program), *map(str, words)], stdout=subprocess.PIPE, stderr=log, text=True)

        def stop():
            process.terminate()
            self.assertEqual(process.wait(holdfast.DEADLINE), 0)
            process.stdout.close()
            log.close()

        self.addCleanup(stop)
        port = 0
        for line in process.stdout:
            if line.startswith("spsdk"):
                port = int(line.rsplit("=", 1)[1])
            if line.startswith("Ctrl-C"):
                break
        else:
            self.fail((self.directory / "agent.log").read_text())
        self.environment = dict(os.environ, HOLDFAST_AGENT=str(path), HOLDFAST=str(holdfast._program))
        return path, port

    def tool(self, *words, code=0, **environment):
        if not shutil.which(str(words[0])) and not pathlib.Path(words[0]).exists():
            self.skipTest(f"{words[0]} is not installed")
        done = subprocess.run([str(word) for word in words], cwd=self.directory, env={**self.environment, **environment}, capture_output=True, text=True)
        self.assertEqual(done.returncode == 0, code == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def id(self, key):
        """CKA_ID: the SHA-256 of the SubjectPublicKeyInfo. (pkcs11-tool takes the first key whatever --label says when it signs.)"""
        der = subprocess.run(["openssl", "pkey", "-pubin", "-in", self.public[key], "-outform", "DER"], check=True, capture_output=True).stdout
        return hashlib.sha256(der).hexdigest()

    def verified(self, key, signature, *options):
        self.openssl("dgst", "-sha256", "-verify", self.public[key], "-signature", signature, *options, self.image)

    def test_pkcs11_tools_sign_what_the_charter_allows(self):
        self.assertTrue(MODULE, "HF_PKCS11_MODULE names the module")
        self.agent()
        listed = self.tool("pkcs11-tool", "--module", MODULE, "--login", "--pin", "-", "--list-objects")
        for text in ("px100-fw", "px100-boot", "EC_POINT 256 bits", "RSA 2048 bits", "never extractable"):
            self.assertIn(text, listed)
        grants = {key: self.grant(key, "raw") for key in self.public}

        def sign(key, mechanism, *more, pin=None, code=0, file=None):
            return self.tool("pkcs11-tool", "--module", MODULE, "--login", "--pin", pin or grants[key][:16], "--sign", "--id", self.id(key), "--mechanism", mechanism,
                             "--input-file", file or self.image, "--output-file", self.directory / "sig", *more, code=code)

        sign("px100-fw", "ECDSA-SHA256", "--signature-format", "openssl")
        self.verified("px100-fw", "sig")
        sign("px100-boot", "SHA256-RSA-PKCS")
        self.verified("px100-boot", "sig")
        sign("px100-boot", "SHA256-RSA-PKCS-PSS", "--salt-len", "32")
        self.verified("px100-boot", "sig", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32")
        digest = self.write("digest", hashlib.sha256(pathlib.Path(self.image).read_bytes()).digest())
        sign("px100-fw", "ECDSA", "--signature-format", "openssl", file=digest)
        self.verified("px100-fw", "sig")
        self.assertEqual((self.used(grants["px100-fw"]), self.used(grants["px100-boot"])), (2, 2))

        # A salt, a digest and a grant that are not what they should be: nothing is signed, and nothing is used up.
        (self.directory / "sig").unlink()
        self.assertIn("salt of 32 bytes", sign("px100-boot", "SHA256-RSA-PKCS-PSS", "--salt-len", "20", code=1))
        for size in (20, 31, 200):
            self.assertIn("holdfast:", sign("px100-fw", "ECDSA", file=self.write("odd", bytes(size)), code=1))
        refused = sign("px100-fw", "ECDSA-SHA256", pin=grants["px100-boot"][:16], code=1)
        self.assertIn("0x200", refused, "CKR_FUNCTION_REJECTED")
        self.assertIn("the grant is for the key px100-boot", refused)
        self.assertIn("holdfast:", sign("px100-fw", "ECDSA-SHA256", pin="f" * 16, code=1))
        self.assertEqual((self.used(grants["px100-fw"]), self.used(grants["px100-boot"])), (2, 2))

    def test_without_a_grant_people_approve_what_a_tool_asked_for(self):
        self.agent()
        words = ("pkcs11-tool", "--module", MODULE, "--login", "--pin", "-", "--sign", "--id", self.id("px100-fw"), "--mechanism", "ECDSA-SHA256",
                 "--signature-format", "openssl", "--input-file", self.image, "--output-file", self.directory / "sig")
        self.assertIn("waits for approval", self.tool(*words, code=1))
        waiting = self.server.ask("GET", "/v1/signing-requests?state=waiting").json["items"]
        self.assertEqual([item["artifact"]["sha256"] for item in waiting], [hashlib.sha256(pathlib.Path(self.image).read_bytes()).hexdigest()])
        self.assertIn("waits for approval", self.tool(*words, code=1))
        self.assertEqual(len(self.server.ask("GET", "/v1/signing-requests?state=waiting").json["items"]), 1, "asked once")
        self.approve(waiting[0]["digest"])
        self.tool(*words)
        self.verified("px100-fw", "sig")
        self.assertIn("waits for approval", self.tool(*words, code=1), "one approval, one signature")

    def test_openssl_and_gnutls_use_the_module(self):
        self.agent("--grant", self.grant("px100-boot", "raw"))
        if not ENGINE.exists():
            self.skipTest("libengine-pkcs11-openssl is not installed")
        url = "pkcs11:object=px100-boot;type=private;pin-value=-"
        self.tool("openssl", "dgst", "-engine", "pkcs11", "-keyform", "engine", "-sha256", "-sign", url, "-out", "sig", self.image, PKCS11_MODULE_PATH=MODULE)
        self.verified("px100-boot", "sig")
        listed = self.tool("p11tool", "--provider", MODULE, "--list-all", "--login", GNUTLS_PIN="-")
        self.assertIn("px100-boot", listed)

    def test_mkimage_signs_a_fit_through_the_engine(self):
        if not ENGINE.exists():
            self.skipTest("libengine-pkcs11-openssl is not installed")
        self.agent("--grant", self.grant("px100-boot", "raw"))
        self.write("kernel", os.urandom(3000))
        self.write("x.its", b"""/dts-v1/; / { description = "x"; images { kernel { description = "k"; data = /incbin/("kernel"); type = "kernel"; arch = "arm64"; os = "linux";
            compression = "none"; load = <0>; entry = <0>; hash-1 { algo = "sha256"; }; }; }; configurations { default = "c"; c { kernel = "kernel";
            signature { algo = "sha256,rsa2048"; key-name-hint = "px100-boot"; sign-images = "kernel"; }; }; }; };""")
        self.tool("mkimage", "-N", "pkcs11", "-k", "object=px100-boot;pin-value=-", "-f", "x.its", "x.itb", PKCS11_MODULE_PATH=MODULE, MKIMAGE_SIGN_PIN="-")
        ran = holdfast.program("artifact", "verify", self.directory / "x.itb", "--format", "fit", "--key", self.public["px100-boot"])
        self.assertEqual(ran.code, 0, ran)

    def test_espsecure_signs_secure_boot_v2_by_its_ini_file(self):
        self.agent("--grant", self.grant("px100-fw", "raw"))
        self.write("hsm.ini", f"[hsm_config]\npkcs11_lib = {MODULE}\nslot = 0\nlabel = px100-fw\ncredentials = -\n".encode())
        interop = pathlib.Path(__file__).resolve().parents[1] / "interop" / "formats"
        words = [interop / "espsecure_hsm", "hsm.ini", self.image, "signed.bin"]
        done = subprocess.run([str(word) for word in words], cwd=self.directory, env=self.environment, capture_output=True, text=True)
        if done.returncode == 127:
            self.skipTest("esptool and python-pkcs11 cannot be had")
        self.assertEqual((done.returncode, "signed" in done.stdout), (0, True), done.stdout + done.stderr)
        self.assertIn("verified", self.tool(interop / "espsecure", self.public["px100-fw"], "signed.bin"))

    def portable_executable(self):
        """The smallest PE32 that a signing tool takes: headers, and no section."""
        dos = b"MZ" + bytes(58) + (64).to_bytes(4, "little")
        optional = bytearray(224)
        optional[0:2] = (0x10b).to_bytes(2, "little")
        for at, value in ((32, 0x1000), (36, 0x200), (56, 0x1000), (60, 0x200), (92, 16)):  # alignments, sizes, directories
            optional[at:at + 4] = value.to_bytes(4, "little")
        coff = (0x14c).to_bytes(2, "little") + bytes(14) + (224).to_bytes(2, "little") + (0x102).to_bytes(2, "little")
        return self.write("setup.exe", (dos + b"PE\0\0" + coff + optional).ljust(1024, b"\0"))

    def test_osslsigncode_signs_a_setup_program(self):
        if not ENGINE.exists():
            self.skipTest("libengine-pkcs11-openssl is not installed")
        self.agent("--grant", self.grant("px100-boot", "raw"))
        url = "pkcs11:object=px100-boot;type=private;pin-value=-"
        self.tool("openssl", "req", "-new", "-x509", "-engine", "pkcs11", "-keyform", "engine", "-key", url, "-subj", "/CN=Setup", "-addext", "extendedKeyUsage=codeSigning",
                  "-out", "setup.pem", PKCS11_MODULE_PATH=MODULE)
        self.tool("osslsigncode", "sign", "-pkcs11engine", ENGINE, "-pkcs11module", MODULE, "-key", url, "-certs", "setup.pem", "-h", "sha256",
                  "-in", self.portable_executable(), "-out", "signed.exe")
        verified = self.tool("osslsigncode", "verify", "-CAfile", "setup.pem", "-in", "signed.exe")
        self.assertIn("Signature verification: ok", verified)

    def test_spsdk_and_the_raspberry_pi_callout(self):
        path, port = self.agent("--grant", self.grant("px100-fw", "raw"))

        def ask(what, body, **headers):
            connection = http.client.HTTPConnection("localhost", port, timeout=holdfast.DEADLINE)
            connection.request("GET", "/api/" + what, json.dumps(body), {"Content-Type": "application/json", "spsdk-api-version": "2.0", **headers})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            connection.close()
            return answer.status, body

        data = pathlib.Path(self.image).read_bytes()
        key = {"key": "px100-fw"}
        self.assertEqual(ask("signature_length", key), (200, {"data": 64}))
        pem = pathlib.Path(self.public["px100-fw"]).read_text()
        self.assertEqual(ask("verify_public_key", {**key, "data": pem, "encoding": "pem"}), (200, {"data": True}))
        self.assertEqual(ask("verify_public_key", {"key": "px100-boot", "data": pem, "encoding": "pem"}), (200, {"data": False}))
        for body in ({"data": data.hex(), "prehashed": None}, {"data": hashlib.sha256(data).hexdigest(), "prehashed": "sha256"}):
            status, answer = ask("sign", {**key, **body})
            self.assertEqual(status, 200, answer)
            self.write("sig", bytes.fromhex(answer["data"]))
            ran = holdfast.program("crypto", "verify", "--algorithm", "ecdsa-p256-sha256-p1363", "--key", self.public["px100-fw"], "--signature", self.directory / "sig", self.image)
            self.assertEqual(ran.code, 0, ran)
        self.assertEqual(ask("sign", {"data": "00", "prehashed": None})[0], 422, "two keys, none named")
        self.assertEqual(ask("sign", {**key, "data": data.hex()}, Origin="https://evil.example")[0], 403)
        self.assertEqual(ask("sign", {**key, "data": data.hex()}, Host="evil.example:80")[0], 403)

        boot = self.grant("px100-boot", "raw")
        out = self.tool(str(holdfast._program), "agent", "sign", self.image, "--socket", path, "--key", "px100-boot", "--grant", boot)
        self.write("sig", bytes.fromhex(out.strip()))
        self.verified("px100-boot", "sig")

    def test_the_callout_signs_for_rpi_sign_bootcode(self):
        path, _ = self.agent("--grant", self.grant("px100-boot", "raw"), keys=("px100-boot",))
        wrapper = CLIENTS / "rpi" / "holdfast-hsm-wrapper"
        for words in ((self.image,), ("-a", "rsa2048-sha256", self.image)):
            out = self.tool(wrapper, *words)
            self.write("sig", bytes.fromhex(out.strip()))
            self.verified("px100-boot", "sig")
        self.tool(wrapper, "-a", "rsa4096-sha512", self.image, code=1)
        # Only who has the same account may ask; the socket is closed to all others.
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    holdfast.main()
