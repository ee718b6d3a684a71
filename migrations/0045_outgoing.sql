-- +goose Up

-- One call that somebody wants made: a reminder, or the answer to a missed call.
create table outgoing_calls (
  id         bigint generated always as identity primary key,
  key        text not null unique, -- wanted again with the same key, it is wanted once
  phone      text not null,
  why        text not null check (why in ('reminder', 'callback')),
  source     text not null default '', -- whose call it is, in their words
  says       text[] not null default '{}', -- prompts of a reminder, in order
  priority   smallint not null, -- the lower goes first
  state      text not null check (state in ('queued', 'dialing', 'answered', 'done', 'gave_up', 'suppressed', 'cancelled')),
  reason     text not null default '', -- of an end
  attempts   int not null default 0, -- diallings, which number their rows
  tries      int not null default 0, -- those that may have rung
  next_at    timestamptz not null, -- not dialled before
  expires_at timestamptz not null, -- nor after
  created_at timestamptz not null,
  ended_at   timestamptz
);
create index outgoing_calls_queue on outgoing_calls (priority, next_at, id) where state = 'queued';
create index outgoing_calls_source on outgoing_calls (source, state) where source <> '';
-- A telephone rings for one call of ours at a time, whatever nodes and providers do.
create unique index outgoing_calls_line on outgoing_calls (phone) where state in ('dialing', 'answered');

-- One dialling of it. What is neither ended nor past doubt_at may be ringing, or be talked on.
create table outgoing_attempts (
  call_id     bigint not null references outgoing_calls,
  nth         int not null,
  phone       text not null,
  why         text not null,
  provider    text not null,
  sid         text not null default '', -- the provider's name for the call, once it gave one
  dialed_at   timestamptz not null,
  doubt_at    timestamptz not null, -- no word of it until then: nobody will tell any more
  answered_at timestamptz,
  heard_at    timestamptz, -- what it was made for began, after a key of the person's
  ended_at    timestamptz,
  outcome     text check (outcome in ('answered', 'busy', 'no_answer', 'rejected', 'failed', 'machine', 'lost')),
  primary key (call_id, nth)
);
create index outgoing_attempts_open on outgoing_attempts (provider, doubt_at) where ended_at is null;
create index outgoing_attempts_phone on outgoing_attempts (phone, dialed_at);
create index outgoing_attempts_when on outgoing_attempts (dialed_at, provider);

-- What nodes share of a provider's limits: its row is locked while a call is taken for it.
create table outgoing_lines (
  provider   text primary key,
  next_at    timestamptz not null, -- of its next call, by calls a second
  rest_until timestamptz not null, -- after it refused one
  refusals   int not null default 0 -- in a row
);

alter table calls add column outgoing text not null default ''; -- '' came in; else why we placed it
alter table calls add column outgoing_ref text not null default '';

-- +goose Down
alter table calls drop column outgoing_ref, drop column outgoing;
drop table outgoing_lines, outgoing_attempts, outgoing_calls;
