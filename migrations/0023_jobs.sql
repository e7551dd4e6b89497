-- Long pieces of work that a person or a program started: imports, rescans, fetches, reports. The row says how far the
-- work is and how it ended, also after the program that ran it is gone.

create table job
(
    job_id          {{id}},
    kind            {{text}} not null,
    title           {{text}} not null, -- what is done to what, in words
    who             {{text}} not null, -- who started it
    state           {{text}} not null,
    once_digest     {{text}},          -- of what may be worked on by one job at a time; null when it does not matter
    holder          {{text}} not null, -- the process that runs it
    stage           {{text}} not null,
    n_done          bigint   not null, -- in units of the stage
    n_total         bigint,            -- null while it is not known
    message         {{text}} not null, -- what came out, one sentence of counts
    result_path     {{text}},          -- the page that shows what came out
    error           {{text}},
    created_at      {{text}} not null,
    started_at      {{text}},
    heartbeat_at    {{text}} not null,
    cancel_asked_at {{text}},
    finished_at     {{text}},

    constraint job_kind_known check (kind in ('import', 'undo', 'rescan', 'fetch', 'report', 'marking', 'bundle')),
    constraint job_state_known check (state in ('waiting', 'running', 'done', 'failed', 'cancelled', 'stopped')),
    constraint job_finished_has_end check ((state in ('waiting', 'running')) = (finished_at is null))
);

-- The same piece of work is under way once, whichever process begins it.
create unique index job_once on job (once_digest) where finished_at is null;
