-- What a list filters by, and who works on a response in the background until when (Unix seconds).
alter table responses add column status text not null default 'completed';
alter table responses add column model text not null default '';
alter table responses add column runner text not null default '';
alter table responses add column lease_until bigint not null default 0;
create index responses_by_status on responses (status, lease_until);
