-- +goose Up

-- Keys that a caller pressed and did not hand in before the end (pressed), and keys pressed before their question was
-- asked (ahead) are in the record of a call too.
alter table call_events drop constraint call_events_input_check;
alter table call_events add constraint call_events_input_check
  check (input in ('start', 'keys', 'ahead', 'silence', 'dialed', 'recorded', 'pressed', 'ended')) not valid;
alter table call_events validate constraint call_events_input_check;

-- +goose Down
alter table call_events drop constraint call_events_input_check;
alter table call_events add constraint call_events_input_check
  check (input in ('start', 'keys', 'silence', 'dialed', 'recorded', 'ended')) not valid; -- rows written meanwhile stay
