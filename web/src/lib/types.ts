// Names for the shapes of the REST API. They are generated from openapi.json, which the server's own tables make: see
// docs/guides/adding-an-endpoint.md. Only what the server does not send is written here.
import type { components } from "./api.gen.ts";

type Schemas = components["schemas"];

export type Action = Schemas["AllowedAction"];
export type State = Schemas["StateName"];
export type Session = Schemas["Session"];
export type SignIn = Schemas["SignIn"];
export type SetUp = Schemas["SetUp"];

export interface Page<T> {
  items: T[];
  next: string | null;
}

// A refusal as the server told it, or one that the browser makes where no server answered.
export type Problem = Partial<Schemas["Problem"]> & Pick<Schemas["Problem"], "title"> & { status: number };

export type Today = Schemas["Today"];
export type Feed = Schemas["Feed"];
export type VulnerabilityLine = Schemas["VulnerabilityLine"];

export type Vulnerability = Schemas["VulnerabilityAnswer"];
export type Finding = Schemas["Finding"];
export type Reason = Schemas["Reason"];
export type Unit = Schemas["Unit"];

export type Device = Schemas["DeviceAnswer"];
export type ExposureLine = Schemas["ExposureLine"];
export type ProductLine = Schemas["ProductLine"];
export type Product = Schemas["ProductAnswer"];
export type Build = Schemas["BuildAnswer"];
export type Component = Schemas["Component"];
export type Key = Schemas["KeyAnswer"];
export type SearchHit = Schemas["SearchHit"];

export type SigningKeyLine = Schemas["SigningKeyLine"];
export type SigningKey = Schemas["SigningKey"];
export type SigningKeyTrace = Schemas["SigningKeyAnswer"];
export type SignatureLine = Schemas["SignatureLine"];
export type Rule = Schemas["CharterRule"];
export type SigningRequestLine = Schemas["SigningRequestLine"];
export type SigningRequest = Schemas["SigningRequest"];
export type Approval = Schemas["Approval"];

export type CeremonyLine = Schemas["CeremonyLine"];
export type Ceremony = Schemas["Ceremony"];

export type DebugSession = Schemas["DebugSession"];
export type DebugSessionList = Schemas["DebugSessionList"];
export type DebugClosing = Schemas["DebugClosing"];
export type CharterApproverLine = Schemas["CharterApproverLine"];
export type Credential = Schemas["Credential"];
export type CredentialChallenge = Schemas["CredentialChallenge"];
export type NewCredential = Schemas["NewCredential"];

export type AuthorityLine = Schemas["AuthorityLine"];
export type Authority = Schemas["Authority"];
export type CertificateLine = Schemas["CertificateLine"];
export type Certificate = Schemas["Certificate"];
export type ExpiringLine = Schemas["ExpiringLine"];
export type Revocation = Schemas["Revocation"];
export type NewRevocation = Schemas["NewRevocation"];
export type NewCrl = Schemas["NewCrl"];
export type Crl = Schemas["Crl"];

export type FactoryAuthorisationLine = Schemas["FactoryAuthorisationLine"];
export type FactoryAuthorisation = Schemas["FactoryAuthorisation"];
export type IssuedIdentity = Schemas["IssuedIdentity"];
export type StationBundle = Schemas["StationBundle"];
export type FactoryAlarm = Schemas["FactoryAlarm"];
export type FactoryHold = Schemas["FactoryHold"];
export type FactoryHoldEffect = Schemas["FactoryHoldEffect"];
export type NewFactoryHold = Schemas["NewFactoryHold"];
export type FactoryReconciliation = Schemas["FactoryReconciliation"];
export type ImportedBundle = Schemas["ImportedBundle"];

export type LedgerStatus = Schemas["LedgerStatus"];
export type LedgerEntry = Schemas["LedgerEntry"];

export type FieldSpec = Schemas["CatalogField"];
export type EntitySpec = Schemas["CatalogEntity"];
export type CatalogDescription = Schemas["CatalogDescription"];
// A record of any kind: the forms know its members from the description of its entity. In a list it has no actions.
export type CatalogRecord = { path: string; entry: number; allowed_actions?: Action[] } & Record<string, unknown>;

export type Roles = Schemas["Roles"];
export type RoleName = Schemas["RoleName"];
export type PermissionName = Schemas["PermissionName"];
export type User = Schemas["User"];
export type UserToMake = Schemas["NewUser"];
export type UserChange = Schemas["UserChange"];
export type Token = Schemas["ApiToken"];
export type NewToken = Schemas["NewApiToken"];
