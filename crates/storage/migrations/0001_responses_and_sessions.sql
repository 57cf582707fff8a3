-- One text for SQLite and PostgreSQL: ids and JSON are TEXT, time is BIGINT seconds.
create table responses (
    id text primary key,
    owner text,
    created_at bigint not null,
    body text not null
);
create index responses_by_time on responses (created_at, id);

create table sessions (
    id text primary key,
    owner text,
    body text not null
);
