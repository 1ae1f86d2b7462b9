#!/usr/bin/env python3
"""Puts the JSON lines of bench runs (bench/support/bench.h) and the facts of this machine into docs/benchmarks.md.

    report.py RESULTS_DIR OUT.md

Every RESULTS_DIR/<bench>.jsonl becomes one table: figures in the order they were measured, engines side by side. The
tables of benches that have no results there stay as OUT.md has them: each says on what it was measured.
Lines that are not JSON objects with "figure" are left out, so a script may print tables for people too.
"""
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path


def first(pattern: str, text: str, default: str = "?") -> str:
    found = re.search(pattern, text, re.M)
    return found.group(1).strip() if found else default


def run(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout
    except OSError:
        return ""


def machine() -> list[tuple[str, str]]:
    cpu = Path("/proc/cpuinfo").read_text()
    memory = int(first(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), "0"))
    return [
        ("Processor", first(r"model name\s*: (.*)", cpu) + f", {os.cpu_count()} cores"),
        ("Memory", f"{memory / 2**20:.0f} GiB"),
        ("Kernel", platform.release()),
        ("Compiler", run("c++", "--version").splitlines()[0] if run("c++", "--version") else "?"),
        ("SQLite", first(r"^([\d.]+)", run("sqlite3", "--version") or run("pkg-config", "--modversion", "sqlite3"))),
        ("PostgreSQL", first(r"([\d.]+)", run("sh", "-c", "ls /usr/lib/postgresql | sort -V | tail -n 1"))),
        ("Revision", run("git", "rev-parse", "--short", "HEAD").strip() or "?"),
    ]


def number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.1f}"


def title(text: str) -> str:
    """A file in bench/ says in its first comment what it measures."""
    for suffix in (".cpp", ".sh"):
        path = Path("bench") / (text + suffix)
        if path.exists():
            lines = []
            mark = "//" if suffix == ".cpp" else "#(?!!)"
            for line in path.read_text().splitlines():
                comment = re.match(mark + r"\s?(.*)", line)
                if comment:
                    if comment.group(1).startswith(" "):
                        break  # usage
                    lines.append(comment.group(1))
                elif not line.startswith("#!"):
                    break
            return " ".join(lines)
    return ""


def table(lines: list[dict]) -> list[str]:
    engines = list(dict.fromkeys(line.get("engine", "") for line in lines))
    named = [e for e in engines if e]
    columns = named or [""]
    figures: dict[tuple[str, str], dict[str, dict]] = {}
    for line in lines:
        row = figures.setdefault((line["figure"], line.get("unit", "")), {})
        if line.get("engine"):
            row[line["engine"]] = line
        else:
            row[columns[0]] = line
    out = [f"| Figure | {' | '.join(c or 'Value' for c in columns)} | Unit | Aim |", f"|---|{'---:|' * len(columns)}---|---|"]
    for (figure, unit), row in figures.items():
        aims = [line for line in row.values() if "aim" in line]
        aim = ""
        if aims:
            most = aims[0].get("sense") != "min"
            met = all(line["value"] <= line["aim"] if most else line["value"] >= line["aim"] for line in aims)
            aim = f"{'at most' if most else 'at least'} {number(aims[0]['aim'])}: {'met' if met else '**missed**'}"
        cells = [number(row[c]["value"]) if c in row else "" for c in columns]
        out.append(f"| {figure} | {' | '.join(cells)} | {unit} | {aim} |")
    return out


def sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in re.split(r"^(?=## )", text, flags=re.M)[1:]:
        lines = part.rstrip("\n").split("\n")
        found[lines[0].removeprefix("## ")] = ["", *lines]
    return found


def main() -> int:
    results, out = Path(sys.argv[1]), Path(sys.argv[2])
    text = ["# Benchmarks", "",
            "Measured by `./dev bench`. Each table says its load average when it began (the machine may have done other work too),",
            "its processor and its revision; the machine of the latest run is below. Regenerate rather than edit.", "",
            "| Machine | |", "|---|---|"]
    facts = dict(machine())
    text += [f"| {name} | {value} |" for name, value in facts.items()]
    kept = sections(out.read_text()) if out.exists() else {}
    for path in sorted(results.glob("*.jsonl")):
        lines = []
        for line in path.read_text().splitlines():
            if line.startswith("{"):
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    continue
        load = next((line["load"] for line in lines if "load" in line), None)
        lines = [line for line in lines if "figure" in line]
        if not lines:
            continue
        where = f"Load: {load}; {facts['Processor']}; {facts['Revision']}."
        kept[path.stem] = ["", f"## {path.stem}", "", f"{title(path.stem)} {where}".strip(), "", *table(lines)]
    for name in sorted(kept):
        text += kept[name]
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(text) + "\n")
    print(f"{out}: {sum('**missed**' in line for line in text)} aims missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
