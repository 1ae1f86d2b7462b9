#!/usr/bin/env python3
"""Mutates valid CycloneDX documents and compares each verdict with the official JSON Schemas.

usage: against_schemas.py HOLDFAST CYCLONEDX [COUNT [SEED]]
  HOLDFAST   the program
  CYCLONEDX  a checkout (or the .tar.zst of one) of CycloneDX/specification: schema/, tools/src/test/resources/

Needs jsonschema 4.18 or later (PyPI). Exit code 77, "skipped", where something is missing. Differences that the
grammar declares on purpose are not counted: duplicate identifiers, empty names, the open lists of 1.2.
"""
import copy
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)

VERSIONS = ["1.2", "1.3", "1.4", "1.5", "1.6"]
STRICTER = ("is already given", "'' is not a text that is not empty")
ODD_VALUES = [None, 1, -1, 1.5, 0, True, "", "x", [], {}, ["a", "a"], "2020-01-01T00:00:00Z", 10**20]
MEMBERS = ["zz", "name", "version", "bom-ref", "id", "expression", "type", "properties", "licenses", "url", "ref", "value",
           "components", "services", "text", "organization", "individual", "component", "acknowledgement"]


def unpacked(source):
    if os.path.isdir(source):
        return source
    folder = tempfile.mkdtemp(prefix="cyclonedx-")
    subprocess.run(["tar", "--zstd", "-xf", source, "-C", folder], check=True)
    return folder


def without_inner_ids(node, top=True):
    """draft-07 lets an inner $id change the base of references; those of 1.2 and 1.3 are only labels."""
    if isinstance(node, dict):
        if not top and isinstance(node.get("$id"), str):
            del node["$id"]
        for child in node.values():
            without_inner_ids(child, False)
    elif isinstance(node, list):
        for child in node:
            without_inner_ids(child, False)
    return node


def validators(folder):
    schemas = {name: without_inner_ids(json.load(open(os.path.join(folder, name), encoding="utf-8")))
               for name in os.listdir(folder) if name.endswith(".json") and "strict" not in name}
    registry = Registry()
    for name, schema in schemas.items():
        resource = Resource.from_contents(schema, default_specification=DRAFT7)
        registry = registry.with_resources([("http://cyclonedx.org/schema/" + name, resource), (schema.get("$id", name), resource)])
    formats = jsonschema.FormatChecker([])
    time = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([zZ]|[+-]\d\d:\d\d)$")
    formats.checks("uri")(lambda text: not isinstance(text, str) or ":" in text)
    formats.checks("date-time")(lambda text: not isinstance(text, str) or bool(time.match(text)))
    return {version: jsonschema.Draft7Validator(schemas[f"bom-{version}.schema.json"], registry=registry, format_checker=formats)
            for version in VERSIONS}


def nodes(node, path=()):
    yield path, node
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from nodes(child, path + (key,))


def mutated(document, values):
    document = copy.deepcopy(document)
    fixed = {name: document[name] for name in ("bomFormat", "specVersion")}
    for _ in range(random.choice([1, 1, 1, 2])):
        path = random.choice([path for path, _ in nodes(document) if path])
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        key, kind = path[-1], random.randrange(7)
        if kind == 0:
            del parent[key]
        elif kind == 1:
            parent[key] = copy.deepcopy(random.choice(values))
        elif kind == 2:
            parent[key] = random.choice(ODD_VALUES)
        elif kind == 3 and isinstance(parent, dict):
            parent[random.choice(MEMBERS)] = copy.deepcopy(random.choice(values))
        elif kind == 4 and isinstance(parent, list):
            parent.insert(0, copy.deepcopy(parent[key]))
        elif kind == 5 and isinstance(parent[key], str):
            parent[key] = parent[key][:-1]
        elif kind == 6 and isinstance(parent, dict):
            parent[random.choice([path[-1] for path, _ in nodes(document) if path and isinstance(path[-1], str)])] = copy.deepcopy(parent[key])
    return {**document, **fixed}


def findings_of(holdfast, document):
    ran = subprocess.run([holdfast, "sbom", "validate", "-", "--json"], input=json.dumps(document), capture_output=True, text=True, check=False)
    return [f for f in json.loads(ran.stdout)["findings"] if not any(text in f["message"] for text in STRICTER)]


def main():
    if len(sys.argv) < 3 or not os.path.exists(sys.argv[2]):
        print("skipped: no CycloneDX specification")
        return 77
    folder = unpacked(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    random.seed(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    schemas = validators(os.path.join(folder, "schema"))
    documents = []
    for name in sorted(glob.glob(os.path.join(folder, "tools/src/test/resources/1.*/valid-*.json"))):
        text = open(name, encoding="utf-8").read()
        if len(text) < 60000 and json.loads(text).get("specVersion") in VERSIONS:
            documents.append(json.loads(text))
    values = [value for document in documents for _, value in nodes(document)]
    refused = different = 0
    for _ in range(count):
        document = mutated(random.choice(documents), values)
        version = document["specVersion"]
        errors = list(schemas[version].iter_errors(document))
        found = findings_of(sys.argv[1], document)
        refused += bool(errors)
        if bool(errors) == bool(found) or (version == "1.2" and all(f["code"] == "HF-SBOM-0102" and f["pointer"][-1].isdigit() for f in found) and found):
            continue
        different += 1
        print(json.dumps(document)[:2000])
        for f in found[:5]:
            print("   ours  ", f["pointer"], f["message"])
        for e in errors[:5]:
            print("   schema", "/" + "/".join(map(str, e.absolute_path)), e.message[:200])
    print(f"{count} documents, {refused} refused by their schema, {different} different verdicts")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
