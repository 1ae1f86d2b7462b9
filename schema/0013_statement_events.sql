-- A statement's newest change is event `position` of ledger segment `segment_id`, as with a finding.
ALTER TABLE build_statement ADD COLUMN segment_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE build_statement ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
-- Lists of vulnerabilities by state hold those that only a build's own word names.
CREATE INDEX build_statement_by_state ON build_statement (state, until, vulnerability);
