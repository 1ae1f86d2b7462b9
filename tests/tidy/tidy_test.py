#!/usr/bin/env python3
"""Each rule finds its one breach in a fixture tree, and nothing in the tree without it."""
import tempfile
import unittest
from pathlib import Path

import tidy

MACHINE = "/" + "home/someone/project"
SQL = "SEL" + "ECT id FROM device"
SLEEP = "sleep" + "_for"
CLEAN = {
    "CMakeLists.txt": "foreach(domain base crypto db net fleet)\n",
    "src/base/CMakeLists.txt": "hf_domain(base LIBS fmt::fmt)\n",
    "src/crypto/CMakeLists.txt": "hf_domain(crypto DEPS base LIBS OpenSSL::Crypto)\n",
    "src/db/CMakeLists.txt": "hf_domain(db DEPS base)\n",
    "src/fleet/CMakeLists.txt": "hf_domain(fleet DEPS base db FRONT net)\n",
    "src/net/CMakeLists.txt": "hf_domain(net DEPS base)\n",
    "src/fleet/http.cpp": '#include "net/http.h"\n',
    "src/base/clock.cpp": "auto now() { return std::chrono::system_clock::now(); }\n",
    "src/base/text.h": "// A comment first.\n#pragma once\n",
    "src/crypto/digest.cpp": "#include <openssl/evp.h>\n",
    "src/fleet/store.cpp": f'#include "db/session.h"\nconst char* kAll = "{SQL}";  // not system_clock::now()\n',
    "src/fleet/fleet_test.cpp": f'#include "support/temp_dir.h"\nconst char* kTampered = "{SQL}";\nauto t = clock.now();\n',
    "tests/support/temp_dir.h": "#pragma once\n",
    "docs/guide.md": "See https://example.org/home/page and ~/work, or ./root/of/it.\n",
    tidy.EDGES: "base:\ncrypto: base\ndb: base\nnet: base\nfleet: base db\nfleet front: net\n",
}
# rule, file, its content (None: as it is, with the edit), the line of the finding
BREACHES = [
    ("edge", "src/db/session.h", '#pragma once\n#include "fleet/types.h"\n', 2),
    ("edge", "src/fleet/CMakeLists.txt", "hf_domain(fleet DEPS base db crypto FRONT net)\n", None),
    ("edge", tidy.EDGES, "base: db\ncrypto: base\ndb: base\nnet: base\nfleet: base db\nfleet front: net\n", None),
    ("edge", "src/fleet/service.cpp", '#include "net/http.h"\n', 1),
    ("clock", "src/fleet/types.cpp", "auto t = std::chrono::system_clock::now();\n", 1),
    ("clock", "src/fleet/types.cpp", "\nauto t = ::time(nullptr);\n", 2),
    ("clock", "schema/0001_x.sql", "CREATE TABLE x (at TEXT DEFAULT CURRENT_TIMESTAMP);\n", 1),
    ("crypto", "src/fleet/hash.cpp", "#include <openssl/sha.h>\n", 1),
    ("crypto", "src/fleet/hash.cpp", "#include <p11-kit-1/p11-kit/pkcs11.h>\n", 1),
    ("sql", "src/fleet/service.cpp", f'auto q = "{SQL}";\n', 1),
    ("sql", "src/fleet/service.cpp", 'auto q = R"sql(\n  DELETE FROM device WHERE x = $1)sql";\n', 2),
    ("sleep", "src/fleet/more_test.cpp", f"std::this_thread::{SLEEP}(1s);\n", 1),
    ("sleep", "tests/e2e/start.sh", "start &\nsleep 1\n", 2),
    ("size", "src/fleet/long.cpp", "\n" * 501, 500),
    ("pragma", "src/fleet/types.h", "#include <string>\n#pragma once\n", 1),
    ("coroutine", "src/fleet/types.cpp", "co_return 1;\n", 1),
    ("path", "docs/guide.md", f"Run it in {MACHINE}.\n", 1),
    ("code", "src/fleet/types.cpp", 'return fail(ErrorKind::invalid, "HF-FLEET-0001", "wrong");\n', 1),
    ("code", tidy.CODES, "| HF-FLEET-0002 | invalid | wrong |\n", 1),
    ("abuse", tidy.ABUSE, "".join(f"{case:02} later\n" for case in range(1, tidy.ABUSE_CASES)), 1),
    ("exception", tidy.EXCEPTIONS, "# known\nsize src/fleet/store.cpp  was long once\n", 2),
]


def findings_in(files: dict[str, str]) -> list[tidy.Finding]:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return tidy.check(Path(folder))


class Tidy(unittest.TestCase):
    def test_a_clean_tree_has_no_finding(self):
        self.assertEqual(findings_in(CLEAN), [])

    def test_every_rule_finds_its_breach(self):
        for rule, name, content, line in BREACHES:
            with self.subTest(rule=rule, content=content):
                found = findings_in(CLEAN | {name: content})
                self.assertEqual({f.rule for f in found}, {rule}, found)
                self.assertEqual(len(found), 1 if rule != "edge" or line else len(found))
                if line:
                    self.assertEqual((found[0].path, found[0].line), (name, line))

    def test_every_rule_has_a_breach(self):
        self.assertEqual({b[0] for b in BREACHES}, set(tidy.RULES) | {"exception"})

    def test_an_exception_hides_its_finding_only(self):
        files = CLEAN | {"src/fleet/long.cpp": "\n" * 501, "src/fleet/hash.cpp": "#include <openssl/sha.h>\n",
                         tidy.EXCEPTIONS: "size src/fleet/long.cpp  generated\n"}
        self.assertEqual([f.rule for f in findings_in(files)], ["crypto"])
        files[tidy.EXCEPTIONS] = "size src/fleet/  generated\n"
        self.assertEqual([f.rule for f in findings_in(files)], ["crypto"])


if __name__ == "__main__":
    unittest.main()
