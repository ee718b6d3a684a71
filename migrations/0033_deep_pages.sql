-- +goose Up
-- Those who never agreed are counted, and their later pages reached, without reading the people who are passed over.
drop index residents_never_agreed;
create index residents_never_agreed on residents (name_fold, id) include (phone, unit_id) where consent_at is null;

-- +goose Down
drop index residents_never_agreed;
create index residents_never_agreed on residents (name_fold, id) where consent_at is null;
