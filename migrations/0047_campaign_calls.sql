-- +goose Up

-- Campaigns by call, and by call to whom no message came.
alter table campaigns drop constraint campaigns_channel_check;
alter table campaigns add constraint campaigns_channel_check check (channel in ('sms', 'call', 'sms_call'));

-- A number that a run wants called, and what became of it. Its calls are the hotline's to make.
create table campaign_calls (
  run_id    bigint not null references campaign_runs,
  phone     text not null,
  unit_id   bigint not null,
  wanted_at timestamptz not null,
  ended_at  timestamptz,
  result    text not null default '', -- '' while it is to be made
  primary key (run_id, phone)
);
create index campaign_calls_open on campaign_calls (run_id) where ended_at is null;
create index campaign_calls_heard on campaign_calls (run_id, phone) where result = 'heard';

-- When a run by SMS and call last looked for messages that did not arrive.
alter table campaign_runs add column climbed_at timestamptz;

-- +goose Down
alter table campaign_runs drop column climbed_at;
drop table campaign_calls;
alter table campaigns drop constraint campaigns_channel_check;
alter table campaigns add constraint campaigns_channel_check check (channel in ('sms'));
