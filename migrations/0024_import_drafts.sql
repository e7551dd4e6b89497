-- An uploaded file on its way to an import: what was chosen so far, so that going back, another browser or a restart
-- loses no choice. The file itself lies in the data folder; both are removed some days after the last change.

create table inventory_draft
(
    inventory_draft_id  {{id}},
    file_name           {{text}} not null, -- as the user calls it
    stored_name         {{text}} not null, -- of the file in the data folder
    sha256              {{text}} not null,
    n_bytes             bigint   not null,
    who                 {{text}} not null,
    idempotency_digest  {{text}},          -- of the key that a program gave, so that asking twice uploads once
    created_at          {{text}} not null,
    changed_at          {{text}} not null,
    site_name           {{text}},          -- of devices for which the file states none; null takes the file's name
    sheet_is_site       boolean  not null,
    site_names          {{text}} not null, -- JSON, a list of [site in the file, site]
    mapping             {{text}},          -- TOML; null takes what is remembered for the same headers
    asset_key           {{text}},          -- null takes what is remembered
    forget_choice       boolean  not null,
    on_missing          {{text}} not null,
    all_or_nothing      boolean  not null,
    again               boolean  not null,
    cells               {{text}} not null, -- JSON, a list of [place, value]
    job_id              bigint,            -- that works or worked on it last; no foreign key, jobs are forgotten
    inventory_id        bigint,            -- the import that it became

    constraint inventory_draft_inventory_fk foreign key (inventory_id) references inventory (inventory_id),
    constraint inventory_draft_missing_known check (on_missing in ('keep', 'retire', 'ignore')),
    constraint inventory_draft_idempotency_digest_unique unique (idempotency_digest)
);

create index inventory_draft_inventory on inventory_draft (inventory_id);
