import assert from "node:assert/strict";
import test from "node:test";
import { library } from "../modules.mjs";

const { fieldError, fieldValue, bodyOf, controlOf, recordUrl } = await library("catalog.ts");
const { subjectPage } = await library("subject.ts");
const field = (type, required = true) => ({ name: "x", type, required, help: "" });

test("a value is refused where the server would refuse it", () => {
  const good = [["name", "px-100"], ["integer", "0"], ["time", "2026-11-25"], ["time", "2026-11-25T08:00:00Z"], ["country", "de"], ["sha256", "A".repeat(64)], ["text", "any"], ["choice", "critical"]];
  const bad = [["name", "a/b"], ["name", "x".repeat(65)], ["integer", "-1"], ["integer", "1.5"], ["integer", "9007199254740993"], ["time", "soon"], ["country", "DEU"], ["sha256", "abc"], ["text", "  "]];
  for (const [type, text] of good) assert.equal(fieldError(field(type), text), "", `${type} ${text}`);
  for (const [type, text] of bad) assert.notEqual(fieldError(field(type), text), "", `${type} ${text}`);
  assert.equal(fieldError(field("name", false), ""), "");
});

test("values have the types of the API, and empty ones are left out", () => {
  assert.equal(fieldValue(field("integer"), " 25000 "), 25000);
  assert.equal(fieldValue(field("country"), "de"), "DE");
  assert.equal(fieldValue(field("text"), ""), undefined);
  const spec = { fields: [{ ...field("name"), name: "code" }, { ...field("text", false), name: "note" }], children: [{ name: "placements", fields: [{ ...field("country"), name: "market" }] }] };
  assert.deepEqual(bodyOf(spec, { code: "b-1", note: "" }, { placements: [{ market: "de" }, {}] }), { code: "b-1", placements: [{ market: "DE" }] });
});

test("a problem's pointer finds its control", () => {
  assert.equal(controlOf("/placements/0/market"), "field-placements-0-market");
  assert.equal(controlOf("#/code"), controlOf("code"));
});

test("records and subjects lead to their pages", () => {
  const specs = [{ name: "module", plural: "modules" }, { name: "build", plural: "builds" }];
  assert.equal(recordUrl(specs, "module", "px/fw"), "/catalog/modules/px/fw");
  assert.equal(recordUrl(specs, "build", "px/fw/1"), "/builds/px/fw/1");
  assert.equal(recordUrl(specs, "unheard", "x"), null);
  assert.equal(subjectPage("build:px/fw/1"), "/builds/px/fw/1");
  assert.equal(subjectPage("device:px/SN/1"), "/devices/px/SN%2F1");
  assert.equal(subjectPage("feed:kev"), null);
  assert.equal(subjectPage("no kind"), null);
});
