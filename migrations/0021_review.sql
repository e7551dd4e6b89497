-- Questions to people that would settle possible exposures, and their answers.

-- One question: a nameplate in all its spellings against one product, one condition, or one reading to take. Kept by
-- the runs of the matcher, so that the queue of a large fleet is read and not computed.
create table review_question
(
    question_digest    {{text}} not null,
    kind               {{text}} not null,
    vendor             {{text}} not null, -- the nameplate in one of its spellings
    model              {{text}} not null,
    part_number        {{text}} not null,
    product_vendor     {{text}} not null, -- as the advisory writes it; blank for a reading
    product            {{text}} not null,
    detail             {{text}} not null, -- what is doubtful, or the readings that are needed
    ranges             {{text}} not null, -- JSON, [tracking id, version text] of the product in the advisories that ask
    fingerprint_digest {{text}} not null, -- of product and ranges: an answer holds while it stays
    cvss_tenths        bigint   not null, -- the highest base score times ten; -1 when none is stated
    n_exploited        bigint   not null, -- advisories among them that name an exploited vulnerability
    n_advisories       bigint   not null,

    constraint review_question_pk primary key (question_digest),
    constraint review_question_kind_known check (kind in ('product', 'condition', 'reading'))
);

-- How many assets and exposures of a site wait for the answer.
create table review_site
(
    question_digest {{text}} not null,
    site_id         bigint   not null,
    n_assets        bigint   not null,
    n_exposures     bigint   not null,

    constraint review_site_pk primary key (question_digest, site_id),
    constraint review_site_site_fk foreign key (site_id) references site (site_id)
);

create index review_site_site on review_site (site_id);

-- One answer, with what it was given to. It is taken back, never deleted.
create table review_answer
(
    review_answer_id      {{id}},
    question_digest       {{text}} not null,
    kind                  {{text}} not null,
    answer                {{text}} not null,
    vendor                {{text}} not null,
    model                 {{text}} not null,
    part_number           {{text}} not null,
    product_vendor        {{text}} not null,
    product               {{text}} not null,
    detail                {{text}} not null,
    ranges                {{text}} not null, -- JSON
    fingerprint_digest    {{text}} not null,
    site                  {{text}} not null, -- blank: all sites
    asset_id              bigint,            -- null: all assets
    for_later             boolean  not null, -- also for assets that are imported later
    note                  {{text}} not null,
    effect                {{text}} not null, -- one sentence
    who                   {{text}} not null,
    answered_at           {{text}} not null,
    taken_back_at         {{text}},          -- null while it holds
    audit_entry_id        bigint   not null,
    alias_entry_id        bigint,            -- the entry through which the matcher knows it

    constraint review_answer_asset_fk foreign key (asset_id) references asset (asset_id),
    constraint review_answer_audit_entry_fk foreign key (audit_entry_id) references audit_entry (audit_entry_id),
    constraint review_answer_alias_entry_fk foreign key (alias_entry_id) references alias_entry (alias_entry_id),
    constraint review_answer_kind_known check (kind in ('product', 'condition')),
    constraint review_answer_answer_known check (answer in ('same', 'different', 'cannot_tell', 'holds', 'does_not_hold'))
);

create index review_answer_question on review_answer (question_digest);
create index review_answer_asset on review_answer (asset_id) where asset_id is not null;
create index review_answer_audit_entry on review_answer (audit_entry_id);
create index review_answer_alias_entry on review_answer (alias_entry_id) where alias_entry_id is not null;
