"""Tokens of other makers sign under a charter: a TPM (slow, P-256) and opencryptoki's (poor: RSA alone, short PINs)."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

import holdfast
import hsm_test


def library(name):
    """A library of Debian's by its name, whatever the processor's folder is called."""
    return next((str(found) for found in sorted(pathlib.Path("/usr/lib").glob(f"*/{name}"))), None)


class Tpm(hsm_test.Hsm, unittest.TestCase):
    """tpm2-pkcs11 on a software TPM behind its resource manager, without which the TPM runs out of room for objects."""

    def daemon(self, *words, **more):
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def setUp(self):
        self.module = library("libtpm2_pkcs11.so.1")
        tools = ("swtpm", "tpm2-abrmd", "tpm2_ptool", "dbus-daemon", "dbus-monitor")
        if not self.module or not all(shutil.which(tool) for tool in tools):
            self.skipTest("tpm2-pkcs11 on swtpm is not installed: needs libtpm2-pkcs11-1 and " + ", ".join(tools))
        super().setUp()
        at = self.directory / "tpm"
        (at / "state").mkdir(parents=True)
        (at / "store").mkdir()
        # As a daemon it returns when its socket is there.
        subprocess.run(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={at}/state", "--server", f"type=unixio,path={at}/tpm",
                        "--ctrl", f"type=unixio,path={at}/tpm.ctrl", "--flags", "not-need-init,startup-clear",
                        "--daemon", "--pid", f"file={at}/pid"], check=True)
        self.addCleanup(lambda: os.kill(int((at / "pid").read_text()), signal.SIGKILL) if (at / "pid").exists() else None)
        bus = self.daemon("dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={at}/bus", "--print-address")
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip(), "TPM2_PKCS11_STORE": f"{at}/store",
                            "TPM2_PKCS11_TCTI": "tabrmd:bus_type=session", "TPM2TOOLS_TCTI": "tabrmd:bus_type=session"}
        environment = dict(os.environ, **self.environment)
        names = self.daemon("dbus-monitor", "--session", "type='signal',member='NameOwnerChanged'", env=environment)
        self.assertTrue(names.stdout.readline())  # it listens
        self.daemon("tpm2-abrmd", "--session", "--allow-root", f"--tcti=swtpm:path={at}/tpm", env=environment)
        self.assertTrue(any("com.intel.tss2.Tabrmd" in line for line in names.stdout), "the resource manager does not begin")
        for words in (("init",), ("addtoken", "--pid=1", "--label=tpm", f"--userpin={hsm_test.PIN}", f"--sopin={hsm_test.PIN}")):
            subprocess.run(["tpm2_ptool", *words], env=environment, check=True, capture_output=True)

    def test_a_key_of_a_tpm_signs_under_its_charter(self):
        self.ok("key", "use-token", "tpm", "--module", self.module, "--pin-file", self.pin)
        self.ok("key", "create", "px-fw", "--charter", self.charter)
        grant = self.grant()
        for n in range(5):
            file, ran = self.sign(grant, f"{n}.bin")
            self.assertEqual(ran.code, 0, ran)
            self.verified(file)
        # Read back from the token: what it holds can do nothing but sign, and does not leave it.
        self.assertIn("register agree", self.ok("key", "discover"))


class Opencryptoki(hsm_test.Hsm, unittest.TestCase):
    """opencryptoki's token of software: no EC, a PIN of 4 to 8 characters."""

    SO_PIN = "87654321"  # as it comes

    def setUp(self):
        self.module = library("libopencryptoki.so.0")
        super().setUp()
        self.environment = {"ASAN_OPTIONS": "detect_leaks=0"}  # it leaves what it allocated (3.8.1), and is unloaded at the end
        self.pin = self.write("pin", b"123456")
        os.chmod(self.pin, 0o600)
        tool = ["pkcs11-tool", "--module", self.module, "--slot", "3"]
        subprocess.run([*tool, "--init-token", "--label", "poor", "--so-pin", self.SO_PIN], check=True, capture_output=True)
        subprocess.run([*tool, "--init-pin", "--login", "--so-pin", self.SO_PIN, "--pin", "123456"], check=True, capture_output=True)
        self.ok("key", "use-token", "poor", "--module", self.module, "--pin-file", self.pin)

    def test_it_signs_with_rsa(self):
        charter = json.loads(pathlib.Path(self.charter).read_text())
        charter["policy"]["schemes"] = ["rsa-pkcs1-sha256"]
        rsa = self.instance.write("rsa.json", json.dumps(charter))
        self.ok("key", "create", "px-fw", "--charter", rsa, "--algorithm", "rsa-3072")
        grant = self.grant()
        file, ran = self.sign(grant)
        self.assertEqual(ran.code, 0, ran)
        self.verified(file)

    def test_what_it_cannot_is_said_and_nothing_is_left_behind(self):
        ran = self.run_("key", "create", "px-fw", "--charter", self.charter)
        self.assertNotEqual(ran.code, 0)
        self.assertIn("mechanism", (ran.err + ran.out).lower())
        self.assertEqual(self.run_("key", "show", "px-fw").code, 4)


def alone():
    """Runs on in a world where opencryptoki's state, its locks and its shared memory are this test's own.

    Its places are fixed in the program. What a machine really keeps in such a token is not to be touched."""
    os.execvp("unshare", ["unshare", "--mount", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child",
                          sys.executable, "-B", *sys.argv, "Opencryptoki"])


def prepare_opencryptoki():
    script = """set -e
    mount -t tmpfs tmpfs /var/lib/opencryptoki
    mount -t tmpfs tmpfs /run
    for kind in swtok icsf tpm ccatok lite ep11tok; do
      mkdir -p /run/lock/opencryptoki/$kind /var/lib/opencryptoki/$kind/TOK_OBJ
    done
    chgrp -R pkcs11 /run/lock/opencryptoki /var/lib/opencryptoki
    chmod -R 770 /run/lock/opencryptoki /var/lib/opencryptoki
    pkcsslotd"""
    subprocess.run(["sh", "-c", script], check=True)


if __name__ == "__main__":
    if "Opencryptoki" in sys.argv:
        prepare_opencryptoki()
        holdfast.main()
    elif "Tpm" in sys.argv:
        holdfast.main()
    elif not shutil.which("pkcsslotd") or not library("libopencryptoki.so.0") or not shutil.which("pkcs11-tool"):
        print("skipped: opencryptoki is not installed")
        sys.exit(77)
    elif os.geteuid() != 0:
        print("skipped: opencryptoki's daemon runs as root alone")
        sys.exit(77)
    elif subprocess.run(["unshare", "--mount", "--ipc", "--pid", "--fork", "true"], capture_output=True).returncode != 0:
        print("skipped: this machine lets nobody make namespaces, and opencryptoki's places are fixed")
        sys.exit(77)
    else:
        alone()
