-- Files that people had made, beside those that a schedule makes: what they are about, who wanted them, and what proves
-- that they are unchanged. The row stays when the file is removed.

alter table report_file add column name      {{text}} not null default ''; -- as it is offered to a person
alter table report_file add column kind      {{text}} not null default ''; -- the word of what it is, "pdf"
alter table report_file add column site_name {{text}};                     -- null for several sites or all
alter table report_file add column as_of_at  {{text}};                     -- null for what was known when it was made
alter table report_file add column filter    {{text}} not null default ''; -- a query string
alter table report_file add column made_by   {{text}} not null default '';
alter table report_file add column sha256    {{text}} not null default ''; -- lower case hex
alter table report_file add column n_bytes   bigint   not null default 0;
