-- The evidence ledger. An entry is written with the rows it proves, in their transaction; the outbox hands it to the
-- sequencer, which gives it its index (sequenced) and its place in the tree (integrated); a checkpoint publishes it.
CREATE TABLE ledger_entry (
  entry_id    BIGINT NOT NULL PRIMARY KEY,
  kind        TEXT   NOT NULL,
  recorded_at BIGINT NOT NULL,
  body        {blob} NOT NULL,   -- canonical JSON (RFC 8785): the leaf is its hash
  leaf_hash   {blob} NOT NULL CHECK (length(leaf_hash) = 32)
) {strict};
CREATE INDEX ledger_entry_by_time ON ledger_entry (recorded_at);

-- Which entries speak of a thing: "product:px-100", "vulnerability:CVE-2024-0001".
CREATE TABLE ledger_subject (
  subject  TEXT   NOT NULL,
  entry_id BIGINT NOT NULL REFERENCES ledger_entry (entry_id),
  PRIMARY KEY (subject, entry_id)
) {strict_clustered};

CREATE TABLE ledger_outbox (
  entry_id BIGINT NOT NULL PRIMARY KEY REFERENCES ledger_entry (entry_id)
) {strict};

CREATE TABLE ledger_leaf (
  leaf_index BIGINT NOT NULL PRIMARY KEY CHECK (leaf_index >= 0),
  entry_id   BIGINT NOT NULL UNIQUE REFERENCES ledger_entry (entry_id)
) {strict};

-- Hashes of the C2SP tile levels: at level L, the roots of complete subtrees of 256^L leaves.
CREATE TABLE ledger_node (
  level    BIGINT NOT NULL,
  position BIGINT NOT NULL,
  hash     {blob} NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, position)
) {strict_clustered};

CREATE TABLE ledger_checkpoint (
  tree_size BIGINT NOT NULL PRIMARY KEY,
  signed_at BIGINT NOT NULL,
  note      TEXT   NOT NULL      -- C2SP signed note over the tlog-checkpoint body
) {strict};

-- Bulk device events: the events of one segment, and their Merkle root, which one entry carries.
CREATE TABLE ledger_segment (
  segment_id BIGINT NOT NULL PRIMARY KEY,
  entry_id   BIGINT NOT NULL REFERENCES ledger_entry (entry_id) DEFERRABLE INITIALLY DEFERRED,
  events     BIGINT NOT NULL CHECK (events > 0),
  root       {blob} NOT NULL CHECK (length(root) = 32),
  data       {blob} NOT NULL     -- zstd of the canonical event lines
) {strict};

-- @sqlite
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_subject_no_update BEFORE UPDATE ON ledger_subject BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_subject_no_delete BEFORE DELETE ON ledger_subject BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_leaf_no_update BEFORE UPDATE ON ledger_leaf BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_leaf_no_delete BEFORE DELETE ON ledger_leaf BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_node_no_update BEFORE UPDATE ON ledger_node BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_node_no_delete BEFORE DELETE ON ledger_node BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_checkpoint_no_update BEFORE UPDATE ON ledger_checkpoint BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_checkpoint_no_delete BEFORE DELETE ON ledger_checkpoint BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_segment_no_update BEFORE UPDATE ON ledger_segment BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_segment_no_delete BEFORE DELETE ON ledger_segment BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- @end
-- @postgresql
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_subject_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_subject EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_leaf_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_leaf EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_node_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_node EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_checkpoint EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_segment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_segment EXECUTE FUNCTION ledger_append_only();
-- @end
