-- +goose Up

-- A report's page and the export look for the calls in which it was told.
create index calls_report on calls (report_id) where report_id is not null;

-- +goose Down
drop index calls_report;
