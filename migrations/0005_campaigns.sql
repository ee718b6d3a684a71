-- +goose Up
create table campaigns (
  id              bigint generated always as identity primary key,
  name            text not null,
  contents        jsonb not null, -- [{"text": with diacritics, "plain": không dấu}], one a firing
  form            text not null check (form in ('plain', 'accented')),
  units           bigint[] not null, -- a ward means all its groups
  channel         text not null check (channel in ('sms')),
  cron            text not null,
  hours           text not null,
  cap_day         int not null check (cap_day >= 0), -- 0 = no cap
  cap_week        int not null check (cap_week >= 0),
  urgent          boolean not null,
  urgent_reason   text not null,
  resend          boolean not null,
  state           text not null check (state in ('draft', 'submitted', 'approved', 'running', 'paused', 'done', 'cancelled')),
  author          text not null,
  editors         text[] not null default '{}', -- who changed the draft after its author: none of them may approve
  approver        text not null default '',
  second_approver text not null default '', -- urgent only
  copied_from     bigint references campaigns,
  revision        int not null default 1, -- counts the edits of the draft
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  check (approver = '' or approver <> author),
  check (second_approver = '' or (second_approver <> author and second_approver <> approver))
);
create index campaigns_state on campaigns (state);

-- Append-only: every act on a campaign, with the move it made.
create table campaign_history (
  id          bigint generated always as identity primary key,
  campaign_id bigint not null references campaigns,
  at          timestamptz not null,
  who         text not null,
  role        text not null,
  act         text not null,
  from_state  text not null,
  to_state    text not null,
  detail      text not null default ''
);
create index campaign_history_campaign on campaign_history (campaign_id, id);
create trigger campaign_history_append_only before update or delete on campaign_history for each row execute function refuse_change();

-- One expansion of the audience. The key is what makes a second firing of a due time add nothing.
create table campaign_runs (
  id          bigint generated always as identity primary key,
  campaign_id bigint not null references campaigns,
  due_at      timestamptz not null,
  nth         int not null check (nth >= 1), -- which content
  audience    int not null default 0, -- messages enqueued
  created_at  timestamptz not null,
  done_at     timestamptz, -- nothing of it is on its way any more
  unique (campaign_id, due_at)
);

-- +goose Down
drop table campaign_runs, campaign_history, campaigns;
