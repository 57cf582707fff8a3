-- Batches of requests, who works on each until when (Unix seconds), and the answers that have come so far.
create table batches (
    id text primary key,
    owner text not null default '',
    created_at bigint not null,
    status text not null,
    runner text not null default '',
    lease_until bigint not null default 0,
    body text not null
);
create index batches_by_time on batches (owner, created_at, id);
create index batches_by_status on batches (status, lease_until);

create table batch_lines (
    batch_id text not null references batches (id) on delete cascade,
    line bigint not null,
    ok bigint not null,
    body text not null,
    primary key (batch_id, line)
);
