"""A small catalogue with one vulnerable build, and units of it, for the end-to-end tests."""
from __future__ import annotations

import json
from typing import Iterator

import holdfast

MARKETS = ["AT", "DE", "FR"]
CVE = "CVE-2026-1000"
BUILDS = ["px/fw/1.0", "px/fw/1.1"]  # the first is affected


def catalogue(*quantities: int) -> str:
    """NDJSON; batches px/b1, px/b2, ... of those quantities, which flash the affected build."""
    records = [
        {"record": "manufacturer", "code": "acme", "name": "ACME", "country": "DE"},
        {"record": "product", "code": "px", "manufacturer": "acme", "name": "PX", "product_class": "default"},
        {"record": "hardware_revision", "product": "px", "code": "a", "name": "Rev A"},
        {"record": "module", "product": "px", "code": "fw", "name": "Firmware", "kind": "firmware"},
        {"record": "build", "module": "px/fw", "version": "1.0"},
        {"record": "build", "module": "px/fw", "version": "1.1"},
        {"record": "release", "product": "px", "version": "r1", "kind": "functional", "security_version": 1, "builds": [{"build": "px/fw/1.0"}]},
    ]
    for number, quantity in enumerate(quantities, 1):
        records.append({"record": "batch", "product": "px", "code": f"b{number}", "hardware_revision": "px/a", "release": "px/r1", "name": f"B{number}",
                        "factory": "Brno", "authorised_quantity": quantity, "placements": [{"market": m, "placed_at": "2026-01-15"} for m in MARKETS]})
    return "\n".join(map(json.dumps, records)) + "\n"


def sbom(version: str = "1.0.0") -> str:
    parts = [{"type": "library", "bom-ref": "left", "name": "left", "version": version, "purl": f"pkg:npm/left@{version}"}]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts})


def advisory(number: str = CVE) -> str:
    """OSV: 'left' is affected below 1.1.0."""
    ranges = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.1.0"}]}]
    return json.dumps({"id": number, "modified": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "ranges": ranges}]})


def units(count: int, batch: str = "px/b1", prefix: str = "SN") -> Iterator[dict[str, str]]:
    for number in range(count):
        yield {"batch": batch, "serial": f"{prefix}-{number:06d}", "market": MARKETS[number % len(MARKETS)]}


def ndjson(records) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def put(instance: holdfast.Instance, *quantities: int, vulnerable: bool = True) -> None:
    instance.ok("catalog", "apply", "-", stdin=catalogue(*quantities))
    if not vulnerable:
        return
    instance.ok("sbom", "add", BUILDS[0], instance.write("affected.json", sbom("1.0.0")))
    instance.ok("sbom", "add", BUILDS[1], instance.write("fixed.json", sbom("1.1.0")))
    instance.ok("vuln", "import", instance.write("advisory.json", advisory()))
