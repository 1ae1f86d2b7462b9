-- Certificate authorities, what they issued, and what of it is revoked. What answers for a certificate after years
-- (certificate_serial, revocation) refers to no device and to no certificate: those may go, the answer stays (ADR 16).
CREATE TABLE certificate_authority (
  ca_id       BIGINT NOT NULL PRIMARY KEY,
  entry_id    BIGINT NOT NULL,
  name        TEXT   NOT NULL UNIQUE,
  certificate {blob} NOT NULL,              -- DER
  sha256      TEXT   NOT NULL UNIQUE,       -- of it, hex
  subject     TEXT   NOT NULL,              -- RFC 4514, for people
  key_name    TEXT   NOT NULL REFERENCES signing_key (name),
  profiles    TEXT   NOT NULL,              -- canonical JSON: the documents of the profiles that it may issue, whole
  publication TEXT   NOT NULL,              -- canonical JSON: "crl", "ocsp", "issuers", what it writes into certificates
  crl_shards  BIGINT NOT NULL CHECK (crl_shards BETWEEN 1 AND 256),
  created_at  BIGINT NOT NULL
) {strict};

-- The newest row is in force.
CREATE TABLE certificate_authority_state (
  state_id BIGINT NOT NULL PRIMARY KEY,
  entry_id BIGINT NOT NULL,
  ca_id    BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  state    TEXT   NOT NULL CHECK (state IN ('active', 'frozen')),
  reason   TEXT   NOT NULL,
  since    BIGINT NOT NULL,
  UNIQUE (ca_id, since)
) {strict};

-- Every serial number that a CA has used: written before its key signs, and never removed. A signature whose answer
-- was lost may exist, so a reserved number counts as issued.
CREATE TABLE certificate_serial (
  serial_id      BIGINT NOT NULL PRIMARY KEY,
  entry_id       BIGINT NOT NULL,
  ca_id          BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  serial         TEXT   NOT NULL,           -- content of the INTEGER, hex
  shard          BIGINT NOT NULL,           -- of the CA's CRLs, drawn with the serial number
  subject_sha256 TEXT   NOT NULL,           -- of the Name's DER, hex
  spki_sha256    TEXT   NOT NULL,           -- of the SubjectPublicKeyInfo, hex
  not_after      BIGINT NOT NULL,
  reserved_at    BIGINT NOT NULL,
  UNIQUE (ca_id, serial)
) {strict};
-- One key, one subject: asked before each issuance.
CREATE INDEX certificate_serial_by_key ON certificate_serial (spki_sha256, subject_sha256);

CREATE TABLE certificate (
  certificate_id BIGINT NOT NULL PRIMARY KEY,
  entry_id       BIGINT NOT NULL,
  ca_id          BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  serial         TEXT   NOT NULL,
  subject        TEXT   NOT NULL,           -- RFC 4514
  spki_sha256    TEXT   NOT NULL,
  profile        TEXT   NOT NULL,           -- empty: it was made elsewhere and only written down
  product        TEXT   NOT NULL,
  not_before     BIGINT NOT NULL,
  not_after      BIGINT NOT NULL,
  der            {blob} NOT NULL,
  sha256         TEXT   NOT NULL UNIQUE,    -- of der, hex: how a TLS client certificate is found
  signature_id   BIGINT REFERENCES signature (signature_id),
  issued_at      BIGINT NOT NULL,
  UNIQUE (ca_id, serial)
) {strict};
CREATE INDEX certificate_by_authority ON certificate (ca_id, certificate_id);
CREATE INDEX certificate_by_end ON certificate (ca_id, not_after);
CREATE INDEX certificate_by_signature ON certificate (signature_id);

-- Append only. A further row of a serial number moves its effective time earlier, or says a graver reason; the newest
-- row holds. shard and not_after are kept here, so that CRLs need nothing else.
CREATE TABLE revocation (
  revocation_id BIGINT NOT NULL PRIMARY KEY,
  entry_id      BIGINT NOT NULL,
  ca_id         BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  serial        TEXT   NOT NULL,
  shard         BIGINT NOT NULL,
  reason        BIGINT NOT NULL CHECK (reason IN (0, 1, 2, 3, 4, 5, 9, 10)),  -- CRLReason; nothing is held or given back
  effective_at  BIGINT NOT NULL,
  not_after     BIGINT NOT NULL,
  recorded_at   BIGINT NOT NULL,
  UNIQUE (ca_id, serial, recorded_at)
) {strict};
CREATE INDEX revocation_by_shard ON revocation (ca_id, shard, serial, recorded_at);

-- A CRL's number: written before the key signs, so that no number is signed twice.
CREATE TABLE crl_number (
  number_id   BIGINT NOT NULL PRIMARY KEY,
  entry_id    BIGINT NOT NULL,
  ca_id       BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  number      BIGINT NOT NULL,
  shard       BIGINT NOT NULL,
  this_update BIGINT NOT NULL,
  UNIQUE (ca_id, number)
) {strict};

CREATE TABLE crl (
  crl_id       BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  ca_id        BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  number       BIGINT NOT NULL,
  shard        BIGINT NOT NULL,
  this_update  BIGINT NOT NULL,
  next_update  BIGINT NOT NULL,
  revoked      BIGINT NOT NULL,             -- entries in it
  der          {blob} NOT NULL,
  signature_id BIGINT NOT NULL REFERENCES signature (signature_id),
  UNIQUE (ca_id, number)
) {strict};
CREATE INDEX crl_by_shard ON crl (ca_id, shard, number);
CREATE INDEX crl_by_signature ON crl (signature_id);

-- Who answers OCSP requests for a CA: the newest row. The grant is of the responder's key, format ocsp.
CREATE TABLE ocsp_responder (
  responder_id BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  ca_id        BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  key_name     TEXT   NOT NULL REFERENCES signing_key (name),
  certificate  {blob} NOT NULL,             -- DER, issued by the CA
  grant_digest TEXT   NOT NULL,
  product      TEXT   NOT NULL,
  hours        BIGINT NOT NULL CHECK (hours BETWEEN 1 AND 720),  -- from thisUpdate to nextUpdate
  since        BIGINT NOT NULL,
  UNIQUE (ca_id, since)
) {strict};

-- What a name below /.well-known/est enrols into: the newest row of a label.
CREATE TABLE est_label (
  label_id     BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  label        TEXT   NOT NULL,
  ca_id        BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  profile      TEXT   NOT NULL,
  grant_digest TEXT   NOT NULL,
  product      TEXT   NOT NULL,
  approval     BIGINT NOT NULL CHECK (approval IN (0, 1)),  -- somebody decides on each first enrolment
  grace_hours  BIGINT NOT NULL CHECK (grace_hours BETWEEN 0 AND 87600),  -- after its end, a certificate still renews
  trust        TEXT   NOT NULL,             -- PEM: further certificates of cacerts, such as an offline root
  since        BIGINT NOT NULL,
  UNIQUE (label, since)
) {strict};

-- First enrolments that wait for a decision, or did.
CREATE TABLE est_request (
  request_id BIGINT NOT NULL PRIMARY KEY,
  entry_id   BIGINT NOT NULL,
  label      TEXT   NOT NULL,
  csr_sha256 TEXT   NOT NULL,
  csr        {blob} NOT NULL,               -- DER
  subject    TEXT   NOT NULL,
  requester  TEXT   NOT NULL,
  asked_at   BIGINT NOT NULL,
  UNIQUE (label, csr_sha256)
) {strict};
-- Those that still wait; at most a thousand.
CREATE TABLE est_pending (
  request_id BIGINT NOT NULL PRIMARY KEY REFERENCES est_request (request_id)
) {strict};
CREATE TABLE est_decision (
  request_id BIGINT NOT NULL PRIMARY KEY REFERENCES est_request (request_id),
  entry_id   BIGINT NOT NULL,
  decision   TEXT   NOT NULL CHECK (decision IN ('approve', 'reject')),
  reason     TEXT   NOT NULL,
  decided_by TEXT   NOT NULL,
  decided_at BIGINT NOT NULL
) {strict};
-- Which certificate came of it: a client that lost the answer gets the same one.
CREATE TABLE est_issued (
  request_id BIGINT NOT NULL PRIMARY KEY REFERENCES est_request (request_id),
  entry_id   BIGINT NOT NULL,
  ca_id      BIGINT NOT NULL REFERENCES certificate_authority (ca_id),
  serial     TEXT   NOT NULL
) {strict};
