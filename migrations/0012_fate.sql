-- +goose Up

-- How a carrier's receipts write the id of submit_sm_resp, where that was learned from matches that left no choice.
create table receipt_forms (
  carrier    text primary key,
  form       text not null check (form in ('same', 'hex', 'dec')),
  learned_at timestamptz not null
);

-- When the SMSC took the message that a receipt tells of, where the receipt says so: by it and the number a message is
-- found whose id never came.
alter table receipts_unmatched add column submitted_at timestamptz;
create index receipts_unmatched_kept on receipts_unmatched (received_at);

-- Messages whose receipt is overdue are found by the time of their acceptance, without an index on what a receipt changes:
-- its update must stay HOT. BRIN would be smaller by far, but vacuum lets new rows into old pages, and a slice of a second
-- then read a tenth of five million rows.
create index sent_accepted on sent (accepted_at);

-- How far each carrier's messages have been looked through, by their accepted_at: for asking, and for giving up.
create table receipt_sweeps (
  carrier  text not null,
  what     text not null check (what in ('ask', 'deadline')),
  swept_to timestamptz not null,
  primary key (carrier, what)
);

-- Messages to ask a carrier about by query_sm: without a receipt for long, or in doubt with an id.
create table receipt_queries (
  message_id bigint not null,
  part       smallint not null, -- 0 for a message of one part
  carrier    text not null,
  carrier_message_id text not null, -- as the response had it
  ask_at     timestamptz not null,
  tries      int not null default 0,
  primary key (message_id, part)
);
create index receipt_queries_due on receipt_queries (carrier, ask_at);

-- +goose Down
drop table receipt_queries, receipt_sweeps, receipt_forms;
drop index sent_accepted, receipts_unmatched_kept;
alter table receipts_unmatched drop column submitted_at;
