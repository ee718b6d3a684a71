-- +goose Up
create sequence report_revisions; -- each change of a report takes the next number: pages ask what is new by it

create table reports (
  id           bigint generated always as identity primary key,
  code         text not null unique check (code ~ '^[0-9]{4}-[0-9]{4}$'),
  origin       text not null check (origin in ('call', 'sms', 'ussd', 'api')),
  ref          text not null, -- the call's or the message's id
  state        text not null default 'new'
               check (state in ('new', 'received', 'verifying', 'transferred', 'answered', 'closed', 'reopened')),
  urgency      smallint not null check (urgency between 1 and 5),
  reporter     text not null default '', -- E.164, '' when withheld
  unit_id      bigint references units,  -- the reporter's unit on that day; units change, a report does not
  kind         smallint not null check (kind between 0 and 8),
  scam_number  text not null default '', -- as keyed
  scam_key     text not null default '', -- one form for one number, so that reports of it meet
  channel      smallint not null check (channel between 0 and 5),
  money        text not null check (money in ('', 'none', 'lost', 'about')),
  money_when   text not null check (money_when in ('', 'today', 'yesterday', 'earlier')),
  band         smallint not null check (band between 0 and 5),
  callback     text not null check (callback in ('', 'yes', 'no')),
  officer      text not null default '' check (officer in ('', 'missed', 'met')), -- missed: put through, nobody answered
  cancelled    boolean not null default false,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  completed_at timestamptz, -- null: not sent to the end
  received_at  timestamptz,
  received_by  text not null default '',
  revision     bigint not null default nextval('report_revisions'),
  unique (origin, ref)
);
create index reports_desk on reports ((state <> 'new'), (case when state = 'new' then urgency else 9 end), created_at desc, id desc);
create index reports_revision on reports (revision desc);
create index reports_scam_key on reports (scam_key) where scam_key <> '';

-- What callers spoke after the tone because no officer answered. The sound itself stays with the provider.
create table report_messages (
  report_id bigint not null references reports,
  sid       text not null, -- the provider's name for it
  url       text not null, -- as the provider gave it
  seconds   int  not null, -- 0: not told
  at        timestamptz not null,
  primary key (report_id, sid)
);

-- How each report was made: raw keys, moves and notes, each holding the hash of the one before (BLTTHS Điều 99(3)).
create table report_events (
  report_id bigint not null references reports,
  seq       int not null,
  at        timestamptz not null,
  act       text not null check (act in ('opened', 'key', 'sent', 'cancelled', 'moved', 'note')),
  node      text not null default '', -- where in the menu
  key       text not null default '', -- what was pressed
  raw       text not null default '', -- the provider's own words, a note's text, or the facts as sent
  who       text not null default '', -- the officer; '' for the resident's own keys
  prev_hash bytea not null,
  hash      bytea not null,
  primary key (report_id, seq)
);
create trigger report_events_append_only before update or delete on report_events for each row execute function refuse_change();
create trigger report_events_no_truncate before truncate on report_events for each statement execute function refuse_change();

-- +goose Down
drop table report_events, report_messages, reports;
drop sequence report_revisions;
