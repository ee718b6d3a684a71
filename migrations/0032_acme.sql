-- +goose Up
-- What the ACME client keeps: the account's key, certificates with their keys, and answers to challenges under way. In the
-- database, so that any node answers the authority's question and none asks for a certificate that another has.
create table acme_cache (
  name       text primary key,
  data       bytea not null,
  updated_at timestamptz not null
);

-- +goose Down
drop table acme_cache;
