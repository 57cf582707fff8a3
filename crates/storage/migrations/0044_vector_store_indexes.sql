-- PostgreSQL with the extension `vector`: which stores have a table of their own, and how far it has come.
create table vector_store_indexes (
    store_id text primary key,
    dimension bigint not null,
    revision bigint not null
);
