"""Writes every case, for a look at one of them: python3 -B tests/e2e/x509_cases FOLDER."""
import pathlib
import shlex
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import x509_cases  # noqa: E402: found by the line above, as the tests find it

for case in x509_cases.all_cases():
    folder = pathlib.Path(sys.argv[1]) / case.name
    folder.mkdir(parents=True, exist_ok=True)
    words = case.given.write(folder)
    print("accepted" if case.accepted else "refused", case.name, f"({case.clause}):", shlex.join(words))
