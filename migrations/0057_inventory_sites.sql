-- Which sites an import brought assets of, and how many, so that a site knows its imports. An asset remembers only the
-- first and the last import that brought it, so of the imports before this table those in between are not known.

create table inventory_site
(
    inventory_id bigint not null,
    site_id      bigint not null,
    n_assets     bigint not null,

    constraint inventory_site_pk primary key (inventory_id, site_id),
    constraint inventory_site_inventory_fk foreign key (inventory_id) references inventory (inventory_id),
    constraint inventory_site_site_fk foreign key (site_id) references site (site_id)
);

create index inventory_site_site on inventory_site (site_id);

insert into inventory_site (inventory_id, site_id, n_assets)
select brought.inventory_id, brought.site_id, count(*)
from (select asset_id, site_id, first_seen_inventory_id as inventory_id from asset
      union
      select asset_id, site_id, last_seen_inventory_id as inventory_id from asset) as brought
group by brought.inventory_id, brought.site_id;
