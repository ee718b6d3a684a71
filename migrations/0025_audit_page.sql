-- +goose Up
-- Each filter of the audit page has an index that holds its rows in the page's order, so that the newest hundred of a million
-- are read and no more.
create index audit_log_time on audit_log (at desc, id desc);
create index audit_log_who on audit_log (who, at desc, id desc);
create index audit_log_role on audit_log (role, at desc, id desc);
create index audit_log_act on audit_log (act, at desc, id desc);
create index audit_log_thing on audit_log (object, at desc, id desc);
create index audit_log_kind on audit_log (split_part(object, ':', 1), at desc, id desc);
create index audit_log_addr on audit_log (addr, at desc, id desc);
drop index audit_log_at, audit_log_object; -- the first columns of two of these

-- +goose Down
create index audit_log_at on audit_log (at desc);
create index audit_log_object on audit_log (object);
drop index audit_log_time, audit_log_who, audit_log_role, audit_log_act, audit_log_thing, audit_log_kind, audit_log_addr;
