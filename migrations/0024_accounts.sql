-- +goose Up
alter table console_users
  add full_name    text not null default '',
  add unit_id      bigint references units, -- null: the whole ward
  add signed_in_at timestamptz,             -- the last time
  add constraint console_users_operator_unit check (role <> 'operator' or unit_id is null);
comment on column console_users.password is 'argon2id, in its own notation; empty until an invitation is accepted';

-- A code that is handed over once and chooses a password once. At most one a user: a renewed one ends the one before.
create table console_invitations (
  user_id    bigint primary key references console_users,
  code_hash  text not null, -- SHA-256 of its 80 random bits: a copy of the table opens nothing
  made_by    text not null,
  made_at    timestamptz not null,
  expires_at timestamptz not null
);

-- +goose Down
drop table console_invitations;
alter table console_users drop full_name, drop unit_id, drop signed_in_at;
