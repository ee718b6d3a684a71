-- +goose Up

-- What falls due, and when next. A subject ("campaign:12") has at most one schedule that is still alive.
create table schedules (
  id         bigint generated always as identity primary key,
  subject    text not null check (subject <> ''),
  cron       text not null, -- five fields, read in Asia/Ho_Chi_Minh
  series     int not null check (series >= 0), -- firings until it ends; 0 = endless
  fired      int not null default 0, -- firings made; a missed due time is none
  starts_at  timestamptz not null,
  ends_at    timestamptz,
  state      text not null check (state in ('active', 'paused', 'ended', 'stopped')),
  next_at    timestamptz not null, -- the next due time; of no meaning once ended or stopped
  retry_at   timestamptz, -- set when a firing failed: not before then again
  last_error text not null default '',
  created_at timestamptz not null
);
create unique index schedules_alive on schedules (subject) where state in ('active', 'paused');
create index schedules_due on schedules (next_at) where state = 'active';

-- One row a due time that fired, and one row a gap of missed due times. The key makes a second firing impossible.
create table firings (
  schedule_id bigint not null references schedules,
  due_at      timestamptz not null,
  outcome     text not null check (outcome in ('fired', 'late', 'missed')),
  nth         int not null default 0, -- 1 is the first of the series; 0 for a gap
  times       int not null default 1, -- due times in the gap, of which due_at is the first
  at          timestamptz not null,
  primary key (schedule_id, due_at)
);

-- +goose Down
drop table firings, schedules;
