-- The register of keys, and what was asked of them. It answers and it is proven; it decides nothing: the signer process
-- decides by its own charters and journal, which are not in this database.
CREATE TABLE signing_key (
  key_id      BIGINT NOT NULL PRIMARY KEY,
  entry_id    BIGINT NOT NULL,
  name        TEXT   NOT NULL UNIQUE,
  class       TEXT   NOT NULL CHECK (class IN ('firmware', 'device_ca', 'encryption', 'debug')),
  environment TEXT   NOT NULL CHECK (environment IN ('production', 'test')),
  created_at  BIGINT NOT NULL
) {strict};

-- Every charter a key ever had, each with the whole document; the newest sequence is in force.
CREATE TABLE key_charter (
  charter_id BIGINT NOT NULL PRIMARY KEY,
  entry_id   BIGINT NOT NULL,
  key_id     BIGINT NOT NULL REFERENCES signing_key (key_id),
  sequence   BIGINT NOT NULL,
  digest     TEXT   NOT NULL UNIQUE,
  owner      TEXT   NOT NULL,
  deputy     TEXT   NOT NULL,
  body       TEXT   NOT NULL,               -- canonical JSON (keys/charter.h)
  since      BIGINT NOT NULL,
  UNIQUE (key_id, sequence)
) {strict};

-- The pair of a version and what the token said of it. Its state is in the charter.
CREATE TABLE key_version (
  key_version_id BIGINT NOT NULL PRIMARY KEY,
  entry_id       BIGINT NOT NULL,
  key_id         BIGINT NOT NULL REFERENCES signing_key (key_id),
  version        BIGINT NOT NULL,
  algorithm      TEXT   NOT NULL,
  cka_id         TEXT   NOT NULL,
  fingerprint    TEXT   NOT NULL UNIQUE,    -- SHA-256 of the SubjectPublicKeyInfo, hex
  spki           TEXT   NOT NULL,           -- hex
  custody        TEXT   NOT NULL,           -- canonical JSON of the attributes read back
  created_at     BIGINT NOT NULL,
  UNIQUE (key_id, version)
) {strict};

CREATE TABLE signing_request (
  request_id BIGINT NOT NULL PRIMARY KEY,
  entry_id   BIGINT NOT NULL,
  digest     TEXT   NOT NULL UNIQUE,
  key_id     BIGINT NOT NULL REFERENCES signing_key (key_id),
  kind       TEXT   NOT NULL CHECK (kind IN ('sign', 'grant', 'charter')),
  body       TEXT   NOT NULL,               -- canonical JSON (keys/request.h)
  attachment TEXT   NOT NULL,               -- evidence in base64, or the next charter; empty for a grant
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) {strict};
CREATE INDEX signing_request_by_key ON signing_request (key_id, request_id);
CREATE INDEX signing_request_by_expiry ON signing_request (expires_at, request_id);

CREATE TABLE signing_approval (
  approval_id BIGINT NOT NULL PRIMARY KEY,
  entry_id    BIGINT NOT NULL,
  request_id  BIGINT NOT NULL REFERENCES signing_request (request_id),
  person      TEXT   NOT NULL,
  decision    TEXT   NOT NULL CHECK (decision IN ('approve', 'reject')),
  body        TEXT   NOT NULL,              -- canonical JSON (keys/approval.h), with the signature
  given_at    BIGINT NOT NULL,
  UNIQUE (request_id, person)
) {strict};

-- One row a signature that left the signer.
CREATE TABLE signature (
  signature_id    BIGINT NOT NULL PRIMARY KEY,
  entry_id        BIGINT NOT NULL,
  request_id      BIGINT NOT NULL REFERENCES signing_request (request_id),
  key_version_id  BIGINT NOT NULL REFERENCES key_version (key_version_id),
  product         TEXT   NOT NULL,
  format          TEXT   NOT NULL,
  scheme          TEXT   NOT NULL,
  artifact_name   TEXT   NOT NULL,
  artifact_sha256 TEXT   NOT NULL,          -- of the unsigned file
  evidence_sha256 TEXT   NOT NULL,
  signature       TEXT   NOT NULL,          -- hex
  requester       TEXT   NOT NULL,
  journal_line    BIGINT NOT NULL,          -- of the signer's journal
  journal_hash    TEXT   NOT NULL,          -- its head after this use, or later
  signed_at       BIGINT NOT NULL
) {strict};
CREATE INDEX signature_by_version ON signature (key_version_id, signature_id);
CREATE INDEX signature_by_request ON signature (request_id, signature_id);
CREATE INDEX signature_by_artifact ON signature (artifact_sha256);

-- The file that a signature went into: by its digest it is found as the artifact of a build.
CREATE TABLE signed_artifact (
  sha256       TEXT   NOT NULL,
  signature_id BIGINT NOT NULL REFERENCES signature (signature_id),
  entry_id     BIGINT NOT NULL,
  PRIMARY KEY (sha256, signature_id)
) {strict_clustered};
CREATE INDEX signed_artifact_by_signature ON signed_artifact (signature_id);
