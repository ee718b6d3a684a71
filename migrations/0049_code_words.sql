-- +goose Up

-- What our calls to a household say first, so that it knows them from a scammer's: two of the hotline's plain nouns.
create table code_words (
  phone     text primary key,
  first     text not null,
  second    text not null check (second <> first),
  chosen_at timestamptz not null
);

-- +goose Down
drop table code_words;
