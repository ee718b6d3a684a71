-- +goose Up

-- How long a report may take: ordinary, complex, or extended by the procuracy (TTLT 01/2021). The lengths are configuration.
alter table reports add column term text not null default 'ordinary' check (term in ('ordinary', 'complex', 'extended'));
alter table report_events drop constraint report_events_act_check;
alter table report_events add constraint report_events_act_check check (act in ('opened', 'key', 'sent', 'cancelled', 'moved', 'note', 'term'));
create index reports_created on reports (created_at); -- what came since, and which numbers were named lately
create index reports_urgent on reports (created_at) where state = 'new' and urgency <= 2;
create index reports_open on reports (state, coalesce(received_at, created_at)) where state in ('new', 'received', 'verifying', 'reopened');

-- When somebody last opened a list: what is newer is new to them.
create table console_visits (
  user_id bigint not null references console_users on delete cascade,
  list    text not null,
  at      timestamptz not null,
  primary key (user_id, list)
);

-- Each running copy of the program, as it tells of itself every ten seconds. seen_at is the database's clock.
create table nodes (
  id            text primary key, -- drawn anew at each start
  host          text not null,
  pid           int not null,
  version       text not null,
  started_at    timestamptz not null,
  seen_at       timestamptz not null,
  clock_off_us  bigint not null, -- its clock less the database's
  round_trip_us bigint not null, -- of one question to the database
  state         jsonb not null   -- disks, certificates, backup
);

-- What nodes logged as a warning or an error, counted. Logs hold no personal data, and message is the constant text alone.
create table node_logs (
  node     text not null,
  part     text not null,
  level    text not null check (level in ('WARN', 'ERROR')),
  message  text not null,
  count    bigint not null,
  first_at timestamptz not null,
  last_at  timestamptz not null,
  primary key (node, part, level, message)
);
create index node_logs_last on node_logs (last_at desc);

-- +goose Down
drop table node_logs, nodes, console_visits;
drop index reports_open, reports_urgent, reports_created;
alter table reports drop column term;
