-- +goose Up

-- The national Do-Not-Call list (NĐ 91/2020), by which no reminder goes to a number although its resident agreed once. Each
-- list is whole and dated, and replaces the one before.
create table do_not_call_lists (
  id        bigint generated always as identity primary key,
  dated     date not null, -- the day that the list tells of
  name      text not null, -- of the file
  sha256    text not null,
  numbers   int not null,
  added     int not null,
  removed   int not null,
  rejected  int not null,
  loaded_at timestamptz not null,
  loaded_by text not null
);

create table do_not_call (
  phone text primary key, -- E.164
  since date not null     -- of the first list that named it
);

-- +goose Down
drop table do_not_call, do_not_call_lists;
