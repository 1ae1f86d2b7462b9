#!/usr/bin/env python3
"""The rules that keep the house in order (ARCHITECTURE.md). No dependencies but Python.

    tidy.py ROOT    prints "path:line: rule: what is wrong and what to do", exits 1 if there is any

An exception is a line "rule path  reason" in tests/tidy/exceptions.txt; a path that ends in '/' is a folder. One that nothing needs is itself a finding, so
that the list can only shrink.
"""
import re
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator, NamedTuple

FILE_LINES_MAX = 500
CXX = (".cpp", ".h")


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    text: str


class Tree:
    """The committed files of a checkout; of an exported or fixture tree, all files."""

    def __init__(self, root: Path):
        self.root = root
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                capture_output=True) if (root / ".git").exists() else None
        if listed and listed.returncode == 0:
            names = [n for n in listed.stdout.decode().split("\0") if n]
        else:
            names = [str(p.relative_to(root)) for p in root.rglob("*")
                     if p.is_file() and p.relative_to(root).parts[0] not in ("build", ".git")]
        self.names = sorted(n for n in names if (root / n).is_file())
        self._text: dict[str, str] = {}

    def text(self, name: str) -> str:
        if name not in self._text:
            self._text[name] = (self.root / name).read_bytes().decode("utf-8", "replace")
        return self._text[name]

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        return enumerate(self.text(name).splitlines(), 1)

    def cxx(self, *folders: str) -> Iterator[str]:
        return (n for n in self.names if n.endswith(CXX) and n.split("/")[0] in (folders or ("src", "tests", "fuzz", "bench")))


def without_comment(line: str) -> str:
    """Good enough for one line of code: "//" outside a literal ends it."""
    return re.sub(r'("(?:[^"\\]|\\.)*")|//.*', lambda m: m.group(1) or "", line)


def is_test(name: str) -> bool:
    base = name.rsplit("/", 1)[-1]
    return name.startswith("tests/") or base.endswith(("_test.cpp", "_test.h", "_fixture.h")) or base.startswith("test_")


def grep(tree: Tree, names, pattern: str, rule: str, text: str) -> Iterator[Finding]:
    compiled = re.compile(pattern)
    for name in names:
        for number, line in tree.lines(name):
            if compiled.search(without_comment(line)):
                yield Finding(name, number, rule, text)


def domain_of(name: str) -> str:
    parts = name.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else ""


EDGES = "tests/tidy/edges.txt"
FRONT = re.compile(r"(cli|http)[a-z_]*\.(cpp|h)")  # as in cmake/domain.cmake


def declared_edges(tree: Tree) -> dict[str, tuple[int, set[str]]]:
    """By "domain", and by "domain front" for its commands and handlers."""
    edges = {}
    for number, line in tree.lines(EDGES) if EDGES in tree.names else ():
        if line.strip() and not line.startswith("#"):
            domain, _, uses = line.partition(":")
            edges[domain.strip()] = (number, set(uses.split()))
    return edges


def rule_edge(tree: Tree) -> Iterator[Finding]:
    """A domain includes another only along an edge of edges.txt, and CMake links the same edges."""
    edges = declared_edges(tree)

    def uses_of(domain: str) -> set[str]:
        return edges.get(domain, (0, set()))[1]

    domains = {domain_of(n) for n in tree.names} - {""}
    for name in tree.cxx("src"):
        domain = domain_of(name)
        allowed = uses_of(domain) | {domain, "support"}
        if FRONT.fullmatch(name.rsplit("/", 1)[-1]) or is_test(name):
            allowed |= uses_of(domain + " front")
        for number, line in tree.lines(name):
            target = re.match(r'\s*#\s*include\s+"([a-z0-9_]+)/', line)
            if target and target.group(1) in domains - allowed and "*" not in allowed:
                yield Finding(name, number, "edge", f"{domain} may not use {target.group(1)}: {EDGES} declares no such edge")
    placed: set[str] = set()  # CMakeLists.txt names the domains in dependency order, so the edges have no cycle
    order = re.search(r"foreach\(domain ([a-z0-9_ ]+)\)", tree.text("CMakeLists.txt")) if "CMakeLists.txt" in tree.names else None
    for domain in order.group(1).split() if order else ():
        for use in sorted(uses_of(domain) - placed - {"*"}):
            yield Finding(EDGES, edges[domain][0], "edge", f"{domain} uses {use}, which CMakeLists.txt places after it")
        placed.add(domain)
    for name in tree.names:
        match = re.fullmatch(r"src/([a-z0-9_]+)/CMakeLists\.txt", name)
        declared = re.search(r"hf_domain\((\w+)([^)]*)\)", tree.text(name)) if match else None
        if not declared:
            continue
        for keyword, key in (("DEPS", declared.group(1)), ("FRONT", declared.group(1) + " front")):
            words = re.search(r"\b" + keyword + r"\b(.*?)(\bDEPS\b|\bLIBS\b|\bFRONT\b|$)", declared.group(2), re.S)
            linked = set(words.group(1).split()) if words else set()
            if linked != uses_of(key):
                yield Finding(EDGES, edges.get(key, (1,))[0], "edge",
                              f"{key}: {name} links {' '.join(sorted(linked)) or 'nothing'}, here are "
                              f"{' '.join(sorted(uses_of(key))) or 'none'}; the two must be equal")


def rule_clock(tree: Tree) -> Iterator[Finding]:
    """One place reads the wall clock: time enters through base/clock.h."""
    pattern = (r"\b(system_clock|utc_clock|high_resolution_clock)::now\b|\bCLOCK_REALTIME\b|\bgettimeofday\s*\("
               r"|(?<![\w.>])(std::|::)?time\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)|\bX509_gmtime_adj\b|\bX509_cmp_current_time\b")
    names = (n for n in tree.cxx("src", "tests", "fuzz") if not re.fullmatch(r"src/base/clock\.(h|cpp)", n))
    yield from grep(tree, names, pattern, "clock", "reads the wall clock; take a hf::Clock")
    sql = [n for n in tree.names if n.startswith("schema/")] + [n for n in tree.cxx("src")]
    yield from grep(tree, sql, r"(?i)\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\b(datetime|strftime)\s*\(\s*'",
                    "clock", "lets the database read the wall clock; pass the time in")


def rule_crypto(tree: Tree) -> Iterator[Finding]:
    """crypto/ alone calls OpenSSL and PKCS#11 modules; net/tls* has the TLS sockets."""
    names = (n for n in tree.cxx("src") if not n.startswith("src/crypto/") and not n.startswith("src/net/tls"))
    yield from grep(tree, names, r'#\s*include\s*[<"](openssl/|p11-kit|pkcs11)', "crypto",
                    "OpenSSL and PKCS#11 are called in src/crypto only; ask it for what is missing")


def rule_sql(tree: Tree) -> Iterator[Finding]:
    """All SQL of a domain is in its store."""
    names = (n for n in tree.cxx("src") if not is_test(n) and not n.startswith("src/db/")
             and not n.rsplit("/", 1)[-1].startswith("store") and "_store." not in n)
    yield from grep(tree, names, r"\b(SELECT\s+[\w\"(*]|SELECT \"|INSERT INTO\b|UPDATE \w+ (AS \w+ )?SET\b|DELETE FROM\b)", "sql",
                    "SQL belongs into the domain's store.cpp (or *_store.cpp)")


def rule_sleep(tree: Tree) -> Iterator[Finding]:
    """A test that waits for time to pass is slow or flaky: advance a ManualClock, or wait for the event."""
    names = [n for n in tree.cxx("src", "tests") if is_test(n)]
    yield from grep(tree, names, r"\bsleep_(for|until)\b|\bu?sleep\s*\(|\bnanosleep\s*\(", "sleep",
                    "tests do not sleep; wait for the event itself")
    scripts = [n for n in tree.names if n.startswith("tests/") and not n.startswith("tests/tidy/") and n.endswith((".sh", ".py", ".ts"))]
    yield from grep(tree, scripts, r"^\s*sleep\s|\btime\.sleep\(|waitForTimeout\(", "sleep", "tests do not sleep; wait for the event itself")


def rule_size(tree: Tree) -> Iterator[Finding]:
    """One subject a file."""
    for name in tree.cxx("src"):
        count = tree.text(name).count("\n")
        if count > FILE_LINES_MAX:
            yield Finding(name, FILE_LINES_MAX, "size", f"{count} lines, over {FILE_LINES_MAX}: split it by subject")


def rule_pragma(tree: Tree) -> Iterator[Finding]:
    """Every header may be included twice."""
    for name in tree.cxx():
        if not name.endswith(".h"):
            continue
        first = next((line for _, line in tree.lines(name) if line.startswith("#")), "")
        if first.strip() != "#pragma once":
            yield Finding(name, 1, "pragma", "the first directive of a header is #pragma once")


def rule_coroutine(tree: Tree) -> Iterator[Finding]:
    """g++ 12 miscompiles ordinary co_await patterns (docs/adr/0006)."""
    names = (n for n in tree.cxx() if not n.startswith("src/net/"))
    yield from grep(tree, names, r"\bco_(await|yield|return)\b|#\s*include\s*<(coroutine|format|expected)>", "coroutine",
                    "no coroutines outside the transport; g++ 12 has no <format> and no <expected>")


def rule_path(tree: Tree) -> Iterator[Finding]:
    """What is committed works on any machine."""
    folders = "|".join(["wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers"])
    pattern = re.compile(r"(?<![\w.%~@:})*-])/(" + folders + r")/(?=[\w.$])|\b[A-Z]:\\\\?" + "Us" + r"ers\\")
    for name in tree.names:
        if name.startswith("tests/data/") or name == "LICENSE" or name.endswith((".png", ".zst", ".gz", ".zip", ".pdf", ".woff2")):
            continue  # third-party vectors, licence texts, bytes
        for number, line in tree.lines(name):
            if pattern.search(line):
                yield Finding(name, number, "path", "names a path of one machine")


CODES = "docs/codes/README.md"


def rule_code(tree: Tree) -> Iterator[Finding]:
    """docs/codes explains the codes that the sources give, all of them and no others."""
    pattern = re.compile(r"HF-[A-Z0-9]+-\d{4}")
    listed = set(pattern.findall(tree.text(CODES))) if CODES in tree.names else set()
    given: dict[str, str] = {}
    for name in tree.cxx("src"):
        if not is_test(name):
            for code in pattern.findall(tree.text(name)):
                given.setdefault(code, name)
    for code in sorted(given.keys() - listed):
        yield Finding(given[code], 1, "code", f"{code} is not in {CODES}: run ./dev codes")
    for code in sorted(listed - given.keys()):
        yield Finding(CODES, 1, "code", f"{code} is no longer given: run ./dev codes")


ABUSE = "tests/data/abuse_skipped.txt"
ABUSE_CASES = 47


def rule_abuse(tree: Tree) -> Iterator[Finding]:
    """Every abuse case is in the name of a test, or in the list of those that none plays, with the reason."""
    if ABUSE not in tree.names:
        return
    tested: set[int] = set()
    for name in tree.cxx("src", "tests"):
        for words in re.findall(r"^TEST\w*\(\w+, Abuse(\d\d(?:(?:And|To)\d\d)*)", tree.text(name), re.M) if is_test(name) else ():
            numbers = [int(number) for number in re.findall(r"\d\d", words)]
            tested.update(range(numbers[0], numbers[-1] + 1) if "To" in words else numbers)
    for name in tree.names:
        if re.fullmatch(r"tests/e2e/\w+_test\.py", name):
            tested.update(int(number) for number in re.findall(r"^    def test_abuse(\d\d)", tree.text(name), re.M))
    skipped = {int(line.split()[0]): number for number, line in tree.lines(ABUSE) if re.match(r"\d\d \w", line)}
    for case in range(1, ABUSE_CASES + 1):
        if case in tested and case in skipped:
            yield Finding(ABUSE, skipped[case], "abuse", f"case {case:02} has a test: remove the line")
        elif case not in tested and case not in skipped:
            yield Finding(ABUSE, 1, "abuse", f"case {case:02} is neither in the name of a test nor here with a reason")


RULES: dict[str, Callable[[Tree], Iterator[Finding]]] = {
    n.removeprefix("rule_"): f for n, f in list(globals().items()) if n.startswith("rule_")}
EXCEPTIONS = "tests/tidy/exceptions.txt"


def check(root: Path) -> list[Finding]:
    tree = Tree(root)
    excepted: dict[tuple[str, str], int] = {}
    for number, line in tree.lines(EXCEPTIONS) if EXCEPTIONS in tree.names else ():
        if line.strip() and not line.startswith("#"):
            rule, path, *_ = line.split()
            excepted[rule, path] = number
    findings, needed = [], set()
    for rule in RULES.values():
        for finding in rule(tree):
            folder = finding.path.rsplit("/", 1)[0] + "/"
            key = next((k for k in ((finding.rule, finding.path), (finding.rule, folder)) if k in excepted), None)
            if key:
                needed.add(key)
            else:
                findings.append(finding)
    for key, number in excepted.items():
        if key not in needed:
            findings.append(Finding(EXCEPTIONS, number, "exception", f"nothing needs it any more: {key[0]} {key[1]}"))
    return findings


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    findings = check(root)
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.rule}: {finding.text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
