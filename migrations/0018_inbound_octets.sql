-- +goose Up

-- Parts are kept as the phone cut them: one read by itself loses the character that was cut in two. What waits now is
-- taken out for people to read, since its octets are gone.
insert into inbound (carrier, phone, recipient, text, action, at)
select '', phone, recipient, string_agg(text, ' […] ' order by seq), '', max(at) from inbound_parts
where not joined group by phone, recipient, ref, total;
delete from inbound_parts;
alter table inbound_parts drop column text;
alter table inbound_parts add column carrier text not null, add column octets bytea not null, add column data_coding smallint not null;

-- Why nobody acted on a message, and which officer has read it since. What came before this column is taken as read.
alter table inbound
  add column kept text not null default '' check (kept in ('', 'unknown', 'broken', 'late', 'machine')),
  add column seen_at timestamptz,
  add column seen_by text not null default '';
create index inbound_kept on inbound (id) where kept <> '' and seen_at is null;

-- +goose Down
drop index inbound_kept;
alter table inbound drop column kept, drop column seen_at, drop column seen_by;
delete from inbound_parts;
alter table inbound_parts drop column carrier, drop column octets, drop column data_coding;
alter table inbound_parts add column text text not null;
