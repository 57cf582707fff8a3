-- What people asked of a claim's evidence, and what stood in it.

create table questions (
    question_id     text primary key,
    claim_id        text not null references claims (claim_id),
    asked_by        text not null,
    asker_name      text,
    question        text not null,
    answer          text not null,
    refused         bigint not null,
    withheld        bigint not null,
    grounds         text not null,
    model           text not null,
    asked_at        bigint not null
);
create index questions_by_claim on questions (claim_id, asked_at);
