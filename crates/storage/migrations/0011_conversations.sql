-- A conversation hands out positions to its items; taking some locks its row, so appends follow one another.
create table conversations (
    id text primary key,
    owner text not null default '',
    created_at bigint not null,
    metadata text not null,
    next_position bigint not null
);
create table conversation_items (
    conversation_id text not null references conversations (id) on delete cascade,
    position bigint not null,
    id text not null,
    owner text not null default '',
    body text not null,
    primary key (conversation_id, position),
    unique (conversation_id, id)
);
