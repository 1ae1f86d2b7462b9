// Page names of lib/url.ts to components. Each takes the parameters of its path.
import type { Component } from "svelte";
import Authenticators from "./Authenticators.svelte";
import Authorisation from "./Authorisation.svelte";
import Authorities from "./Authorities.svelte";
import Authority from "./Authority.svelte";
import Batch from "./Batch.svelte";
import Build from "./Build.svelte";
import Catalog from "./Catalog.svelte";
import Certificate from "./Certificate.svelte";
import Certificates from "./Certificates.svelte";
import Create from "./Create.svelte";
import Ceremonies from "./Ceremonies.svelte";
import Ceremony from "./Ceremony.svelte";
import DebugSession from "./DebugSession.svelte";
import DebugSessions from "./DebugSessions.svelte";
import Device from "./Device.svelte";
import Entry from "./Entry.svelte";
import Evidence from "./Evidence.svelte";
import Factories from "./Factories.svelte";
import Key from "./Key.svelte";
import Product from "./Product.svelte";
import Products from "./Products.svelte";
import Record from "./Record.svelte";
import Records from "./Records.svelte";
import Release from "./Release.svelte";
import SigningKey from "./SigningKey.svelte";
import SigningKeys from "./SigningKeys.svelte";
import SigningRequest from "./SigningRequest.svelte";
import SigningRequests from "./SigningRequests.svelte";
import Today from "./Today.svelte";
import Tokens from "./Tokens.svelte";
import Users from "./Users.svelte";
import Vulnerabilities from "./Vulnerabilities.svelte";
import Vulnerability from "./Vulnerability.svelte";

export const pages: { [page: string]: Component<{ parameters: string[] }> } = {
  today: Today,
  vulnerabilities: Vulnerabilities,
  vulnerability: Vulnerability,
  device: Device,
  products: Products,
  product: Product,
  build: Build,
  release: Release,
  batch: Batch,
  key: Key,
  "signing-keys": SigningKeys,
  "signing-key": SigningKey,
  "signing-requests": SigningRequests,
  "signing-request": SigningRequest,
  ceremonies: Ceremonies,
  ceremony: Ceremony,
  "debug-sessions": DebugSessions,
  "debug-session": DebugSession,
  authorities: Authorities,
  authority: Authority,
  certificates: Certificates,
  certificate: Certificate,
  factories: Factories,
  authorisation: Authorisation,
  evidence: Evidence,
  entry: Entry,
  catalog: Catalog,
  records: Records,
  record: Record,
  create: Create,
  users: Users,
  tokens: Tokens,
  authenticators: Authenticators,
};
