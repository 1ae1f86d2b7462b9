"""X.509 paths against RFC 5280: `holdfast pki verify-chain` accepts what x509_cases says, refuses what it says, and tells why.
`python3 -B tests/e2e/x509_cases FOLDER` writes the files of every case and the words that ask about them.

The last line counts what `openssl verify` accepts although it must be refused: for comparison, it decides nothing here.
"""
from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import holdfast

try:
    import x509_cases
except ModuleNotFoundError as missing:
    if (missing.name or "").split(".")[0] != "cryptography":
        raise
    x509_cases = None

PROCESS_SECONDS = 20  # for the worst graph of certificates
OK, NO = 0, 1
FINDING = ("rule", "severity", "certificate", "message", "source")


def openssl_accepts(folder: pathlib.Path, given: x509_cases.Given) -> bool:
    """At its strictest; any policy will do, as 6.1.1 (c) has it by default."""
    words = ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-policy_check", "-policy", "anyPolicy", "-partial_chain",
             "-no-CApath", "-no-CAstore", "-attime", str(int(given.instant.timestamp())), "-CAfile", str(folder / "roots.pem")]
    words += ["-untrusted", str(folder / "intermediates.pem")] if given.intermediates else []
    words += ["-crl_check_all", "-CRLfile", str(folder / "crls.pem")] if given.crls else []
    words += ["-purpose", "ssl" + given.profile] if given.profile in ("server", "client") else []
    words += [word for one in given.names for word in ("-verify_hostname", one)]
    words += ["-verify_depth", str(given.depth)] if given.depth is not None else []
    try:
        return subprocess.run([*words, str(folder / "leaf.pem")], capture_output=True, timeout=PROCESS_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class Chains(unittest.TestCase):
    cases_run = 0
    lenient: list[str] = []  # names that OpenSSL accepts and RFC 5280 does not
    openssl = shutil.which("openssl") is not None

    @classmethod
    def setUpClass(cls):
        if x509_cases is None:
            raise unittest.SkipTest("python3-cryptography is not installed: the certificates are made with it")

    @classmethod
    def tearDownClass(cls):
        openssl = f"openssl verify accepts {len(cls.lenient)} that must be refused: {' '.join(cls.lenient) or 'none'}"
        print(f"{cls.cases_run} cases run; {openssl if cls.openssl else 'openssl is not installed'}", flush=True)

    def test_the_cases_have_names_of_their_own(self):
        names = [case.name for case in CASES]
        self.assertEqual(len(names), len(set(names)))

    def ask(self, case: x509_cases.Case) -> None:
        with tempfile.TemporaryDirectory(prefix="hf-e2e.") as folder:
            words = case.given.write(pathlib.Path(folder))
            Chains.cases_run += 1
            if self.openssl and not case.accepted and openssl_accepts(pathlib.Path(folder), case.given):
                Chains.lenient.append(case.name)
            try:
                ran = holdfast.program("pki", "verify-chain", *words, "--json", timeout=PROCESS_SECONDS)
            except subprocess.TimeoutExpired:
                self.fail(f"{case.name}: no answer within {PROCESS_SECONDS} s")
        wanted, got = ("accepted" if case.accepted else "refused"), {OK: "accepted", NO: "refused"}.get(ran.code, f"exit code {ran.code}")
        told = f"{case.name} ({case.clause}): expected {wanted}, got {got}\n{ran}"
        if got != wanted:
            self.fail(told)
        answer = json.loads(ran.out)
        self.assertEqual(answer["verified"], case.accepted, told)
        for finding in answer["findings"]:
            self.assertEqual([member for member in FINDING if member not in finding], [], told)
        if case.accepted:
            self.assertTrue(answer["chain"], told)
        else:
            self.assertTrue(answer["findings"], f"refused without a reason: {told}")


def add(case: x509_cases.Case) -> None:
    setattr(Chains, "test_" + re.sub(r"\W", "_", case.name), lambda self: self.ask(case))


CASES = x509_cases.all_cases() if x509_cases else []
for one in CASES:
    add(one)

if __name__ == "__main__":
    holdfast.main()
