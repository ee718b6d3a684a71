-- +goose Up

-- Other systems. Only the hash of a token is kept: who reads this table cannot use the API.
create table api_tokens (
  id         bigint generated always as identity primary key,
  name       text not null unique,
  sha256     bytea not null unique,
  scopes     text[] not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);

-- What each Idempotency-Key was answered, for a day.
create table api_requests (
  token_id     bigint not null references api_tokens,
  key          text not null,
  fingerprint  bytea not null, -- of method, address and body: the same key with another request is a caller's mistake
  at           timestamptz not null,
  status       int, -- null while the first request is still being done
  location     text not null default '',
  content_type text not null default '',
  body         bytea,
  primary key (token_id, key)
);
create index api_requests_at on api_requests (at);

-- +goose Down
drop table api_requests, api_tokens;
