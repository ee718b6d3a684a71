-- +goose Up

-- The versions of the menu that a ward makes. The program's own is version 0 and stands in no row; where none is live, it
-- answers. A version is whole: what it was written from may change without it.
create table menu_versions (
  id           bigint generated always as identity primary key,
  base         bigint not null, -- the version that it was written from
  state        text not null default 'draft' check (state in ('draft', 'submitted', 'approved', 'live', 'dropped')),
  document     text not null, -- menu.yaml
  texts        jsonb not null default '{}', -- the words that it says otherwise than the program's files
  author       text not null,
  editors      text[] not null default '{}', -- who else wrote in it: none of them may approve
  approver     text not null default '' check (approver <> author and approver <> all (editors)),
  revision     int not null default 1, -- of what it says: approved is what was seen
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  submitted_at timestamptz,
  approved_at  timestamptz,
  live_at      timestamptz, -- when it last began to answer
  check (state in ('draft', 'submitted', 'dropped') or approver <> '')
);
create unique index menu_versions_live on menu_versions (state) where state = 'live';
create unique index menu_versions_open on menu_versions ((true)) where state in ('draft', 'submitted'); -- one at a time: two would undo each other

-- A conversation ends with the version that it began with.
alter table calls add column menu_version bigint not null default 0;
alter table ussd_sessions add column menu_version bigint not null default 0;

-- +goose Down
alter table ussd_sessions drop column menu_version;
alter table calls drop column menu_version;
drop table menu_versions;
