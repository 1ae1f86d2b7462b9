-- That a key is not to be trusted, or may not be: it is frozen with it. A later row may set the effective time earlier,
-- never later: what was suspect stays suspect.
CREATE TABLE key_incident (
  incident_id  BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  key_id       BIGINT NOT NULL REFERENCES signing_key (key_id),
  effective_at BIGINT NOT NULL,             -- signatures made from then on are suspect
  recorded_at  BIGINT NOT NULL,
  reason       TEXT   NOT NULL,
  reporter     TEXT   NOT NULL
) {strict};
CREATE INDEX key_incident_by_key ON key_incident (key_id, incident_id);

-- What verifies with a key: units of a hardware revision, by a public key that was burned into them or that an update can
-- replace. A revision has so many slots for burned keys; each key takes one.
CREATE TABLE key_anchor (
  anchor_id            BIGINT NOT NULL PRIMARY KEY,
  entry_id             BIGINT NOT NULL,
  key_version_id       BIGINT NOT NULL REFERENCES key_version (key_version_id),
  hardware_revision_id BIGINT NOT NULL REFERENCES hardware_revision (hardware_revision_id),
  fused                BIGINT NOT NULL CHECK (fused IN (0, 1)),
  slots                BIGINT NOT NULL CHECK (slots >= 0),   -- of the silicon, for burned keys; 0: none or unknown
  since                BIGINT NOT NULL,
  UNIQUE (key_version_id, hardware_revision_id)
) {strict};
CREATE INDEX key_anchor_by_revision ON key_anchor (hardware_revision_id, key_version_id);

-- From a hardware revision to its batches: what trusts a key is counted by it.
CREATE INDEX batch_by_hardware_revision ON batch (hardware_revision_id, batch_id);
