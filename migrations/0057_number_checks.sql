-- +goose Up

-- Who asked whether a number was reported. How often one asks is limited by it.
create table number_checks (
  id      bigint generated always as identity primary key,
  at      timestamptz not null,
  channel text not null check (channel in ('call', 'ussd', 'sms')),
  asker   text not null, -- E.164; of a withheld number the call
  number  text not null, -- in the form in which reports of it meet
  found   text not null check (found in ('reported', 'official', 'none', 'limited'))
);
create index number_checks_asker on number_checks (asker, at);
create index number_checks_number on number_checks (number);

-- How many people had reported a number when it was last counted. It is counted anew once an hour at most: whoever watches
-- a number of his own must not see a report arrive.
create table number_counts (
  number text primary key,
  people int not null,
  at     timestamptz not null
);

-- +goose Down
drop table number_counts, number_checks;
