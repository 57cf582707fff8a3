-- Chunks are read page by page in this order.
drop index vector_store_chunks_by_revision;
create index vector_store_chunks_by_place on vector_store_chunks (store_id, revision, file_id, ordinal, id);

-- PostgreSQL with the extension `vector`: which stores have a table of their own, and how far it has come.
create table vector_store_indexes (
    store_id text primary key,
    dimension bigint not null,
    revision bigint not null
);
