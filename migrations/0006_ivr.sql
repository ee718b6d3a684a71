-- +goose Up

-- One call to the hotline and where it stands in the menu. The row is locked while a webhook is answered, so any node
-- may answer the next one.
create table calls (
  id         bigint generated always as identity primary key,
  provider   text not null,
  sid        text not null, -- the provider's name for the call
  from_phone text not null default '', -- E.164; '' when withheld
  from_kind  text not null default '', -- of residents: what the number can take
  to_number  text not null default '',
  node       text not null,
  step       int  not null, -- the step that the next webhook must carry
  fails      int  not null default 0, -- wrong keys and silences in a row
  officer    int  not null default 0, -- whose telephone rings, by place in the list
  fields     jsonb not null default '{}', -- the answers so far
  attempt    int  not null default 0, -- reports that this call cancelled before
  report_id  bigint, -- of reports, when one is open
  started_at timestamptz not null,
  ended_at   timestamptz,
  end_status text not null default '',
  unique (provider, sid)
);

create index calls_from on calls (from_phone, id) where from_phone <> ''; -- who calls again to go on

-- Every webhook of a call as it came, with the answer it got: a webhook sent twice gets the same answer again.
create table call_events (
  id      bigint generated always as identity primary key,
  call_id bigint not null references calls,
  step    int, -- null for the call's end, which no step asked for
  at      timestamptz not null,
  node    text not null,
  input   text not null check (input in ('start', 'keys', 'silence', 'dialed', 'recorded', 'ended')),
  raw     text not null default '', -- keys as received, or the provider's word
  reply   jsonb,
  unique (call_id, step)
);
create trigger call_events_append_only before update or delete on call_events for each row execute function refuse_change();
create trigger call_events_no_truncate before truncate on call_events for each statement execute function refuse_change();

-- When a number was last told that its SMS was not understood: two machines must not answer each other for ever.
create table help_replies (
  phone text primary key,
  at    timestamptz not null
);

-- +goose Down
drop table help_replies, call_events, calls;
