-- +goose Up

-- How far the moves into doubt have been looked through, by message_moves.id, for carriers that answer query_sm.
alter table receipt_sweeps add column moves_to bigint not null default 0;

-- +goose Down
alter table receipt_sweeps drop column moves_to;
