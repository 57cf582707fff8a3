-- One text for SQLite and PostgreSQL. Ids and JSON are TEXT, time is BIGINT microseconds since 1970 UTC,
-- money is BIGINT minor units, flags are BIGINT 0/1.

create table users (
    user_id     text primary key,
    language    text not null,
    is_active   bigint not null,
    body        text not null
);

create table contracts (
    contract_number text primary key,
    user_id         text not null,
    product         text not null,
    start_date      text not null,
    end_date        text not null,
    body            text not null
);
create index contracts_by_user on contracts (user_id);

-- The *_key columns hold the value in lower case without punctuation, for look-up.
create table past_claims (
    claim_number    text primary key,
    user_id         text not null,
    contract_number text not null,
    invoice_key     text not null,
    provider_key    text not null,
    incident_date   text not null,
    body            text not null
);
create index past_claims_by_user on past_claims (user_id);
create index past_claims_by_contract on past_claims (contract_number);
create index past_claims_by_invoice on past_claims (invoice_key);
create index past_claims_by_provider on past_claims (provider_key);

create table knowledge_base (
    article_id  text primary key,
    language    text not null,
    category    text not null,
    body        text not null
);

create table fx_rates (
    month           text not null,
    currency        text not null,
    eur_per_unit    text not null,
    primary key (month, currency)
);

create table watchlist (
    provider_name   text primary key,
    listed_on       text not null
);

create table holidays (
    holiday_date    text not null,
    country         text not null,
    primary key (holiday_date, country)
);

create table reference_marks (
    name    text primary key,
    mark    text not null
);

create table claims (
    claim_id                    text primary key,
    claim_number                text not null unique,
    user_id                     text not null,
    claim_type                  text,
    received_date               text not null,
    document_path               text not null,
    document_sha256             text not null,
    status                      text not null,
    current_run                 text,
    decision_version            bigint not null default 0,
    event_seq                   bigint not null default 0,
    is_archived                 bigint not null default 0,
    metadata                    text not null,
    submitted_at                bigint not null,
    processed_at                bigint,
    total_processing_time_ms    bigint,
    updated_at                  bigint not null
);
create index claims_by_status on claims (status, submitted_at);
create index claims_by_user on claims (user_id);
create index claims_by_submission on claims (submitted_at);

create table documents (
    claim_id    text not null references claims (claim_id),
    sha256      text not null,
    filename    text not null,
    media_type  text not null,
    size_bytes  bigint not null,
    created_at  bigint not null,
    primary key (claim_id, sha256)
);

create table runs (
    run_id      text primary key,
    claim_id    text not null references claims (claim_id),
    attempt     bigint not null,
    state       text not null,
    options     text not null,
    queued_at   bigint not null,
    started_at  bigint,
    ended_at    bigint,
    end_reason  text,
    response_id text,
    model       text
);
create index runs_by_claim on runs (claim_id, queued_at);
create index runs_by_state on runs (state, queued_at);

create table steps (
    run_id          text not null references runs (run_id),
    step_index      bigint not null,
    claim_id        text not null,
    kind            text not null,
    name            text not null,
    agent           text not null,
    tool            text,
    status          text not null,
    arguments       text,
    output          text,
    error           text,
    started_at      bigint not null,
    completed_at    bigint,
    primary key (run_id, step_index)
);

create table evidence (
    evidence_id text primary key,
    claim_id    text not null references claims (claim_id),
    run_id      text not null references runs (run_id),
    kind        text not null,
    tool        text not null,
    payload     text not null,
    confidence  double precision,
    sha256      text not null,
    created_at  bigint not null,
    unique (claim_id, run_id, kind, sha256)
);

create table decisions (
    decision_id     text primary key,
    claim_id        text not null references claims (claim_id),
    run_id          text not null unique references runs (run_id),
    version         bigint not null,
    source          text not null,
    decision        text not null,
    payable_minor   bigint,
    proposed_minor  bigint,
    currency        text,
    confidence      double precision not null,
    first_reason    text not null,
    retryable       bigint not null,
    evidence_sha256 text not null,
    body            text not null,
    agent_text      text,
    agent_agrees    bigint not null default 0,
    model           text,
    decided_at      bigint not null,
    unique (claim_id, version)
);

create table events (
    claim_id    text not null references claims (claim_id),
    seq         bigint not null,
    run_id      text,
    kind        text not null,
    payload     text not null,
    created_at  bigint not null,
    primary key (claim_id, seq)
);
