-- Chunks are read page by page in this order.
drop index vector_store_chunks_by_revision;
create index vector_store_chunks_by_place on vector_store_chunks (store_id, revision, file_id, ordinal, id);
