-- What lists of a million assets walk: an index that holds all that is asked of it, so that SQLite neither reads the
-- rows behind it nor builds one of its own for a page, and the assets of a site that are there.

drop index asset_variant_open;
create index asset_variant_open on asset_variant (variant_id, asset_id, until) where until is null;

drop index asset_site;
create index asset_site on asset (site_id, retired_at);
