-- +goose Up

-- chunks.carrier and outbox.carrier name the queue: the carrier that the number belongs to. Who serves a queue may be
-- another, one of its equals or one that stands in while its link is down; no row moves for that.
alter table chunks add column lease_carrier text; -- who sends it; null without a lease
alter table outbox
  add column lease_carrier text,
  -- Who may take it: 2 whoever serves the queue, 1 its own carrier and who stands in for it, 0 its own carrier alone.
  add column open_to smallint not null default 2 check (open_to between 0 and 2);

-- Whose short code the sender is: no other carrier may use it.
alter table singles add column sender_carrier text not null default '';

-- Each node's links, so that all nodes agree on which carrier is down. A dead node's rows do not count.
create table link_states (
  node    int not null,
  carrier text not null,
  up      boolean not null,
  since   timestamptz not null, -- it has been so
  seen_at timestamptz not null, -- by the database's clock
  primary key (node, carrier)
) with (fillfactor = 50);

-- +goose Down
drop table link_states;
alter table singles drop column sender_carrier;
alter table outbox drop column open_to, drop column lease_carrier;
alter table chunks drop column lease_carrier;
