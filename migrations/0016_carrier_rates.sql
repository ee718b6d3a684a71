-- +goose Up

-- What each carrier is sent in a second, by all nodes together. Parts are granted as slots of time, one after the other:
-- next_at is the end of the last. A carrier that asked for less has a lower rate from slowed_at on, and regains step each
-- second.
create table carrier_rates (
  carrier   text primary key,
  next_at   timestamptz not null,
  rate      double precision, -- parts a second at slowed_at; null: as configured
  step      double precision not null default 0,
  slowed_at timestamptz
) with (fillfactor = 10);

-- Each lease has an epoch that no other ever had, so that one whose commit got no answer can be told from the next.
create sequence chunk_epochs as int cycle;

-- +goose Down
drop sequence chunk_epochs;
drop table carrier_rates;
