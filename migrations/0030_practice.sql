-- +goose Up

-- A ward to practise on stands in a schema of its own, with tables made like the real ones when somebody begins and dropped
-- when it is removed: no query over the real tables can see it, and nothing can move between the two.
create schema practice;

create table practice.state (
  schema_version bigint not null, -- what the tables were made like: after a migration they are of no use
  begun_at       timestamptz not null,
  begun_by       text not null
);

-- What people did there, for the steps of the first day.
create table practice.acts (
  who text not null,
  act text not null,
  at  timestamptz not null
);

-- The audit log is one for both. An act there says so in its object, whoever wrote it.
-- +goose StatementBegin
create function practice.mark_audit() returns trigger language plpgsql as $$
begin
  insert into practice.acts (who, act, at) values (new.who, new.act, new.at);
  new.object := 'practice/' || new.object;
  return new;
end $$;
-- +goose StatementEnd
create trigger audit_log_practice before insert on audit_log for each row
when (current_schema() = 'practice') execute function practice.mark_audit();

-- Who has done their first day, or wants no more of it on their home page.
create table console_first_days (
  user_id   bigint primary key references console_users,
  hidden_at timestamptz not null
);

-- +goose Down
drop table console_first_days;
drop trigger audit_log_practice on audit_log;
drop schema practice cascade;
