// A decision by an authenticator (W3C Web Authentication Level 2): the challenge is the SHA-256 of the statement that the
// person reads, so what the authenticator signs is that statement. The server holds the answer against the charter.
import { ApiError } from "./api.ts";
import type { Approval, CredentialChallenge, NewCredential } from "./types.ts";

export const toHex = (bytes: ArrayBuffer) => Array.from(new Uint8Array(bytes), (one) => one.toString(16).padStart(2, "0")).join("");

// Base64url without padding, as charters write credential ids. Throws on anything else.
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new TypeError("not base64url");
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

export function toBase64url(bytes: ArrayBuffer): string {
  const text = btoa(Array.from(new Uint8Array(bytes), (one) => String.fromCharCode(one)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const refused = (title: string, detail: string) => new ApiError({ title, detail, status: 0 });

// `statement` is the exact text; `credentials` the ids of the person who decides, `rpId` their relying party.
export async function decideWith(statement: string, credentials: string[], rpId: string): Promise<Approval> {
  if (!navigator.credentials || !window.PublicKeyCredential)
    throw refused("This browser has no access to authenticators", "Use a browser with WebAuthn over HTTPS, or a key with the command line.");
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(statement));
  let made: Credential | null;
  try {
    made = await navigator.credentials.get({
      publicKey: { challenge, rpId, allowCredentials: credentials.map((id) => ({ type: "public-key", id: fromBase64url(id) })), userVerification: "required", timeout: 120_000 },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw refused("Nothing was decided", name === "NotAllowedError" ? "The authenticator was not used: it was cancelled, took too long, or is not one that the charter names." : `The browser refuses: ${String(error)}`);
  }
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAssertionResponse)) throw refused("Nothing was decided", "The browser gave no assertion.");
  const { request, decision, person, at } = JSON.parse(statement) as Pick<Approval, "request" | "decision" | "person" | "at">;
  return { request, decision, person, at, kind: "webauthn", signature: toHex(made.response.signature), authenticator_data: toHex(made.response.authenticatorData), client_data: toHex(made.response.clientDataJSON) };
}

// Makes a credential on the person's authenticator for the server's challenge (section 5.1.3). Which make it is, nobody
// asks; that its user is verified each time, the charter's approvals need.
export async function makeCredential(challenge: CredentialChallenge, name: string): Promise<NewCredential> {
  if (!navigator.credentials || !window.PublicKeyCredential)
    throw refused("This browser has no access to authenticators", "Use a browser with WebAuthn over HTTPS, or a key with the command line.");
  let made: Credential | null;
  try {
    made = await navigator.credentials.create({
      publicKey: {
        challenge: fromBase64url(challenge.challenge),
        rp: { id: challenge.rp_id, name: "Holdfast" },
        user: { id: fromBase64url(challenge.user_id), name: challenge.user_name, displayName: challenge.user_name },
        pubKeyCredParams: challenge.algorithms.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: challenge.exclude.map((id) => ({ type: "public-key", id: fromBase64url(id) })),
        authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
        attestation: "none",
        timeout: 120_000,
      },
    });
  } catch (error) {
    const code = error instanceof DOMException ? error.name : "";
    const why: Record<string, string> = {
      NotAllowedError: "The authenticator was not used: it was cancelled, took too long, or does not verify its user. Set its PIN or fingerprint first.",
      InvalidStateError: "This authenticator is registered already.",
      SecurityError: `The browser takes no authenticator for ${challenge.rp_id} here: open this page under the address ${challenge.origin}.`,
    };
    throw refused("Nothing was registered", why[code] ?? `The browser refuses: ${String(error)}`);
  }
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse)) throw refused("Nothing was registered", "The browser gave no credential.");
  return { name, challenge: challenge.challenge, client_data: toBase64url(made.response.clientDataJSON), attestation_object: toBase64url(made.response.attestationObject) };
}
