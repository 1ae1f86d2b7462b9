import assert from "node:assert/strict";
import test from "node:test";
import { library } from "../modules.mjs";

const format = await library("format.ts");

test("counts are grouped and agree with their noun", () => {
  assert.equal(format.count(412331), "412,331");
  assert.equal(format.plural(1, "unit"), "1 unit");
  assert.equal(format.plural(0, "vulnerability", "vulnerabilities"), "0 vulnerabilities");
});

test("a share never rounds something to nothing, or a part to the whole", () => {
  const cases = [
    [0, 100, "0 %"],
    [1, 1_000_000, "< 0.1 %"],
    [999_999, 1_000_000, "> 99.9 %"],
    [100, 100, "100 %"],
    [1, 3, "33.3 %"],
    [0, 0, "–"],
  ];
  for (const [part, whole, text] of cases) assert.equal(format.share(part, whole), text);
});

test("instants are in UTC, whatever zone the browser is in", () => {
  assert.equal(format.instant("2026-11-25T23:59:59Z"), "25 Nov 2026, 23:59 UTC");
  assert.equal(format.instant("2026-11-26T00:30:00+02:00"), "25 Nov 2026, 22:30 UTC");
  assert.equal(format.date("2024-02-29"), "29 Feb 2024");
  assert.equal(format.date(null), "–");
  assert.equal(format.date("nonsense"), "–");
});

test("durations show the two largest units", () => {
  const cases = [
    [0, "0 s"],
    [59_999, "59 s"],
    [61_000, "1 min 1 s"],
    [600_000, "10 min"],
    [3 * 3600_000 + 12 * 60_000, "3 h 12 min"],
    [86_400_000, "1 d"],
    [-(2 * 86_400_000 + 4 * 3600_000), "2 d 4 h"],
    [30 * 86_400_000 + 3600_000, "30 d"],
  ];
  for (const [milliseconds, text] of cases) assert.equal(format.duration(milliseconds), text);
});

test("ago says past and future apart", () => {
  const now = Date.parse("2026-11-25T08:00:00Z");
  assert.equal(format.ago("2026-11-25T07:00:00Z", now), "1 h ago");
  assert.equal(format.ago("2026-11-25T09:00:00Z", now), "in 1 h");
  assert.equal(format.ago(null, now), "never");
});

test("markets: Member States, the rest of the EEA, and what is no country", () => {
  assert.equal(format.country("DE"), "Germany");
  assert.ok(format.isMemberState("HR"));
  for (const outside of ["NO", "IS", "LI", "GB", "CH", "EL"]) assert.equal(format.isMemberState(outside), false, outside);
  assert.equal(format.country("not a code"), "not a code");
  assert.equal(format.country(null), "market not known");
});

test("measured times keep their order of magnitude", () => {
  assert.equal(format.microseconds(312), "312 µs");
  assert.equal(format.microseconds(4310), "4.3 ms");
  assert.equal(format.microseconds(43_100), "43 ms");
  assert.equal(format.microseconds(2_400_000), "2.4 s");
});
