"""Key ceremonies as docs/guides/ceremony.md goes: a root is made and signs an issuing CA and a CRL, offline, by approved scripts; what is not as it must be is refused."""
import json
import os
import re
import signal
import subprocess

import holdfast
import people

CAST = {"dan": "administrator", "eva": "custodian", "fay": "witness"}
SEAL = "A-1001"


class Stage:
    """`holdfast ceremony run`, talked to: a prompt is a last line that ends with ': '."""

    def __init__(self, test, script, *more):
        self.test, self.seen, self.step = test, "", ""
        self.process = subprocess.Popen([str(holdfast._program), "ceremony", "run", str(script), "--machine", test.path("machine"), *more],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=test.offline())
        test.addCleanup(self.close)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
        self.process.wait()

    def prompt(self):
        """The next prompt; none when the program has ended."""
        text = b""
        while not (text.endswith(b": ") and b"\n" not in text[text.rfind(b"\n") + 1:]):
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                self.seen += text.decode()
                return None
            text += piece
        self.seen += text.decode()
        for number, step in re.findall(r"^Step (\d+) of \d+: (\S+)", self.seen, re.M):
            self.step = step
        return text.decode().rsplit("\n", 1)[-1]

    def answer(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        """Its input ends."""
        self.process.stdin.close()
        self.seen += self.process.stdout.read().decode()
        self.err = self.process.stderr.read().decode()
        return self.process.wait(holdfast.DEADLINE)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@holdfast.both_engines
class Ceremony(people.People):
    def setUp(self):
        self.meet()
        for person in CAST:
            self.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{person}.pem")
            self.openssl("ec", "-in", f"{person}.pem", "-pubout", "-out", f"{person}.pub")
        records = [{"record": "manufacturer", "code": "acme", "name": "ACME", "country": "DE"},
                   {"record": "product", "code": "px-100", "manufacturer": "acme", "name": "PX", "product_class": "default"}]
        self.instance.ok("catalog", "apply", "-", stdin="".join(json.dumps(record) + "\n" for record in records))
        self.charter("ceremonies", ["ceremony-script", "ca-request"], ["ceremony_script", "ca_crl_request"])
        self.write("people.json", json.dumps(self.cast()).encode())
        self.tool = self.write("tool", b"the program that was reviewed")
        self.ok("ceremony", "init", self.path("machine"), "--manufacturer-key", self.path("ceremonies.pub"))
        os.mkdir(self.path("medium"))

    def path(self, name):
        return str(self.directory / name)

    def offline(self):
        """On the machine: no installation is there."""
        return {"PATH": os.environ["PATH"], "HOLDFAST_DATA": "/nowhere"}

    def ran(self, *words):
        return holdfast.program(*words, env=self.offline())

    def ok(self, *words):
        ran = self.ran(*words)
        self.assertEqual(ran.code, 0, ran)
        return ran.out

    def cast(self, cast=CAST):
        return [{"person": p, "name": p.title(), "roles": [role], "kind": "key", "public_key": (self.directory / f"{p}.pub").read_text()} for p, role in cast.items()]

    def charter(self, name, formats, kinds):
        charter = {"class": "device_ca", "environment": "test", "owner": "ann", "deputy": "bob",
                   "policy": {"products": ["px-100"], "formats": formats, "kinds": kinds, "schemes": ["ecdsa-p256-sha256"]},
                   "approval": {"steps": [{"name": "officers", "roles": ["officer"], "needed": 2}], "hours": 72}, "approvers": self.approvers()}
        self.instance.ok("key", "create", name, "--charter", self.instance.write(f"{name}.json", json.dumps(charter)))
        self.write(f"{name}.pub", self.instance.ok("key", "public", name).encode())

    def approved(self, key, form, file, out):
        request = self.instance.ok("sign", "request", self.path(file), "--key", key, "--format", form, "--product", "px-100", "--reason", "ceremony").strip()
        for person in ("ann", "bob"):
            self.assertEqual(self.decide(request, person).code, 0)
        self.instance.ok("sign", "run", request, self.path(file), "--out", self.path(out))
        return request

    def sha256(self, path):
        return subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True).stdout.split()[0]

    def prepare(self, template, script, people="people.json", **values):
        words = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
        return self.ran("ceremony", "prepare", template, "--people", self.path(people), *words, "--set", "place=Brno, room 2", "--set", "environment=test", "--out", self.path(script))

    def root_script(self):
        """Approved by two people; its digest."""
        prepared = self.prepare("root-ca", "root.json", name="Example", seal=SEAL, tool_sha256=self.sha256(self.tool), key="root", algorithm="ecdsa-p384", subject="CN=Example Root CA,O=Example")
        self.assertEqual(prepared.code, 0, prepared)
        self.approved("ceremonies", "ceremony-script", "root.json", "root.dsse.json")
        return prepared.out.strip()

    def sign_statement(self, person, file):
        self.openssl("dgst", "-sha256", "-sign", f"{person}.pem", "-out", file + ".sig", file)

    def conduct(self, stage, answers=(), signers=(), until=None):
        """Answers and signs, until the ceremony is over, or `until(step, prompt)` says to stop. The prompt where it stopped."""
        answers = {"present": "none", "seals": SEAL, "tool": self.tool, "export": self.path("medium"), "closed": "A-1002", "remarks": "none", **dict(answers)}
        while (prompt := stage.prompt()) is not None:
            if until and until(stage.step, prompt):
                return prompt
            if signs := re.match(r"(\w+) (?:confirms|rejects): signs (.+); the signature's file", prompt):
                self.sign_statement(dict(signers).get(signs[1], signs[1]), signs[2])
                stage.answer("")
            elif prompt.startswith("request file"):
                stage.answer(answers["request"])
            elif prompt.startswith("certificate of the CA"):
                stage.answer(answers["ca"])
            else:
                stage.answer(answers.get(stage.step, ""))
        return None

    def held(self, script, **more):
        stage = Stage(self, self.path(script))
        self.conduct(stage, **more)
        code = stage.end()
        self.assertEqual(code, 0, (stage.seen, stage.err))
        return re.search(r"^transcript +(\S+)$", stage.seen, re.M)[1]

    def imported(self, transcript):
        ran = self.instance.run("ceremony", "import", transcript, "--json")
        self.assertIn(ran.code, (0, 1), ran)
        return ran.code, json.loads(ran.out)

    def test_a_root_signs_an_issuing_ca_and_a_crl_offline(self):
        digest = self.root_script()
        self.assertEqual(self.instance.ok("ceremony", "register", self.path("root.dsse.json")).strip(), digest)
        self.assertEqual([one["state"] for one in self.instance.lines("ceremony", "list")], ["approved"])
        transcript = self.held("root.dsse.json")
        self.assertEqual(self.imported(transcript), (0, {"script_sha256": digest, "run": self.run_of(transcript), "steps": 9, "known": False, "alarms": []}))
        self.assertEqual(self.imported(transcript)[1]["known"], True)
        root = self.path("medium/root.pem")
        self.openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", root, root)

        # The issuing CA's key is on the installation's token; its request is signed by it, under its charter.
        self.charter("devices", ["x509", "ca-request"], ["certificate", "crl", "ca_certificate_request"])
        request = self.instance.ok("ceremony", "request-certificate", "--ca", root, "--subject", "CN=Example Device CA,O=Example", "--key", self.path("devices.pub"), "--reason", "2026", "--out", self.path("request.json")).strip()
        shown = self.instance.ok("sign", "show", self.approved("devices", "ca-request", "request.json", "request.dsse.json"))
        for seen in ("CN=Example Device CA,O=Example", "issuing-ca"):
            self.assertIn(seen, shown, "what people approve is shown")
        root_sha256 = self.der_sha256(root)
        prepared = self.prepare("issuing-ca", "issuing.json", name="devices", seal="A-1002", tool_sha256=self.sha256(self.tool), key="root", root_sha256=root_sha256, request_sha256=request, out="ca.pem")
        self.assertEqual(prepared.code, 0, prepared)
        self.approved("ceremonies", "ceremony-script", "issuing.json", "issuing.dsse.json")
        issuing = self.held("issuing.dsse.json", answers={"seals": "A-1002", "request": self.path("request.dsse.json")})
        self.assertEqual(self.imported(issuing)[0], 0)
        said = self.instance.ok("ceremony", "accept", self.path("medium/ca.pem.response.json"), "--request", self.path("request.dsse.json"), "--out", self.path("ca.pem"))
        self.assertIn("dan, eva, fay", said)
        self.openssl("verify", "-x509_strict", "-CAfile", root, self.path("ca.pem"))
        self.instance.ok("pki", "ca", "add", "devices", "--certificate", self.path("ca.pem"), "--key", "devices", "--profile", "idevid")
        self.refuse_altered_responses()

        # The root's CRL revokes it again; its request is signed by the key that the machine trusts.
        serial = subprocess.run(["openssl", "x509", "-in", self.path("ca.pem"), "-noout", "-serial"], check=True, capture_output=True, text=True).stdout.strip().split("=")[1]
        self.write("revoked.csv", f"{serial},2026-11-28T10:00:00Z,1\n".encode())
        crl = self.instance.ok("ceremony", "request-crl", "--ca", root, "--number", "2", "--revoked", self.path("revoked.csv"), "--out", self.path("crl.json")).strip()
        self.approved("ceremonies", "ca-request", "crl.json", "crl.dsse.json")
        prepared = self.prepare("root-crl", "rootcrl.json", name="Example", seal="A-1003", key="root", root_sha256=root_sha256, request_sha256=crl, out="root.crl")
        self.assertEqual(prepared.code, 0, prepared)
        self.approved("ceremonies", "ceremony-script", "rootcrl.json", "rootcrl.dsse.json")
        self.assertEqual(self.imported(self.held("rootcrl.dsse.json", answers={"seals": "A-1003", "request": self.path("crl.dsse.json")}))[0], 0)
        self.instance.ok("ceremony", "accept", self.path("medium/root.crl.response.json"), "--request", self.path("crl.dsse.json"), "--out", self.path("root.crl"))
        refused = self.ran("pki", "verify-chain", "--roots", root, "--leaf", self.path("ca.pem"), "--crls", self.path("root.crl"))
        self.assertNotEqual(refused.code, 0, "the root has revoked it")
        self.assertIn("revoked", refused.out + refused.err)

        self.assertEqual([one["state"] for one in self.instance.lines("ceremony", "list")], ["complete"] * 3)
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)
        self.instance.whole()

    def der_sha256(self, pem):
        self.openssl("x509", "-in", pem, "-outform", "DER", "-out", "one.der")
        return self.sha256(self.path("one.der"))

    def run_of(self, transcript):
        with open(transcript) as file:
            return json.loads(file.readline())["run"]

    def refuse_altered_responses(self):
        with open(self.path("medium/ca.pem.response.json")) as file:
            response = json.load(file)
        for change in ("line", "confirmations", "missing", "step"):
            altered = json.loads(json.dumps(response))
            if change == "line":
                altered["line"] = altered["line"].replace('"actor":"dan"', '"actor":"eva"')
            elif change == "confirmations":
                altered["confirmations"][1]["signature"] = altered["confirmations"][0]["signature"]
            elif change == "missing":
                altered["confirmations"].pop()
            else:
                altered["line"] = altered["line"].replace('"step":"sign"', '"step":"export"')
            self.write("altered.json", json.dumps(altered).encode())
            ran = self.instance.run("ceremony", "accept", self.path("altered.json"), "--request", self.path("request.dsse.json"), "--out", self.path("no.pem"))
            self.assertIn("HF-CEREMONY-0017", ran.err, (change, ran))
        self.assertIn("HF-CEREMONY-0017", self.instance.run("ceremony", "accept", self.path("medium/ca.pem.response.json"), "--request", self.other_request(), "--out", self.path("no.pem")).err)
        self.assertFalse(os.path.exists(self.path("no.pem")))

    def other_request(self):
        self.instance.ok("ceremony", "request-certificate", "--ca", self.path("medium/root.pem"), "--subject", "CN=Other CA,O=Example", "--key", self.path("devices.pub"), "--out", self.path("other.json"))
        self.approved("devices", "ca-request", "other.json", "other.dsse.json")
        return self.path("other.dsse.json")

    def test_every_altered_line_of_a_transcript_is_refused(self):
        self.root_script()
        transcript = self.held("root.dsse.json")
        with open(transcript) as file:
            lines = file.read().splitlines()
        tried = 0
        # Of the confirmations, which are alike, the first, one within and the last.
        confirms = [number for number, line in enumerate(lines) if json.loads(line)["what"] == "confirm"]
        for number, line in enumerate(lines):
            if number in confirms[1:-1] and number != confirms[9]:
                continue
            for pointer, altered in self.flips(json.loads(line)):
                tried += 1
                text = lines[:number] + [json.dumps(altered, separators=(",", ":"), sort_keys=True, ensure_ascii=False)] + lines[number + 1:]
                self.refused(text, (number + 1, pointer))
                if number == len(lines) - 1:
                    continue
                if number % 8 == 0 and pointer not in ("/n", "/prev"):  # with every hash after it made anew: the signatures do not hold
                    self.refused(self.chained(text), (number + 1, pointer, "chained"))
        self.assertGreater(tried, 150)
        for why, text in {"a line is gone": lines[:5] + lines[6:], "two lines are swapped": lines[:5] + [lines[6], lines[5]] + lines[7:], "the end is gone": lines[:-1],
                          "a line is there twice": lines[:6] + lines[5:]}.items():
            self.refused(text, why)
            self.refused(self.chained(text), why)
        self.assertEqual(self.ran("ceremony", "verify", transcript).code, 0)
        self.assertEqual(self.instance.lines("ceremony", "list"), [])
        self.assertEqual(self.imported(transcript)[0], 0)

    def refused(self, lines, why):
        self.write("altered", ("\n".join(lines) + "\n").encode())
        ran = self.ran("ceremony", "verify", self.path("altered"), "--manufacturer-key", self.path("ceremonies.pub"))
        self.assertNotEqual(ran.code, 0, why)

    def chained(self, lines):
        import hashlib
        head, out = "0" * 64, []
        for number, line in enumerate(lines):
            record = json.loads(line)
            record["n"], record["prev"] = number + 1, head
            text = json.dumps(record, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
            head = hashlib.sha256(text.encode()).hexdigest()
            out.append(text)
        return out

    def flips(self, value, pointer=""):
        """The value with one member altered, for each of its members."""
        if isinstance(value, dict):
            for name in value:
                for place, altered in self.flips(value[name], f"{pointer}/{name}"):
                    yield place, {**value, name: altered}
        elif isinstance(value, list):
            for i, item in enumerate(value):
                for place, altered in self.flips(item, f"{pointer}/{i}"):
                    yield place, value[:i] + [altered] + value[i + 1:]
        elif isinstance(value, bool):
            yield pointer, not value
        elif isinstance(value, int):
            yield pointer, value + 1
        elif value is None:
            yield pointer, "x"
        else:
            yield pointer, ("1" if value[:1] != "1" else "2") + value[1:]

    def test_the_wrong_people_and_scripts_are_refused(self):
        # One person in two roles, and two people with one key.
        twice = self.cast() + [{**self.cast()[0], "roles": ["witness"]}]
        self.write("twice.json", json.dumps(twice).encode())
        values = dict(name="Example", seal=SEAL, tool_sha256=self.sha256(self.tool), key="root", algorithm="ecdsa-p384", subject="CN=Example Root CA,O=Example")
        ran = self.prepare("root-ca", "twice.script", people="twice.json", **values)
        self.assertIn("dan has another role beside", ran.err)
        shared = self.cast()
        shared[2]["public_key"] = shared[0]["public_key"]
        self.write("shared.json", json.dumps(shared).encode())
        self.assertIn("two people have the same key", self.prepare("root-ca", "shared.script", people="shared.json", **values).err)
        self.assertIn("HF-CEREMONY-0019", self.prepare("root-ca", "x", name="Example").err)

        # Nobody approved it, or somebody else did.
        self.assertEqual(self.prepare("root-ca", "root.json", **values).code, 0)
        self.assertEqual(self.ran("ceremony", "run", self.path("root.json"), "--machine", self.path("machine")).code, 3)
        self.charter("strangers", ["ceremony-script"], ["ceremony_script"])
        self.approved("strangers", "ceremony-script", "root.json", "stranger.dsse.json")
        self.assertIn("HF-CEREMONY-0005", self.ran("ceremony", "run", self.path("stranger.dsse.json"), "--machine", self.path("machine")).err)
        self.approved("ceremonies", "ceremony-script", "root.json", "root.dsse.json")
        self.assertEqual(self.ran("ceremony", "check", self.path("root.dsse.json"), "--manufacturer-key", self.path("ceremonies.pub")).code, 0)

        # The witness' statement signed by somebody else, or by the actor: not taken, and the ceremony waits.
        stage = Stage(self, self.path("root.dsse.json"))
        asked = []
        self.conduct(stage, signers={"fay": "dan"}, until=lambda step, prompt: prompt.startswith("fay confirms") and (asked.append(step) or len(asked) > 2))
        self.assertEqual(asked, ["present"] * 3)
        self.assertEqual(stage.seen.count("HF-CEREMONY-0011"), 2)
        self.assertEqual(stage.end(), 1)
        self.assertIn("stopped at the step present", stage.seen)
        transcript = re.search(r"^transcript +(\S+)$", stage.seen, re.M)[1]
        self.assertIn("HF-CEREMONY-0015", self.instance.run("ceremony", "import", transcript).err)

    def test_what_differs_stops_and_an_exception_has_a_reason_and_everyones_signature(self):
        self.root_script()
        wrong = self.write("wrong", b"another program")
        stage = Stage(self, self.path("root.dsse.json"))
        self.conduct(stage, answers={"tool": wrong})
        code = stage.end()
        self.assertIn("HF-CEREMONY-0010", stage.err)
        self.assertEqual(code, 5)
        stage = Stage(self, self.path("root.dsse.json"), "--exception", "the digest of the medium was mistyped")
        self.conduct(stage)
        self.assertEqual(stage.end(), 0, (stage.seen, stage.err))
        transcript = re.search(r"^transcript +(\S+)$", stage.seen, re.M)[1]
        code, done = self.imported(transcript)
        self.assertEqual((code, [(one["kind"], one["position"]) for one in done["alarms"]]), (1, [("differs", 3), ("exception", 3)]))
        server = self.instance.serve(self).sign_in()
        reader = server.token("keys.read")["secret"]
        listed = server.ask("GET", "/v1/ceremonies", token=reader).json["items"]
        self.assertEqual([(one["state"], one["alarms"]) for one in listed], [("complete", 2)])
        shown = server.ask("GET", "/v1/ceremonies/" + done["script_sha256"], token=reader).json
        self.assertEqual(shown["steps"][2]["result"]["reason"], "the digest of the medium was mistyped")
        self.assertEqual([step["result"]["outcome"] for step in shown["steps"]][:4], ["recorded", "as_expected", "exception", "recorded"])
        with open(transcript, "rb") as file:
            self.assertEqual(server.ask("GET", f"/v1/ceremonies/{done['script_sha256']}/transcript", token=reader).body, file.read())
        self.assertEqual(server.ask("GET", "/v1/ceremonies", token="").status, 401)
        self.assertEqual(server.ask("GET", "/v1/ceremonies/" + "0" * 64, token=reader).status, 404)

    def test_a_killed_run_goes_on_at_the_step_that_is_not_confirmed(self):
        self.root_script()
        kills = 0
        for step, person in (("present", "fay"), ("key", "dan"), ("key", "fay"), ("root", "eva"), ("export", "dan")):
            stage = Stage(self, self.path("root.dsse.json"))
            stopped = self.conduct(stage, until=lambda at, prompt: at in (step, "") and prompt.startswith(f"{person} confirms"))
            self.assertIsNotNone(stopped, (stage.seen, step, person))
            stage.kill()
            kills += 1
        # A line that was torn by a crash is cut off: it was never acknowledged.
        transcript = next((self.directory / "machine" / "ceremonies").glob("*/transcript"))
        with open(transcript, "ab") as file:
            file.write(b'{"at":"20')
        self.assertEqual(str(transcript), self.held("root.dsse.json"))
        code, done = self.imported(transcript)
        self.assertEqual((code, done["steps"], done["alarms"], kills), (0, 9, [], 5))
        with open(transcript) as file:
            records = [json.loads(line) for line in file]
        self.assertEqual([one["what"] for one in records].count("step"), 9, "what was done before a kill is not done again")

    def test_a_script_is_for_one_ceremony_and_an_abandoned_one_is_on_the_ledger(self):
        self.root_script()
        first = self.held("root.dsse.json")
        self.ok("ceremony", "init", self.path("machine2"), "--manufacturer-key", self.path("ceremonies.pub"))
        os.rename(self.path("machine"), self.path("machine1"))
        os.rename(self.path("machine2"), self.path("machine"))
        stage = Stage(self, self.path("root.dsse.json"))
        self.conduct(stage, until=lambda step, prompt: step == "tool")
        self.assertEqual(stage.end(), 1)
        stage = Stage(self, self.path("root.dsse.json"), "--abandon", "the fire alarm went off")
        self.conduct(stage)
        self.assertEqual(stage.end(), 1, (stage.seen, stage.err))
        second = re.search(r"^transcript +(\S+)$", stage.seen, re.M)[1]
        code, done = self.imported(second)
        self.assertEqual((code, [one["kind"] for one in done["alarms"]]), (1, ["abandoned"]))
        first = first.replace("/machine/", "/machine1/")
        self.assertIn("HF-CEREMONY-0016", self.instance.run("ceremony", "import", first).err)
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)


if __name__ == "__main__":
    holdfast.main()
