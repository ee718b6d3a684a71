-- +goose Up

-- limit: as many were rung back as may be. often: the number itself was, today. Such a call is answered.
alter table missed_calls drop constraint missed_calls_fate_check;
alter table missed_calls add constraint missed_calls_fate_check
  check (fate in ('', 'called', 'waiting', 'soon', 'limit', 'often', 'withheld', 'foreign', 'own'));
create index missed_calls_beyond on missed_calls (at) where fate = 'limit';
create index outgoing_attempts_callbacks on outgoing_attempts (dialed_at) where why = 'callback';

-- Calls back to numbers that nobody knows go between those to residents and reminders.
update outgoing_calls set priority = 2 where why = 'reminder' and state = 'queued';

-- +goose Down
update outgoing_calls set priority = 1 where why = 'reminder' and state = 'queued';
drop index outgoing_attempts_callbacks;
drop index missed_calls_beyond;
update missed_calls set fate = '' where fate in ('limit', 'often');
alter table missed_calls drop constraint missed_calls_fate_check;
alter table missed_calls add constraint missed_calls_fate_check
  check (fate in ('', 'called', 'waiting', 'soon', 'withheld', 'foreign', 'own'));
