-- Who may see a row beside its owner: `access` names the set of the owner's attributes, whose members are tags such as
-- `teams=red`. A list asks for the sets that have a tag in common with the caller's.
create table access_tags (
    set_id text not null,
    tag text not null,
    primary key (set_id, tag)
);
create index access_tags_by_tag on access_tags (tag, set_id);

update responses set owner = '' where owner is null;
alter table responses add column access text not null default '';
alter table conversations add column access text not null default '';
alter table chat_completions add column access text not null default '';
alter table prompts add column access text not null default '';
alter table agents add column access text not null default '';
alter table agent_sessions add column access text not null default '';
alter table registrations add column access text not null default '';
alter table files add column access text not null default '';
alter table vector_stores add column access text not null default '';

-- Records whose text does not hold their owner: the owner with attributes, as JSON; empty where nobody owns them.
alter table conversations add column owned_by text not null default '';
alter table prompts add column owned_by text not null default '';
alter table registrations add column owned_by text not null default '';

create index responses_by_owner on responses (owner, created_at, id);
create index chat_completions_by_owner on chat_completions (owner, created_at, id);

-- Callers choose the ids of some sessions, so an id is taken once for each owner.
create table owned_sessions (
    owner text not null default '',
    id text not null,
    body text not null,
    primary key (owner, id)
);
insert into owned_sessions (owner, id, body) select coalesce(owner, ''), id, body from sessions;
drop table sessions;
alter table owned_sessions rename to sessions;
