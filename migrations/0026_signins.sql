-- +goose Up
-- One sign-in of one person on one browser, as the page of their account lists it. A session's data names it by id: without
-- this row the session is nobody's. It is one row and not a field of the session's data, so that it can be listed and ended.
create table console_signins (
  id         bigint generated always as identity primary key,
  user_id    bigint      not null references console_users,
  stage      text        not null check (stage in ('factor', 'open', 'locked')),
  proof      text        not null, -- of the password that opened it: another password ends it
  created_at timestamptz not null,
  used_at    timestamptz not null, -- the last request, to the minute
  acted_at   timestamptz not null, -- the last act of a person; what a page fetches by itself is none
  addr       text        not null,
  browser    text        not null  -- as it names itself
);
create index console_signins_user on console_signins (user_id);
create index console_signins_created on console_signins (created_at);

-- Second factors: time-based codes (RFC 6238).
create table console_factors (
  user_id bigint primary key references console_users,
  secret  bytea       not null, -- sealed by console.secret, where there is one
  step    bigint      not null, -- the last time step whose code was used: none is taken twice (RFC 6238 §5.2)
  salt    bytea       not null, -- of the recovery codes' hashes
  made_at timestamptz not null
);
create table console_recovery_codes (
  user_id bigint not null references console_factors on delete cascade,
  hash    bytea  not null, -- argon2id
  used_at timestamptz,
  primary key (user_id, hash)
);

-- The sessions of before name no sign-in.
delete from console_sessions;

-- +goose Down
drop table console_recovery_codes, console_factors, console_signins;
