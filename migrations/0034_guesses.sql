-- +goose Up
-- An account's wrong guesses over all addresses are counted too, each time somebody tries: by their own index, since a
-- day's worth of a stranger's guesses is many rows.
create index console_failures_name on console_failures (name, at desc);

-- +goose Down
drop index console_failures_name;
