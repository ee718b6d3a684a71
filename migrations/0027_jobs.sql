-- +goose Up

-- Work that outlasts a page: who asked for it, how it stands, how it ended.
create table jobs (
  id           bigint generated always as identity primary key,
  kind         text not null,
  title        text not null, -- what the kind's words name: a file, a period
  params       jsonb not null,
  by_user      text not null,
  role         text not null,
  addr         text not null,
  state        text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  done         int not null default 0,
  total        int not null default 0, -- 0: not known yet
  tries        int not null default 0, -- grows with each claim: who holds an older number holds nothing
  node         text not null default '',
  lease_until  timestamptz, -- of the database's clock, which all nodes share
  cancelled_by text not null default '', -- who asked for an end; the runner may still be on its way to it
  created_at   timestamptz not null,
  ready_at     timestamptz not null, -- not before: a failed try waits a little
  started_at   timestamptz, -- of the newest try
  ended_at     timestamptz,
  result       jsonb,
  problem      text not null default '', -- a key of the pages' words; '' = none
  detail       text not null default '', -- what the problem names
  output_name  text not null default '',
  output_type  text not null default '',
  output_size  bigint not null default 0,
  swept_at     timestamptz, -- its files and its result are gone
  check ((state in ('done', 'failed', 'cancelled')) = (ended_at is not null))
);
-- No index holds what a heartbeat changes.
create index jobs_open on jobs (by_user, id) where state in ('queued', 'running');
create index jobs_by on jobs (by_user, id desc);
create index jobs_kept on jobs (ended_at) where ended_at is not null and swept_at is null;

-- What a job reads and what it made, in pieces. Both hold people's data and go as soon as they may.
create table job_inputs (
  job_id bigint not null references jobs on delete cascade,
  nth    int not null,
  bytes  bytea not null,
  primary key (job_id, nth)
);
create table job_outputs (
  job_id bigint not null references jobs on delete cascade,
  nth    int not null,
  bytes  bytea not null,
  primary key (job_id, nth)
);
-- Files do not get smaller by being pressed twice: lists and workbooks come packed or short-lived.
alter table job_inputs alter column bytes set storage external;

-- An audience that is being written out at the moment, told from beside the transaction that does it.
create table campaign_expansions (
  campaign_id bigint primary key, -- no reference: it would wait for the lock under which the audience is written out
  due_at      timestamptz not null,
  done        int not null default 0,
  total       int not null default 0, -- 0: the audience is still being counted
  stop        boolean not null default false, -- somebody paused or cancelled the campaign meanwhile
  started_at  timestamptz not null,
  seen_at     timestamptz not null -- of the database's clock: an old one was left by a node that died
);

-- +goose Down
drop table campaign_expansions, job_outputs, job_inputs, jobs;
