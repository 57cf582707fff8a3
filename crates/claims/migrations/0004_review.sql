-- What people do with a claim. `version` grows by one with each act, so that two people who saw the same state cannot
-- both act on it.

create table review_tasks (
    claim_id    text primary key references claims (claim_id),
    version     bigint not null,
    assignee    text
);
create index review_tasks_by_assignee on review_tasks (assignee);

create table reviews (
    claim_id            text not null references claims (claim_id),
    version             bigint not null,
    decision_version    bigint not null,
    action              text not null,
    state               text not null,
    outcome             text,
    amount_minor        bigint,
    currency            text,
    reason              text not null,
    reviewer            text not null,
    reviewer_name       text,
    overrides           bigint not null default 0,
    created_at          bigint not null,
    primary key (claim_id, version)
);
create index reviews_by_state on reviews (state, created_at);
