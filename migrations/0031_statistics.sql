-- +goose Up
-- What the statistics pages ask by time.
create index consents_own on consents (at) where channel <> 'import'; -- people's own acts; a list is a day of its own
create index calls_started on calls (started_at);
create index ussd_sessions_started on ussd_sessions (started_at);
create index inbound_at on inbound (at);
-- Messages that a carrier never took: receipts change none of these columns, so their updates stay HOT.
create index sent_unaccepted on sent (submitted_at) where accepted_at is null and submitted_at is not null;
-- Messages by the hour in which they were handed over and by what is known of them now: two small tables, since a page may
-- not count a million messages. One node recounts the hours in which something may still change.
create table message_hours (
  hour    timestamptz not null,
  carrier text not null,
  state   text not null,
  n       int not null,
  parts   int not null,
  primary key (hour, carrier, state)
);
create table message_days (
  day     timestamptz not null, -- midnight in the ward
  unit_id bigint not null, -- 0 for single messages
  state   text not null,
  n       int not null,
  primary key (day, unit_id, state)
);
create table message_failures (
  day     timestamptz not null,
  carrier text not null,
  reason  text not null,
  n       int not null,
  primary key (day, carrier, reason)
);
-- Up to when the hours are counted for good, and when which were counted last.
create table message_tally (
  one        boolean primary key default true check (one), -- the table has one row
  closed_to  timestamptz not null,
  counted_at timestamptz not null
);
-- +goose Down
drop table message_tally, message_failures, message_days, message_hours;
