-- +goose Up

-- Numbers that left the carrier whose prefix they bear, and where they are now. Told by a list, or learned when another
-- carrier delivered what the first one did not know.
create table ported_numbers (
  phone   text primary key,
  carrier text not null,
  source  text not null check (source in ('import', 'learned')),
  at      timestamptz not null
);

-- Which carrier said that it does not know a number, last when.
create table unknown_subscribers (
  phone   text not null,
  carrier text not null,
  at      timestamptz not null,
  primary key (phone, carrier)
);

-- Messages that one carrier did not know the number of and that are with another, until it is known what came of them.
create table rerouted (
  message_id bigint primary key,
  phone      text not null,
  refused_by text not null,
  at         timestamptz not null,
  look_at    timestamptz not null
);
create index rerouted_look on rerouted (look_at);

alter table outbox add column refused_by text not null default ''; -- who did not know the number: it is tried elsewhere once

-- +goose Down
alter table outbox drop column refused_by;
drop table rerouted, unknown_subscribers, ported_numbers;
