-- How often a document of a source was looked for in vain, one visit after the other: it is looked for ever more seldom,
-- so that a feed with dead links costs its server and us little.

alter table source_document add column n_tries bigint not null default 0; -- 0 once it is kept
