-- What is made: the evidence graph from manufacturer to batch. `path` is the name people use: "px-100/firmware/1.2.3".
CREATE TABLE manufacturer (
  manufacturer_id BIGINT NOT NULL PRIMARY KEY,
  entry_id        BIGINT NOT NULL,
  path            TEXT   NOT NULL UNIQUE,
  name            TEXT   NOT NULL,
  country         TEXT   NOT NULL,          -- ISO 3166-1 alpha-2
  contact         TEXT,                     -- single point of contact, Article 13(17)
  website         TEXT
) {strict};

CREATE TABLE product (
  product_id      BIGINT NOT NULL PRIMARY KEY,
  entry_id        BIGINT NOT NULL,
  path            TEXT   NOT NULL UNIQUE,
  manufacturer_id BIGINT NOT NULL REFERENCES manufacturer (manufacturer_id),
  name            TEXT   NOT NULL,
  category        TEXT,
  product_class   TEXT   NOT NULL CHECK (product_class IN ('default', 'important_class_i', 'important_class_ii', 'critical'))
) {strict};

CREATE TABLE module (
  module_id  BIGINT NOT NULL PRIMARY KEY,
  entry_id   BIGINT NOT NULL,
  path       TEXT   NOT NULL UNIQUE,
  product_id BIGINT NOT NULL REFERENCES product (product_id),
  name       TEXT   NOT NULL,
  kind       TEXT   NOT NULL CHECK (kind IN ('bootloader', 'firmware', 'image', 'radio', 'secure_element', 'application', 'other'))
) {strict};
CREATE INDEX module_by_product ON module (product_id, path);

CREATE TABLE hardware_revision (
  hardware_revision_id BIGINT NOT NULL PRIMARY KEY,
  entry_id             BIGINT NOT NULL,
  path                 TEXT   NOT NULL UNIQUE,
  product_id           BIGINT NOT NULL REFERENCES product (product_id),
  name                 TEXT   NOT NULL,
  platform             TEXT                  -- silicon platform in the catalogue
) {strict};
CREATE INDEX hardware_revision_by_product ON hardware_revision (product_id, path);

CREATE TABLE build (
  build_id          BIGINT NOT NULL PRIMARY KEY,
  entry_id          BIGINT NOT NULL,
  path              TEXT   NOT NULL UNIQUE,
  module_id         BIGINT NOT NULL REFERENCES module (module_id),
  version           TEXT   NOT NULL,
  source_repository TEXT,
  source_revision   TEXT,
  ci_run            TEXT,
  built_at          BIGINT                   -- microseconds, UTC
) {strict};
CREATE INDEX build_by_module ON build (module_id, build_id);

CREATE TABLE build_artifact (
  build_artifact_id BIGINT NOT NULL PRIMARY KEY,
  entry_id          BIGINT NOT NULL,
  build_id          BIGINT NOT NULL REFERENCES build (build_id),
  name              TEXT   NOT NULL,
  sha256            TEXT   NOT NULL CHECK (length(sha256) = 64),
  size              BIGINT NOT NULL CHECK (size >= 0),
  UNIQUE (build_id, name)
) {strict};
CREATE INDEX build_artifact_by_digest ON build_artifact (sha256);

CREATE TABLE release (
  release_id       BIGINT NOT NULL PRIMARY KEY,
  entry_id         BIGINT NOT NULL,
  path             TEXT   NOT NULL UNIQUE,
  product_id       BIGINT NOT NULL REFERENCES product (product_id),
  version          TEXT   NOT NULL,
  kind             TEXT   NOT NULL CHECK (kind IN ('security', 'functional', 'mixed')),
  mixed_reason     TEXT,                     -- why security and functional changes could not be separated, Annex I Part II (2)
  security_version BIGINT NOT NULL CHECK (security_version >= 0),
  notes            TEXT,
  CHECK (kind <> 'mixed' OR mixed_reason IS NOT NULL)
) {strict};
CREATE INDEX release_by_product ON release (product_id, release_id);

CREATE TABLE release_build (
  release_build_id BIGINT NOT NULL PRIMARY KEY,
  entry_id         BIGINT NOT NULL,
  release_id       BIGINT NOT NULL REFERENCES release (release_id),
  build_id         BIGINT NOT NULL REFERENCES build (build_id),
  UNIQUE (release_id, build_id)
) {strict};
CREATE INDEX release_build_by_build ON release_build (build_id, release_id);

-- Support period, retention and market belong to the units placed on the market, which is the batch.
CREATE TABLE batch (
  batch_id             BIGINT NOT NULL PRIMARY KEY,
  entry_id             BIGINT NOT NULL,
  path                 TEXT   NOT NULL UNIQUE,
  product_id           BIGINT NOT NULL REFERENCES product (product_id),
  hardware_revision_id BIGINT NOT NULL REFERENCES hardware_revision (hardware_revision_id),
  release_id           BIGINT REFERENCES release (release_id),  -- to flash
  name                 TEXT   NOT NULL,
  factory              TEXT   NOT NULL,
  authorised_quantity  BIGINT NOT NULL CHECK (authorised_quantity > 0),
  support_end          BIGINT                -- microseconds, UTC; Article 13(8), 13(19)
) {strict};
CREATE INDEX batch_by_product ON batch (product_id, batch_id);

CREATE TABLE batch_placement (
  batch_placement_id BIGINT NOT NULL PRIMARY KEY,
  entry_id           BIGINT NOT NULL,
  batch_id           BIGINT NOT NULL REFERENCES batch (batch_id),
  market             TEXT   NOT NULL CHECK (length(market) = 2),
  placed_at          BIGINT NOT NULL,
  UNIQUE (batch_id, market)
) {strict};
