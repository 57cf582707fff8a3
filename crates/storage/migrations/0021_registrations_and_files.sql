-- What callers register (tool groups, shields): one text under its kind and id.
create table registrations (
    kind text not null,
    id text not null,
    owner text not null default '',
    created_at bigint not null,
    body text not null,
    primary key (kind, owner, id)
);

-- Files: the record here, the bytes beside the database. `expires_at` is unix seconds.
create table files (
    id text primary key,
    owner text not null default '',
    purpose text not null,
    created_at bigint not null,
    expires_at bigint not null,
    body text not null
);
create index files_by_time on files (owner, created_at, id);
