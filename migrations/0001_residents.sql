-- +goose Up

-- Administrative units as a tree with history (wards merged on 2025-01-01, districts ended on 2025-07-01).
create table units (
  id         bigint generated always as identity primary key,
  kind       text not null check (kind in ('city', 'district', 'ward', 'group')),
  parent_id  bigint references units,
  name       text not null,
  fold       text not null, -- the name without diacritics, lower case, spaces folded: what a list's cell is matched by
  valid_from date not null,
  valid_to   date,
  check (valid_to is null or valid_to >= valid_from)
);
create unique index units_live on units (coalesce(parent_id, 0), kind, fold) where valid_to is null;
create index units_parent on units (parent_id);

create table unit_changes (
  id        bigint generated always as identity primary key,
  from_unit bigint not null references units,
  to_unit   bigint not null references units,
  kind      text not null check (kind in ('merge', 'split', 'partial', 'rename')),
  at        date not null
);

-- What makes two spellings one name: case, and where the tone of oa, oe, uy stands (Hòa, Hoà). Diacritics themselves stay:
-- Hùng and Hưng are two people of a household. The collation is ICU's, so that the database's own locale does not matter.
create function name_key(name text) returns text language sql immutable parallel safe as $$
  select replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
    lower(name collate "und-x-icu"),
    'oà', 'òa'), 'oá', 'óa'), 'oả', 'ỏa'), 'oã', 'õa'), 'oạ', 'ọa'),
    'oè', 'òe'), 'oé', 'óe'), 'oẻ', 'ỏe'), 'oẽ', 'õe'), 'oẹ', 'ọe'),
    'uỳ', 'ùy'), 'uý', 'úy'), 'uỷ', 'ủy'), 'uỹ', 'ũy'), 'uỵ', 'ụy')
$$;

-- One person at one number. A household shares a number: then several rows, told apart by name.
create table residents (
  id         bigint generated always as identity primary key,
  phone      text not null check (phone ~ '^\+[1-9][0-9]{6,14}$'), -- E.164
  phone_kind text not null check (phone_kind in ('mobile', 'landline', 'foreign')),
  name       text not null, -- NFC, spaces folded; '' for who registered by key and gave no name
  name_key   text generated always as (name_key(name)) stored,
  name_fold  text not null, -- for search: no diacritics, lower case
  birth_year int check (birth_year between 1900 and 2200),
  gender     text not null default '' check (gender in ('', 'male', 'female')),
  unit_id    bigint not null references units, -- a group; the ward itself for who registered by key
  address    text not null default '',
  wants_sms  boolean not null default true,
  wants_call boolean not null default false,
  note       text not null default '',
  consent_at timestamptz, -- null: kept, never messaged
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (phone, name_key)
);
create index residents_unit on residents (unit_id);

-- Append-only: what was agreed or withdrawn, in which words, how. residents.consent_at and opt_outs are its outcome.
create table consents (
  id           bigint generated always as identity primary key,
  phone        text not null,
  resident_id  bigint references residents,
  act          text not null check (act in ('given', 'withdrawn')),
  channel      text not null check (channel in ('import', 'console', 'sms', 'call', 'ussd', 'api')),
  text_version text not null default '',
  key          text not null default '', -- the key pressed or the word sent
  ref          text not null default '', -- call id, message id or import id
  at           timestamptz not null
);
create index consents_phone on consents (phone, at);

-- Numbers that must not be messaged, from the moment of the row. The claim asks here last.
create table opt_outs (
  phone   text primary key,
  at      timestamptz not null,
  channel text not null,
  ref     text not null default ''
);

create table imports (
  id          bigint generated always as identity primary key,
  file_name   text not null,
  file_sha256 text not null,
  ward_id     bigint not null references units,
  by_user     text not null default '',
  at          timestamptz not null,
  counts      jsonb not null
);

-- +goose Down
drop table imports, opt_outs, consents, residents, unit_changes, units;
drop function name_key;
