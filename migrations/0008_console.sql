-- +goose Up
create table console_users (
  id          bigint generated always as identity primary key,
  name        text not null unique check (name ~ '^[a-z0-9][a-z0-9._-]{1,39}$'), -- as typed at sign-in and kept in audit rows
  role        text not null check (role in ('ward', 'police', 'operator')),
  password    text not null, -- argon2id, in its own notation
  created_at  timestamptz not null,
  disabled_at timestamptz -- null: may sign in
);

create table console_sessions (
  token  text primary key, -- SHA-256 of what the cookie holds: a copy of the table opens no session
  data   bytea not null,
  expiry timestamptz not null
);
create index console_sessions_expiry on console_sessions (expiry);

-- Failed sign-ins of the last minutes, in the database so that every node counts the same.
create table console_failures (
  name text not null,
  addr text not null,
  at   timestamptz not null
);
create index console_failures_at on console_failures (at);

-- +goose Down
drop table console_failures, console_sessions, console_users;
