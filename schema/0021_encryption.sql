-- Encryption of updates (src/encryption). A content key is here only as its key-encryption key wrapped it; that key is in
-- the token and cannot leave it.
CREATE TABLE encryption_key (
  key_id      BIGINT NOT NULL PRIMARY KEY,
  entry_id    BIGINT NOT NULL,
  name        TEXT   NOT NULL UNIQUE,
  key_class   TEXT   NOT NULL CHECK (key_class = 'encryption'),
  environment TEXT   NOT NULL CHECK (environment IN ('production', 'test')),
  token_id    TEXT   NOT NULL UNIQUE,      -- CKA_ID, hex
  fingerprint TEXT   NOT NULL UNIQUE,      -- SHA-256 of what it makes of a fixed text (crypto/kek.h)
  created_at  BIGINT NOT NULL
) {strict};

-- Who may wrap content keys of an encryption key for whom. Append-only: of one person and group the newest row holds.
CREATE TABLE encryption_permit (
  permit_id       BIGINT NOT NULL PRIMARY KEY,
  entry_id        BIGINT NOT NULL,
  key_id          BIGINT NOT NULL REFERENCES encryption_key (key_id),
  person          TEXT   NOT NULL,         -- as the ledger names who acts: "cli:ci"
  recipient_group TEXT   NOT NULL,         -- "*": of any
  allowed         TEXT   NOT NULL CHECK (allowed IN ('yes', 'no')),
  decided_at      BIGINT NOT NULL
) {strict};
CREATE INDEX encryption_permit_by_person ON encryption_permit (key_id, person, permit_id);

-- A device's key, or a key that the devices of a group share.
CREATE TABLE encryption_recipient (
  recipient_id    BIGINT NOT NULL PRIMARY KEY,
  entry_id        BIGINT NOT NULL,
  name            TEXT   NOT NULL UNIQUE,
  recipient_group TEXT   NOT NULL,
  algorithm       TEXT   NOT NULL CHECK (algorithm IN ('rsa', 'p256', 'x25519')),
  public_key      TEXT   NOT NULL,         -- SubjectPublicKeyInfo, hex
  certificate     TEXT   NOT NULL,         -- hex; empty: a bare key
  fingerprint     TEXT   NOT NULL UNIQUE,  -- SHA-256 of the SubjectPublicKeyInfo
  added_at        BIGINT NOT NULL
) {strict};
CREATE INDEX encryption_recipient_by_group ON encryption_recipient (recipient_group, name);

-- Nothing is wrapped for a revoked key any more. What was stays so: rows of content_key_wrap say what it opens.
CREATE TABLE encryption_revocation (
  revocation_id BIGINT NOT NULL PRIMARY KEY,
  entry_id      BIGINT NOT NULL,
  recipient_id  BIGINT NOT NULL UNIQUE REFERENCES encryption_recipient (recipient_id),
  reason        TEXT   NOT NULL,
  revoked_at    BIGINT NOT NULL
) {strict};

-- One a released artifact.
CREATE TABLE content_key (
  content_key_id  BIGINT NOT NULL PRIMARY KEY,
  entry_id        BIGINT NOT NULL,
  key_id          BIGINT NOT NULL REFERENCES encryption_key (key_id),
  product         TEXT   NOT NULL,
  version         TEXT   NOT NULL,
  artifact_name   TEXT   NOT NULL,
  artifact_sha256 TEXT   NOT NULL UNIQUE,
  bits            BIGINT NOT NULL CHECK (bits IN (128, 256)),
  origin          TEXT   NOT NULL CHECK (origin IN ('generated', 'bundle')),  -- bundle: RAUC made it with its bundle
  wrapped         TEXT   NOT NULL,         -- nonce, ciphertext and tag of AES-GCM, hex
  creator         TEXT   NOT NULL,
  created_at      BIGINT NOT NULL
) {strict};

-- An encrypted file that was written.
CREATE TABLE content_key_use (
  use_id         BIGINT NOT NULL PRIMARY KEY,
  entry_id       BIGINT NOT NULL,
  content_key_id BIGINT NOT NULL REFERENCES content_key (content_key_id),
  form           TEXT   NOT NULL CHECK (form IN ('mcuboot', 'swu', 'rauc', 'cose', 'suit')),
  file_name      TEXT   NOT NULL,
  file_sha256    TEXT   NOT NULL,
  person         TEXT   NOT NULL,
  wrapped_at     BIGINT NOT NULL
) {strict};
CREATE INDEX content_key_use_by_key ON content_key_use (content_key_id, use_id);

-- And whom its content key was wrapped for in it.
CREATE TABLE content_key_wrap (
  wrap_id      BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  use_id       BIGINT NOT NULL REFERENCES content_key_use (use_id),
  recipient_id BIGINT NOT NULL REFERENCES encryption_recipient (recipient_id),
  UNIQUE (use_id, recipient_id)
) {strict};
CREATE INDEX content_key_wrap_by_recipient ON content_key_wrap (recipient_id, use_id);
