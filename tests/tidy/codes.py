#!/usr/bin/env python3
"""Writes docs/codes/README.md: every HF- code of the sources with its kind and what it says.

    codes.py ROOT

tidy.py holds the list to the sources: a code that is new or gone fails the test until `./dev codes` has run.
"""
import re
import sys
from pathlib import Path

CODE = r"HF-[A-Z0-9]+-\d{4}"
# ErrorKind, HTTP status (src/net/problem.cpp) and exit code (src/cli/command.cpp).
KINDS = {
    "invalid": ("400 or 422", "3", "the input is wrong"),
    "unauthenticated": ("401", "5", "who asks is not known"),
    "forbidden": ("403", "5", "who asks may not"),
    "not_found": ("404", "4", "nothing has that name"),
    "conflict": ("409", "5", "the state does not allow it"),
    "limit": ("413 or 429", "5", "over a limit"),
    "unavailable": ("503", "6", "try again later"),
    "internal": ("500", "70", "a defect of ours, or damage"),
}


def sources(root: Path) -> list[Path]:
    return sorted(p for p in (root / "src").rglob("*") if p.suffix in (".cpp", ".h") and not p.name.endswith("_test.cpp")
                  and not p.name.endswith("_fixture.h") and not p.name.startswith("test_"))


def codes_in(text: str) -> set[str]:
    return set(re.findall(CODE, text))


def message_after(text: str) -> str:
    """The string literals of the next argument; what stands between them is shown as an ellipsis."""
    parts, depth, at = [], 0, 0
    expression = re.compile(r'\s*,\s*')
    start = expression.match(text)
    if not start:
        return ""
    at = start.end()
    while at < len(text) and at < 600:
        literal = re.compile(r'"((?:[^"\\]|\\.)*)"').match(text, at)
        if literal and depth == 0:
            parts.append(literal.group(1).replace('\\"', '"'))
            at = literal.end()
            continue
        if literal:
            at = literal.end()
            continue
        char = text[at]
        if char in "({[":
            depth += 1
        elif char in ")}]":
            depth -= 1
            if depth < 0:
                break
        elif char in ",;" and depth == 0:
            break
        elif not char.isspace() and char != "+" and (not parts or parts[-1] != "…"):
            parts.append("…")
        at += 1
    words = "".join(parts).strip()
    return "" if words in ("", "…") else words


def collect(root: Path) -> dict[str, dict]:
    found: dict[str, dict] = {}
    for path in sources(root):
        text = path.read_text()
        for match in re.finditer(CODE, text):
            code = found.setdefault(match.group(), {"kinds": [], "messages": [], "files": []})
            name = path.relative_to(root).as_posix()
            if name not in code["files"]:
                code["files"].append(name)
            before, after = text[max(0, match.start() - 200):match.start()], text[match.end():]
            if not (before.endswith('"') and after.startswith('"')):
                continue  # in a comment
            kind = re.findall(r"ErrorKind::(\w+)", re.split(r"[;{}]\s", before)[-1])
            if kind and kind[-1] not in code["kinds"]:
                code["kinds"].append(kind[-1])
            message = message_after(after[1:])
            if message and message not in code["messages"]:
                code["messages"].append(message)
    return found


def render(found: dict[str, dict]) -> str:
    cell = lambda words: words.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
    lines = ["# Codes", "",
             "Every refusal has a stable code, the same in the API (`code` of an RFC 9457 problem), on the command line and in the",
             "log. A code is never used again for something else. Written by `./dev codes` from the sources; `…` stands for what the",
             "case at hand fills in.", "", "| Kind | HTTP | Exit code | Means |", "|---|---|---|---|"]
    lines += [f"| {kind} | {http} | {code} | {text} |" for kind, (http, code, text) in KINDS.items()]
    area = ""
    for code, facts in sorted(found.items()):
        if code.split("-")[1] != area:
            area = code.split("-")[1]
            lines += ["", f"## {area}", "", "| Code | Kind | Says | Where |", "|---|---|---|---|"]
        says = "<br>".join(cell(m) for m in facts["messages"][:4])
        lines.append(f"| {code} | {', '.join(facts['kinds'])} | {says} | {', '.join('`' + f + '`' for f in facts['files'][:3])} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    out = root / "docs/codes/README.md"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(render(collect(root)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
