import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { library } from "../modules.mjs";

const { url, withQuery, matchRoute, parseInstant, safeNext, patterns } = await library("url.ts");

test("every address leads back to what it was made from", () => {
  const cases = [
    [url.today(), "today", []],
    [url.vulnerability("CVE-2022-37434"), "vulnerability", ["CVE-2022-37434"]],
    [url.device("px-100", "A/B 1%?#ü"), "device", ["px-100", "A/B 1%?#ü"]],
    [url.product("px-100"), "product", ["px-100"]],
    ["/devices/px-100/A/B", "device", ["px-100", "A/B"]],
    [url.build("px-100/firmware/1.2.3+r~1"), "build", ["px-100/firmware/1.2.3+r~1"]],
    [url.release("px-100/2026.1"), "release", ["px-100/2026.1"]],
    [url.batch("px-100/b-1"), "batch", ["px-100/b-1"]],
    [url.record("modules", "px-100/firmware"), "record", ["modules", "px-100/firmware"]],
    [url.create("hardware-revisions"), "create", ["hardware-revisions"]],
    [url.signingKeys(), "signing-keys", []],
    [url.signingKey("px 100/fw?"), "signing-key", ["px 100/fw?"]],
    [url.signingRequest("4f1c2a90"), "signing-request", ["4f1c2a90"]],
    [url.ceremony("4f1c2a90"), "ceremony", ["4f1c2a90"]],
    [url.debugSession("4f1c2a90"), "debug-session", ["4f1c2a90"]],
    [url.authority("devices.1"), "authority", ["devices.1"]],
    [url.certificate("devices.1", "00a1"), "certificate", ["devices.1", "00a1"]],
    [url.authorisation("4f1c2a90"), "authorisation", ["4f1c2a90"]],
    [url.entry(12), "entry", ["12"]],
  ];
  for (const [address, page, parameters] of cases) assert.deepEqual(matchRoute(address), { page, parameters }, address);
});

test("what is no address of the UI matches nothing", () => {
  for (const path of ["/v1/today", "/nothing", "/builds", "/devices/px-100", "/vulnerabilities/a/b"]) assert.equal(matchRoute(path), null, path);
  assert.equal(matchRoute("/products/")?.page, "products");
  assert.deepEqual(matchRoute("/products/50%")?.parameters, ["50%"]); // a lone percent sign is not an exception
});

test("a pattern is listed once", () => {
  assert.equal(new Set(patterns.map(([pattern]) => pattern)).size, patterns.length);
});

test("the server answers to every page's address, and to no other", () => {
  const served = [...readFileSync(new URL("../../../src/web/routes.cpp", import.meta.url), "utf8").matchAll(/string_view\("(\/[^"]*)"\)/g)].map(([, path]) => path.replace(/\{\w+\.\.\.\}/, "*").replace(/\{\w+\}/g, ":"));
  assert.deepEqual(served.sort(), patterns.map(([pattern]) => pattern.replace(/:\w+/g, ":")).sort());
});

test("query changes keep the rest of the address", () => {
  assert.equal(withQuery("/v?market=DE&at=x#devices", { market: "FR", at: null, build: "a/b" }), "/v?market=FR&build=a%2Fb#devices");
  assert.equal(withQuery("/v?market=DE", { market: "" }), "/v");
  assert.equal(withQuery("/v", { q: "a&b=c" }), "/v?q=a%26b%3Dc");
});

test("an instant as a person types it", () => {
  const cases = {
    "2026-11-25T08:10:00Z": "2026-11-25T08:10:00Z",
    " 2026-11-25 08:10 ": "2026-11-25T08:10:00Z",
    "2026-11-25": "2026-11-25T00:00:00Z",
    "2026-11-25T10:10:00+02:00": "2026-11-25T08:10:00Z",
    "2026-11-25T08:10:00.5Z": "2026-11-25T08:10:00.500Z",
  };
  for (const [text, instant] of Object.entries(cases)) assert.equal(parseInstant(text), instant, text);
  for (const text of ["", "yesterday", "2026-13-01", "2026-02-30", "2026-11-25 25:00", "25.11.2026", "2026-11-25T08:10:00Z; drop"]) assert.equal(parseInstant(text), null, text);
});

test("after signing in one stays on this site", () => {
  assert.equal(safeNext("/products?at=x"), "/products?at=x");
  for (const next of ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "", null]) assert.equal(safeNext(next), "/", String(next));
});
