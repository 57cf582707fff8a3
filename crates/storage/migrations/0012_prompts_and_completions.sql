create table prompts (
    id text primary key,
    owner text not null default '',
    created_at bigint not null,
    default_version bigint not null,
    newest bigint not null
);
create table prompt_versions (
    prompt_id text not null references prompts (id) on delete cascade,
    version bigint not null,
    owner text not null default '',
    prompt text not null,
    variables text not null,
    primary key (prompt_id, version)
);
create table chat_completions (
    id text primary key,
    owner text not null default '',
    created_at bigint not null,
    model text not null,
    body text not null
);
create index chat_completions_by_time on chat_completions (created_at, id);
