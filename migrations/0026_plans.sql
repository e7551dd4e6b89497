-- Shutdown plans: what people chose while a plan was a draft, and, once it is frozen, the work on each asset as it was
-- planned. A frozen plan never changes with a new revision of an advisory.

create table plan
(
    plan_id   {{id}},
    name      {{text}} not null,
    starts_at {{text}} not null,
    ends_at   {{text}} not null,
    time_zone {{text}} not null, -- the plant's, as in the IANA database
    made_by   {{text}} not null,
    made_at   {{text}} not null,
    frozen_by {{text}},
    frozen_at {{text}},          -- null while it is a draft

    constraint plan_ends_after_start check (ends_at > starts_at),
    constraint plan_frozen_by_somebody check ((frozen_at is null) = (frozen_by is null))
);

-- The sites of a plan; none means all.
create table plan_site
(
    plan_id bigint not null,
    site_id bigint not null,

    constraint plan_site_pk primary key (plan_id, site_id),
    constraint plan_site_plan_fk foreign key (plan_id) references plan (plan_id),
    constraint plan_site_site_fk foreign key (site_id) references site (site_id)
);

create index plan_site_site on plan_site (site_id);

-- What a person chose for a step of a draft; a step without a row is as it is proposed.
create table plan_choice
(
    plan_id     bigint  not null,
    variant_id  bigint  not null,
    target      {{text}},         -- null: the proposed one
    is_left_out boolean not null,

    constraint plan_choice_pk primary key (plan_id, variant_id),
    constraint plan_choice_plan_fk foreign key (plan_id) references plan (plan_id),
    constraint plan_choice_variant_fk foreign key (variant_id) references variant (variant_id)
);

create index plan_choice_variant on plan_choice (variant_id);

-- One asset of a frozen plan, and what was read off it after the work.
create table plan_asset
(
    plan_id      bigint   not null,
    asset_id     bigint   not null,
    variant_id   bigint   not null, -- that it had when the plan was frozen
    target       {{text}} not null,
    origin       {{text}} not null,
    advisories   {{text}} not null, -- JSON, tracking ids of what the step closes
    read_back    {{text}},
    read_back_by {{text}},
    read_back_at {{text}},

    constraint plan_asset_pk primary key (plan_id, asset_id),
    constraint plan_asset_plan_fk foreign key (plan_id) references plan (plan_id),
    constraint plan_asset_asset_fk foreign key (asset_id) references asset (asset_id),
    constraint plan_asset_variant_fk foreign key (variant_id) references variant (variant_id),
    constraint plan_asset_origin_known check (origin in ('vendor_fix', 'bound', 'typed')),
    constraint plan_asset_read_back_whole check ((read_back is null) = (read_back_at is null))
);

create index plan_asset_asset on plan_asset (asset_id);
create index plan_asset_variant on plan_asset (variant_id);

-- What an owner does about a variant at a site that gets no fix. A new decision ends the one before.
create table mitigation
(
    mitigation_id {{id}},
    site_id       bigint   not null,
    variant_id    bigint   not null,
    measure       {{text}} not null,
    review_on     {{text}} not null, -- calendar date; blank when not stated
    replace_in    {{text}} not null, -- a year or a date; blank when not stated
    decided_by    {{text}} not null,
    decided_at    {{text}} not null,
    ended_at      {{text}},          -- null while it holds

    constraint mitigation_site_fk foreign key (site_id) references site (site_id),
    constraint mitigation_variant_fk foreign key (variant_id) references variant (variant_id)
);

create unique index mitigation_one_in_force on mitigation (site_id, variant_id) where ended_at is null;
create index mitigation_site on mitigation (site_id);
create index mitigation_variant on mitigation (variant_id);
