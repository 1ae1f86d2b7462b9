-- A request that was signed by breaking glass: the full profile of its key's charter must meet it by then. Its state is
-- computed (keys/ratification.h); that it was met is a row of its own, for good.
CREATE TABLE broken_glass (
  request_id BIGINT NOT NULL PRIMARY KEY REFERENCES signing_request (request_id),
  entry_id   BIGINT NOT NULL,
  signed_at  BIGINT NOT NULL,               -- the first signature
  due_at     BIGINT NOT NULL
) {strict};
CREATE INDEX broken_glass_by_due ON broken_glass (due_at, request_id);

CREATE TABLE glass_ratification (
  request_id  BIGINT NOT NULL PRIMARY KEY REFERENCES broken_glass (request_id),
  entry_id    BIGINT NOT NULL,
  ratified_at BIGINT NOT NULL
) {strict};

-- The silicon that an anchor (key_anchor) is in, where somebody named it: how many keys it can hold and whether they can
-- be revoked is read from the catalogue of platforms when it is asked (silicon/catalogue.h).
CREATE TABLE anchor_platform (
  anchor_id BIGINT NOT NULL PRIMARY KEY REFERENCES key_anchor (anchor_id),
  entry_id  BIGINT NOT NULL,
  platform  TEXT   NOT NULL
) {strict};
