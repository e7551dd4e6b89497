-- How far a revision can be trusted, and which source brought it. What was added before was taken from files whose
-- signatures nobody looked at.

alter table advisory_revision add column trust {{text}} not null default 'unsigned'
    constraint advisory_revision_trust_known check (trust in ('verified', 'unsigned', 'key_missing', 'failed'));
alter table advisory_revision add column trust_reason {{text}} not null default '';
alter table advisory_revision add column source_id bigint
    constraint advisory_revision_source_fk references source (source_id);

create index advisory_revision_source on advisory_revision (source_id);
