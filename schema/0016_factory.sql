-- What the manufacturer ordered of its factories. A document is kept whole, and its members are columns where something
-- is looked up by them. Whether an order is live is asked of the documents and holds, and kept nowhere.
CREATE TABLE factory_authorisation (
  authorisation_id BIGINT NOT NULL PRIMARY KEY,
  entry_id         BIGINT NOT NULL,
  id               TEXT   NOT NULL UNIQUE,      -- the document's own
  factory          TEXT   NOT NULL,
  sequence         BIGINT NOT NULL,
  product          TEXT   NOT NULL,             -- path
  batch            TEXT   NOT NULL,
  release          TEXT,
  units            BIGINT NOT NULL CHECK (units > 0),
  not_after        BIGINT NOT NULL,
  key              TEXT   NOT NULL,             -- the signing key's name
  body             TEXT   NOT NULL,             -- canonical JSON (keys/formats/factory_order.h)
  envelope         TEXT   NOT NULL,
  registered_at    BIGINT NOT NULL,
  UNIQUE (factory, sequence)
) {strict};
CREATE INDEX factory_authorisation_by_product ON factory_authorisation (product, authorisation_id);
CREATE INDEX factory_authorisation_by_batch ON factory_authorisation (batch, authorisation_id);

-- A hold, or with `ends` the end of one. It is in force from its row on; the signed order tells the stations.
CREATE TABLE factory_hold (
  hold_id    BIGINT NOT NULL PRIMARY KEY,
  entry_id   BIGINT NOT NULL,
  sequence   BIGINT NOT NULL UNIQUE,
  ends       BIGINT UNIQUE,
  product    TEXT   NOT NULL,
  batch      TEXT,
  release    TEXT,
  factory    TEXT,
  reason     TEXT   NOT NULL,
  body       TEXT   NOT NULL,
  created_at BIGINT NOT NULL
) {strict};
CREATE INDEX factory_hold_by_product ON factory_hold (product, sequence);

-- The authorisations that a hold touched when it was made.
CREATE TABLE factory_held (
  hold_id          BIGINT NOT NULL REFERENCES factory_hold (hold_id),
  authorisation_id BIGINT NOT NULL REFERENCES factory_authorisation (authorisation_id),
  PRIMARY KEY (hold_id, authorisation_id)
) {strict_clustered};

-- One row an import that brought something: what of a station's journal is known. Of a bundle whose lines do not hold
-- together to its end, `read_lines` is how far they do.
CREATE TABLE station_bundle (
  bundle_id   BIGINT NOT NULL PRIMARY KEY,
  entry_id    BIGINT NOT NULL,
  station     TEXT   NOT NULL,                  -- SHA-256 of its identity key's SubjectPublicKeyInfo
  factory     TEXT   NOT NULL,
  epoch       BIGINT NOT NULL,
  counter     BIGINT NOT NULL,
  lines       BIGINT NOT NULL,                  -- as the station signed
  head        TEXT   NOT NULL CHECK (length(head) = 64),
  read_lines  BIGINT NOT NULL,
  read_head   TEXT   NOT NULL CHECK (length(read_head) = 64),
  exported_at BIGINT NOT NULL,
  imported_at BIGINT NOT NULL,
  UNIQUE (station, epoch, head, read_head)
) {strict};
CREATE INDEX station_bundle_by_length ON station_bundle (station, epoch, read_lines, bundle_id);

-- What a station issued, unit by unit; the events of ledger segments prove it. A serial, a key and a line can stand
-- twice: that is what an alarm says.
CREATE TABLE issued_identity (
  identity_id        BIGINT NOT NULL PRIMARY KEY,
  bundle_id          BIGINT NOT NULL REFERENCES station_bundle (bundle_id),
  station            TEXT   NOT NULL,
  epoch              BIGINT NOT NULL,
  line               BIGINT NOT NULL,           -- of the journal, that reserved it
  authorisation      TEXT   NOT NULL,           -- the document's id, registered or not
  use_number         BIGINT NOT NULL,           -- of the authorisation at this station, from 1
  product            TEXT   NOT NULL,           -- path; empty for an authorisation that is not registered
  serial             TEXT   NOT NULL,
  key_sha256         TEXT   NOT NULL,
  tbs_sha256         TEXT   NOT NULL,
  certificate_sha256 TEXT,
  state              TEXT   NOT NULL CHECK (state IN ('reserved', 'issued', 'activated', 'voided')),
  reserved_at        BIGINT NOT NULL
) {strict};
CREATE INDEX issued_identity_by_line ON issued_identity (station, epoch, line, identity_id);
CREATE INDEX issued_identity_by_use ON issued_identity (authorisation, station, use_number);
CREATE INDEX issued_identity_by_serial ON issued_identity (serial, product);
CREATE INDEX issued_identity_by_key ON issued_identity (key_sha256);
CREATE INDEX issued_identity_by_certificate ON issued_identity (certificate_sha256);

-- A station will issue nothing more under an authorisation; what is left goes back.
CREATE TABLE station_closing (
  closing_id    BIGINT NOT NULL PRIMARY KEY,
  entry_id      BIGINT NOT NULL,
  authorisation TEXT   NOT NULL,
  station       TEXT   NOT NULL,
  used          BIGINT NOT NULL,
  returned      BIGINT NOT NULL,
  closed_at     BIGINT NOT NULL,
  UNIQUE (authorisation, station)
) {strict};

-- What does not reconcile, as it was found; nothing takes one back.
CREATE TABLE factory_alarm (
  alarm_id      BIGINT NOT NULL PRIMARY KEY,
  entry_id      BIGINT NOT NULL,
  kind          TEXT   NOT NULL,
  station       TEXT   NOT NULL,
  authorisation TEXT   NOT NULL,                -- empty: of the bundle as a whole
  serial        TEXT   NOT NULL,
  line          BIGINT NOT NULL,
  detail        TEXT   NOT NULL,
  raised_at     BIGINT NOT NULL
) {strict};
CREATE INDEX factory_alarm_by_authorisation ON factory_alarm (authorisation, alarm_id);

-- A production report of a contract manufacturer, held against what was issued.
CREATE TABLE factory_reconciliation (
  reconciliation_id BIGINT NOT NULL PRIMARY KEY,
  entry_id          BIGINT NOT NULL,
  authorisation     TEXT   NOT NULL,
  report_sha256     TEXT   NOT NULL,
  issued            BIGINT NOT NULL,
  shipped           BIGINT NOT NULL,
  not_shipped       BIGINT NOT NULL,            -- issued and not in the report: over-build, scrap or stock
  not_issued        BIGINT NOT NULL,            -- in the report and never issued
  reconciled_at     BIGINT NOT NULL
) {strict};
CREATE INDEX factory_reconciliation_by_authorisation ON factory_reconciliation (authorisation, reconciliation_id);
