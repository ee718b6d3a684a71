-- +goose Up

-- Messages that callers spoke to this program itself. Those spoken to a provider stay there (report_messages.url).
create table spoken_messages (
  sid      text primary key, -- report_messages.sid
  provider text not null,    -- the trunk
  call_sid text not null,    -- calls.sid
  at       timestamptz not null,
  seconds  int  not null check (seconds >= 0),
  sha256   text not null check (sha256 ~ '^[0-9a-f]{64}$'), -- of wav
  wav      bytea not null
);

-- +goose Down
drop table spoken_messages;
