-- What a scheduled report tells of: all that is open, or what fits the words of an exposure list's address.

alter table report_schedule add column filter {{text}} not null default '';
