-- +goose Up

-- Messages in doubt are counted by their moves: no index may hold the state, which each receipt changes.
create index message_moves_doubt on message_moves (at) where to_state = 'unknown';

-- +goose Down
drop index message_moves_doubt;
