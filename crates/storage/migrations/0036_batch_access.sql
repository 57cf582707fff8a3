-- Who may see a batch beside its owner; see 0030.
alter table batches add column access text not null default '';
