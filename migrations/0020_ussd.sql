-- +goose Up

-- One USSD session and where it stands in the menu. The row is locked while a step is answered, so any node may take the
-- next one.
create table ussd_sessions (
  id         bigint generated always as identity primary key,
  provider   text not null, -- the carrier, or the provider over HTTP
  sid        text not null, -- the network's name for the session; with some it is the number, and comes again
  from_phone text not null default '', -- E.164; '' when withheld
  from_kind  text not null default '', -- of residents: what the number can take
  code       text not null default '', -- as dialled
  node       text not null,
  step       int  not null default 0, -- the step that comes next
  heard      text not null default '', -- all that was typed so far, from providers that repeat it each time
  shown      boolean not null default false, -- the network has taken the last screen
  fields     jsonb not null default '{}', -- the answers so far
  attempt    int  not null default 0, -- reports that this session cancelled before
  report_id  bigint, -- of reports, when one is open
  started_at timestamptz not null,
  last_at    timestamptz not null, -- of its last step
  ended_at   timestamptz,
  end_status text not null default ''
);
create index ussd_sessions_sid on ussd_sessions (provider, sid, id);
create index ussd_sessions_from on ussd_sessions (from_phone, id) where from_phone <> ''; -- who dials again to go on

-- Every step as it came, with the screen that it got: the same step again gets the same screen.
create table ussd_steps (
  session_id bigint not null references ussd_sessions,
  step       int  not null,
  at         timestamptz not null,
  node       text not null,
  name       text not null default '', -- the network's name for the step
  input      text not null, -- as typed
  screen     text not null, -- the one given
  ends       boolean not null, -- with that screen
  primary key (session_id, step)
);
create trigger ussd_steps_append_only before update or delete on ussd_steps for each row execute function refuse_change();
create trigger ussd_steps_no_truncate before truncate on ussd_steps for each statement execute function refuse_change();

-- A USSD screen has room for one question of whether and when: "before" is yesterday or earlier.
alter table reports drop constraint reports_money_when_check;
alter table reports add constraint reports_money_when_check check (money_when in ('', 'today', 'yesterday', 'earlier', 'before'));

-- +goose Down
update reports set money_when = 'earlier' where money_when = 'before';
alter table reports drop constraint reports_money_when_check;
alter table reports add constraint reports_money_when_check check (money_when in ('', 'today', 'yesterday', 'earlier'));
drop table ussd_steps, ussd_sessions;
