-- What the owners of a plant know beyond the built-in catalogue, and how probable it is that a vulnerability is
-- exploited.

-- One entry of an alias pack: a vendor's other names, a family, or a decision on one product. It is removed, never
-- deleted, because evidence of earlier days names its author.
create table alias_entry
(
    alias_entry_id {{id}},
    kind           {{text}} not null,
    entry          {{text}} not null, -- TOML in the form of a pack
    entry_digest   {{text}} not null,
    author         {{text}} not null,
    dated          {{text}} not null, -- calendar date that the author gave
    added_at       {{text}} not null,
    removed_at     {{text}},          -- null while it holds

    constraint alias_entry_kind_known check (kind in ('vendor', 'family', 'decision')),
    constraint alias_entry_removed_after_added check (removed_at is null or removed_at >= added_at)
);

-- The same entry holds once, however often its pack is imported.
create unique index alias_entry_one_in_force on alias_entry (entry_digest) where removed_at is null;

-- FIRST's estimates; the whole list is replaced at once. Its model and date are settings.
create table epss_score
(
    cve             {{text}} not null,
    probability_ppm bigint   not null, -- parts per million, of exploitation within 30 days
    percentile_ppm  bigint   not null, -- share of vulnerabilities with this probability or less

    constraint epss_score_pk primary key (cve)
);
