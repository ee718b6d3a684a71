-- +goose Up

-- Reminders that went to a number by another way than SMS, for the caps, which count them all.
create table contacts (
  key   text primary key, -- of the call, in its owner's words
  phone text not null,
  at    timestamptz not null
);
create index contacts_phone on contacts (phone, at);

-- +goose Down
drop table contacts;
