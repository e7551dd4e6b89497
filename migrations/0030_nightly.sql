-- The nightly runs: which slot of the schedule was served, what each step came to, and what was missed. A run is a row
-- from its start on, so that one that was killed is found and gone on with.

create table nightly_run
(
    nightly_run_id {{id}},
    slot_digest    {{text}},          -- of slot_at: a slot is served once, by whichever process is first
    slot_at        {{text}},          -- the time of the schedule that it serves; null when a person started it
    started_by     {{text}} not null,
    started_at     {{text}} not null,
    finished_at    {{text}},          -- null while it runs, and for ever when it was given up
    n_missed       bigint   not null, -- slots before that passed without a run
    error          {{text}},          -- the first step that failed, in words; null when none did

    constraint nightly_run_slot_digest_unique unique (slot_digest),
    constraint nightly_run_started_by_known check (started_by in ('schedule', 'command', 'page'))
);

-- One step of a run. A step that was done is not done again when the run is gone on with.
create table nightly_step
(
    nightly_step_id {{id}},
    nightly_run_id  bigint   not null,
    step            {{text}} not null,
    started_at      {{text}} not null,
    finished_at     {{text}} not null,
    outcome         {{text}} not null,
    told            {{text}} not null, -- a sentence with counts, or why it was skipped or failed

    constraint nightly_step_nightly_run_fk foreign key (nightly_run_id) references nightly_run (nightly_run_id),
    constraint nightly_step_step_known check (step in ('fetch', 'enrich', 'rescan', 'alert', 'report', 'deliver')),
    constraint nightly_step_outcome_known check (outcome in ('done', 'skipped', 'failed'))
);

create index nightly_step_nightly_run on nightly_step (nightly_run_id);

-- Since when this database knows that a vulnerability is exploited. The list itself is replaced as a whole each time.
create table kev_arrival
(
    cve     {{text}} not null,
    seen_at {{text}} not null,

    constraint kev_arrival_pk primary key (cve)
);
