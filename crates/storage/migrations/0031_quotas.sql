-- Requests of a client in its latest window, which begins at `window_start` (Unix seconds).
create table quotas (
    client text primary key,
    window_start bigint not null,
    requests bigint not null
);
