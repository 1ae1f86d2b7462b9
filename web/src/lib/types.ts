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
  user: string;
  roles: string[];
  permissions: string[];
  csrf: string;
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

export interface Today {
  now: Time;
  at: Time | null;
  sentence: string;
  clocks: Clock[];
  exploited: {
    vulnerability: string;
    summary: string;
    kev_added: Time | null;
    exposed_devices: number;
    unknown_devices: number;
    markets: number;
    products: number;
    since_release: string | null;
  }[];
  feeds: { feed: string; last_import: Time | null; records: number; version: string | null; stale: boolean }[];
  coverage: {
    builds: number;
    builds_without_sbom: number;
    components: number;
    unassessed_components: number;
    devices: number;
    devices_without_builds: number;
    last_checkpoint: { size: number; signed_at: Time } | null;
  };
  recent: { vulnerability: string; change: string; at: Time; exposed_devices: number }[];
}

export interface VulnerabilityRow {
  vulnerability: string;
  summary: string;
  severity: string | null;
  score: number | null;
  epss: number | null;
  kev: boolean;
  exposed_devices: number;
  unknown_devices: number;
  builds: number;
  first_found: Time | null;
}

export interface Reason {
  decided_by?: string;
  claim?: string;
  range?: string;
  record?: string;
  pointer?: string;
  feed?: string;
  record_modified?: Time;
  others?: unknown[];
  [more: string]: unknown;
}

export interface Finding {
  coordinate: string;
  component: string;
  version: string | null;
  purl: string | null;
  state: State;
  since: Time | null;
  builds: string[] | number;
  reason: Reason | null;
  segment_entry?: number | null;
}

export interface Vulnerability extends Entity {
  vulnerability: string;
  aliases: string[];
  summary: string;
  severity: string | null;
  cvss: { version: string; score: number; vector: string; source: string }[];
  kev: { date_added: string; due_date: string | null; ransomware: boolean | string | null; name: string | null } | null;
  epss: { score: number; percentile: number; date: string } | null;
  published: Time | null;
  modified: Time | null;
  sentence: string;
  assessed: boolean; // false: no component of ours was ever compared with it. Not the same as zero exposed.
  totals: {
    exposed: number;
    unknown: number;
    under_investigation: number;
    fixed: number;
    not_affected: number;
    devices: number;
  };
  by_market: { market: string; exposed: number; unknown: number; under_investigation: number; devices: number }[];
  by_build: {
    build: string;
    product: string;
    module: string;
    version: string;
    state: State;
    exposed: number;
    components: { coordinate: string; name: string; version: string | null; state: State }[];
  }[];
  by_batch: { batch: string; market: string; exposed: number; placed_at: Time | null; support_end: Time | null }[];
  findings: Finding[];
  records: { feed: string; id: string; modified: Time | null; digest: Digest }[];
  entries: number[];
  took_us: number;
}

export interface ExposedDevice {
  product: string;
  serial: string;
  market: string | null;
  batch: string;
  configuration: string | number;
  builds: string[];
  since: Time | null;
}

export interface Device extends Entity {
  product: string;
  serial: string;
  batch: string;
  hardware_revision: string | null;
  market: string | null;
  state: string;
  builds: { path: string; module: string; version: string; sbom: boolean }[];
  since: Time | null;
  certificate_sha256: Digest | null;
  key_sha256: Digest | null;
  sentence: string;
  exposure: { vulnerability: string; state: State; component: string; kev: boolean }[];
  history: { since: Time; until: Time | null; builds: string[]; market: string | null; state: string }[];
  evidence: { entry: number; segment: string | number; position: number; kind: string; at: Time }[];
}

export interface ProductRow extends Entity {
  path: string;
  name: string;
  manufacturer?: string;
  product_class?: string;
  devices?: number;
}

export interface Product extends Entity {
  path: string;
  name: string;
  manufacturer: string;
  product_class: string;
  sentence: string;
  modules: { path: string; name: string; kind: string; builds: number | string[] }[];
  releases: { path: string; version: string; kind: string; security_version: number; builds: string[]; devices: number }[];
  batches: {
    path: string;
    factory: string;
    authorised_quantity: number;
    made: number;
    placements: { market: string; placed_at: Time }[];
    support_end: Time | null;
  }[];
  devices: {
    total: number;
    by_market: { market: string; devices: number }[];
    by_release: { release: string | null; devices: number }[];
  };
  exposure: { vulnerability: string; kev: boolean; exposed: number; unknown: number }[];
  sboms: {
    build: string;
    sha256: Digest;
    format: string;
    spec_version: string;
    components: number;
    unidentified: number;
    received_at: Time;
  }[];
  certificates: { devices_with: number; count: number };
  keys: (Digest | { sha256: Digest; devices?: number })[];
  documents: unknown[];
}

export interface Build extends Entity {
  path: string;
  module: string;
  version: string;
  source_repository?: string | null;
  source_revision?: string | null;
  ci_run?: string | null;
  built_at?: Time | null;
  artifacts?: { name: string; sha256: Digest; size: number }[];
  sbom: {
    sha256: Digest;
    format: string;
    spec_version: string;
    components?: number;
    unidentified?: number;
    received_at?: Time;
  } | null;
  components: number;
  findings: {
    vulnerability: string;
    state: State;
    component: string;
    version?: string | null;
    kev?: boolean;
    since?: Time | null;
    reason?: Reason | null;
  }[];
  devices: number;
  sentence?: string;
  assessed?: boolean;
}

export interface Component {
  coordinate: string;
  name: string;
  version: string | null;
  purl: string | null;
  assessed?: boolean;
  findings?: number;
}

export interface Key extends Entity {
  sha256: Digest;
  kind: "certificate" | "key";
  sentence: string;
  devices: {
    total: number;
    by_market: { market: string; devices: number }[];
    by_batch: { batch: string; devices: number }[];
    sample: { product: string; serial: string }[];
  };
  builds: string[];
  entries: number[];
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
  waiting: number;
}

export interface LedgerEntry {
  entry: number;
  index: number | null; // null: sequenced, not yet in the tree
  kind: string;
  at: Time;
  actor: string;
  subjects: (string | { kind: string; id: string })[];
  body: unknown;
}

export interface FieldSpec {
  name: string;
  type: "name" | "text" | "integer" | "time" | "choice" | "country" | "sha256" | "reference";
  required: boolean;
  help: string;
  choices?: string[];
  target?: string; // entity name, for references
}

export interface EntitySpec {
  name: string;
  plural: string;
  noun: string;
  help: string;
  fields: FieldSpec[];
  children: { name: string; fields: FieldSpec[] }[];
}

export type CatalogRecord = Entity & { path: string } & Record<string, unknown>;

export interface User {
  id: string | number;
  user: string;
  roles: string[];
  disabled?: boolean;
  created_at?: Time;
  last_login?: Time | null;
  allowed_actions?: Action[];
}

export interface Token {
  id: string | number;
  name: string;
  permissions: string[];
  created_at?: Time;
  expires_at: Time | null;
  last_used?: Time | null;
  token?: string; // only in the answer that created it
  allowed_actions?: Action[];
}
