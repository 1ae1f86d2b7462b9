#!/usr/bin/env python3
"""Joins the SPDX 2.2 documents of one Yocto image (one a recipe) into one document, as a build's SBOM.

Usage: merge_yocto_spdx2.py FOLDER NAME > image.spdx.json

Packages of the target recipes are kept as they are; tools that only ran on the build host (-native, -cross, nativesdk)
are left out. Identifiers get the recipe's name as a prefix, because SPDXIDs are unique only within a document.
"""
import json
import pathlib
import re
import sys


def is_host_tool(name: str) -> bool:
    return bool(re.search(r"-(native|cross)$|-cross-|^nativesdk-|-initial$", name))


def main() -> None:
    folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
    packages, relationships, created = [], [], ""
    for path in sorted(folder.glob("recipe-*.spdx.json")):
        document = json.loads(path.read_text())
        recipe = path.name[len("recipe-") : -len(".spdx.json")]
        if is_host_tool(recipe):
            continue
        created = max(created, document["creationInfo"]["created"])
        prefix = "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", recipe) + "-"
        ids = {}
        for package in document.get("packages", []):
            ids[package["SPDXID"]] = prefix + package["SPDXID"].removeprefix("SPDXRef-")
            package = dict(package, SPDXID=ids[package["SPDXID"]])
            package.pop("hasFiles", None)
            packages.append(package)
        for one in document.get("relationships", []):
            if one["spdxElementId"] in ids and one["relatedSpdxElement"] in ids:
                relationships.append(dict(one, spdxElementId=ids[one["spdxElementId"]], relatedSpdxElement=ids[one["relatedSpdxElement"]]))
    document = {
        "SPDXID": "SPDXRef-DOCUMENT",
        "spdxVersion": "SPDX-2.2",
        "dataLicense": "CC0-1.0",
        "name": name,
        "documentNamespace": "https://demo.example/spdx/" + name,
        "creationInfo": {"created": created, "creators": ["Tool: merge_yocto_spdx2.py", "Tool: OpenEmbedded Core create-spdx.bbclass"]},
        "packages": packages,
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": p["SPDXID"]} for p in packages]
        + relationships,
    }
    json.dump(document, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
