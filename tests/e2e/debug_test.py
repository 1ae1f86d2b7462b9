"""docs/guides/debug.md as it stands, on one installation; and what is refused beside it."""
import json
import os
import pathlib
import re
import subprocess

import holdfast
import people

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guides" / "debug.md").read_text()
PEER = ROOT / "tests" / "interop" / "formats" / "debug_access.py"
DEVICE = "00112233445566778899aabbccddeeff"


def mask(bits):
    return bits.to_bytes(16, "little").hex()


@holdfast.both_engines
class Debug(people.People):
    def setUp(self):
        self.meet()
        for name, text in zip(("dbg-root", "dbg-bench"), re.findall(r"```json\n(.*?)```", GUIDE, re.S)):
            charter = json.loads(text) | {"approvers": self.approvers()}
            self.write(f"{name}.json", json.dumps(charter).encode())
        self.challenge = self.write("challenge.bin", os.urandom(32))

    def play(self):
        (self.directory / "bin").mkdir()
        (self.directory / "bin" / "holdfast").symlink_to(holdfast._program)
        script = "set -euo pipefail\n" + "".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.S))
        script += "printf '%s\\n' $root $leaf $session > requests\n"
        played = subprocess.run(["bash", "-c", script], cwd=self.directory, capture_output=True, text=True, env=dict(
            os.environ, HOLDFAST_DATA=str(self.instance.data), PATH=f"{self.directory / 'bin'}:{os.environ['PATH']}"))
        self.assertEqual(played.returncode, 0, played.stdout + played.stderr)
        return (self.directory / "requests").read_text().split()

    def path(self, name):
        return str(self.directory / name)

    def token(self, challenge, *, device=DEVICE, permissions=mask(3), lifecycle="0x3000", chain="leaf.chain"):
        made = self.instance.run("debug", "prepare", "adac-token", "--challenge", challenge, "--chain", self.path(chain), "--soc-class", "0x42",
                                 "--soc-id", device, "--lifecycle", lifecycle, "--permissions", permissions, "--out", self.path("x.req"))
        return made if made.code != 0 else self.ask("x.req", "dbg-bench")

    def ask(self, file, key, *more):
        return self.instance.run("sign", "request", self.path(file), "--key", key, "--reason", "r", *more)

    def certificate(self, role, out, *more):
        """For the bench's key, by the root."""
        self.instance.ok("debug", "prepare", "adac-certificate", "--role", role, "--key", self.path("dbg-bench.pem"), "--chain", self.path("root.chain"),
                         "--permissions", mask(3), "--out", self.path("c.req"), *more)
        request = self.approved(self.ask("c.req", "dbg-root").out.strip())
        self.assertEqual(self.instance.run("sign", "run", request, self.path("c.req"), "--out", self.path(out)).code, 0)

    def approved(self, request):
        for person in ("ann", "bob"):
            self.assertEqual(self.decide(request, person).code, 0)
        return request

    def refused(self, ran, words):
        self.assertEqual((ran.code != 0, words in ran.err), (True, True), ran)

    def test_the_guide_is_played_and_the_rest_is_refused(self):
        root, leaf, session = self.play()
        if subprocess.run(["/usr/bin/python3", "-c", "import cryptography"], capture_output=True).returncode == 0:
            read = subprocess.run(["/usr/bin/python3", "-B", PEER, "adac-answer", "session.adac", "dbg-root.pem", "challenge.bin"],
                                  cwd=self.directory, capture_output=True, text=True)
            self.assertEqual(read.returncode, 0, read.stderr)
            self.assertEqual(json.loads(read.stdout), {"permissions": mask(3), "soc_id": DEVICE})
        sessions = {one["digest"]: one for one in self.instance.lines("debug", "list")}
        self.assertEqual([sessions[one]["state"] for one in (root, leaf, session)], ["open", "open", "closed"])
        self.assertEqual(sessions[session]["closing"]["locked"], True)
        self.assertEqual(sessions[session]["of_requester_in_month"], 3)
        self.assertEqual((sessions[session]["facts"]["device"], sessions[root]["facts"]["device"]), (DEVICE, ""))
        self.refused(self.instance.run("debug", "close", session, "--locked", "no"), "HF-KEYS-0031")
        kinds = [json.loads(line)["kind"] for line in self.instance.ok("ledger", "tail", "--json").splitlines()]
        self.assertIn("debug.closed", kinds)
        self.assertEqual(self.instance.run("ledger", "verify").code, 0)
        self.instance.whole()

        # Abuse case 38, through every layer. The same challenge, asked for and approved anew:
        again = self.approved(self.token(self.challenge).out.strip())
        self.refused(self.instance.run("sign", "run", again, self.path("x.req"), "--out", self.path("again.adac")), "challenge has been answered")
        self.assertFalse((self.directory / "again.adac").exists())
        fresh = self.write("fresh.bin", os.urandom(32))
        self.refused(self.token(fresh, device="ff" * 16), "another device")
        self.refused(self.token(fresh, permissions=mask(0x13)), "are more than")
        self.refused(self.token(fresh, lifecycle="0x5000"), "another lifecycle state")
        # A token of a whole class: not by two officers, but by one on duty who breaks glass.
        self.certificate("leaf", "wide.chain", "--soc-class", "0x42")
        self.refused(self.token(fresh, chain="wide.chain"), "breaking glass")
        emergency = self.ask("x.req", "dbg-bench", "--break-glass").out.strip()
        self.assertEqual(self.decide(emergency, "cid").code, 0)
        ran = self.instance.run("sign", "run", emergency, self.path("x.req"), "--out", self.path("wide.adac"))
        self.assertEqual(ran.code, 0, ran)
        # An intermediate as leaf, and a leaf that issues.
        self.certificate("intermediate", "middle.chain", "--lifecycle", "0x3000")
        self.refused(self.token(fresh, chain="middle.chain"), "ends with an intermediate")
        self.refused(self.instance.run("debug", "prepare", "adac-certificate", "--role", "leaf", "--key", self.path("dbg-bench.pem"), "--chain",
                                       self.path("leaf.chain"), "--permissions", mask(3), "--out", self.path("y.req")), "a leaf issues no certificate")
        # Cross-protocol: firmware with a debug key, debug access with a firmware key.
        firmware = json.loads((self.directory / "dbg-bench.json").read_text())
        firmware["class"] = "firmware"
        self.refused(self.instance.run("key", "create", "px-fw", "--charter", self.write("px-fw.json", json.dumps(firmware).encode())), "/policy/debug")
        firmware["policy"] = {"formats": ["adac-token", "raw"], "schemes": ["ecdsa-p256-sha256"], "digest_only": True}
        self.instance.ok("key", "create", "px-fw", "--charter", self.write("px-fw.json", json.dumps(firmware).encode()))
        self.refused(self.ask("session.req", "px-fw"), "key of class debug")
        self.assertEqual(self.ask("session.adac", "px-fw", "--format", "raw").code, 0)
        debug = json.loads((self.directory / "dbg-bench.json").read_text())
        debug["policy"] |= {"formats": ["adac-token", "raw"], "digest_only": True}
        del debug["policy"]["compatible"]
        self.instance.ok("key", "create", "dbg-two", "--charter", self.write("dbg-two.json", json.dumps(debug).encode()))
        self.refused(self.ask("session.adac", "dbg-two", "--format", "raw"), "nothing but debug access")


if __name__ == "__main__":
    holdfast.main()
