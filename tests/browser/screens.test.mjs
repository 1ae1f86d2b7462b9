// Every screen and state, with fixed answers. What is looked at: that axe finds nothing in either theme, that states
// do not look alike, that everything works by keyboard, and that the page obeys its own content security policy.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { certificate, key } from "./fixture/data.mjs";
import { serve } from "./fixture/server.mjs";
import { authenticator, complaints, emptyAuthenticator, launch, violations } from "./modules.mjs";

const request = (c) => `/signing-requests/${c.repeat(64)}`;

const screens = {
  "/": "1 exploited vulnerability exposes",
  "/vulnerabilities": "At least 2 vulnerabilities affect builds of ours",
  "/vulnerabilities?state=fixed": "None is recorded as fixed",
  "/vulnerabilities/CVE-2022-37434": "Exposed: 412,642 units in 15 Member States",
  "/vulnerabilities/CVE-2021-3449": "Not exposed: 6 components",
  "/vulnerabilities/CVE-2026-0001": "Not assessed",
  "/devices/px-100/PX1-0000001": "Exposed to 1 vulnerability, 1 known to be exploited",
  "/devices/px-100/PX1-0000404": "unknown, not clean",
  "/products": "2 products are registered",
  "/products/px-100": "600,000 units in 16 Member States",
  "/products/new-1": "0 units",
  "/releases/px-100/2025.3": "Not yet analysed in full",
  "/batches/px-100/b-0001": "24,990 units registered",
  "/builds/px-100/firmware/1.4.2": "412 components; 1 vulnerability affects this build",
  "/builds/px-100/bootloader/2.0": "No SBOM has been received",
  [`/keys/${key}`]: "This key is on",
  [`/keys/${certificate}`]: "This certificate is on",
  "/signing-keys": "2 signing keys are registered",
  "/signing-keys?q=none": "No signing key that begins with “none” is registered",
  "/signing-keys/px100-fw": "Each use needs 2 of 3 people (officer).",
  "/signing-keys/rt7-fw": "No version is active: the key signs nothing.",
  "/signing-requests": "3 requests wait for decisions",
  "/signing-requests?state=used": "No request was used",
  [request("1")]: "Waits for decisions: step 'officers' has 1 of 2 approvals.",
  [request("2")]: "Waits for decisions",
  [request("3")]: "Lives: 47 of 50 signatures are left",
  [request("4")]: "Rejected by user:5, for good.",
  [request("5")]: "Waits for decisions",
  "/ceremonies": "2 ceremonies; of 1 no transcript was imported; 1 with alarms",
  [`/ceremonies/${"7".repeat(64)}`]: "Complete: all 3 steps were done and witnessed, 1 otherwise than the script has it.",
  [`/ceremonies/${"8".repeat(64)}`]: "Approved, and not held yet as far as this register knows: 3 steps to do.",
  "/debug-sessions": "2 debug sessions are open, 1 of them overdue.",
  [`/debug-sessions/${"a".repeat(64)}`]: "Overdue: access to the device d1 ended",
  [`/debug-sessions/${"c".repeat(64)}`]: "NOT locked again",
  "/authorities": "2 CAs are registered; CRLs of stations are out of date or missing",
  "/authorities/devices": "Issues certificates.",
  "/authorities/stations": "Frozen: it issues nothing.",
  "/certificates": "At least 2 certificates",
  "/certificates?ca=stations": "No certificates of stations",
  "/certificates?ca=devices&ending=30": "1 certificate of devices that end within 30 days",
  "/certificates/devices/a1b2": "Valid until 2027-11-26, not revoked.",
  "/certificates/devices/b1b2": "Revoked since",
  "/certificates/devices/c1b2": "Expired 2026-02-01.",
  "/factories": "1 authorisation is live; 1 hold stops production; 1 authorisation has alarms",
  "/factories?product=new-1": "Nothing is authorised of new-1",
  [`/factories/authorisations/${"1".repeat(32)}`]: "47 of 100 identities are used, 50 left.",
  [`/factories/authorisations/${"2".repeat(32)}`]: "on hold (4)",
  "/evidence": "provable under a checkpoint",
  "/evidence/90": "Provable",
  "/evidence/12001?event=4": "Provable: fleet.segment",
  "/evidence/41880": "Not provable yet",
  "/catalog": "What stands behind the CE mark",
  "/catalog/builds": "3 builds registered",
  "/catalog/manufacturers/acme": "Name of acme",
  "/create/batches": "Register a batch",
  "/settings/users": "2 users can sign in",
  "/settings/tokens": "1 token is valid",
  "/settings/authenticators": "1 authenticator of yours is registered; it counts for a key",
};

let browser, server;
before(async () => {
  browser = await launch();
  server = await serve();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

async function withPage(work, { path = "/", theme = "light", width = 1280, signedIn = true, broken = null, allow = [], baseURL = server.url } = {}) {
  server.state.signedIn = signedIn;
  server.state.decisions = [];
  Object.assign(server.state, { credentials: [], registered: null, removed: null, closed: null, revoked: null, frozenCa: null, held: null, ended: null });
  server.state.broken = broken;
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: theme, reducedMotion: "reduce", baseURL });
  const page = await context.newPage();
  const found = complaints(page, { allow });
  try {
    await page.goto(path);
    await page.locator("h1").first().waitFor();
    await work(page);
    assert.deepEqual(found, [], "the page complained");
  } finally {
    await context.close();
  }
}
const heading = (page, text) => page.getByRole("heading", { level: 1 }).filter({ hasText: text }).waitFor({ timeout: 10_000 });
const settled = (page) => page.waitForFunction(() => document.querySelector("h1") && !document.querySelector(".wait"));

for (const theme of ["light", "dark"]) {
  describe(`axe, ${theme}`, () => {
    for (const [path, answer] of Object.entries(screens))
      test(path.slice(0, 60), () =>
        withPage(
          async (page) => {
            await heading(page, answer);
            await settled(page);
            await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
            assert.deepEqual(await violations(page), []);
            assert.match(await page.title(), /· Holdfast$/);
          },
          { path, theme },
        ));

    test("the past", () =>
      withPage(
        async (page) => {
          await heading(page, "No exploited vulnerability");
          assert.deepEqual(await violations(page), []);
        },
        { path: "/?at=2026-11-20T00:00:00Z", theme },
      ));

    test("menus, palette and as-of", () =>
      withPage(
        async (page) => {
          await heading(page, "1 exploited vulnerability exposes");
          await page.getByRole("button", { name: /^User menu/ }).click();
          assert.deepEqual(await violations(page), []);
          await page.keyboard.press("Escape");
          await page.getByRole("button", { name: "As of now" }).click();
          assert.deepEqual(await violations(page), []);
          await page.keyboard.press("Escape");
          await page.keyboard.press("Control+k");
          await page.keyboard.type("px-100");
          await page.getByRole("option", { name: /PX-100 meter gateway/ }).waitFor();
          assert.deepEqual(await violations(page), []);
        },
        { theme },
      ));

    for (const path of ["/login", "/setup", "/setup#one-time"])
      test(path, () => withPage(async (page) => assert.deepEqual(await violations(page), []), { path, theme, signedIn: false, allow: [/401/] }));

    test("a failure", () =>
      withPage(
        async (page) => {
          await page.getByRole("alert").waitFor();
          assert.deepEqual(await violations(page), []);
        },
        { path: "/vulnerabilities/CVE-2022-37434", theme, broken: "/v1/vulnerabilities", allow: [/503/] },
      ));
  });
}

describe("a narrow window does not scroll sideways (WCAG 1.4.10)", () => {
  for (const path of Object.keys(screens))
    test(path.slice(0, 60), () =>
      withPage(
        async (page) => {
          await settled(page);
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
        },
        { path, width: 320 },
      ));
});

describe("states do not look alike", () => {
  test("zero exposed, not analysed, failed and loading", async () => {
    const texts = {};
    const look = async (path, options) =>
      withPage(
        async (page) => {
          await settled(page);
          texts[path + (options?.broken ?? "")] = await page.locator("main").innerText();
        },
        { path, ...options },
      );
    await look("/vulnerabilities/CVE-2021-3449");
    await look("/vulnerabilities/CVE-2026-0001");
    await look("/vulnerabilities/CVE-2021-3449", { broken: "/v1/vulnerabilities", allow: [/503/] });
    await look("/vulnerabilities/CVE-1999-0001", { allow: [/404/] });
    const [none, blank, failed, unheard] = Object.values(texts);
    assert.match(none, /Not exposed: 6 components were compared/);
    assert.doesNotMatch(none, /not (yet analysed|assessed)|could not/i);
    assert.match(blank, /Not assessed[^]*Not yet analysed/);
    assert.match(blank, /not “zero exposed”/);
    assert.match(failed, /Could not load/);
    assert.match(failed, /HF-DB-0007/);
    assert.doesNotMatch(failed, /exposed|analysed|assessed/i);
    assert.match(unheard, /does not know/);
  });

  test("while the answer is on its way, nothing claims to be one", () =>
    withPage(
      async (page) => {
        let release;
        const held = new Promise((open) => (release = open));
        await page.route("**/v1/vulnerabilities/CVE-2022-37434*", async (route) => (await held, route.continue()));
        await page.goto("/vulnerabilities/CVE-2022-37434");
        await page.getByRole("status").filter({ hasText: "Loading" }).waitFor();
        assert.doesNotMatch(await page.locator("main").innerText(), /exposed|assessed|Could not/);
        release();
        await heading(page, "Exposed: 412,642 units");
      },
      { path: "/products" },
    ));

  test("a failure can be tried again", () =>
    withPage(
      async (page) => {
        await page.getByRole("alert").waitFor();
        server.state.broken = null;
        await page.getByRole("button", { name: "Try again" }).click();
        await heading(page, "Exposed: 412,642 units");
      },
      { path: "/vulnerabilities/CVE-2022-37434", broken: "/v1/vulnerabilities", allow: [/503/] },
    ));

  test("an answer that cannot be refreshed stays, marked as older", () =>
    withPage(
      async (page) => {
        await heading(page, "2 products");
        await page.locator(".state", { hasText: "Live" }).waitFor();
        server.state.broken = "/v1/products";
        server.tell("today", {});
        await page.getByText("What follows is older").waitFor();
        assert.match(await page.locator("main").innerText(), /PX-100 meter gateway/);
      },
      { path: "/products", allow: [/503/] },
    ));
});

describe("as of", () => {
  test("the instant goes with every link, is unmistakable, and can be left", () =>
    withPage(
      async (page) => {
        await heading(page, "ran an affected build");
        const banner = page.getByRole("region", { name: "As of" });
        assert.match(await banner.innerText(), /20 Nov 2026, 12:00:00 UTC/);
        const links = await page.locator("main a[href^='/'], nav a[href^='/']").evaluateAll((all) => all.map((one) => one.getAttribute("href")).filter((one) => !one.startsWith("/v1/ledger")));
        assert.ok(links.length > 30);
        assert.deepEqual(links.filter((one) => !one.includes("at=2026-11-20T12%3A00%3A00Z")), []);
        await page.getByRole("link", { name: /exposed units in Germany/ }).click();
        await page.waitForURL(/market=DE/);
        assert.match(page.url(), /at=2026-11-20/);
        await banner.getByRole("button", { name: "Return to now" }).click();
        await heading(page, "run an affected build, since");
        assert.doesNotMatch(page.url(), /at=/);
        await page.goBack();
        await heading(page, "ran an affected build");
      },
      { path: "/vulnerabilities/CVE-2022-37434?at=2026-11-20T12:00:00Z" },
    ));

  test("an instant is typed; nonsense and the future are refused", () =>
    withPage(async (page) => {
      await heading(page, "1 exploited vulnerability exposes");
      await page.getByRole("button", { name: "As of now" }).click();
      const field = page.getByLabel("What did we know at (UTC)");
      for (const [text, complaint] of [["soon", /Write it as/], ["2999-01-01", /in the future/]]) {
        await field.fill(text);
        await page.keyboard.press("Enter");
        await page.getByText(complaint).waitFor();
      }
      await field.fill("2026-11-20 12:00");
      await page.keyboard.press("Enter");
      await heading(page, "No exploited vulnerability");
      assert.match(page.url(), /at=2026-11-20T12%3A00%3A00Z/);
    }));

  test("nothing can be made in the past", () =>
    withPage(
      async (page) => {
        await heading(page, "Register a batch");
        assert.ok(await page.getByRole("button", { name: "Register a batch" }).isDisabled());
      },
      { path: "/create/batches?at=2026-11-20T00:00:00Z" },
    ));
});

describe("by keyboard alone", () => {
  test("skip link, palette, search, a device", () =>
    withPage(async (page) => {
      await heading(page, "1 exploited vulnerability exposes");
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the page");
      await page.keyboard.press("Control+k");
      await page.keyboard.type("PX1-0000001");
      await page.getByRole("option", { name: /PX1-0000001/ }).waitFor();
      await page.keyboard.press("Enter");
      await heading(page, "Exposed to 1 vulnerability");
      assert.equal(await page.evaluate(() => document.activeElement.id), "main"); // the reader is where the page is
      await page.keyboard.press("/");
      await page.keyboard.type("nothing of that name");
      await page.getByText("Nothing is registered under").waitFor();
      await page.keyboard.press("Escape");
      assert.equal(await page.getByRole("dialog").count(), 0);
    }));

  test("every control of a page is reached, in order, and its focus is seen", () =>
    withPage(
      async (page) => {
        await heading(page, "Exposed: 412,642 units");
        await settled(page);
        await page.locator("#findings").waitFor();
        const wanted = await page.locator("a[href], button:not([disabled]), select, input, summary").evaluateAll((all) => all.filter((one) => one.checkVisibility({ visibilityProperty: true })).length);
        let reached = 0;
        for (; reached < wanted + 10; reached++) {
          await page.keyboard.press("Tab");
          const focus = await page.evaluate(() => {
            const one = document.activeElement;
            if (!one || one === document.body) return null;
            const style = getComputedStyle(one);
            return { what: one.outerHTML.slice(0, 80), seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
          });
          if (!focus) break;
          assert.ok(focus.seen, `no visible focus on ${focus.what}`);
        }
        assert.ok(reached >= wanted - 1, `${reached} of ${wanted}`);
      },
      { path: "/vulnerabilities/CVE-2022-37434" },
    ));

  test("sign in, and go where one wanted to", () =>
    withPage(
      async (page) => {
        await heading(page, "Sign in");
        assert.match(page.url(), /login\?next=%2Fproducts/);
        await page.keyboard.type("ada");
        await page.keyboard.press("Tab");
        await page.keyboard.type("wrong");
        await page.keyboard.press("Enter");
        await page.getByText("User or password is wrong.").waitFor();
        await page.keyboard.type("correct horse battery staple");
        await page.keyboard.press("Enter");
        await heading(page, "2 products");
        await page.getByRole("button", { name: "User menu: ada" }).press("Enter");
        await page.getByRole("button", { name: "Sign out" }).press("Enter");
        await heading(page, "Sign in");
      },
      { path: "/products", signedIn: false, allow: [/401/] },
    ));
});

describe("set-up", () => {
  test("the link's token makes the first administrator and leaves the address bar", () =>
    withPage(
      async (page) => {
        await page.getByLabel("User").fill("ada");
        await page.getByLabel("Password", { exact: true }).fill("correct horse battery staple");
        await page.getByLabel("Password, again").fill("something else");
        await page.getByText("The two passwords differ.").waitFor();
        await page.getByLabel("Password, again").fill("correct horse battery staple");
        await page.getByRole("button", { name: "Create the administrator" }).click();
        await heading(page, "1 exploited vulnerability exposes");
        assert.doesNotMatch(page.url(), /one-time/);
      },
      { path: "/setup#one-time", signedIn: false, allow: [/401/] },
    ));
});

describe("the four questions", () => {
  test("from Today to the units of one Member State, their export, a device and its proof", () =>
    withPage(async (page) => {
      await page.getByRole("table").getByRole("link", { name: "CVE-2022-37434" }).click();
      await page.getByRole("link", { name: /101,220 exposed units in Germany/ }).click();
      await page.waitForURL(/market=DE#devices/);
      await page.getByRole("link", { name: "PX1-0000005" }).waitFor();
      await page.getByRole("navigation", { name: "Pages of devices" }).getByRole("link", { name: "Next page" }).click();
      await page.waitForURL(/cursor=cursor-5/);
      await page.getByRole("link", { name: "PX1-0000010" }).waitFor();
      await page.goBack();
      await page.getByRole("link", { name: "PX1-0000005" }).waitFor();
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "CSV" }).click();
      assert.match((await download).url(), /devices\.csv\?market=DE&state=affected/);
      await page.getByRole("link", { name: "PX1-0000001" }).click();
      await heading(page, "Exposed to 1 vulnerability");
      await page.getByRole("link", { name: "Entry #12001" }).click();
      await heading(page, "Provable");
      assert.match(await page.locator("main").innerText(), /holdfast verify entry-12001-event-4\.evidence\.json/);
      const bundle = page.waitForEvent("download");
      await page.getByRole("link", { name: "Download the evidence bundle" }).click();
      assert.equal((await bundle).suggestedFilename(), "entry-12001-event-4.evidence.json");
    }));

  test("a finding explains itself", () =>
    withPage(
      async (page) => {
        const finding = page.locator("#finding-9001");
        await finding.locator("summary").first().click();
        const text = await finding.innerText();
        for (const part of ["cpe:2.3:a:zlib:zlib:1.2.11", "<= 1.2.12", "/containers/adp/0/affected/0/versions/0", "CISA-ADP", "Entry #41800, event 7", "1 other ground"]) assert.ok(text.includes(part), part);
      },
      { path: "/vulnerabilities/CVE-2022-37434" },
    ));

  test("a live event changes the page", () =>
    withPage(
      async (page) => {
        await heading(page, "2 products");
        await page.locator(".state", { hasText: "Live" }).waitFor();
        const again = page.waitForRequest((request) => request.url().includes("/v1/products"));
        server.tell("today", {});
        await again;
      },
      { path: "/products" },
    ));
});

describe("forms", () => {
  test("a record is made from its description; refusals stand at their fields", () =>
    withPage(
      async (page) => {
        await heading(page, "Register a batch");
        await page.getByRole("button", { name: "Register a batch" }).click();
        await page.getByText("Must be given.").first().waitFor();
        assert.equal(await page.evaluate(() => document.activeElement.id), "field-code");
        const given = { Code: "taken", "Hardware revision": "px-100/r3", Name: "Second", Factory: "Brno", "Authorised quantity": "25000" };
        for (const [label, value] of Object.entries(given)) await page.getByLabel(label, { exact: true }).fill(value);
        await page.getByRole("button", { name: "Add" }).click();
        await page.getByLabel("Market").fill("de");
        await page.getByLabel("Placed at").fill("2026-11-01");
        await page.getByRole("button", { name: "Register a batch" }).click();
        await page.getByText("is taken").first().waitFor();
        await page.getByLabel("Code").fill("b-0002");
        await page.getByRole("button", { name: "Register a batch" }).click();
        await page.waitForURL(/\/batches\//);
        assert.deepEqual(server.state.created, { plural: "batches", body: { code: "b-0002", product: "px-100", hardware_revision: "px-100/r3", name: "Second", factory: "Brno", authorised_quantity: 25000, placements: [{ market: "DE", placed_at: "2026-11-01" }] } });
      },
      { path: "/create/batches?product=px-100", allow: [/422/] },
    ));

  test("a new token is shown once, and revoking says what it does", () =>
    withPage(
      async (page) => {
        await heading(page, "1 token");
        await page.getByLabel("Name").fill("ci-8");
        await page.getByLabel("catalog.write").check();
        await page.getByRole("button", { name: "Create the token" }).click();
        await page.getByText("hft_fixture_secret").waitFor();
        await page.getByRole("button", { name: "Revoke ci-7" }).click();
        await page.getByRole("dialog").getByText("every request with it is refused").waitFor();
        await page.getByRole("button", { name: "Keep it" }).click();
      },
      { path: "/settings/tokens" },
    ));

  test("a refused SBOM shows every finding with its pointer", () =>
    withPage(
      async (page) => {
        await page.getByLabel("Attach its SBOM").setInputFiles({ name: "bad.json", mimeType: "application/json", buffer: Buffer.from("{}") });
        await page.getByText("/spdxVersion").waitFor();
      },
      { path: "/builds/px-100/bootloader/2.0", allow: [/422/] },
    ));
});

describe("signing", () => {
  const ready = async (page) => (await heading(page, "Waits for decisions"), settled(page));

  test("what will be signed stands on the page, and what differs from a charter is marked", async () => {
    await withPage(
      async (page) => {
        await ready(page);
        const text = await page.getByRole("region", { name: "What will be signed" }).innerText();
        for (const part of ["mcuboot, firmware", "1.5.0+0", "Security version", "512"]) assert.ok(text.includes(part), part);
        assert.match(await page.getByRole("region", { name: "Who agrees" }).innerText(), /1 of 2 officers: user:2/);
      },
      { path: request("1") },
    );
    await withPage(
      async (page) => {
        await ready(page);
        const lines = await page.getByRole("region", { name: "The charter that would come into force" }).getByRole("listitem").allInnerTexts();
        assert.deepEqual(lines.filter((one) => /^(changes|falls away)/.test(one)).map((one) => one.replace(/\s+/g, " ")), ["changes Security version 4 or above; none is refused. Now: No floor for the security version.", "changes user:1, Ada (officer) decides with the key 0c0d. Now: no such rule.", "falls away At most 20 signatures an hour.", "falls away user:1, Ada (officer) decides with the authenticator 0a0b (AQIDBA) of localhost."]);
      },
      { path: request("2") },
    );
    await withPage(
      async (page) => {
        await ready(page);
        await page.getByRole("alert").filter({ hasText: "Do not approve this" }).waitFor();
      },
      { path: request("5") },
    );
  });

  test("an authenticator approves: effect first, then the challenge is the statement's digest", () =>
    withPage(
      async (page) => {
        const device = await authenticator(page, "localhost", "AQIDBA");
        await ready(page);
        await page.getByRole("button", { name: "Approve" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("You agree to one signature of app.bin with px100-fw").waitFor();
        const statement = await dialog.locator(".statement").innerText();
        assert.deepEqual(await violations(page), []);
        await dialog.getByRole("button", { name: "Approve with the authenticator" }).click();
        await page.getByText("user:1 approves.").waitFor();
        await heading(page, "Approved");
        const [sent, ...more] = server.state.decisions;
        assert.deepEqual(more, []);
        const said = JSON.parse(statement);
        assert.deepEqual([sent.request, sent.decision, sent.person, sent.at, sent.kind], [said.request, "approve", "user:1", said.at, "webauthn"]);
        assert.ok(await device.signed(statement, sent), "the assertion holds for the statement that was shown");
        assert.ok(!(await device.signed(statement + " ", sent)), "and for no other");
        await page.getByText("user:1 has decided already").first().waitFor();
      },
      { path: request("1"), baseURL: server.origin },
    ));

  test("an authenticator rejects, and says what that does", () =>
    withPage(
      async (page) => {
        await authenticator(page, "localhost", "AQIDBA");
        await ready(page);
        await page.getByRole("button", { name: "Reject" }).click();
        await page.getByRole("dialog").getByText("It can never be used, whatever others decide.").waitFor();
        await page.getByRole("button", { name: "Not now" }).click();
        assert.deepEqual(server.state.decisions, []);
        await page.getByRole("button", { name: "Reject" }).click();
        await page.getByRole("button", { name: "Reject with the authenticator" }).click();
        await page.getByText("user:1 rejects.").waitFor();
        assert.equal(server.state.decisions[0].decision, "reject");
      },
      { path: request("2"), baseURL: server.origin },
    ));

  test("an authenticator that the charter does not name decides nothing", () =>
    withPage(
      async (page) => {
        await authenticator(page, "localhost", "CQkJCQ");
        await ready(page);
        await page.getByRole("button", { name: "Approve" }).click();
        await page.getByRole("button", { name: "Approve with the authenticator" }).click();
        await page.getByRole("alert").filter({ hasText: "Nothing was decided" }).waitFor();
        assert.deepEqual(server.state.decisions, []);
      },
      { path: request("2"), baseURL: server.origin },
    ));

  test("an authenticator of another address says where to go", () =>
    withPage(
      async (page) => {
        await ready(page);
        await page.getByLabel("Decide as").selectOption("user:5");
        await page.getByText("The authenticator of user:5 answers to https://holdfast.example alone").waitFor();
        assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
      },
      { path: request("2"), baseURL: server.origin },
    ));

  test("a key decides with the command line; whoever may not is told why", () =>
    withPage(
      async (page) => {
        await ready(page);
        await page.getByLabel("Decide as").selectOption("user:2");
        const decide = page.getByRole("region", { name: "Decide" });
        await decide.getByText(`holdfast sign statement ${"2".repeat(64)} --person user:2 > statement`).waitFor();
        await decide.getByText("holdfast sign decide --statement statement --signature statement.sig").waitFor();
        await page.goto(`${request("2")}?person=user:9`);
        await decide.getByText("whoever asks for a signature does not decide on it").first().waitFor();
        assert.ok(await decide.getByRole("button", { name: "Approve" }).isDisabled());
      },
      { path: request("2"), baseURL: server.origin },
    ));

  test("from Today to a key, its uses page by page, and its name in the palette", () =>
    withPage(
      async (page) => {
        const waiting = page.getByRole("region", { name: "Signatures that wait for a decision" });
        assert.match(await waiting.innerText(), /Standing grant, 3 of 50 signatures used/);
        await waiting.getByRole("link", { name: "px100-fw" }).first().click();
        await heading(page, "Each use needs 2 of 3 people (officer). 1 standing grant signs without asking. 2 requests wait for decisions. 42 signatures made. If it leaks: 412,331 units");
        await settled(page);
        const versions = await page.getByRole("region", { name: "Versions" }).innerText();
        assert.match(versions, /Made on the token, cannot leave it/);
        assert.match(versions, /the token does not say/);
        await page.getByRole("navigation", { name: "Pages of uses" }).getByRole("link", { name: "Next page" }).click();
        await page.getByRole("row").filter({ hasText: "app-2.bin" }).waitFor();
        await page.keyboard.press("Control+k");
        await page.keyboard.type("px100-fw");
        await page.getByRole("option", { name: /px100-fw/ }).click();
        await page.waitForURL(/\/signing-keys\/px100-fw$/);
      },
      { path: "/" },
    ));
});

test("a key is frozen with what follows on the page, and says so afterwards", () =>
  withPage(
    async (page) => {
      await heading(page, "Each use needs 2 of 3 people");
      await settled(page);
      const leak = await page.getByRole("region", { name: "If it leaked" }).innerText();
      for (const part of ["12,331 cannot, because the key is burned in", "2 of 2 slots taken", "px-100/b"]) assert.ok(leak.includes(part), part);
      await page.getByRole("button", { name: "Freeze", exact: true }).click();
      const dialog = page.getByRole("dialog");
      assert.match(await dialog.innerText(), /2 open requests and 1 standing grant become void/);
      assert.deepEqual(await violations(page), []);
      await dialog.getByLabel("What happened").fill("no");
      await dialog.getByRole("button", { name: "Freeze it" }).click();
      await dialog.getByText("the effective time is still to come").waitFor();
      await dialog.getByLabel("What happened").fill("build server taken over");
      await dialog.getByRole("button", { name: "Freeze it" }).click();
      await page.getByText("2 suspect signatures").waitFor();
      await page.getByText("it is frozen").waitFor();
      assert.ok(await page.getByRole("button", { name: "Freeze" }).isDisabled());
      server.state.frozen = null;
    },
    { path: "/signing-keys/px100-fw", allow: [/status of 422/] },
  ));

// Last: of everything that the screens above asked for.
test("the fixture answers as the server's own document says", () => assert.deepEqual([...server.state.mismatches], []));

describe("authenticators", () => {
  const settle = (page) => page.waitForFunction(() => document.querySelector("h1") && !document.querySelector(".wait"));
  test("one is registered by the browser; which charters name it is said", () =>
    withPage(
      async (page) => {
        const device = await emptyAuthenticator(page);
        await settle(page);
        await page.getByText("Not yet in the charter of rt7-fw").first().waitFor();
        await page.getByLabel("Name", { exact: true }).fill("desk key");
        await page.getByRole("button", { name: "Register it" }).click();
        await page.getByText("desk key is registered. It decides nothing until a key's charter names it").waitFor();
        await heading(page, "2 authenticators of yours are registered; 1 of them counts for a key");
        const sent = server.state.registered;
        assert.equal(sent.name, "desk key");
        const client = JSON.parse(Buffer.from(sent.client_data, "base64url").toString());
        assert.deepEqual([client.type, client.origin, client.challenge], ["webauthn.create", server.origin, sent.challenge]);
        assert.equal((await device.credentials()).length, 1);
        const object = Buffer.from(sent.attestation_object, "base64url");
        assert.ok(object.includes("authData") && object.includes("fmt"));
        await page.getByText("How a charter takes desk key in").click();
        assert.match(await page.locator(".piece").last().innerText(), /"kind": "webauthn"/);
        assert.deepEqual(await violations(page), []);
      },
      { path: "/settings/authenticators", baseURL: server.origin },
    ));

  test("what the server refuses is said, and so is an authenticator that is not used", () =>
    withPage(
      async (page) => {
        await emptyAuthenticator(page);
        await settle(page);
        await page.getByLabel("Name", { exact: true }).fill("taken");
        await page.getByRole("button", { name: "Register it" }).click();
        await page.getByRole("alert").filter({ hasText: "registered before" }).waitFor();
      },
      { path: "/settings/authenticators", baseURL: server.origin, allow: [/409/] },
    ));

  test("removing one says which charters still name it", () =>
    withPage(
      async (page) => {
        await settle(page);
        await page.getByRole("button", { name: "Remove blue key" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("1 charter still names it").waitFor();
        assert.deepEqual(await violations(page), []);
        await dialog.getByRole("button", { name: "Keep it" }).click();
        assert.equal(server.state.removed, null);
        await page.getByRole("button", { name: "Remove blue key" }).click();
        await page.getByRole("button", { name: "Remove it" }).click();
        await page.waitForFunction(() => !document.querySelector("dialog[open]"));
        assert.equal(server.state.removed, "1");
      },
      { path: "/settings/authenticators" },
    ));
});

describe("certificates, factories, debug sessions: the effect first", () => {
  const settle = (page) => page.waitForFunction(() => document.querySelector("h1") && !document.querySelector(".wait"));
  test("a certificate is found, and revoked after what follows was read", () =>
    withPage(
      async (page) => {
        await heading(page, "At least 2 certificates");
        await page.getByRole("searchbox").or(page.getByLabel("Find", { exact: false }).first()).first().fill("a1");
        await page.keyboard.press("Enter");
        await page.waitForURL(/q=a1/);
        await page.getByRole("link", { name: "serialNumber=A1B2" }).click();
        await heading(page, "Valid until");
        await page.getByRole("button", { name: "Revoke" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("It cannot be undone.").waitFor();
        assert.deepEqual(await violations(page), []);
        await dialog.getByLabel("Reason").selectOption("keyCompromise");
        await dialog.getByRole("button", { name: "Revoke it" }).click();
        await heading(page, "Revoked since");
        assert.equal(server.state.revoked.reason, "keyCompromise");
      },
      { path: "/certificates" },
    ));

  test("what a reader may not do says why", () =>
    withPage(
      async (page) => {
        await heading(page, "Frozen");
        await page.getByText("this server has no signer: holdfast pki crl --ca stations").waitFor();
        assert.ok(await page.getByRole("button", { name: "Make crl" }).isDisabled());
        await page.getByText("with the command line: holdfast pki ca unfreeze stations").waitFor();
      },
      { path: "/authorities/stations" },
    ));

  test("a CA is frozen, and its CRL made under a grant", () =>
    withPage(
      async (page) => {
        await heading(page, "Issues certificates.");
        await page.getByRole("button", { name: "Make crl" }).click();
        await page.getByRole("dialog").getByText("One signature of the grant is used.").waitFor();
        await page.getByRole("button", { name: "Make it" }).click();
        await page.getByText("is made, with 1 revoked certificate").waitFor();
        await page.getByRole("button", { name: "Freeze", exact: true }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("It issues nothing from this moment on").waitFor();
        assert.deepEqual(await violations(page), []);
        await dialog.getByLabel("Why").fill("stolen");
        await dialog.getByRole("button", { name: "Freeze it" }).click();
        await page.getByText("devices is frozen.").waitFor();
        assert.equal(server.state.frozenCa, "devices");
      },
      { path: "/authorities/devices" },
    ));

  test("production is held after its effect was asked for, and let go on", () =>
    withPage(
      async (page) => {
        await heading(page, "1 authorisation is live");
        await page.getByRole("button", { name: "Hold production" }).click();
        const dialog = page.getByRole("dialog");
        assert.ok(await dialog.getByRole("button", { name: "Hold it" }).isDisabled());
        await dialog.getByLabel("Product").fill("px-100");
        await dialog.getByLabel("Batch").focus();
        await dialog.getByText("It stops 1 live authorisation with 50 identities left").waitFor();
        await dialog.getByLabel("Why").fill("recall");
        assert.deepEqual(await violations(page), []);
        await dialog.getByRole("button", { name: "Hold it" }).click();
        await page.getByText("Hold 5 is in force here.").waitFor();
        assert.deepEqual(server.state.held, { product: "px-100", reason: "recall" });
        await page.getByRole("button", { name: "End hold 4" }).click();
        await page.getByRole("dialog").getByLabel("Why").fill("mended");
        await page.getByRole("button", { name: "End it" }).click();
        await page.waitForFunction(() => !document.querySelector("dialog[open]"));
        assert.equal(server.state.ended, "4");
      },
      { path: "/factories" },
    ));

  test("a debug session is closed by who says how it ended", () =>
    withPage(
      async (page) => {
        await heading(page, "Open: access to the device d1");
        await page.getByRole("button", { name: "Close", exact: true }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("You say on the ledger, once, how it ended.").waitFor();
        assert.deepEqual(await violations(page), []);
        await dialog.getByLabel("Yes").check();
        await dialog.getByLabel("Note").fill("sent back");
        await dialog.getByRole("button", { name: "Close it" }).click();
        await heading(page, "Closed by user:1: the device d1 was locked again.");
        assert.deepEqual(server.state.closed, { locked: true, note: "sent back" });
      },
      { path: `/debug-sessions/${"b".repeat(64)}` },
    ));

  test("today links to each of them", () =>
    withPage(
      async (page) => {
        await settle(page);
        for (const [name, target] of [["3 certificates of devices", /certificates\?ca=devices&ending=30/], ["stations", /authorities\/stations/], ["d1", /debug-sessions\/aaaa/], ["All alarms", /factories#alarms/]])
          assert.match(await page.locator("main").getByRole("link", { name, exact: name === "stations" || name === "d1" }).first().getAttribute("href"), target);
      },
      { path: "/" },
    ));
});
