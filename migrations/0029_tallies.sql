-- +goose Up

-- Part of a name or of a number is found among 200,000 without reading them all. pg_trgm comes with PostgreSQL and is
-- trusted: the database's owner may install it.
create extension if not exists pg_trgm;
create index residents_name on residents (name_fold, id);
create index residents_unit_name on residents (unit_id, name_fold, id);
drop index residents_unit;
create index residents_never_agreed on residents (name_fold, id) where consent_at is null;
create index residents_name_part on residents using gin (name_fold gin_trgm_ops);
create index residents_phone_part on residents using gin (phone gin_trgm_ops);

-- What pages show of a campaign's messages: counted beside the requests, since a run may have 200,000.
create table run_tallies (
  run_id     bigint not null references campaign_runs,
  unit_id    bigint not null,
  queued     int not null,
  submitting int not null,
  accepted   int not null,
  delivered  int not null,
  unknown    int not null,
  failed     int not null,
  expired    int not null,
  suppressed int not null,
  cancelled  int not null,
  primary key (run_id, unit_id)
);

-- Of the numbers that a campaign may reach now, those that it has.
create table reach_tallies (
  campaign_id bigint not null references campaigns,
  unit_id     bigint not null,
  reachable   int not null,
  delivered   int not null,
  primary key (campaign_id, unit_id)
);

create table campaign_counts (
  campaign_id bigint primary key references campaigns,
  revision    bigint not null default 0, -- grows when a count finds something else than the one before
  counted_at  timestamptz,               -- null: never yet
  pause_us    bigint not null default 0, -- from the last count to the next
  due_at      timestamptz                -- null: nothing will change any more
);
create index campaign_counts_due on campaign_counts (due_at);
insert into campaign_counts (campaign_id, due_at) select id, now() from campaigns;

-- How many numbers may be messaged, by the units that their people live in and the carrier that they leave by: what an
-- audience comes to is a sum over few rows.
create table audience_tallies (
  units   bigint[] not null,
  carrier text not null,
  numbers int not null
);
create table audience_counts (
  one        boolean primary key default true check (one),
  mark       text not null,        -- where consents, imports and routes stood
  counted_at timestamptz not null
);

-- +goose Down
drop table audience_counts, audience_tallies, campaign_counts, reach_tallies, run_tallies;
create index residents_unit on residents (unit_id);
drop index residents_phone_part, residents_name_part, residents_never_agreed, residents_unit_name, residents_name;
drop extension pg_trgm;
