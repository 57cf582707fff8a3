-- Events become a chain: each holds a digest of itself and of the one before it. Events from before have none.

alter table events add column hash text not null default '';
