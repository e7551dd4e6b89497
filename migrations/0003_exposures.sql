-- What the runs of the matcher found, and since when.

-- One run that came to its end. A run that failed has an error and saved nothing else.
create table rescan
(
    rescan_id       {{id}},
    started_by      {{text}} not null,
    started_at      {{text}} not null,
    finished_at     {{text}} not null,
    matcher_version {{text}} not null,
    n_assets        bigint   not null,
    n_variants      bigint   not null,
    n_advisories    bigint   not null,
    n_opened        bigint   not null,
    n_changed       bigint   not null,
    n_closed        bigint   not null,
    n_same          bigint   not null,
    n_not_judged    bigint   not null,
    error           {{text}},

    constraint rescan_started_by_known check
        (started_by in ('manual', 'import', 'advisory', 'nightly', 'decision', 'edit'))
);

-- An exposure is one stretch of time in which one advisory speaks about one variant, or about one asset of it where
-- the answer depends on the serial number. It is closed, never deleted, and a return opens a new one, because a
-- report must be able to say what was open on a given day.
create table exposure
(
    exposure_id      {{id}},
    variant_id       bigint   not null,
    asset_id         bigint,            -- null: holds for all assets of the variant
    advisory_id      bigint   not null,
    verdict          {{text}} not null,
    doubts           {{text}} not null, -- JSON, a list of [kind, detail]
    confidence       {{text}} not null,
    reason           {{text}} not null,
    product_pointer  {{text}} not null,
    cves             {{text}} not null, -- JSON, a list
    fix              {{text}},
    advisory_version {{text}} not null,
    opened_at        {{text}} not null,
    changed_at       {{text}} not null, -- since when it is told as above; earlier tellings are in exposure_history
    closed_at        {{text}},          -- null while open
    opened_rescan_id bigint   not null,
    closed_rescan_id bigint,

    constraint exposure_variant_fk foreign key (variant_id) references variant (variant_id),
    constraint exposure_asset_fk foreign key (asset_id) references asset (asset_id),
    constraint exposure_advisory_fk foreign key (advisory_id) references advisory (advisory_id),
    constraint exposure_opened_rescan_fk foreign key (opened_rescan_id) references rescan (rescan_id),
    constraint exposure_closed_rescan_fk foreign key (closed_rescan_id) references rescan (rescan_id),
    constraint exposure_verdict_known check (verdict in ('affected', 'possible')),
    constraint exposure_changed_after_opened check (changed_at >= opened_at),
    constraint exposure_closed_after_changed check (closed_at is null or closed_at >= changed_at),
    constraint exposure_closed_by_a_rescan check ((closed_at is null) = (closed_rescan_id is null))
);

-- At most one is open for a key; nulls are distinct in an index, hence the 0, which is no asset.
create unique index exposure_one_open on exposure (variant_id, advisory_id, coalesce(asset_id, 0))
    where closed_at is null;

create index exposure_variant on exposure (variant_id);
create index exposure_asset on exposure (asset_id) where asset_id is not null;
create index exposure_advisory on exposure (advisory_id);
create index exposure_opened_rescan on exposure (opened_rescan_id);
create index exposure_closed_rescan on exposure (closed_rescan_id) where closed_rescan_id is not null;

-- How an exposure was told before it changed, from when to when.
create table exposure_history
(
    exposure_history_id {{id}},
    exposure_id         bigint   not null,
    since               {{text}} not null,
    until               {{text}} not null,
    verdict             {{text}} not null,
    doubts              {{text}} not null,
    confidence          {{text}} not null,
    reason              {{text}} not null,
    product_pointer     {{text}} not null,
    cves                {{text}} not null,
    fix                 {{text}},
    advisory_version    {{text}} not null,
    rescan_id           bigint   not null, -- the run that found it different
    cause               {{text}} not null, -- another revision of the advisory, or another judgement of the same one

    constraint exposure_history_exposure_fk foreign key (exposure_id) references exposure (exposure_id),
    constraint exposure_history_rescan_fk foreign key (rescan_id) references rescan (rescan_id),
    constraint exposure_history_verdict_known check (verdict in ('affected', 'possible')),
    constraint exposure_history_cause_known check (cause in ('advisory', 'judgement')),
    constraint exposure_history_ends_after_start check (until >= since)
);

create index exposure_history_exposure on exposure_history (exposure_id);
create index exposure_history_rescan on exposure_history (rescan_id);

-- Where a variant stood from when to when, so that the six places add up for any past day. A variant that was never
-- judged has no row.
create table variant_standing
(
    variant_standing_id {{id}},
    variant_id          bigint   not null,
    standing            {{text}} not null,
    why                 {{text}} not null, -- why it cannot be checked; blank for the others
    since               {{text}} not null,
    until               {{text}},          -- null while it lasts
    rescan_id           bigint   not null,

    constraint variant_standing_variant_fk foreign key (variant_id) references variant (variant_id),
    constraint variant_standing_rescan_fk foreign key (rescan_id) references rescan (rescan_id),
    constraint variant_standing_known check
        (standing in ('affected', 'possible', 'handled', 'ruled_out', 'not_named', 'cannot_be_checked')),
    constraint variant_standing_ends_after_start check (until is null or until >= since)
);

create index variant_standing_variant on variant_standing (variant_id);
create index variant_standing_rescan on variant_standing (rescan_id);

-- A variant stands in one place at a time.
create unique index variant_standing_one_open on variant_standing (variant_id) where until is null;
