// The packages of web/package.json, for tests that live outside it.
import { createHash, generateKeyPairSync, verify } from "node:crypto";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const web = new URL("../../web/", import.meta.url);
const require = createRequire(new URL("package.json", web));

export const { chromium } = require("playwright-core");
export const axeSource = () => readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// A TypeScript module of web/src/lib, for node, which cannot read types (Node 18).
export async function library(name) {
  const built = await require("esbuild").build({ entryPoints: [fileURLToPath(new URL(`src/lib/${name}`, web))], bundle: true, write: false, format: "esm", platform: "neutral", target: "node18" });
  return import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString("base64")}`);
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // No sandbox inside a container as root; no GPU process and no use of /dev/shm, which containers keep small.
    args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

// A virtual authenticator with one credential (base64url id) of a new P-256 key, which verifies its user without asking.
// signed(): whether an approval's assertion is its own over that statement. publicKey: PEM.
export async function authenticator(page, rpId, id) {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "usb", hasResidentKey: false, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  const privateKey = pair.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
  await session.send("WebAuthn.addCredential", { authenticatorId, credential: { credentialId: Buffer.from(id, "base64url").toString("base64"), isResidentCredential: false, rpId, privateKey, signCount: 1 } });
  return {
    publicKey: pair.publicKey.export({ type: "spki", format: "pem" }),
    signed(statement, approval) {
      const [client, data, signature] = [approval.client_data, approval.authenticator_data, approval.signature].map((text) => Buffer.from(text, "hex"));
      const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
      return JSON.parse(client).challenge === sha256(statement).toString("base64url") && verify("sha256", Buffer.concat([data, sha256(client)]), pair.publicKey, signature);
    },
  };
}

// One without a credential: what a person registers with.
export async function emptyAuthenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "usb", hasResidentKey: false, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  return { credentials: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials };
}

// WCAG 2.2 A and AA, and axe's best practices.
export async function violations(page) {
  await page.evaluate(axeSource());
  const result = await page.evaluate(() => globalThis.axe.run(document, { runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } }));
  return result.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => `${node.target.join(" ")} ${node.any.map((any) => any.message).join("; ")}`).join(" | ")}`);
}

// Everything that a page complains of: exceptions, console errors, refused by the content security policy.
export function complaints(page, { allow = [] } = {}) {
  const found = [];
  page.on("pageerror", (error) => found.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !allow.some((pattern) => pattern.test(message.text()))) found.push(`${message.type()}: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith("data:") && new URL(request.url()).origin !== new URL(page.url() === "about:blank" ? request.url() : page.url()).origin) found.push(`third party: ${request.url()}`);
  });
  return found;
}
