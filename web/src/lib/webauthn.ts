// A decision by an authenticator (W3C Web Authentication Level 2): the challenge is the SHA-256 of the statement that the
// person reads, so what the authenticator signs is that statement. The server holds the answer against the charter.
import { ApiError } from "./api.ts";
import type { Approval } from "./types.ts";

export const toHex = (bytes: ArrayBuffer) => Array.from(new Uint8Array(bytes), (one) => one.toString(16).padStart(2, "0")).join("");

// Base64url without padding, as charters write credential ids. Throws on anything else.
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new TypeError("not base64url");
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
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
