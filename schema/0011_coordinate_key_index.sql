-- A new build asks which advisories speak of its coordinates: from coordinate to keys. Without this index that reads
-- every key of the portfolio (found by tests/plans).
CREATE INDEX coordinate_key_by_coordinate ON coordinate_key (coordinate_id, lookup_key);
