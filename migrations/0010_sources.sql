-- Where advisories come from when the program fetches them by itself, what each visit brought, and what became of each
-- document. The list of places that ships with the program is no row here: a place becomes one when a plant decides on
-- it.

create table source
(
    source_id             {{id}},
    name_digest           {{text}}  not null,
    name                  {{text}}  not null, -- lower case; how people call it on the command line
    title                 {{text}}  not null,
    kind                  {{text}}  not null,
    url                   {{text}}  not null,
    is_enabled            boolean   not null,
    accepts               {{text}}  not null, -- from which trust state on a document is matched
    allows_http           boolean   not null,
    allows_private        boolean   not null, -- addresses of private networks and of this machine
    allows_short_validity boolean   not null, -- of signatures, 30 days or less
    ca_file               {{text}},           -- PEM, beside the certificates of the machine
    identity_file         {{text}},           -- PEM with certificate and key; the secret stays in the file
    token_file            {{text}},
    key_file              {{text}},           -- OpenPGP keys that are used instead of those the provider names
    added_at              {{text}}  not null,
    last_good_at          {{text}},           -- start of the last visit that came to its end
    validators            {{text}}  not null, -- JSON: (URL, ETag, Last-Modified) of the lists of that visit

    constraint source_name_digest_unique unique (name_digest),
    constraint source_kind_known check (kind in ('csaf', 'aggregator', 'rolie', 'directory', 'kev', 'epss', 'bundle')),
    constraint source_accepts_known check (accepts in ('verified', 'not_failed', 'all'))
);

-- One visit to a source. A visit without an end was broken off or still runs.
create table pull
(
    pull_id      {{id}},
    source_id    bigint   not null,
    started_at   {{text}} not null,
    finished_at  {{text}},
    error        {{text}} not null, -- blank when it was good
    warnings     {{text}} not null, -- JSON list of sentences
    n_listed     bigint   not null,
    n_unchanged  bigint   not null,
    n_added      bigint   not null,
    n_known      bigint   not null,
    n_held       bigint   not null,
    n_unreadable bigint   not null,
    n_missing    bigint   not null,
    n_requests   bigint   not null,
    size_bytes   bigint   not null, -- of all answers

    constraint pull_source_fk foreign key (source_id) references source (source_id)
);

create index pull_source on pull (source_id, pull_id);

-- A document that a source lists, as it was last seen. What is held apart has its bytes here and nowhere else.
create table source_document
(
    source_document_id {{id}},
    source_id          bigint   not null,
    url_digest         {{text}} not null,
    url                {{text}} not null,
    state              {{text}} not null,
    trust              {{text}} not null,
    reason             {{text}} not null, -- why it is in this state, in words
    listed_at          {{text}} not null, -- the date in the list, as written; blank when it has none
    etag               {{text}} not null,
    last_modified      {{text}} not null,
    sha256             {{text}},
    document           {{bytes}},         -- Zstandard; only of documents that are held apart
    size_bytes         bigint   not null,
    checked_at         {{text}} not null,

    constraint source_document_url_unique unique (source_id, url_digest),
    constraint source_document_source_fk foreign key (source_id) references source (source_id),
    constraint source_document_state_known check (state in ('kept', 'unreadable', 'held', 'missing')),
    constraint source_document_trust_known check (trust in ('verified', 'unsigned', 'key_missing', 'failed'))
);

-- What did not become an advisory is few, shown often and tried again.
create index source_document_not_kept on source_document (source_id, source_document_id) where state <> 'kept';
