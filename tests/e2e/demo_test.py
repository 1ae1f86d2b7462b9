"""The worked example end to end, and its answers against a recount that knows nothing of Holdfast's tables.

Usage: demo_test.py HOLDFAST DEMO_FOLDER
"""
import collections
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

UNITS = 24_000  # about half of them run an affected build
MOVED = 10_000


def main() -> None:
    holdfast, demo = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        environment = dict(os.environ, HF_DEMO_UNITS=str(UNITS), HF_DEMO_SERVE="no")
        story = subprocess.run([demo / "run", holdfast, data], env=environment, text=True, capture_output=True)
        assert story.returncode == 0, story.stdout + story.stderr

        def ask(*words: str, check: bool = True) -> str:
            done = subprocess.run([holdfast, *words, "--data", data], text=True, capture_output=True)
            assert not check or done.returncode == 0, done.stderr
            return done.stdout

        units_csv = subprocess.run([sys.executable, demo / "make.py", "units", str(UNITS)], text=True, capture_output=True, check=True).stdout
        running = {}  # (product, serial) -> market, builds
        for row in csv.DictReader(units_csv.splitlines()):
            running[row["batch"].split("/")[0], row["serial"]] = (row["market"], frozenset(row["builds"].split(";")))

        today = json.loads(ask("today", "--json"))
        exploited = [one for one in today["exploited"] if one["exposed_devices"] > 0]
        assert exploited, "the worked example must expose somebody"
        cve = exploited[0]["vulnerability"]
        answer = json.loads(ask("trace", "vulnerability", cve, "--json"))
        affected = {build["build"] for build in answer["by_build"] if build["state"] == "affected"}
        assert affected and affected < {build for _, builds in running.values() for build in builds}

        def recount():
            counts = collections.Counter()
            for market, builds in running.values():
                if builds & affected:
                    counts[market] += 1
            return dict(counts)

        def answered(*more: str):
            rows = json.loads(ask("exposed", cve, "--json", *more))["by_market"]
            return {row["market"]: row["exposed"] for row in rows if row["exposed"] > 0}

        before = recount()
        assert answered() == before, (answered(), before)
        market = max(before, key=before.get)
        listed = [json.loads(line) for line in ask("exposed", cve, "--market", market, "--json").splitlines()]
        expected = {key for key, (there, builds) in running.items() if there == market and builds & affected}
        assert {(one["product"], one["serial"]) for one in listed} == expected and len(listed) == len(expected)

        # Some devices report a fixed build; what was known before stays what it was.
        instant = today["now"]
        fixed = {"gw-200": "gw-200/image/2.0.0", "cam-10": "cam-10/image/5.0.0"}
        reports = pathlib.Path(folder) / "reports.ndjson"
        moved = [key for key, (_, builds) in running.items() if builds & affected][:MOVED]
        with reports.open("w") as file:
            for product, serial in moved:
                there, builds = running[product, serial]
                now = frozenset(build for build in builds if "/image/" not in build) | {fixed[product]}
                running[product, serial] = (there, now)
                file.write(json.dumps({"product": product, "serial": serial, "builds": sorted(now)}) + "\n")
        assert f"{MOVED} moved" in ask("fleet", "report", str(reports))
        assert answered() == recount()
        assert answered("--at", instant) == before
        assert ask("fleet", "report", str(reports)).endswith(f"0 moved, {MOVED} unchanged, 0 refused\n")

        # A unit's record tells both lives, and the whole ledger still verifies against the rows.
        product, serial = moved[0]
        record = json.loads(ask("trace", "device", product, serial, "--json"))
        assert len(record["history"]) == 2 and fixed[product] in [build["path"] for build in record["builds"]]
        old = json.loads(ask("trace", "device", product, serial, "--at", instant, "--json"))
        assert cve in [one["vulnerability"] for one in old["exposure"]] and cve not in [one["vulnerability"] for one in record["exposure"]]
        ask("ledger", "verify")
    print("ok")


if __name__ == "__main__":
    main()
