-- Advisories with all their revisions. The document is kept as it came, compressed, and read again when it is needed:
-- what the program understands of it may change from version to version, the document does not.

-- What identifies an advisory over all its revisions: publisher namespace and tracking id.
create table advisory
(
    advisory_id {{id}},
    key_digest  {{text}} not null, -- of the two texts below, which may be longer than an index entry
    namespace   {{text}} not null,
    tracking_id {{text}} not null,

    constraint advisory_key_digest_unique unique (key_digest)
);

-- One revision. The same bytes are kept once; a revision is never deleted.
create table advisory_revision
(
    advisory_revision_id {{id}},
    advisory_id          bigint    not null,
    version              {{text}}  not null, -- as the document writes it; the program knows the order
    sha256               {{text}}  not null, -- of the document
    document             {{bytes}} not null, -- Zstandard
    size_bytes           bigint    not null, -- of the document before compression
    title                {{text}}  not null,
    publisher            {{text}}  not null,
    status               {{text}}  not null,
    released_at          {{text}},
    updated_at           {{text}},
    source               {{text}}  not null,
    added_at             {{text}}  not null,
    n_warnings           bigint    not null,
    is_current           boolean   not null,

    constraint advisory_revision_advisory_fk foreign key (advisory_id) references advisory (advisory_id),
    constraint advisory_revision_sha256_unique unique (advisory_id, sha256)
);

-- Of the revisions of an advisory one counts.
create unique index advisory_revision_one_current on advisory_revision (advisory_id) where is_current;

-- The CVEs of a revision, for search and for the list of exploited vulnerabilities.
create table advisory_cve
(
    advisory_revision_id bigint   not null,
    cve                  {{text}} not null,

    constraint advisory_cve_pk primary key (advisory_revision_id, cve),
    constraint advisory_cve_advisory_revision_fk
        foreign key (advisory_revision_id) references advisory_revision (advisory_revision_id)
);

create index advisory_cve_cve on advisory_cve (cve);

-- A document that could not be read, with its error. It goes away when the same bytes are read after all.
create table advisory_unreadable
(
    advisory_unreadable_id {{id}},
    sha256                 {{text}} not null,
    name                   {{text}} not null,
    document               {{bytes}},         -- Zstandard; null when the bytes were not kept
    error                  {{text}} not null,
    added_at               {{text}} not null,

    constraint advisory_unreadable_sha256_unique unique (sha256)
);

-- Vulnerabilities that are known to be exploited; the whole list is replaced at once.
create table kev
(
    cve           {{text}} not null,
    date_added    {{text}} not null, -- calendar date
    due_date      {{text}} not null, -- calendar date, blank when not stated
    name          {{text}} not null,
    vendor        {{text}} not null,
    product       {{text}} not null,
    is_ransomware boolean  not null,

    constraint kev_pk primary key (cve)
);
