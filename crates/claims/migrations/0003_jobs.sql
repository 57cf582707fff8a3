-- The run table is the queue. A running run is held by a worker until its lease is over; a waiting one is not taken
-- before its time. A batch is a set of runs that were accepted together.

alter table runs add column priority bigint not null default 0;
alter table runs add column not_before bigint not null default 0;
alter table runs add column worker text;
alter table runs add column lease_until bigint;
alter table runs add column batch_id text;
create index runs_waiting on runs (state, priority, queued_at);
create index runs_by_batch on runs (batch_id);

create table batches (
    batch_id    text primary key,
    claims      bigint not null,
    refused     text not null,
    created_at  bigint not null
);

-- A caller's own key for a submission: the same request again finds the claim it made.
create table submission_keys (
    caller          text not null,
    submission_key  text not null,
    request_sha256  text not null,
    claim_id        text not null references claims (claim_id),
    created_at      bigint not null,
    primary key (caller, submission_key)
);

create index documents_by_content on documents (sha256);
