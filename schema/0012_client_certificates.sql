-- A machine may prove itself with a TLS client certificate instead of a secret: then token_sha256 is of
-- "x509-sha256:" and the certificate's fingerprint, which stands here for people to read.
ALTER TABLE api_token ADD COLUMN certificate_sha256 TEXT;
