-- Devices are millions, configurations are hundreds: a device points to the set of builds it runs, one a module.
CREATE TABLE configuration (
  configuration_id BIGINT NOT NULL PRIMARY KEY,
  entry_id         BIGINT NOT NULL,
  product_id       BIGINT NOT NULL REFERENCES product (product_id),
  digest           TEXT   NOT NULL UNIQUE,   -- SHA-256 of the sorted build paths
  created_at       BIGINT NOT NULL
) {strict};
CREATE INDEX configuration_by_product ON configuration (product_id, configuration_id);

CREATE TABLE configuration_build (
  configuration_id BIGINT NOT NULL REFERENCES configuration (configuration_id),
  build_id         BIGINT NOT NULL REFERENCES build (build_id),
  PRIMARY KEY (configuration_id, build_id)
) {strict_clustered};
CREATE INDEX configuration_build_by_build ON configuration_build (build_id, configuration_id);

-- `shard` is the partition key: 0 to 15, from the serial (FNV-1a). The newest event of a device is event `position` of
-- ledger segment `segment_id`; each event names the one before.
CREATE TABLE device (
  shard                BIGINT NOT NULL,
  serial               TEXT   NOT NULL,
  product_id           BIGINT NOT NULL,
  batch_id             BIGINT NOT NULL,
  hardware_revision_id BIGINT NOT NULL,
  configuration_id     BIGINT NOT NULL,
  market               TEXT   NOT NULL,
  state                TEXT   NOT NULL CHECK (state IN ('active', 'retired')),
  since                BIGINT NOT NULL,      -- of this configuration and state
  segment_id           BIGINT NOT NULL,
  position             BIGINT NOT NULL,
  PRIMARY KEY (shard, serial, product_id)
) {strict_clustered};
-- Answers "page of exposed serials in a market" from the index alone.
CREATE INDEX device_by_configuration ON device (configuration_id, market, serial, state, since);

-- What devices ran before, for answers as of a past instant.
CREATE TABLE device_past (
  shard            BIGINT NOT NULL,
  serial           TEXT   NOT NULL,
  product_id       BIGINT NOT NULL,
  since            BIGINT NOT NULL,
  until            BIGINT NOT NULL,
  configuration_id BIGINT NOT NULL,
  market           TEXT   NOT NULL,
  state            TEXT   NOT NULL,
  PRIMARY KEY (shard, serial, product_id, since)
) {strict_clustered};
CREATE INDEX device_past_by_configuration ON device_past (configuration_id, market, serial, state, since, until);

CREATE TABLE device_credential (
  kind       TEXT   NOT NULL CHECK (kind IN ('certificate', 'key')),
  sha256     TEXT   NOT NULL CHECK (length(sha256) = 64),
  shard      BIGINT NOT NULL,
  serial     TEXT   NOT NULL,
  product_id BIGINT NOT NULL,
  PRIMARY KEY (kind, sha256)
) {strict_clustered};
CREATE INDEX device_credential_by_device ON device_credential (shard, serial, product_id);

-- Counters, kept in the transaction that moves the devices; and every value they ever had.
CREATE TABLE census (
  configuration_id BIGINT NOT NULL,
  market           TEXT   NOT NULL,
  batch_id         BIGINT NOT NULL,
  state            TEXT   NOT NULL,
  devices          BIGINT NOT NULL CHECK (devices >= 0),
  PRIMARY KEY (configuration_id, market, batch_id, state)
) {strict_clustered};
CREATE INDEX census_by_batch ON census (batch_id, configuration_id);

CREATE TABLE census_history (
  configuration_id BIGINT NOT NULL,
  market           TEXT   NOT NULL,
  batch_id         BIGINT NOT NULL,
  state            TEXT   NOT NULL,
  since            BIGINT NOT NULL,
  devices          BIGINT NOT NULL,
  PRIMARY KEY (configuration_id, market, batch_id, state, since)
) {strict_clustered};
