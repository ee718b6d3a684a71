-- +goose Up

-- A text once for its whole run, or for one single message.
create table bodies (
  id   bigint generated always as identity primary key,
  text text not null
);

-- A run as it was handed over: what the claim asks for each of its messages.
create table run_orders (
  run_id       bigint primary key check (run_id between 1 and 2147483647), -- messages.id holds it in its upper half
  campaign_id  bigint not null,
  body_id      bigint not null references bodies,
  urgent       boolean not null,
  hours        text not null, -- "07:00-22:00"; empty: every hour
  per_day      int not null,
  per_week     int not null,
  resend       boolean not null,
  send_by      timestamptz not null,
  queued_at    timestamptz not null,
  paused       boolean not null default false,
  cancelled_at timestamptz
);

-- About 500 messages of one run and one carrier, leased as a whole. Those below the watermark have been meant for the
-- wire; epoch tells a holder whose lease was lost from the one who has it now.
create table chunks (
  id          bigint generated always as identity primary key,
  run_id      bigint not null references run_orders,
  carrier     text not null,
  nth         int not null, -- within its run and carrier: runs that are open together take turns
  urgent      boolean not null,
  size        int not null,
  watermark   int not null default 0 check (watermark between 0 and size),
  state       text not null default 'open' check (state in ('open', 'done', 'cancelled', 'expired')),
  paused      boolean not null default false,
  ready_at    timestamptz not null, -- not before: the run's send_after, then the next allowed hour
  send_by     timestamptz not null,
  lease_node  int, -- who holds it, and until when at the latest; a node that died loses it at once
  lease_until timestamptz,
  epoch       int not null default 0,
  intent_at   timestamptz, -- of the last move of the watermark
  ended_at    timestamptz
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
create index chunks_ready on chunks (carrier, urgent desc, nth, id) where state = 'open' and not paused and lease_node is null;
create index chunks_leased on chunks (lease_node) where lease_node is not null;
create index chunks_run on chunks (run_id);

-- Insert-only. id is run<<32 | resident, so that a second expansion adds nothing; a single's comes from single_ids.
-- No foreign keys: they would cost a lookup for each of a million rows, all written by one statement beside the chunks.
create table messages (
  id       bigint primary key,
  chunk_id bigint, -- null for a single, with pos
  pos      int,
  phone    text not null,
  unit_id  bigint not null, -- 0 for a single
  body_id  bigint not null
) with (autovacuum_vacuum_insert_scale_factor = 0.1);
create unique index messages_chunk on messages (chunk_id, pos);
create index messages_phone on messages (phone, id);

create sequence single_ids maxvalue 4294967295;
create table singles (
  message_id bigint primary key,
  purpose    text not null check (purpose in ('reply', 'receipt', 'alert', 'api')),
  key        text unique,
  sender     text not null default '', -- '': the carrier's own
  queued_at  timestamptz not null,
  send_by    timestamptz not null
);

-- What is leased by row: singles, and messages of runs that were refused for now or never reached the wire. A row with a
-- lease is submitting; it leaves when its outcome is in sent.
create table outbox (
  message_id bigint primary key,
  carrier    text not null,
  priority   int not null, -- 0 replies and receipts, 1 alerts and urgent runs, 2 the API's, 3 retries of reminders
  ready_at   timestamptz not null,
  send_by    timestamptz not null,
  attempts   int not null default 0,
  lease_node  int,
  lease_until timestamptz,
  leased_at  timestamptz,
  error      text not null default '' -- of the last try
) with (autovacuum_vacuum_scale_factor = 0.02);
create index outbox_ready on outbox (carrier, priority, ready_at) where lease_node is null;
create index outbox_leased on outbox (lease_node) where lease_node is not null;

-- One row a message, once something is known of it. Its indexes hold nothing that a receipt changes, and half of each page
-- is left free, so that the receipt's update stays on the page (HOT).
create table sent (
  message_id         bigint primary key,
  state              text not null check (state in ('accepted', 'delivered', 'failed', 'expired', 'unknown', 'suppressed', 'cancelled')),
  carrier            text not null,
  carrier_message_id text, -- as the response had it; of the first part
  parts              smallint not null,
  submitted_at       timestamptz,
  accepted_at        timestamptz,
  done_at            timestamptz,
  error              text not null default ''
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
-- Receipts differ from responses in case and leading zeros.
create index sent_receipt on sent (carrier, lower(ltrim(carrier_message_id, '0'))) where carrier_message_id is not null;

-- The parts of messages that have more than one: each has its own id at the carrier and its own receipt.
create table sent_parts (
  message_id         bigint not null,
  part               smallint not null,
  carrier            text not null,
  carrier_message_id text not null,
  state              text not null default 'accepted',
  at                 timestamptz not null,
  error              text not null default '',
  primary key (message_id, part)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
create index sent_parts_receipt on sent_parts (carrier, lower(ltrim(carrier_message_id, '0')));

-- The unusual moves, with their reason; the ordinary ones are columns of sent.
create table message_moves (
  id         bigint generated always as identity primary key,
  message_id bigint not null,
  at         timestamptz not null,
  from_state text not null,
  to_state   text not null,
  reason     text not null
);
create index message_moves_message on message_moves (message_id);

-- Receipts that no message answers to: come before their submit_sm_resp is stored, or not ours. Tried again until try_at is null.
create table receipts_unmatched (
  id          bigint generated always as identity primary key,
  carrier     text not null,
  carrier_message_id text not null,
  phone       text not null, -- the receipt's source address, as it came
  state       text not null,
  error       text not null,
  at          timestamptz not null,
  received_at timestamptz not null,
  tries       int not null default 0,
  try_at      timestamptz
);
create index receipts_unmatched_due on receipts_unmatched (carrier, try_at) where try_at is not null;

create table inbound (
  id         bigint generated always as identity primary key,
  carrier    text not null,
  phone      text not null, -- E.164, or the address as it came when that is no phone's
  recipient  text not null,
  text       text not null,
  action     text not null default '',
  at         timestamptz not null,
  reply_id   bigint
);
create index inbound_phone on inbound (phone, id);

create table inbound_parts (
  phone     text not null,
  recipient text not null,
  ref       int not null,
  total     smallint not null,
  seq       smallint not null,
  text      text not null,
  at        timestamptz not null,
  primary key (phone, recipient, ref, total, seq)
);

-- A number for each start of a node; the node holds an advisory lock on it, which ends with the process.
create sequence gateway_nodes as int cycle;

-- +goose Down
drop sequence gateway_nodes, single_ids;
drop table inbound_parts, inbound, receipts_unmatched, message_moves, sent_parts, sent, outbox, singles, messages, chunks, run_orders, bodies;
