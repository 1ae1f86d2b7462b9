// The main job against a real server and its data: what is on the screen must be what the API says, and the API must
// be what the exports say. Nothing here knows a number: it is read from the server and looked for on the screen.
//   BASE_URL=https://127.0.0.1:8443 HF_USER=demo HF_PASSWORD_FILE=... tests/browser/run
// Writes docs/screenshots/*.png, unless HF_SCREENSHOTS names another folder.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mismatches } from "./fixture/conform.mjs";
import { complaints, emptyAuthenticator, launch, violations } from "./modules.mjs";

const baseURL = process.env.BASE_URL;
const folder = process.env.HF_SCREENSHOTS ?? fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const count = (value) => new Intl.NumberFormat("en-GB").format(value);

describe("journeys", { skip: baseURL ? false : "no BASE_URL" }, () => {
  let browser, context, page, found;
  const api = async (path) => {
    const response = await context.request.get(path);
    assert.equal(response.status(), 200, `${path}: ${await response.text()}`);
    return response.json();
  };
  const heading = (text) => page.getByRole("heading", { level: 1 }).filter({ hasText: text }).waitFor();
  // Before the server said who asks there is a heading too, and no key is heard: that page is busy, not settled.
  const settled = () => page.waitForFunction(() => document.querySelector('main:not([aria-busy="true"]) h1') && !document.querySelector(".wait"));
  const shoot = async (name) => {
    await settled();
    await page.screenshot({ path: `${folder}/${name}.png`, animations: "disabled" });
  };
  const otherwise = new Set(); // what an answer has that the document does not say, or lacks
  let answers = 0;
  async function hold(response) {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith("/v1/") || pathname.startsWith("/v1/events")) return;
    const type = (response.headers()["content-type"] ?? "").split(";")[0];
    const body = type.endsWith("json") ? await response.json().catch(() => undefined) : undefined;
    if (type.endsWith("json") && body === undefined) return; // a page that went away before it came
    answers += 1;
    for (const one of mismatches(response.request().method(), pathname, { status: response.status(), type, body })) otherwise.add(one);
  }
  let worst; // the vulnerability that exposes most units

  before(async () => {
    mkdirSync(folder, { recursive: true });
    browser = await launch();
    // The certificate of a first start is self-signed; the journey is about the application.
    context = await browser.newContext({ baseURL, ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, colorScheme: "light", reducedMotion: "reduce" });
    context.setDefaultTimeout(20_000);
    page = await context.newPage();
    page.on("response", hold);
    found = complaints(page, { allow: [/status of 401/] });
  });
  after(() => browser?.close());

  test("sign in", async () => {
    await page.goto("/vulnerabilities");
    await heading("Sign in");
    assert.deepEqual(await violations(page), []);
    await page.getByLabel("User").fill(process.env.HF_USER);
    await page.getByLabel("Password").fill(readFileSync(process.env.HF_PASSWORD_FILE, "utf8").trim());
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((url) => url.pathname === "/vulnerabilities");
    await settled();
  });

  test("Today says what the server says", async () => {
    const today = await api("/v1/today");
    await page.goto("/");
    await heading(today.sentence);
    const lists = [...today.exploited, ...(await api("/v1/vulnerabilities?state=affected&limit=200")).items];
    worst = lists.sort((a, b) => b.exposed_devices - a.exposed_devices)[0];
    assert.ok(worst?.exposed_devices > 0, "the data exposes a unit");
    if (today.clocks.length) assert.match(await page.getByRole("region", { name: "Nearest legal clock" }).innerText(), /left|overdue/);
    for (const one of today.exploited) await page.getByRole("table").getByRole("link", { name: one.vulnerability }).first().waitFor();
    await shoot("today");
  });

  test("a vulnerability: every Member State's number, its units and the whole export agree", async () => {
    const data = await api(`/v1/vulnerabilities/${worst.vulnerability}`);
    await page.goto(`/vulnerabilities/${worst.vulnerability}`);
    await heading(data.sentence);
    assert.equal(data.by_market.reduce((sum, row) => sum + row.exposed, 0), data.totals.exposed);
    const table = page.getByRole("region", { name: "By Member State" }).getByRole("table");
    for (const row of data.by_market) await table.getByRole("row").filter({ hasText: ` ${row.market}` }).filter({ hasText: count(row.exposed) }).first().waitFor();
    await shoot("vulnerability");

    // One Member State that is small enough to export here, down to the serials.
    const market = data.by_market.filter((row) => row.exposed > 0).sort((a, b) => a.exposed - b.exposed)[0];
    const csv = await (await context.request.get(`/v1/vulnerabilities/${worst.vulnerability}/devices.csv?market=${market.market}&state=affected`)).text();
    assert.equal(csv.trim().split(/\r?\n/).length - 1, market.exposed);
    await table.getByRole("link", { name: new RegExp(`^${count(market.exposed)} exposed units`) }).first().click();
    await page.waitForURL(new RegExp(`market=${market.market}`));
    const devices = page.getByRole("region", { name: "Exposed devices" });
    const first = (await api(`/v1/vulnerabilities/${worst.vulnerability}/devices?market=${market.market}&limit=100`)).items[0];
    await devices.getByRole("link", { name: first.serial, exact: true }).click();
    await heading("");
    assert.match(decodeURIComponent(page.url()), new RegExp(`/devices/${first.product}/${first.serial.replaceAll("/", "/")}`));
  });

  test("a device: its record, its history and its proof", async () => {
    const { product, serial } = (await api(`/v1/vulnerabilities/${worst.vulnerability}/devices?limit=1`)).items[0];
    const device = await api(`/v1/devices/${product}/${encodeURIComponent(serial)}`);
    await page.goto(`/devices/${product}/${encodeURIComponent(serial)}`);
    await heading(device.sentence);
    for (const build of device.builds) await page.getByRole("region", { name: "What it runs" }).getByRole("link", { name: build.version, exact: true }).first().waitFor();
    await shoot("device");
    if (device.certificate_sha256) {
      await page.getByRole("region", { name: "What it is" }).getByRole("link").filter({ hasText: device.certificate_sha256.slice(0, 8) }).click();
      await heading("This certificate");
      await page.goBack();
      await heading(device.sentence);
    }
    await page.getByRole("region", { name: "Evidence" }).getByRole("link", { name: /^Entry #/ }).click();
    await heading("Provable");
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download the evidence bundle" }).click();
    const bundle = JSON.parse(readFileSync(await (await download).path(), "utf8"));
    assert.equal(bundle.format, "holdfast-evidence@1");
    assert.ok(bundle.event, "the bundle proves the device's own event");
  });

  test("a product, a build and its components", async () => {
    const { product } = (await api(`/v1/vulnerabilities/${worst.vulnerability}/devices?limit=1`)).items[0];
    const data = await api(`/v1/products/${product}`);
    await page.goto(`/products/${product}`);
    await heading(data.sentence);
    await shoot("product");
    const build = data.builds.find((one) => one.sbom);
    await page.getByRole("region", { name: "Builds and their SBOMs" }).getByRole("link", { name: build.path.split("/").slice(1).join(" "), exact: true }).click();
    await heading((await api(`/v1/builds/${build.path}`)).sentence);
    await page.getByRole("region", { name: "Components" }).getByRole("row").nth(1).waitFor();
  });

  test("evidence", async () => {
    const status = await api("/v1/ledger/status");
    await page.goto("/evidence");
    await heading("provable under a checkpoint");
    await page.getByText(status.verifier_key).first().waitFor();
    await shoot("evidence");
  });

  test("the past: before the vulnerability was found, nobody knew", async () => {
    const first = (await api(`/v1/vulnerabilities/${worst.vulnerability}`)).findings.map((one) => one.since).sort()[0];
    const at = new Date(Date.parse(first) - 1000).toISOString().replace(".000Z", "Z");
    const then = await context.request.get(`/v1/vulnerabilities/${worst.vulnerability}?at=${at}`);
    await page.goto(`/vulnerabilities/${worst.vulnerability}?at=${at}`);
    await page.getByRole("region", { name: "As of" }).waitFor();
    if (then.status() === 200) {
      const data = await then.json();
      assert.equal(data.totals.exposed, 0);
      await heading(data.sentence);
    } else {
      await heading("does not know");
      found.splice(0, found.length, ...found.filter((one) => !/404/.test(one)));
    }
  });

  test("the palette finds a serial, by keyboard alone", async () => {
    const { serial } = (await api(`/v1/vulnerabilities/${worst.vulnerability}/devices?limit=1`)).items[0];
    await page.goto("/");
    await settled();
    await page.keyboard.press("Control+k");
    await page.keyboard.type(serial);
    await page.getByRole("option").filter({ hasText: serial }).first().waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/devices\//);
    await settled();
  });

  // The credential is registered in the browser and taken into the charter; key, request and signature are the command
  // line's, where the token is.
  test("an authenticator approves, and what it approved is signed; what it rejects is not", { skip: process.env.HF_DATA ? false : "no HF_DATA" }, async () => {
    const work = mkdtempSync(join(tmpdir(), "hf-signing-"));
    const holdfast = (...words) => execFileSync(process.env.HF_HOLDFAST, [...words, "--data", process.env.HF_DATA], { cwd: work, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
    try {
      const { subject } = await api("/v1/session");
      await page.goto("/settings/authenticators");
      await heading("No authenticator of yours is registered");
      await emptyAuthenticator(page);
      await page.getByLabel("Name", { exact: true }).fill("desk key");
      await page.getByRole("button", { name: "Register it" }).click();
      await heading("1 authenticator of yours is registered; none of them counts for a key yet");
      const [mine] = (await api("/v1/credentials")).items;
      writeFileSync(join(work, "charter.json"), JSON.stringify({
        class: "firmware", environment: "test", owner: subject, deputy: "deputy", policy: { formats: ["mcuboot"], schemes: ["ecdsa-p256-sha256"] },
        approval: { steps: [{ name: "officers", roles: ["officer"], needed: 1 }], hours: 72 }, approvers: [{ person: subject, name: subject, roles: ["officer"], kind: "webauthn", public_key: mine.public_key, rp_id: mine.rp_id, origin: mine.origin, credential_id: mine.credential_id }],
      }));
      holdfast("key", "create", "sm-50-fw", "--charter", "charter.json");
      await page.reload();
      await heading("1 authenticator of yours is registered; it counts for a key");
      await shoot("authenticators");
      writeFileSync(join(work, "app.bin"), randomBytes(5000));
      const ask = () => holdfast("sign", "request", "app.bin", "--key", "sm-50-fw", "--format", "mcuboot", "--product", "sm-50", "--reason", "release", "--option", "version=1.2.3", "--option", "pad-header=true");
      const run = (digest) => holdfast("sign", "run", digest, "app.bin", "--out", `${digest}.bin`);
      const decide = async (digest, decision) => {
        await page.goto(`/signing-requests/${digest}`);
        await heading("Waits for decisions");
        assert.match(await page.getByRole("region", { name: "What will be signed" }).innerText(), /1\.2\.3/);
        await page.getByRole("button", { name: decision, exact: true }).click();
        if (decision === "Approve") await shoot("approve");
        await page.getByRole("button", { name: `${decision} with the authenticator` }).click();
      };

      const good = ask();
      assert.throws(() => run(good), /approvals/);
      await decide(good, "Approve");
      await heading("Approved");
      run(good);
      await page.goto("/signing-keys/sm-50-fw");
      const key = await api("/v1/signing-keys/sm-50-fw");
      assert.equal(key.signatures, 1);
      await heading(`${key.sentence} ${(await api("/v1/signing-keys/sm-50-fw/trace")).sentence}`);
      await page.getByRole("row").filter({ hasText: "app.bin" }).waitFor();
      await shoot("signing-key");

      const bad = ask();
      await decide(bad, "Reject");
      await heading(`Rejected by ${subject}`);
      assert.throws(() => run(bad), /rejected/);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });

  for (const theme of ["light", "dark"])
    test(`axe on real data, ${theme}`, async () => {
      await page.emulateMedia({ colorScheme: theme });
      const { product, serial } = (await api(`/v1/vulnerabilities/${worst.vulnerability}/devices?limit=1`)).items[0];
      const paths = ["/", "/vulnerabilities", `/vulnerabilities/${worst.vulnerability}`, `/devices/${product}/${encodeURIComponent(serial)}`, "/products", `/products/${product}`, "/evidence", "/catalog", "/catalog/batches", "/create/products", "/settings/tokens", "/signing-requests", "/signing-keys", "/ceremonies", "/debug-sessions", "/authorities", "/certificates", "/factories", "/settings/authenticators"];
      for (const path of paths) {
        await page.goto(path);
        await settled();
        assert.deepEqual(await violations(page), [], path);
      }
    });

  test("sign out, and nothing is left to see", async () => {
    await page.getByRole("button", { name: /^User menu/ }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await heading("Sign in");
    assert.equal((await context.request.get("/v1/today")).status(), 401);
  });

  test("the pages never complained", () => assert.deepEqual(found, []));

  test("every answer that the pages asked for is as the document says", () => {
    assert.ok(answers > 20, `${answers} answers`);
    assert.deepEqual([...otherwise], []);
  });
});
