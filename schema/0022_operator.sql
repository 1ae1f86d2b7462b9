-- WebAuthn credentials that people registered. They prove which public key a person showed here, so that a charter can
-- take it in; what counts for a signature is the charter alone (docs/adr/0014).
CREATE TABLE account_credential (
  account_credential_id BIGINT NOT NULL PRIMARY KEY,
  entry_id              BIGINT NOT NULL,
  account_id            BIGINT NOT NULL REFERENCES account (account_id),
  name                  TEXT   NOT NULL,           -- as its owner calls it; not evidence
  credential_id         TEXT   NOT NULL UNIQUE,    -- base64url
  rp_id                 TEXT   NOT NULL,
  origin                TEXT   NOT NULL,
  spki                  TEXT   NOT NULL,           -- hex
  attestation           TEXT   NOT NULL CHECK (attestation IN ('none', 'self')),
  backed_up             BIGINT NOT NULL CHECK (backed_up IN (0, 1)),
  registered_at         BIGINT NOT NULL,
  removed_at            BIGINT
) {strict};
CREATE INDEX account_credential_by_account ON account_credential (account_id, account_credential_id);

-- How people find certificates: by the subject's text, or its beginning. One index entry a certificate; nothing of a CA's
-- own work reads it. And what was revoked last, and which alarms factories raised lately.
CREATE INDEX certificate_by_subject ON certificate (subject, certificate_id);
CREATE INDEX revocation_by_authority ON revocation (ca_id, revocation_id);
CREATE INDEX factory_alarm_by_time ON factory_alarm (raised_at, alarm_id);
