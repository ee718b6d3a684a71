-- +goose Up

-- Some providers have two names for a call: one as it comes in, another in what they tell of it later.
alter table calls add column also text not null default '';
create index calls_also on calls (provider, also) where also <> '';
create index outgoing_attempts_sid on outgoing_attempts (provider, sid) where sid <> '';

-- +goose Down
drop index outgoing_attempts_sid;
drop index calls_also;
alter table calls drop column also;
