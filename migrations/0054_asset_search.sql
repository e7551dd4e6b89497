-- What a search finds an asset by: its tag, name and serial number, folded, divided by blanks. It follows from the row of
-- the asset, and stands in a table of its own because a search reads all of it: a tenth of what assets say.

create table asset_search
(
    asset_id bigint   not null,
    words    {{text}} not null,

    constraint asset_search_pk primary key (asset_id),
    constraint asset_search_asset_fk foreign key (asset_id) references asset (asset_id)
);

insert into asset_search (asset_id, words)
select asset_id,
       replace(replace(lower(tag), ' ', ''), '-', '') || ' ' || replace(replace(lower(name), ' ', ''), '-', '')
           || ' ' || replace(replace(lower(serial_number), ' ', ''), '-', '')
from asset;
