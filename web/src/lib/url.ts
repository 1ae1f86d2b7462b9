// URLs are the state of the UI. Pure functions; router.svelte.ts joins them to the browser.

export type Query = Record<string, string | null | undefined>;

const segments = (path: string) => path.split("/").map(encodeURIComponent).join("/");

export const url = {
  today: () => "/",
  vulnerabilities: () => "/vulnerabilities",
  vulnerability: (id: string) => `/vulnerabilities/${encodeURIComponent(id)}`,
  device: (product: string, serial: string) => `/devices/${encodeURIComponent(product)}/${encodeURIComponent(serial)}`,
  products: () => "/products",
  product: (code: string) => `/products/${encodeURIComponent(code)}`,
  build: (path: string) => `/builds/${segments(path)}`,
  release: (path: string) => `/releases/${segments(path)}`,
  batch: (path: string) => `/batches/${segments(path)}`,
  record: (plural: string, path: string) => `/catalog/${plural}/${segments(path)}`,
  create: (plural: string) => `/create/${plural}`,
  key: (sha256: string) => `/keys/${sha256}`,
  signingKeys: () => "/signing-keys",
  signingKey: (name: string) => `/signing-keys/${segments(name)}`,
  signingRequests: () => "/signing-requests",
  signingRequest: (digest: string) => `/signing-requests/${encodeURIComponent(digest)}`,
  ceremonies: () => "/ceremonies",
  ceremony: (sha256: string) => `/ceremonies/${encodeURIComponent(sha256)}`,
  debugSessions: () => "/debug-sessions",
  debugSession: (digest: string) => `/debug-sessions/${encodeURIComponent(digest)}`,
  authorities: () => "/authorities",
  authority: (name: string) => `/authorities/${encodeURIComponent(name)}`,
  certificates: () => "/certificates",
  certificate: (ca: string, serial: string) => `/certificates/${encodeURIComponent(ca)}/${encodeURIComponent(serial)}`,
  factories: () => "/factories",
  authorisation: (id: string) => `/factories/authorisations/${encodeURIComponent(id)}`,
  authenticators: () => "/settings/authenticators",
  evidence: () => "/evidence",
  entry: (entry: number | string) => `/evidence/${entry}`,
};

// Adds, replaces (value) or removes (null, undefined, "") query parameters; keeps the hash.
export function withQuery(target: string, change: Query): string {
  const [beforeHash = "", hash] = target.split("#", 2);
  const [path = "", text = ""] = beforeHash.split("?", 2);
  const query = new URLSearchParams(text);
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const rest = query.toString();
  return path + (rest ? `?${rest}` : "") + (hash ? `#${hash}` : "");
}

export interface Match {
  page: string;
  parameters: string[]; // decoded, in the order of the pattern
}

// ":name" is one segment, "*" all that is left (at least one).
export const patterns: [pattern: string, page: string][] = [
  ["/", "today"],
  ["/vulnerabilities", "vulnerabilities"],
  ["/vulnerabilities/:id", "vulnerability"],
  ["/devices/:product/*", "device"],
  ["/products", "products"],
  ["/products/:code", "product"],
  ["/builds/*", "build"],
  ["/releases/*", "release"],
  ["/batches/*", "batch"],
  ["/keys/:sha256", "key"],
  ["/signing-keys", "signing-keys"],
  ["/signing-keys/*", "signing-key"],
  ["/signing-requests", "signing-requests"],
  ["/signing-requests/:digest", "signing-request"],
  ["/ceremonies", "ceremonies"],
  ["/ceremonies/:sha256", "ceremony"],
  ["/debug-sessions", "debug-sessions"],
  ["/debug-sessions/:digest", "debug-session"],
  ["/authorities", "authorities"],
  ["/authorities/:name", "authority"],
  ["/certificates", "certificates"],
  ["/certificates/:ca/:serial", "certificate"],
  ["/factories", "factories"],
  ["/factories/authorisations/:id", "authorisation"],
  ["/evidence", "evidence"],
  ["/evidence/:entry", "entry"],
  ["/catalog", "catalog"],
  ["/catalog/:plural", "records"],
  ["/catalog/:plural/*", "record"],
  ["/create/:plural", "create"],
  ["/settings/users", "users"],
  ["/settings/tokens", "tokens"],
  ["/settings/authenticators", "authenticators"],
  ["/login", "login"],
  ["/setup", "setup"],
];

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone "%": show it as it is, the server will say that it knows no such thing
  }
}

export function matchRoute(path: string): Match | null {
  const given = path.replace(/\/+$/, "").split("/").slice(1);
  for (const [pattern, page] of patterns) {
    const wanted = pattern === "/" ? [] : pattern.split("/").slice(1);
    const rest = wanted.at(-1) === "*";
    if (rest ? given.length < wanted.length : given.length !== wanted.length) continue;
    const parameters: string[] = [];
    const fits = wanted.every((segment, i) => {
      const value = decode(given[i] ?? "");
      if (segment === "*") parameters.push(given.slice(i).map(decode).join("/"));
      else if (segment.startsWith(":")) parameters.push(value);
      else return segment === value;
      return true;
    });
    if (fits) return { page, parameters };
  }
  return null;
}

// Accepts what a person types for an instant: RFC 3339, a date, or "2026-11-25 08:10" (UTC). Null: not an instant.
export function parseInstant(text: string): string | null {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2}(?:\.\d+)?))?\s*(Z|[+-]\d{2}:\d{2})?)?$/i.exec(text.trim());
  if (!match) return null;
  const [, date, minutes = "00:00", seconds = "00", zone = "Z"] = match;
  const time = new Date(`${date}T${minutes}:${seconds}${zone.toUpperCase()}`);
  if (Number.isNaN(time.getTime()) || (zone.toUpperCase() === "Z" && !time.toISOString().startsWith(date!))) return null;
  return time.toISOString().replace(".000Z", "Z");
}

// Only a path of this site is a place to go to after signing in.
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}
