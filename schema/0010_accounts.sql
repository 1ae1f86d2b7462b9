-- People and programs that use Holdfast. Evidence names them by id only; name and e-mail stand behind a salted
-- commitment, so that a person's fields can be erased here while the evidence stays whole.
CREATE TABLE account (
  account_id   BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,          -- the newest entry, which proves the row as it stands
  name         TEXT   NOT NULL UNIQUE,   -- what is typed to sign in
  email        TEXT,
  salt         {blob} NOT NULL CHECK (length(salt) = 32),
  personal     TEXT   NOT NULL,          -- HMAC-SHA-256(salt, canonical JSON of name and email), hex
  password     TEXT   NOT NULL,          -- PHC text, Argon2id
  roles        TEXT   NOT NULL,          -- sorted, separated by commas
  disabled     BIGINT NOT NULL CHECK (disabled IN (0, 1)),
  created_at   BIGINT NOT NULL,
  changed_at   BIGINT NOT NULL           -- of roles, state or password
) {strict};

-- Tokens of every kind are kept as SHA-256: they are 256 random bits, so there is nothing to guess.
CREATE TABLE session (
  session_id   BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  account_id   BIGINT NOT NULL REFERENCES account (account_id),
  token_sha256 {blob} NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,          -- however busy it is
  ended_at     BIGINT,
  seen_at      BIGINT NOT NULL           -- to the minute; not evidence
) {strict};
CREATE INDEX session_open_by_account ON session (account_id, session_id) WHERE ended_at IS NULL;

CREATE TABLE api_token (
  token_id     BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  account_id   BIGINT NOT NULL REFERENCES account (account_id),
  name         TEXT   NOT NULL,
  token_sha256 {blob} NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  scopes       TEXT   NOT NULL,          -- permissions, sorted, separated by commas
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  revoked_at   BIGINT,
  seen_at      BIGINT                    -- to the hour; not evidence
) {strict};
CREATE INDEX api_token_by_account ON api_token (account_id, token_id);

-- The one-time link that makes the first administrator.
CREATE TABLE setup_link (
  setup_id     BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  token_sha256 {blob} NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  used_at      BIGINT
) {strict};

-- Failed sign-ins in the running window, by account and address, by account, by address (each as SHA-256).
CREATE TABLE login_failure (
  subject      TEXT   NOT NULL PRIMARY KEY,
  failures     BIGINT NOT NULL,
  window_start BIGINT NOT NULL
) {strict};
CREATE INDEX login_failure_by_time ON login_failure (window_start);

-- Denied attempts (401, 403), summed by who, address and minute. The address stands behind a salted commitment, too.
CREATE TABLE denied_attempt (
  denied_id    BIGINT NOT NULL PRIMARY KEY,
  entry_id     BIGINT NOT NULL,
  principal    TEXT   NOT NULL,          -- empty: nobody that was known
  address      TEXT   NOT NULL,
  salt         {blob} NOT NULL CHECK (length(salt) = 32),
  origin       TEXT   NOT NULL,          -- HMAC-SHA-256(salt, address), hex
  method       TEXT   NOT NULL,          -- of the first attempt
  path         TEXT   NOT NULL,
  code         TEXT   NOT NULL,
  attempts     BIGINT NOT NULL CHECK (attempts > 0),
  first_at     BIGINT NOT NULL,
  last_at      BIGINT NOT NULL
) {strict};
CREATE INDEX denied_attempt_by_time ON denied_attempt (last_at, denied_id);

-- Answers of changing requests, to be given again when the same request comes again.
CREATE TABLE idempotency_key (
  principal      TEXT   NOT NULL,
  key            TEXT   NOT NULL,
  request_digest {blob} NOT NULL CHECK (length(request_digest) = 32),
  status         BIGINT,                 -- NULL while the first request is being answered
  content_type   TEXT,
  location       TEXT,
  body           TEXT,
  created_at     BIGINT NOT NULL,
  PRIMARY KEY (principal, key)
) {strict};
CREATE INDEX idempotency_key_by_time ON idempotency_key (created_at);
