-- Agents of the 0.3 dialect. Times are BIGINT microseconds, which order the rows.
create table agents (
    id text primary key,
    owner text not null default '',
    created_at bigint not null,
    body text not null
);
create index agents_by_time on agents (owner, created_at, id);

create table agent_sessions (
    id text primary key,
    agent_id text not null,
    owner text not null default '',
    created_at bigint not null,
    body text not null
);
create index agent_sessions_by_time on agent_sessions (agent_id, created_at, id);

create table agent_turns (
    id text primary key,
    session_id text not null,
    owner text not null default '',
    created_at bigint not null,
    body text not null
);
create index agent_turns_by_time on agent_turns (session_id, created_at, id);
