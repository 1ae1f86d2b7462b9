// The shapes of the REST API, as far as the UI reads them. One file, so that the types generated from openapi.json
// (npm run types) can take its place.

export type Time = string; // RFC 3339, UTC
export type Digest = string; // SHA-256, 64 hex digits
export type State = "affected" | "unknown" | "under_investigation" | "fixed" | "not_affected";

export interface Action {
  action: string;
  allowed: boolean;
  reason?: string;
}

export interface Entity {
  allowed_actions?: Action[];
  entry?: number | null; // the ledger entry that proves it
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code?: string;
  errors?: { pointer: string; detail: string }[];
}

export interface Session {
  subject: string;
  kind: string;
  name: string | null;
  roles: string[];
  permissions: string[];
  csrf: string | null;
  expires_at: Time | null;
}

export interface Clock {
  name: string;
  about: string;
  subject: { kind: string; id: string };
  starts_at: Time;
  ends_at: Time;
  source: string;
  overdue: boolean;
}

export interface Kev {
  date_added: string;
  due_date: string;
  name: string;
  ransomware: boolean;
  received_at: Time; // since when these records could have told
}

export interface Epss {
  score: string;
  percentile: string;
  date: string;
}

export interface VulnerabilityLine {
  vulnerability: string;
  summary: string;
  severity: string;
  score: string;
  kev: Kev | null;
  epss: Epss | null;
  exposed_devices: number;
  unknown_devices: number; // and under investigation
  markets: number;
  builds: number;
  products: string[];
  since_build: string; // empty: no build is affected
  first_found: Time | null;
}

export interface Feed {
  feed: string;
  version: string;
  records: number;
  last_import: Time;
  source: string;
  stale: boolean;
}

export interface Today {
  now: Time;
  at: Time | null;
  sentence: string;
  clocks: Clock[];
  exploited: VulnerabilityLine[];
  feeds: Feed[];
  coverage: {
    builds: number;
    builds_without_sbom: number;
    components: number;
    unassessed_components: number;
    devices: number;
    devices_with_unassessed_builds: number;
  };
}

export interface Reason {
  text: string; // the whole reason as a sentence
  why: string;
  outcome: string;
  [detail: string]: unknown; // claim, range, record, feed, modified, pointer, container, identity, scheme, ...
}

export interface Finding {
  coordinate: number;
  component: string;
  version: string;
  purl: string;
  state: State;
  since: Time;
  builds: number;
  reasons: Reason[]; // the one that decided first
  entry: number | null; // of the segment that holds the finding's event
  segment_position: number;
}

export interface Standing {
  exposed: number;
  unknown: number;
  under_investigation: number;
  fixed: number;
  not_affected: number;
  devices: number;
}

export interface Vulnerability {
  vulnerability: string;
  aliases: string[];
  sentence: string;
  assessed: boolean; // false: no component of ours was ever compared with it. Not the same as zero exposed.
  compared_components: number;
  summary: string;
  severity: string;
  cvss: { version: string; score: number; severity: string; vector: string; source: string }[];
  kev: Kev | null;
  epss: Epss | null;
  totals: Standing;
  by_market: (Standing & { market: string })[];
  by_build: {
    build: string;
    product: string;
    module: string;
    version: string;
    state: State;
    devices: number;
    components: { coordinate: number; name: string; version: string; state: State; basis: string }[];
  }[];
  by_batch: { batch: string; market: string; exposed: number; factory: string; placed_at: Time | null; support_end: Time | null }[];
  findings: Finding[];
  statements: { build: string | null; coordinate: number; basis: string; state: State; reason: Partial<Reason>; entry: number }[];
  records: { feed: string; id: string; summary: string; severity: string; score: string; modified: Time | null; digest: Digest; received_at: Time }[];
  at: Time | null;
  took_us?: number;
}

export interface Unit {
  product: string;
  serial: string;
  market: string;
  batch: string;
  builds: string[];
  since: Time;
}

// What a build, a product's builds or a device's builds are exposed to: one line a vulnerability.
export interface ExposureLine {
  vulnerability: string;
  state: State;
  kev: boolean;
  components: string[];
}

export interface Device extends Entity {
  product: string;
  serial: string;
  sentence: string;
  batch: string;
  hardware_revision: string;
  market: string;
  state: string;
  since: Time;
  certificate_sha256: Digest | null;
  key_sha256: Digest | null;
  builds: { path: string; module: string; version: string; sbom: boolean }[];
  exposure: ExposureLine[];
  history: { since: Time; until: Time | null; builds: string[]; market: string; state: string }[];
  evidence: { entry: number | null; segment: number; position: number }[];
  at: Time | null;
}

export interface Sbom {
  sha256: Digest;
  format: string;
  spec_version: string;
  components: number;
  unidentified: number;
  received_at: Time;
  entry: number;
  replaced_at?: Time | null;
  size?: number;
}

export interface ProductLine {
  path: string;
  name: string;
  manufacturer: string;
  product_class: string;
  devices: number;
}

export interface Product extends Entity {
  path: string;
  name: string;
  sentence: string;
  modules: { path: string; name: string; kind: string; builds: number }[];
  builds: { path: string; module: string; version: string; sbom: Sbom | null; devices: number }[];
  releases: { path: string; version: string; kind: string; security_version: number; builds: string[] }[];
  batches: {
    path: string;
    factory: string;
    authorised_quantity: number;
    devices: number;
    release: string | null;
    placements: { market: string; placed_at: Time }[];
    support_end: Time | null;
  }[];
  devices: { total: number; without_sbom: number; by_market: { market: string; devices: number }[] };
  exposure: ExposureLine[];
  at: Time | null;
}

export interface Build extends Entity {
  path: string;
  sentence: string;
  sboms: Sbom[]; // newest first; one that was replaced is kept
  components: number;
  devices: number;
  findings: ExposureLine[];
}

export interface Component {
  coordinate: number;
  name: string;
  version: string;
  purl: string;
  identified: boolean;
  ref: string;
  affected_by: number;
}

export interface Key {
  sha256: Digest;
  kind: "certificate" | "key";
  sentence: string;
  devices: {
    total: number;
    by_market: { market: string; devices: number }[];
    by_batch: { batch: string; devices: number }[];
    sample: { product: string; serial: string; market: string; batch: string }[];
  };
  at: Time | null;
}

export interface SearchHit {
  kind: string;
  id: string;
  title: string;
  subtitle: string | null;
  url: string;
}

export interface LedgerStatus {
  size: number;
  published_size: number;
  signed_at: Time | null;
  origin: string;
  verifier_key: string;
  waiting?: number;
}

export interface LedgerEntry {
  id: string;
  index: number | null; // null: not yet in the tree
  state: "waiting" | "integrated" | "published";
  kind: string;
  recorded_at: Time;
  // Null: damaged. Many subjects are only counted, with the digest of their list.
  body: { actor?: string; role?: string; reason?: string; subjects?: string[] | { count: number; sha256: Digest }; [more: string]: unknown } | null;
}

export interface FieldSpec {
  name: string;
  type: "name" | "text" | "integer" | "time" | "choice" | "country" | "sha256" | "reference";
  required: boolean;
  help: string;
  choices?: string[];
  target?: string | null; // entity name, for references
}

export interface EntitySpec {
  name: string;
  plural: string;
  noun: string;
  help: string;
  parent?: string | null; // the field whose path comes first in this record's
  allowed_actions?: Action[];
  fields: FieldSpec[];
  children: { name: string; fields: FieldSpec[] }[];
}

export type CatalogRecord = Entity & { path: string } & Record<string, unknown>;

export interface Role {
  name: string;
  summary: string;
  permissions: string[];
}

export interface Roles {
  roles: Role[];
  permissions: { name: string; summary: string }[];
  separate: { roles: string[]; reason: string }[]; // must be different people
}

export interface User {
  id: string;
  subject: string;
  name: string;
  email: string | null;
  roles: string[];
  disabled: boolean;
  created_at: Time;
  changed_at: Time;
  allowed_actions: Action[];
}

export interface Token {
  id: string;
  subject: string;
  owner: string;
  name: string;
  scopes: string[];
  created_at: Time;
  expires_at: Time;
  revoked_at: Time | null;
  seen_at: Time | null;
  certificate_sha256: string | null; // of the TLS client certificate that stands for a secret
  allowed_actions: Action[];
  secret?: string; // only in the answer that created it
}
