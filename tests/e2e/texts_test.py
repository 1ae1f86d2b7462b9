"""Hostile text in every text field over REST: stored and given back to the letter, or refused by the field's name."""
import urllib.parse

import holdfast
import world

# SQL, LIKE and format characters, line ends, right-to-left, four-byte UTF-8, a byte order mark, noncharacters, formulas.
KEPT = ["'; DROP TABLE product; --", '" OR ""="', "%_\\$1 $$ ?1 :x {0} %s", "one\ntwo\tthree", "\u202eecruos\u202c \u05e9\u05dc\u05d5\u05dd", "\U0001f4a3\U0010fffd",
        "\ufeffx\ufffe\uffff", "e\u0301 \u00e9", "=cmd|'/C calc'!A0", "\u2028\u2029", "<script>alert(1)</script>", "' || pg_sleep(60) --"]
REFUSED = ["", "a\0b", "\0", "a\x01b", "a\x7fb", "a\rb", "\x1b[2J"]
NAMES = ["a'b", "a b", "a/b", "..", "\U0001f4a3", "a\0b", "x" * 65, ""]
CHILDREN = {"artifacts": {"sha256": "ab" * 32, "size": 1}, "builds": {}, "placements": {"market": "DE", "placed_at": "2026-01-01T00:00:00Z"}}


@holdfast.both_engines
class Texts:
    def setUp(self):
        self.instance = holdfast.Instance(self, self.engine)
        self.server = self.instance.serve(self).sign_in()
        self.entities = {one["name"]: one for one in self.server.ask("GET", "/v1/catalog").json["items"]}
        self.assertEqual(len(self.entities), 7)

    def value(self, field: dict, text: str):
        return {"text": text, "name": "n-1", "choice": (field["choices"] or [""])[0], "country": "DE", "integer": 3, "time": "2026-01-01T00:00:00Z",
                "sha256": "cd" * 32, "reference": self.paths.get(field["target"])}[field["type"]]

    def record(self, entity: dict, text: str) -> dict:
        record = {field["name"]: self.value(field, text) for field in entity["fields"]}
        for child in entity["children"]:
            record[child["name"]] = [{field["name"]: self.value(field, text) for field in child["fields"]}]
        return record

    def fields(self, entity: dict, kind: str):
        """The fields of that type, also of the lists, each with a way to put a value there and its name in a problem."""
        for field in entity["fields"]:
            if field["type"] == kind:
                yield field["name"], lambda record, value, name=field["name"]: {**record, name: value}
        for child in entity["children"]:
            for field in child["fields"]:
                if field["type"] == kind:
                    yield (f"{child['name']}[0].{field['name']}",
                           lambda record, value, child=child["name"], name=field["name"]: {**record, child: [{**record[child][0], name: value}]})

    def test_the_catalogue(self):
        self.paths = {}
        for name, entity in self.entities.items():
            target = "/v1/catalog/" + entity["plural"]
            record = self.record(entity, " ".join(KEPT))
            for wrong, kind in [(REFUSED, "text"), (NAMES, "name"), (KEPT + REFUSED, "reference"), (KEPT, "choice"), (KEPT, "country"), (KEPT, "time"), (KEPT, "sha256")]:
                for field, put in self.fields(entity, kind):
                    for value in wrong:
                        answer = self.server.ask("POST", target, put(record, value))
                        self.assertIn(answer.status, (404, 422) if kind == "reference" else (422,), (field, value, answer))
                        if answer.code == "HF-CATALOG-0001":
                            self.assertIn(f": {field} ", answer.json["detail"])
                        else:
                            self.assertEqual((kind, answer.code[:-1]), ("reference", "HF-CATALOG-000"), (field, value, answer))
            made = self.server.ask("POST", target, record)
            self.assertEqual(made.status, 201, (name, made))
            self.paths[name] = made.json["path"]
            shown = self.server.ask("GET", f"{target}/{made.json['path']}").json
            self.assertEqual({key: shown[key] for key in record}, record)
            self.assertEqual(len(self.server.ask("GET", target).json["items"]), 1, "nothing that was refused is there")
        for broken in (b'{"code":"x","name":"\xff\xfe"}', b'{"code":"x","name":"\xed\xa0\x80"}', b'{"code":"x","name":"\\ud800"}', b'{"code":"x","code":"y"}', b'{"code":', b"[]", b"\0"):
            answer = self.server.ask("POST", "/v1/catalog/manufacturers", broken)
            self.assertEqual((answer.status, answer.headers["Content-Type"]), (422, "application/problem+json"), (broken, answer))
        self.instance.whole()

    def test_the_fleet(self):
        self.instance.ok("catalog", "apply", "-", stdin=world.catalogue(10))
        good = {"batch": "px/b1", "serial": "SN-1", "hardware_revision": "px/a", "builds": ["px/fw/1.0"], "market": "DE", "certificate_sha256": "ab" * 32, "key_sha256": "cd" * 32}
        hostile = KEPT + [text for text in REFUSED if text]
        lines = [{**good, field: [text] if field == "builds" else text} for field in good for text in hostile] + [good]
        bad = len(lines) - 1

        def summary(answer: holdfast.Answer) -> dict:
            self.assertEqual(answer.status, 200, answer)
            return answer.json

        done = summary(self.server.ask("POST", "/v1/fleet/import", world.ndjson(lines).encode(), headers={"Content-Type": "application/x-ndjson"}))
        self.assertEqual([one["line"] for one in done["errors"]], list(range(1, bad + 1)))
        self.assertEqual((done["imported"], done["refused"]), (1, bad))
        self.assertEqual({one["code"] for one in done["errors"]} - {"HF-FLEET-0001", "HF-FLEET-0003", "HF-FLEET-0004"}, set())

        # CSV has no escapes: the bytes come as they are.
        columns = ["batch", "serial", "builds", "market"]
        row = {"batch": b"px/b1", "serial": b"SN-2", "builds": b"px/fw/1.0", "market": b"DE"}
        rows = [b",".join({**row, column: value}[one] for one in columns) for column in columns for value in (b"\xff", b"a\0b", b"\xed\xa0\x80", b"\xc0\xaf", b"'--")]
        done = summary(self.server.ask("POST", "/v1/fleet/import", b"\n".join([",".join(columns).encode(), *rows]), headers={"Content-Type": "text/csv"}))
        self.assertEqual((done["imported"], done["refused"]), (0, len(rows)), done)

        report = {"product": "px", "serial": "SN-1", "builds": ["px/fw/1.1"]}
        reports = [{**report, field: [text] if field == "builds" else text} for field in report for text in hostile]
        done = summary(self.server.ask("POST", "/v1/fleet/reports", world.ndjson(reports).encode(), headers={"Content-Type": "application/x-ndjson"}))
        self.assertEqual((done["moved"], done["refused"]), (0, len(reports)), done)

        # Questions: what does not exist is not found, and a sign of LIKE is a letter as any other.
        for text in hostile:
            quoted = urllib.parse.quote(text, safe="")
            for target in (f"/v1/devices/px/{quoted}", f"/v1/vulnerabilities/{quoted}", f"/v1/products/{quoted}", f"/v1/keys/{quoted}", f"/v1/builds/px/fw/{quoted}",
                           f"/v1/search?q={quoted}", f"/v1/catalog/batches?under={quoted}", f"/v1/catalog/batches?cursor={quoted}", f"/v1/vulnerabilities?cursor={quoted}",
                           f"/v1/vulnerabilities/CVE-1/devices?market={quoted}", f"/v1/today?at={quoted}", f"/v1/ledger/entries?subject={quoted}"):
                answer = self.server.ask("GET", target)
                self.assertLess(answer.status, 500, (target, answer))
        for text in ("%", "_", "p_", "%x"):
            self.assertEqual(self.server.ask("GET", "/v1/search?" + urllib.parse.urlencode({"q": text})).json["items"], [], text)
        self.assertEqual(self.server.ask("GET", "/v1/devices/px/SN-1").json["market"], "DE")
        self.instance.whole()

    def test_accounts(self):
        person = {"name": "bob", "password": "another horse's colours", "roles": ["auditor"]}
        for name in ["a'b", "a\0b", "\u202ebob", "x" * 65, "bob\n"]:
            self.assertEqual(self.server.ask("POST", "/v1/users", {**person, "name": name}).status, 422, name)
        hostile = " ".join(KEPT) + " \u0001"
        self.assertEqual(self.server.ask("POST", "/v1/users", {**person, "password": hostile}).status, 201, "a password takes what a keyboard gives")
        signed_in = self.server.ask("POST", "/v1/session", {"name": "bob", "password": hostile}, token="")
        self.assertEqual(signed_in.status, 200)
        self.assertEqual(self.server.ask("POST", "/v1/session", {"name": "bob' --", "password": hostile}, token="").status, 401)
        self.assertEqual(self.server.ask("POST", "/v1/session", {"name": "bob\0", "password": hostile}, token="").status, 422)
        for name in KEPT:
            if "\n" in name:
                continue
            made = self.server.ask("POST", "/v1/tokens", {"name": name[:40], "scopes": ["catalog.read"]})
            self.assertEqual((made.status, made.json["name"]), (201, name[:40]))
        for name in REFUSED:
            self.assertEqual(self.server.ask("POST", "/v1/tokens", {"name": name, "scopes": ["catalog.read"]}).status, 422, name)
        self.instance.whole()


if __name__ == "__main__":
    holdfast.main()
