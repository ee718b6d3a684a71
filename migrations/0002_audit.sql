-- +goose Up
create table audit_log (
  id     bigint generated always as identity primary key,
  at     timestamptz not null,
  who    text not null,
  role   text not null,
  act    text not null,
  object text not null,
  detail text not null,
  addr   text not null
);
create index audit_log_at on audit_log (at desc);
create index audit_log_object on audit_log (object);

-- Append-only by the database itself, whatever the program does.
-- +goose StatementBegin
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;
-- +goose StatementEnd
create trigger audit_log_append_only before update or delete on audit_log for each row execute function refuse_change();
create trigger audit_log_no_truncate before truncate on audit_log for each statement execute function refuse_change();

-- +goose Down
drop table audit_log;
drop function refuse_change;
