-- +goose Up

-- Whose socket carries the call: the id of a node, of nodes. '' for a call by webhook, which any node answers.
alter table calls add column held_by text not null default '';
create index calls_held on calls (id) where held_by <> '' and ended_at is null;

-- +goose Down
drop index calls_held;
alter table calls drop column held_by;
