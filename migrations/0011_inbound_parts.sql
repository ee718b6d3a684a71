-- +goose Up

-- Parts stay for a while after they were joined: one that the carrier delivers again is no beginning of another message.
alter table inbound_parts add column joined boolean not null default false;

-- +goose Down
delete from inbound_parts where joined;
alter table inbound_parts drop column joined;
