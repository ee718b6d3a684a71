-- +goose Up

-- What the page of the menu's paths shows: counted from the record of conversations that are over, never in a step that a
-- caller waits for. No row names a person or a number.

-- A stay is one asking of one node: its words, and what came of them.
create table menu_stays (
  day      timestamptz not null, -- midnight in the ward
  version  bigint not null, -- of the menu
  origin   text not null check (origin in ('hotline', 'ours', 'ussd')),
  node     text not null,
  outcome  text not null check (outcome in ('key', 'again', 'officer', 'on', 'wrong', 'silent', 'rang', 'spoke', 'left', 'done')),
  key      text not null default '', -- where it was one of the node's own
  n        int not null,
  heard    int not null, -- of them, those whose words had ended
  words_ms bigint not null, -- the length of their words together
  waited   int[] not null, -- keys by the time since the words began (ivr.waitEdges); empty where none was pressed
  primary key (origin, day, version, node, outcome, key)
);

-- A conversation counts once at each node, however often it was asked there. One that came to a step of the report's path
-- has passed the steps before, also where it took them at once, by keys typed ahead.
create table menu_comings (
  day     timestamptz not null,
  version bigint not null,
  origin  text not null check (origin in ('hotline', 'ours', 'ussd')),
  node    text not null,
  n       int not null,
  left_at int not null, -- of them: ended there
  failed  int not null, -- three failures in a row
  wrong   int not null, -- a key that the node has not
  astray  int not null, -- one of these
  primary key (origin, day, version, node)
);

-- What waits to be counted is few rows: those that last a step change nothing of it.
alter table calls add column counted boolean not null default false;
alter table ussd_sessions add column counted boolean not null default false;
create index calls_uncounted on calls (id) where not counted;
create index ussd_sessions_uncounted on ussd_sessions (id) where not counted;

-- +goose Down
alter table ussd_sessions drop column counted;
alter table calls drop column counted;
drop table menu_comings, menu_stays;
