-- +goose Up

-- How far reminders of all campaigns have come, unit by unit: counted beside the requests, since it reads every message.
create table ward_reach (
  unit_id   bigint primary key,
  residents int not null,
  agreed    int not null, -- residents who agreed to reminders and did not stop them
  reachable int not null, -- numbers that an SMS or a call may go to
  reached   int not null  -- of them, those to which a message was delivered or a call heard
);
create table ward_reach_counts (
  one        boolean primary key default true check (one),
  mark       text not null, -- where consents, imports and the campaigns' own counts stood
  counted_at timestamptz not null
);

-- +goose Down
drop table ward_reach_counts, ward_reach;
