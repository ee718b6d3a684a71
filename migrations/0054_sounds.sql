-- +goose Up

-- A sound that the ward made of a line, in one voice. It is kept while it may be wanted again, in use or not.
create table sounds (
  id         bigint generated always as identity primary key,
  line       text not null,
  voice      text not null check (voice in ('trung', 'bac')),
  text       text not null, -- the words that it says; when the line's are others, it is not played
  origin     text not null check (origin in ('recorded', 'uploaded', 'synthesised')),
  engine     text not null default '', -- which program spoke; '' for a person
  speaker    text not null default '', -- whose voice it is; '' for a program's
  agreed_at  timestamptz, -- when that person agreed that callers hear it
  wav        bytea not null,
  sha256     text not null,
  lufs       real not null,
  peak       real not null,
  ms         int not null,
  by_user    text not null,
  at         timestamptz not null,
  check (case when origin = 'synthesised' then engine <> '' else speaker <> '' and agreed_at is not null end)
);
create index sounds_line on sounds (line, voice, id);
create index sounds_spoken on sounds (voice, engine, md5(text)) where origin = 'synthesised'; -- nothing is spoken twice

-- Append-only: which sound callers hear for a line from then on. 0 is the program's own.
create table sound_uses (
  id       bigint generated always as identity primary key,
  line     text not null,
  voice    text not null check (voice in ('trung', 'bac')),
  sound_id bigint not null, -- of sounds, perhaps deleted since
  by_user  text not null,
  at       timestamptz not null
);
create index sound_uses_line on sound_uses (line, voice, id);
create trigger sound_uses_append_only before update or delete on sound_uses for each row execute function refuse_change();
create trigger sound_uses_no_truncate before truncate on sound_uses for each statement execute function refuse_change();

-- With which voice the hotline speaks to the people of a ward or a group; who has none has the larger unit's.
create table unit_voices (
  unit_id bigint primary key references units,
  voice   text not null check (voice in ('trung', 'bac')),
  by_user text not null,
  at      timestamptz not null
);

alter table calls add column voice text not null default 'trung' check (voice in ('trung', 'bac'));

-- +goose Down
alter table calls drop column voice;
drop table unit_voices, sound_uses, sounds;
