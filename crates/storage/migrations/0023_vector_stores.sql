-- Vectors are little-endian f32. `bytea` is PostgreSQL's word; SQLite keeps the bytes as they are.
create table vector_stores (
    id text primary key,
    owner text not null default '',
    created_at bigint not null,
    revision bigint not null default 0,
    rewritten bigint not null default 0,
    body text not null
);
create index vector_stores_by_time on vector_stores (owner, created_at, id);

create table vector_store_files (
    store_id text not null,
    file_id text not null,
    batch_id text not null default '',
    status text not null,
    usage_bytes bigint not null,
    created_at bigint not null,
    body text not null,
    primary key (store_id, file_id)
);

create table vector_store_batches (
    id text primary key,
    store_id text not null,
    body text not null
);

create table vector_store_chunks (
    store_id text not null,
    id text not null,
    file_id text not null,
    ordinal bigint not null,
    revision bigint not null,
    body text not null,
    metadata text not null,
    vector bytea not null,
    primary key (store_id, id)
);
create index vector_store_chunks_by_file on vector_store_chunks (store_id, file_id, ordinal);
create index vector_store_chunks_by_revision on vector_store_chunks (store_id, revision, file_id, ordinal);
