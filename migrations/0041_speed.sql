-- What a run judged with and how far it looked, so that the next one knows what it need not judge again; and indexes
-- for what a run of a part and the lists look up in a fleet of a million assets.

alter table rescan add column knowledge       {{text}} not null default ''; -- JSON, [name, digest] of what verdicts rest on; blank when an earlier version judged
alter table rescan add column whole_because   {{text}} not null default ''; -- why a night judged everything; blank when it did not have to
alter table rescan add column seen_period_no  bigint   not null default 0;  -- the last asset_variant that was looked at; no foreign key, as assets can be removed again
alter table rescan add column seen_history_no bigint   not null default 0;  -- the last asset_history
alter table rescan add column seen_edit_no    bigint   not null default 0;  -- the last asset_edit

-- The assets of a variant now, and whether it has any.
create index asset_variant_open on asset_variant (variant_id, asset_id) where until is null;

-- The exposures that are open, advisory by advisory.
create index exposure_open on exposure (advisory_id, exposure_id) where closed_at is null;
