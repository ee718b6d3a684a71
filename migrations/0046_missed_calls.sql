-- +goose Up

-- Calls to the numbers that are rung back: each was rejected before it cost anything.
create table missed_calls (
  id        bigint generated always as identity primary key,
  provider  text not null,
  sid       text not null,
  phone     text not null, -- '' when withheld
  to_number text not null,
  at        timestamptz not null,
  -- called: a call back is queued. waiting: one was already. soon: within ten minutes of the last. The others are never called.
  fate      text not null check (fate in ('', 'called', 'waiting', 'soon', 'withheld', 'foreign', 'own')),
  unique (provider, sid)
);
create index missed_calls_at on missed_calls (at);

-- When a number last asked to be rung back.
create table missed_callers (
  phone text primary key,
  at    timestamptz not null
);

-- +goose Down
drop table missed_callers, missed_calls;
