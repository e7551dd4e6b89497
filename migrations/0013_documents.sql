-- Working with advisories: finding them, marking them as read, and what people note about them.

-- What a revision says in each field that can be searched, worked out by the program. It is made anew whenever the
-- program has learnt another form, so nothing is lost when it goes away.
create table advisory_text
(
    advisory_revision_id bigint   not null,
    field_no             bigint   not null, -- the program knows the names
    sort_key             {{text}} not null, -- sorts like the first value
    text                 {{text}} not null, -- all values, normalised, each between line ends

    constraint advisory_text_pk primary key (advisory_revision_id, field_no),
    constraint advisory_text_advisory_revision_fk
        foreign key (advisory_revision_id) references advisory_revision (advisory_revision_id)
);

-- Which form the texts of a revision have. A revision without a row has none yet.
create table advisory_search
(
    advisory_revision_id bigint not null,
    form                 bigint not null,
    n_findings           bigint not null, -- oddities of the document, those of a closer look included
    n_findings_matter    bigint not null, -- of these, the ones that can change a verdict
    is_read              boolean not null, -- false: the document cannot be read any more

    constraint advisory_search_pk primary key (advisory_revision_id),
    constraint advisory_search_advisory_revision_fk
        foreign key (advisory_revision_id) references advisory_revision (advisory_revision_id)
);

-- What people note about an advisory, over all its revisions.
create table advisory_comment
(
    advisory_comment_id {{id}},
    advisory_id         bigint   not null,
    author              {{text}} not null,
    text                {{text}} not null,
    commented_at        {{text}} not null,

    constraint advisory_comment_advisory_fk foreign key (advisory_id) references advisory (advisory_id)
);

create index advisory_comment_advisory on advisory_comment (advisory_id);

-- Who has read which revision; a later revision is unread again.
create table advisory_read
(
    advisory_revision_id bigint   not null,
    reader_digest        {{text}} not null,
    reader               {{text}} not null,
    read_at              {{text}} not null,

    constraint advisory_read_pk primary key (advisory_revision_id, reader_digest),
    constraint advisory_read_advisory_revision_fk
        foreign key (advisory_revision_id) references advisory_revision (advisory_revision_id)
);
