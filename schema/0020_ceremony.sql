-- Key ceremonies: the scripts that were approved, and what came of each. A script is run once; its transcript is kept
-- whole, and its steps are rows where something is looked up by them.
CREATE TABLE ceremony_script (
  script_id     BIGINT NOT NULL PRIMARY KEY,
  entry_id      BIGINT NOT NULL,
  sha256        TEXT   NOT NULL UNIQUE CHECK (length(sha256) = 64),  -- of the canonical text
  title         TEXT   NOT NULL,
  key_name      TEXT   NOT NULL REFERENCES signing_key (name),       -- that signed it
  body          TEXT   NOT NULL,             -- canonical JSON (keys/formats/ceremony_script.h)
  envelope      TEXT   NOT NULL,
  registered_at BIGINT NOT NULL
) {strict};

CREATE TABLE ceremony (
  ceremony_id       BIGINT NOT NULL PRIMARY KEY,
  entry_id          BIGINT NOT NULL,
  script_id         BIGINT NOT NULL UNIQUE REFERENCES ceremony_script (script_id),
  run               TEXT   NOT NULL UNIQUE,  -- the transcript's own id
  outcome           TEXT   NOT NULL CHECK (outcome IN ('complete', 'abandoned')),
  token             TEXT   NOT NULL,         -- label, serial number
  started_at        BIGINT NOT NULL,
  ended_at          BIGINT NOT NULL,
  lines             BIGINT NOT NULL,
  head              TEXT   NOT NULL CHECK (length(head) = 64),       -- hash of the last line
  transcript_sha256 TEXT   NOT NULL CHECK (length(transcript_sha256) = 64),
  transcript        TEXT   NOT NULL,
  imported_at       BIGINT NOT NULL
) {strict};

-- A step that was confirmed, or before which the ceremony was abandoned.
CREATE TABLE ceremony_step (
  ceremony_step_id BIGINT NOT NULL PRIMARY KEY,
  entry_id         BIGINT NOT NULL,
  ceremony_id      BIGINT NOT NULL REFERENCES ceremony (ceremony_id),
  position         BIGINT NOT NULL,          -- in the script, from 1
  step             TEXT   NOT NULL,
  line             BIGINT NOT NULL,          -- of the transcript
  line_sha256      TEXT   NOT NULL,
  actor            TEXT   NOT NULL,          -- person
  witnesses        TEXT   NOT NULL,          -- JSON list of people
  outcome          TEXT   NOT NULL CHECK (outcome IN ('as_expected', 'recorded', 'exception', 'abandoned')),
  expected         TEXT,
  actual           TEXT,
  reason           TEXT,                     -- of an exception
  made             TEXT   NOT NULL,          -- JSON list of {name, sha256}: files that came of it
  done_at          BIGINT NOT NULL,
  confirmed_at     BIGINT NOT NULL,          -- by the last of its people
  UNIQUE (ceremony_id, position)
) {strict};

-- What did not go as the script has it; nothing takes one back.
CREATE TABLE ceremony_alarm (
  alarm_id    BIGINT NOT NULL PRIMARY KEY,
  entry_id    BIGINT NOT NULL,
  ceremony_id BIGINT NOT NULL REFERENCES ceremony (ceremony_id),
  position    BIGINT NOT NULL,               -- of the step, from 1; 0: of the whole
  kind        TEXT   NOT NULL CHECK (kind IN ('differs', 'failed', 'rejected', 'exception', 'interrupted', 'abandoned')),
  detail      TEXT   NOT NULL,
  raised_at   BIGINT NOT NULL
) {strict};
CREATE INDEX ceremony_alarm_by_ceremony ON ceremony_alarm (ceremony_id, alarm_id);
