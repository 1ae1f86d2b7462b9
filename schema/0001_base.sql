-- Ids of all kinds come from one counter, handed out in blocks.
CREATE TABLE id_counter (
  single BIGINT NOT NULL PRIMARY KEY CHECK (single = 1),
  next BIGINT NOT NULL
) {strict};
INSERT INTO id_counter (single, next) VALUES (1, 1);
