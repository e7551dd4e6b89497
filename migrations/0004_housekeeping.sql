-- What the program must remember of itself.

-- Who may do a thing that only one process may do at a time. A holder that stopped writing its heartbeat is gone.
create table lease
(
    name         {{text}} not null,
    holder       {{text}} not null,
    taken_at     {{text}} not null,
    heartbeat_at {{text}} not null,

    constraint lease_pk primary key (name)
);

-- Small facts by name, for example whether the sample data is loaded.
create table setting
(
    name       {{text}} not null,
    value      {{text}} not null,
    changed_at {{text}} not null,

    constraint setting_pk primary key (name)
);
