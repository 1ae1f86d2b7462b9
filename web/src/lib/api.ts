// Asks the server. Answers are values or an ApiError that carries the problem (RFC 9457) as the server told it.
import type { Problem, Session } from "./types.ts";

export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
  get status() {
    return this.problem.status;
  }
}

let csrf = "";
let onUnauthenticated = () => {};

export function useSession(session: Session | null) {
  csrf = session?.csrf ?? "";
}
export function whenUnauthenticated(act: () => void) {
  onUnauthenticated = act;
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    title: response.statusText || "The server refused the request",
    status: response.status,
    detail: `The server answered ${response.status} without saying why.`,
  };
  try {
    const type = response.headers.get("content-type") ?? "";
    return type.includes("json") ? { ...fallback, detail: undefined, ...((await response.json()) as Problem) } : fallback;
  } catch {
    return fallback;
  }
}

export interface Ask {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown; // JSON, or a Blob as it is
  signal?: AbortSignal;
}

export async function ask<T>(target: string, { method = "GET", body, signal }: Ask = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET" && csrf) headers["x-csrf-token"] = csrf;
  if (method === "POST") headers["idempotency-key"] = crypto.randomUUID();
  let payload: BodyInit | undefined;
  if (body instanceof Blob) payload = body;
  else if (body !== undefined) {
    headers["content-type"] = "application/json";
    payload = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(target, { method, headers, body: payload, signal, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ title: "The server cannot be reached", status: 0, detail: "Check that holdfast is running and that this computer has a connection to it." });
  }
  if (response.status === 401 && target !== "/v1/session") onUnauthenticated();
  if (!response.ok) throw new ApiError(await problemOf(response));
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError({ title: "The answer could not be read", status: response.status, detail: `What ${target} sent is not JSON.` });
  }
}
