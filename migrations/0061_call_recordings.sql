-- +goose Up

-- Calls recorded as a whole (voice.recording). A row outlives its sound: it tells that there was one, its sum, and when it went.
create table call_recordings (
  sid        text primary key, -- ours, or PROVIDER:its
  call_id    bigint not null references calls,
  at         timestamptz not null, -- when it began: the announcement had been heard by then
  seconds    int  not null check (seconds >= 0),
  sha256     text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  type       text not null check (type in ('audio/wav', 'audio/mpeg')),
  source     text not null default '', -- the address that it came from; '' for one of this program's own
  fetched_at timestamptz check ((fetched_at is null) = (source = '')),
  sound      bytea,
  purged_at  timestamptz check ((purged_at is null) = (sound is not null))
);
create index call_recordings_call on call_recordings (call_id);
create index call_recordings_kept on call_recordings (at) where purged_at is null;

-- A recording of a whole call is fetched as a message is, and belongs to the call: most calls make no report.
alter table recording_fetches alter column report_id drop not null;
alter table recording_fetches add column call_id bigint references calls;
alter table recording_fetches add constraint recording_fetches_of check ((report_id is null) <> (call_id is null));

-- +goose Down
delete from recording_fetches where call_id is not null;
alter table recording_fetches drop constraint recording_fetches_of;
alter table recording_fetches drop column call_id;
alter table recording_fetches alter column report_id set not null;
drop table call_recordings;
