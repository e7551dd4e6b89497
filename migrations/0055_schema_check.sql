-- Whether each document keeps to the JSON schema of the standard: the number of its deviations. What was worked out before
-- is of an earlier form and made anew, so the value of old rows is never shown for long.
alter table advisory_search add column n_schema bigint not null default 0;
