-- When a vector store expires (Unix seconds, 0: never), and who attaches the files of a batch until when.
alter table vector_stores add column expires_at bigint not null default 0;
create index vector_stores_by_expiry on vector_stores (expires_at);
alter table vector_store_batches add column runner text not null default '';
alter table vector_store_batches add column lease_until bigint not null default 0;
create index vector_store_files_by_status on vector_store_files (status, batch_id);
