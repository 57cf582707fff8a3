-- Lists walk an index from where the reader stands, whatever the number of claims.
drop index claims_by_status;
drop index claims_by_user;
drop index claims_by_submission;
create index claims_by_status on claims (status, submitted_at, claim_id);
create index claims_by_user on claims (user_id, submitted_at, claim_id);
create index claims_by_submission on claims (submitted_at, claim_id);
create index claims_by_receipt on claims (received_date, claim_id);
create index claims_by_update on claims (updated_at, claim_id);

-- How many claims have a status, archived ones left out. A status has several rows, so that writers beside each other
-- seldom wait for the same one.
create table claim_counts (
    shard   bigint not null,
    status  text not null,
    claims  bigint not null,
    primary key (shard, status)
);
insert into claim_counts (shard, status, claims)
select 0, status, count(*) from claims where is_archived = 0 group by status;
