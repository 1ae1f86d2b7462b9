"""Files as they come: CSV from spreadsheets, broken documents, bombs. What is refused leaves nothing behind, and the exit
code says what it was."""
import csv
import gzip
import hashlib
import io
import json
import tarfile
import unittest
import zipfile

import holdfast
import world

OK, NO, USAGE, INVALID, NOT_FOUND, REFUSED, UNAVAILABLE = range(7)


def csv_text(rows) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def packed_zip(*documents: tuple) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in documents:
            archive.writestr(name, content)
    return out.getvalue()


def packed_tar(*documents: tuple, kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in documents:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.instance = holdfast.Instance(cls)
        world.put(cls.instance, 20)
        cls.instance.ok("fleet", "import", "-", stdin=world.ndjson(world.units(1)))

    def content(self) -> dict:
        """All files but the token's, which counts its log-ins."""
        files = [path for path in self.instance.data.rglob("*") if path.is_file() and "token" not in path.parts]
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def refused(self, words: list, code: int, error: str, why: str = "") -> None:
        """Refused with that exit code and error, and no file of the data directory has another byte."""
        before = self.content()
        ran = self.instance.run(*words)
        self.assertEqual((ran.code, ran.out), (code, ""), (why, str(ran)[:2000]))
        self.assertIn(f"[{error}]", ran.err, why)
        self.assertEqual(self.content(), before, why)

    def test_csv_as_spreadsheets_write_it(self):
        header = ["serial", "market", "batch", "builds"]
        rows = [["CSV-1", "DE", "px/b1", "px/fw/1.0"], ["CSV-2", "FR", "px/b1", "px/fw/1.1"]]
        file = self.instance.write("units.csv", "\ufeff" + csv_text([header, *rows]))
        self.assertEqual(self.instance.ok("fleet", "import", file), "2 lines: 2 imported, 0 there already, 0 refused\n")
        # Formulas are no serials, markets or paths; each line is named.
        formulas = ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
        bad = [[formula if name == column else cell for name, cell in zip(header, ["CSV-9", "DE", "px/b1", "px/fw/1.0"])] for column in header for formula in formulas]
        ran = self.instance.run("fleet", "import", self.instance.write("formulas.csv", csv_text([header, *bad])), "--json")
        self.assertEqual((ran.code, json.loads(ran.out)["refused"], json.loads(ran.out)["imported"]), (INVALID, len(bad), 0), ran)
        for wrong in (["serial", "market"], [*header, "colour"], [*header, "serial"], ["=cmd"], ["batch;serial;market"]):
            self.refused(["fleet", "import", self.instance.write("wrong.csv", csv_text([wrong]))], INVALID, "HF-FLEET-0002", str(wrong))
        ragged = self.instance.run("fleet", "import", self.instance.write("ragged.csv", csv_text([header, rows[0][:3], [*rows[0], "more"], rows[0]])))
        self.assertEqual((ragged.code, ragged.out), (INVALID, "3 lines: 0 imported, 1 there already, 2 refused\n"), ragged)

    def test_exported_csv_runs_in_no_spreadsheet(self):
        for product in ("+px", "-px"):
            records = world.catalogue(2).replace('"px"', f'"{product}"').replace('"px/', f'"{product}/').splitlines()
            self.instance.ok("catalog", "apply", "-", stdin="\n".join(records))
            self.instance.ok("sbom", "add", "--", f"{product}/fw/1.0", self.instance.folder / "affected.json")
            self.instance.ok("fleet", "import", "-", stdin=world.ndjson(world.units(1, f"{product}/b1", "F")))
        rows = list(csv.DictReader(io.StringIO(self.instance.ok("exposed", world.CVE, "--csv"), newline="")))
        told = {row["product"]: row for row in rows}
        for product in ("+px", "-px"):
            row = told["'" + product]
            self.assertEqual((row["batch"], row["builds"], row["serial"]), (f"'{product}/b1", f"'{product}/fw/1.0", "F-000000"))
        for row in rows:
            for cell in row.values():
                self.assertNotIn(cell[:1], set("=+-@\t\r"), row)
        units = self.instance.lines("exposed", world.CVE, "--serials")
        self.assertLessEqual({"+px", "-px"}, {unit["product"] for unit in units}, "JSON has the original")

    def test_documents_that_are_not_sboms(self):
        good = world.sbom("1.0.0")
        deep = '{"bomFormat":"CycloneDX","specVersion":"1.6","components":' + '[{"type":"library","name":"a","components":' * 2000 + "[]" + "}]" * 2000 + "}"
        for why, content, code, error in [
            ("truncated", good[:-20], INVALID, "HF-SBOM-0002"),
            ("empty", "", INVALID, "HF-SBOM-0002"),
            ("not UTF-8", good.encode().replace(b'"left"', b'"l\xff\xfeft"'), INVALID, "HF-SBOM-0002"),
            ("a key twice", good.replace('"version": 1,', '"version": 1, "version": 1,'), INVALID, "HF-SBOM-0005"),
            ("against the schema", good.replace('"library"', '"nonsense"'), INVALID, "HF-SBOM-0005"),
            ("too deep", deep, REFUSED, "HF-SBOM-0001"),
            ("another format", json.dumps({"hello": 1}), INVALID, "HF-SBOM-0003"),
            ("text in the place of a document", "=cmd", INVALID, "HF-SBOM-0002"),
        ]:
            with self.subTest(why):
                file = self.instance.write("bad.json", content)
                self.refused(["sbom", "add", world.BUILDS[0], file], code, error, why)
        sparse = self.instance.folder / "huge.json"
        with sparse.open("wb") as out:
            out.truncate((512 << 20) + 1)
        self.refused(["sbom", "add", world.BUILDS[0], sparse], REFUSED, "HF-SBOM-0001", "oversized")
        self.refused(["sbom", "add", "px/fw/none", self.instance.folder / "affected.json"], NOT_FOUND, "HF-PORTFOLIO-0001")
        self.refused(["sbom", "add", world.BUILDS[0], "/nowhere"], NOT_FOUND, "HF-CLI-0004")

    def test_feeds_that_are_none_and_archives_that_bite(self):
        record = world.advisory("GHSA-other").encode()
        bomb = b" " * (32 << 20)
        deep = b'{"id":"GHSA-1","modified":"2026-01-01T00:00:00Z","affected":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        nothing = [record[:-10], b"", record.replace(b"GHSA-other", b"GHSA-\xff"), deep, b'{"hello": 1}', b"=cmd"]
        for document in nothing:
            file = self.instance.write("feed.json", document)
            self.refused(["vuln", "import", file], INVALID, "HF-PORTFOLIO-0002", str(document[:80]))
        for name, content, code, error in [
            ("bomb.zip", packed_zip(("good.json", record), ("bomb.json", bomb)), REFUSED, "HF-ARCHIVE-0002"),
            ("bomb.tar.gz", gzip.compress(packed_tar(("good.json", record), ("bomb.json", bomb))), REFUSED, "HF-ARCHIVE-0002"),
            ("bomb.json.gz", gzip.compress(bomb), REFUSED, "HF-ARCHIVE-0002"),
            ("inner.zip", packed_zip(("inner.zip", packed_zip(("bomb.json", bomb)))), REFUSED, "HF-ARCHIVE-0002"),
            ("up.zip", packed_zip(("good.json", record), ("../../up.json", record)), INVALID, "HF-ARCHIVE-0003"),
            ("up.tar", packed_tar(("a/../../up.json", record)), INVALID, "HF-ARCHIVE-0003"),
            ("root.tar", packed_tar(("/tmp/up.json", record)), INVALID, "HF-ARCHIVE-0003"),
            ("link.tar", packed_tar(("good.json", record), kind=tarfile.SYMTYPE), INVALID, "HF-ARCHIVE-0004"),
            ("cut.zip", packed_zip(("good.json", record))[:-30], INVALID, "HF-ARCHIVE-0001"),
            ("cut.tar.gz", gzip.compress(packed_tar(("good.json", record)))[:-30], INVALID, "HF-ARCHIVE-0001"),
        ]:
            with self.subTest(name):
                self.refused(["vuln", "import", self.instance.write(name, content)], code, error, name)
        self.refused(["vuln", "import", "/nowhere"], NOT_FOUND, "HF-ARCHIVE-0005")
        # One bad document of many is named, the others are taken; --strict makes it the exit code.
        mixed = self.instance.write("mixed.zip", packed_zip(("bad.json", record[:-10]), ("good.json", record)))
        ran = self.instance.run("vuln", "import", mixed)
        self.assertEqual(ran.code, OK, ran)
        self.assertIn("bad.json: ", ran.err)
        self.assertEqual(self.instance.run("vuln", "import", mixed, "--strict").code, INVALID)

    def test_exit_codes_are_as_the_manual_says(self):
        manual = holdfast.program("man").out
        self.assertIn("0 done; 1 the answer is no; 2 wrong command line; 3 wrong input; 4 not found; 5 refused; 6 unavailable, try again; 70", manual)
        instance, file = self.instance, self.instance.folder / "affected.json"
        for words, code in [
            (["ledger", "verify"], OK),
            (["exposed", world.CVE, "--fail"], NO),
            (["exposed", world.CVE, "--fail", "--market", "SE"], OK),
            (["exposed", "CVE-1999-0001", "--fail"], NOT_FOUND),
            (["sbom", "validate", instance.write("no.json", "{}")], NO),
            (["verify", instance.write("no.bundle", "{}")], NO),
            (["fleet", "impart", file], USAGE),
            (["fleet", "import"], USAGE),
            (["exposed", world.CVE, "--limit", "many"], USAGE),
            (["exposed", world.CVE, "--state", "broken"], USAGE),
            (["exposed", world.CVE, "--markt", "DE"], USAGE),
            (["catalog", "create", "spaceship", "code=x"], USAGE),
            (["catalog", "create", "manufacturer", "code=a b"], INVALID),
            (["exposed", world.CVE, "--at", "yesterday"], INVALID),
            (["trace", "device", "px", "SN-X"], NOT_FOUND),
            (["catalog", "show", "product", "none"], NOT_FOUND),
            (["fleet", "import", "/nowhere"], NOT_FOUND),
            (["catalog", "create", "manufacturer", "code=acme", "name=Again", "country=DE"], REFUSED),
        ]:
            ran = instance.run(*words)
            self.assertEqual(ran.code, code, (words, str(ran)))
            self.assertEqual(ran.err != "", code not in (OK, NO), (words, str(ran)))
        nowhere = holdfast.program("today", "--data", instance.folder / "none")
        self.assertEqual((nowhere.code, nowhere.out), (NOT_FOUND, ""), nowhere)
        gone = holdfast.program("init", "--data", instance.folder / "gone", "--database", "host=/nowhere dbname=x")
        self.assertEqual((gone.code, gone.out), (UNAVAILABLE, ""), gone)
        self.assertEqual(holdfast.program().code, USAGE)


if __name__ == "__main__":
    holdfast.main()
