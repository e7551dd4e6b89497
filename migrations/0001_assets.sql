-- Sites, their assets, and the imports that brought them. Statements about firmware and products are kept as they
-- were written; nothing parsed is stored, so that a better parser needs no migration.

-- A plant or a building by the name its owner gives it.
create table site
(
    site_id     {{id}},
    -- Names may be longer than an index entry of PostgreSQL, so a digest of the name is unique, here and below.
    name_digest {{text}} not null,
    name        {{text}} not null,

    constraint site_name_digest_unique unique (name_digest)
);

-- One import of one file. The row is written in the transaction that writes its assets, so that half an import
-- cannot exist, and it is never deleted: an import that was taken back says so in undone_at.
create table inventory
(
    inventory_id {{id}},
    file_name    {{text}} not null,
    sha256       {{text}} not null,
    site_name    {{text}},          -- the site named by the user; null when the rows name theirs
    imported_at  {{text}} not null, -- UTC, RFC 3339 with milliseconds and Z, like every _at, since and until
    remarks      {{text}} not null, -- JSON, a list of sentences
    is_sample    boolean  not null,
    n_new        bigint   not null,
    n_changed    bigint   not null,
    n_same       bigint   not null,
    n_not_seen   bigint   not null,
    n_rejected   bigint   not null,
    n_warnings   bigint   not null,
    undone_at    {{text}}
);

-- Serves "was this file imported before".
create index inventory_sha256 on inventory (sha256);

-- A record that was not imported, with all its cells, so that nothing is lost.
create table rejected_row
(
    rejected_row_id {{id}},
    inventory_id    bigint   not null,
    sheet           {{text}} not null,
    row_no          bigint   not null, -- 1-based
    column_no       bigint   not null, -- 1-based; 0 when the whole row is meant
    cells           {{text}} not null, -- JSON, a list of texts
    why             {{text}} not null,

    constraint rejected_row_inventory_fk foreign key (inventory_id) references inventory (inventory_id)
);

create index rejected_row_inventory on rejected_row (inventory_id);

-- What was doubtful about a value that was imported.
create table row_warning
(
    row_warning_id {{id}},
    inventory_id   bigint   not null,
    sheet          {{text}} not null,
    row_no         bigint   not null, -- 1-based
    column_no      bigint   not null, -- 1-based; 0 when the whole row is meant
    kind           {{text}} not null,
    detail         {{text}} not null,

    constraint row_warning_inventory_fk foreign key (inventory_id) references inventory (inventory_id)
);

create index row_warning_inventory on row_warning (inventory_id);

-- A nameplate with a firmware: the unit that a verdict depends on. Two spellings are two variants, because the text
-- that a device shows is kept as it was written.
create table variant
(
    variant_id        {{id}},
    variant_digest    {{text}} not null, -- of the six texts below
    vendor            {{text}} not null,
    model             {{text}} not null,
    part_number       {{text}} not null,
    hardware_revision {{text}} not null,
    firmware          {{text}} not null,
    notes             {{text}} not null,

    constraint variant_digest_unique unique (variant_digest)
);

-- One installed device. Assets are retired, never deleted, except by taking back the import that brought them.
create table asset
(
    asset_id                {{id}},
    identity_digest         {{text}} not null,
    identity                {{text}} not null, -- what makes two rows the same asset
    site_id                 bigint   not null,
    tag                     {{text}} not null,
    name                    {{text}} not null,
    area                    {{text}} not null,
    serial_number           {{text}} not null,
    ip_address              {{text}} not null,
    mac_address             {{text}} not null,
    quantity                {{text}} not null,
    criticality             {{text}} not null,
    notes                   {{text}} not null,
    unmapped                {{text}} not null, -- JSON, a list of [header, value]
    place                   {{text}} not null,
    first_seen_inventory_id bigint   not null,
    first_seen_at           {{text}} not null,
    -- The three below change with every import of the file. They are no foreign keys, because an index on each would
    -- slow down every import, and no inventory is ever deleted.
    last_seen_inventory_id  bigint   not null,
    previous_inventory_id   bigint,            -- last_seen_inventory_id before that, for taking an import back
    not_seen_inventory_id   bigint,            -- the first import of the site without the asset
    last_seen_at            {{text}} not null,
    previous_place          {{text}},          -- place before the last import, for taking it back
    not_seen_since          {{text}},          -- null while the last import of the site had it
    retired_at              {{text}},

    constraint asset_identity_digest_unique unique (identity_digest),
    constraint asset_site_fk foreign key (site_id) references site (site_id),
    constraint asset_first_seen_inventory_fk foreign key (first_seen_inventory_id) references inventory (inventory_id)
);

create index asset_site on asset (site_id);
create index asset_first_seen_inventory on asset (first_seen_inventory_id);

-- Which variant an asset had from when to when. Exposures are kept per variant, so this is what says which of them
-- an asset had on a given day. A retired asset has no open period.
create table asset_variant
(
    asset_variant_id {{id}},
    asset_id         bigint   not null,
    variant_id       bigint   not null,
    since            {{text}} not null,
    until            {{text}}, -- null while it lasts

    constraint asset_variant_asset_fk foreign key (asset_id) references asset (asset_id),
    constraint asset_variant_variant_fk foreign key (variant_id) references variant (variant_id),
    constraint asset_variant_ends_after_start check (until is null or until >= since)
);

create index asset_variant_asset on asset_variant (asset_id);
create index asset_variant_variant on asset_variant (variant_id);

-- An asset has one variant at a time.
create unique index asset_variant_one_open on asset_variant (asset_id) where until is null;

-- Each value that an import changed: the history of an asset, and what is needed to take the import back.
create table asset_history
(
    asset_history_id {{id}},
    asset_id         bigint   not null,
    inventory_id     bigint   not null,
    changed_at       {{text}} not null,
    field            {{text}} not null,
    value_before     {{text}} not null,
    value_after      {{text}} not null,

    constraint asset_history_asset_fk foreign key (asset_id) references asset (asset_id),
    constraint asset_history_inventory_fk foreign key (inventory_id) references inventory (inventory_id)
);

create index asset_history_asset on asset_history (asset_id);
create index asset_history_inventory on asset_history (inventory_id);
