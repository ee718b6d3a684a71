-- +goose Up

-- What a caller spoke is evidence: the sound of a message left with a provider is brought here, beside those spoken to this program.
alter table spoken_messages rename column wav to sound; -- as it came, byte for byte
alter table spoken_messages add column type text not null default 'audio/wav' check (type in ('audio/wav', 'audio/mpeg'));
alter table spoken_messages add column source text not null default ''; -- the address that it came from; '' for one spoken to this program
alter table spoken_messages add column fetched_at timestamptz check ((fetched_at is null) = (source = ''));

-- Recordings that are still with their providers.
create table recording_fetches (
  id        bigint generated always as identity primary key,
  key       text not null unique, -- spoken_messages.sid, as it will be
  report_id bigint not null references reports,
  provider  text not null,
  call_sid  text not null, -- calls.sid
  url       text not null,
  at        timestamptz not null, -- when the caller spoke
  seconds   int not null check (seconds >= 0),
  tries     int not null default 0,
  next_at   timestamptz not null, -- a node that tries puts it off first: nobody else tries meanwhile
  failed    text not null default '' check (failed in ('', 'address', 'refused', 'gone', 'large', 'type', 'unreached')), -- the last try
  done_at   timestamptz
);
create index recording_fetches_due on recording_fetches (next_at) where done_at is null;

-- +goose Down
drop table recording_fetches;
alter table spoken_messages drop column fetched_at, drop column source, drop column type;
alter table spoken_messages rename column sound to wav;
