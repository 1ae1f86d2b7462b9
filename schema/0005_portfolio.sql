-- What the builds consist of, and what is known against it. Open periods end at 9223372036854775807, so that "as of T"
-- is since <= T AND until > T for the present too.
CREATE TABLE sbom (
  sbom_id      BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  build_id     BIGINT NOT NULL REFERENCES build (build_id),
  sha256       TEXT   NOT NULL CHECK (length(sha256) = 64),  -- of the original bytes, in the blob store for ever
  size         BIGINT NOT NULL,
  format       TEXT   NOT NULL,
  spec_version TEXT   NOT NULL,
  components   BIGINT NOT NULL,
  unidentified BIGINT NOT NULL,              -- components with nothing to look up: unknown is not clean
  received_at  BIGINT NOT NULL,
  replaced_at  BIGINT NOT NULL               -- by a later SBOM of the same build
) {strict};
CREATE INDEX sbom_by_build ON sbom (build_id, received_at);
CREATE INDEX sbom_by_digest ON sbom (sha256);

-- A component as matching sees it, once however many builds contain it.
CREATE TABLE coordinate (
  coordinate_id BIGINT NOT NULL PRIMARY KEY,
  digest        TEXT   NOT NULL UNIQUE,      -- SHA-256 of name, version and claims in canonical JSON
  name          TEXT   NOT NULL,
  version       TEXT   NOT NULL,
  purl          TEXT   NOT NULL,
  identified    BIGINT NOT NULL CHECK (identified IN (0, 1)),
  claims        TEXT   NOT NULL,             -- canonical JSON, see vuln/match/coordinate.h
  created_at    BIGINT NOT NULL
) {strict};
CREATE INDEX coordinate_by_name ON coordinate (name, version, coordinate_id);

CREATE TABLE coordinate_key (
  lookup_key    TEXT   NOT NULL,
  coordinate_id BIGINT NOT NULL REFERENCES coordinate (coordinate_id),
  PRIMARY KEY (lookup_key, coordinate_id)
) {strict_clustered};

-- Posting lists, both ways.
CREATE TABLE build_coordinate (
  coordinate_id BIGINT NOT NULL REFERENCES coordinate (coordinate_id),
  build_id      BIGINT NOT NULL REFERENCES build (build_id),
  since         BIGINT NOT NULL,
  until         BIGINT NOT NULL,
  ref           TEXT   NOT NULL,             -- in the SBOM
  PRIMARY KEY (coordinate_id, build_id, since)
) {strict_clustered};
CREATE INDEX build_coordinate_by_build ON build_coordinate (build_id, coordinate_id, since, until);

CREATE TABLE advisory (
  advisory_id   BIGINT NOT NULL PRIMARY KEY,
  feed          TEXT   NOT NULL,             -- cve5, nvd, osv
  id            TEXT   NOT NULL,
  vulnerability TEXT   NOT NULL,             -- the CVE number where there is one
  summary       TEXT   NOT NULL,
  severity      TEXT   NOT NULL,             -- of the newest CVSS version stated; empty: none
  score         TEXT   NOT NULL,             -- "9.8"; empty: none
  modified      BIGINT,
  received_at   BIGINT NOT NULL,
  needs_set     BIGINT NOT NULL CHECK (needs_set IN (0, 1)),  -- AND nodes: to be judged against all components of a build
  digest        TEXT   NOT NULL,             -- SHA-256 of record
  record        {blob} NOT NULL,             -- normalised, vuln/db_dir/codec.h
  UNIQUE (feed, id)
) {strict};
CREATE INDEX advisory_by_vulnerability ON advisory (vulnerability, feed, id);

CREATE TABLE advisory_key (
  lookup_key  TEXT   NOT NULL,
  advisory_id BIGINT NOT NULL REFERENCES advisory (advisory_id),
  PRIMARY KEY (lookup_key, advisory_id)
) {strict_clustered};
CREATE INDEX advisory_key_by_advisory ON advisory_key (advisory_id);

-- Every number of a vulnerability, its own among them.
CREATE TABLE vulnerability_alias (
  alias         TEXT   NOT NULL,
  vulnerability TEXT   NOT NULL,
  PRIMARY KEY (alias, vulnerability)
) {strict_clustered};
CREATE INDEX vulnerability_alias_by_vulnerability ON vulnerability_alias (vulnerability, alias);

-- Who makes what, as the records' CPE names pair them: the dictionary of the vendor rule.
CREATE TABLE product_vendor (
  product TEXT NOT NULL,
  vendor  TEXT NOT NULL,
  part    TEXT NOT NULL,
  PRIMARY KEY (product, vendor, part)
) {strict_clustered};

-- Every version of an entry is kept: a removal from the catalogue must stay visible.
CREATE TABLE kev (
  vulnerability TEXT   NOT NULL,
  since         BIGINT NOT NULL,
  until         BIGINT NOT NULL,
  date_added    TEXT   NOT NULL,
  due_date      TEXT   NOT NULL,
  name          TEXT   NOT NULL,
  ransomware    BIGINT NOT NULL CHECK (ransomware IN (0, 1)),
  PRIMARY KEY (vulnerability, since)
) {strict_clustered};
CREATE INDEX kev_open ON kev (until, vulnerability);

CREATE TABLE epss (
  vulnerability TEXT NOT NULL PRIMARY KEY,
  score         TEXT NOT NULL,
  percentile    TEXT NOT NULL,
  score_date    TEXT NOT NULL
) {strict_clustered};

CREATE TABLE feed_import (
  import_id   BIGINT NOT NULL PRIMARY KEY,
  entry_id    BIGINT NOT NULL,
  feed        TEXT   NOT NULL,
  source      TEXT   NOT NULL,               -- name of the file or folder
  version     TEXT   NOT NULL,               -- the feed's own word: catalogVersion, score date, newest modification
  records     BIGINT NOT NULL,
  changed     BIGINT NOT NULL,
  finished_at BIGINT NOT NULL
) {strict};
CREATE INDEX feed_import_by_feed ON feed_import (feed, finished_at);

-- The edge coordinate x vulnerability. Each change is event `position` of ledger segment `segment_id`.
CREATE TABLE finding (
  vulnerability TEXT   NOT NULL,
  coordinate_id BIGINT NOT NULL REFERENCES coordinate (coordinate_id),
  since         BIGINT NOT NULL,
  until         BIGINT NOT NULL,
  state         TEXT   NOT NULL CHECK (state IN ('affected', 'not_affected', 'fixed', 'under_investigation', 'unknown')),
  reasons       TEXT   NOT NULL,             -- JSON array, the deciding one first
  segment_id    BIGINT NOT NULL,
  position      BIGINT NOT NULL,
  PRIMARY KEY (vulnerability, coordinate_id, since)
) {strict_clustered};
CREATE INDEX finding_by_coordinate ON finding (coordinate_id, until, vulnerability, state);
CREATE INDEX finding_by_state ON finding (state, until, vulnerability);

-- What holds for one build only, and beats the edge: the build's own VEX, and records whose AND nodes look at the
-- whole set of components.
CREATE TABLE build_statement (
  vulnerability TEXT   NOT NULL,
  build_id      BIGINT NOT NULL REFERENCES build (build_id),
  coordinate_id BIGINT NOT NULL REFERENCES coordinate (coordinate_id),
  since         BIGINT NOT NULL,
  until         BIGINT NOT NULL,
  state         TEXT   NOT NULL CHECK (state IN ('affected', 'not_affected', 'fixed', 'under_investigation', 'unknown')),
  basis         TEXT   NOT NULL CHECK (basis IN ('vex', 'set')),
  reason        TEXT   NOT NULL,             -- JSON
  entry_id      BIGINT NOT NULL,
  PRIMARY KEY (vulnerability, build_id, coordinate_id, since)
) {strict_clustered};
CREATE INDEX build_statement_by_build ON build_statement (build_id, until, vulnerability, coordinate_id);
