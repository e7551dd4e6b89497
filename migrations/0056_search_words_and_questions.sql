-- What a search finds a type of device by, folded, divided by blanks: it follows from the row of the variant, as
-- `asset_search` follows from that of the asset. And who waits for the answer to a question at all sites together, so
-- that the queue of a person who sees everything is not summed over all sites for each page.

create table variant_search
(
    variant_id bigint   not null,
    vendor     {{text}} not null, -- folded
    words      {{text}} not null, -- vendor, model, order number and firmware

    constraint variant_search_pk primary key (variant_id),
    constraint variant_search_variant_fk foreign key (variant_id) references variant (variant_id)
);

insert into variant_search (variant_id, vendor, words)
select variant_id,
       replace(replace(lower(vendor), ' ', ''), '-', ''),
       replace(replace(lower(vendor), ' ', ''), '-', '') || ' ' || replace(replace(lower(model), ' ', ''), '-', '')
           || ' ' || replace(replace(lower(part_number), ' ', ''), '-', '')
           || ' ' || replace(replace(lower(firmware), ' ', ''), '-', '')
from variant;

alter table review_question add column n_assets bigint not null default 0;
alter table review_question add column n_exposures bigint not null default 0;
alter table review_question add column n_sites bigint not null default 0;

update review_question
set n_assets = coalesce((select cast(sum(w.n_assets) as bigint) from review_site w
                         where w.question_digest = review_question.question_digest), 0),
    n_exposures = coalesce((select cast(sum(w.n_exposures) as bigint) from review_site w
                            where w.question_digest = review_question.question_digest), 0),
    n_sites = (select count(*) from review_site w where w.question_digest = review_question.question_digest);

-- All that is asked of the exposures of a question.
drop index exposure_question;
create index exposure_question on exposure (question_digest, variant_id, asset_id, advisory_id)
    where closed_at is null and question_digest <> '';
