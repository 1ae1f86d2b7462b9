-- How a debug session ended. A session is a signing request of a debug format (keys/debug_session.h); it is open from its
-- signature on until it is closed here, once.
CREATE TABLE debug_closing (
  closing_id         BIGINT NOT NULL PRIMARY KEY,
  entry_id           BIGINT NOT NULL,
  request_id         BIGINT NOT NULL UNIQUE REFERENCES signing_request (request_id),
  person             TEXT   NOT NULL,        -- who says so
  locked             TEXT   NOT NULL CHECK (locked IN ('yes', 'no')),
  attestation_sha256 TEXT   NOT NULL,        -- of what the device said of its state afterwards, hex; empty: nothing
  note               TEXT   NOT NULL,
  closed_at          BIGINT NOT NULL
) {strict};
