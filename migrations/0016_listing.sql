-- What lists and overviews read, kept ready by the program after every run and every change of assets, so that no page
-- looks at a million rows. All of it can be made anew from the other tables.

-- How many assets of a site have a variant now. A fleet of a million assets has some hundred thousand of these.
create table site_variant
(
    site_id    bigint not null,
    variant_id bigint not null,
    n_assets   bigint not null,

    constraint site_variant_pk primary key (site_id, variant_id),
    constraint site_variant_site_fk foreign key (site_id) references site (site_id),
    constraint site_variant_variant_fk foreign key (variant_id) references variant (variant_id)
);

create index site_variant_variant on site_variant (variant_id, site_id, n_assets);

-- The sums of a site.
create table site_total
(
    site_id       bigint not null,
    n_affected    bigint not null, -- the six places; they add up to the assets of the site
    n_possible    bigint not null,
    n_handled     bigint not null,
    n_ruled_out   bigint not null,
    n_not_named   bigint not null,
    n_unchecked   bigint not null,
    n_critical    bigint not null, -- affected assets by worst severity; they add up to n_affected
    n_high        bigint not null,
    n_medium      bigint not null,
    n_low         bigint not null,
    n_none        bigint not null,
    n_unscored    bigint not null,
    n_affecting   bigint not null, -- advisories that affect an asset
    n_exploited   bigint not null, -- of these, the ones with an exploited vulnerability
    n_exposures   bigint not null, -- pairs of asset and advisory, affected or possible
    n_nameplates  bigint not null, -- variants with such a pair
    n_speaking    bigint not null, -- advisories with such a pair

    constraint site_total_pk primary key (site_id),
    constraint site_total_site_fk foreign key (site_id) references site (site_id)
);

-- The order of work of the open exposures, with what lists are filtered by.
create table exposure_listing
(
    exposure_id  bigint   not null,
    variant_id   bigint   not null,
    advisory_id  bigint   not null,
    site_id      bigint,            -- of the asset, where the exposure is that of one asset alone
    work_order   bigint   not null, -- lower comes first
    severity     bigint   not null, -- 0 no score, 1 none, 2 low, 3 medium, 4 high, 5 critical
    cvss_tenths  bigint,
    is_exploited boolean  not null,
    is_affected  boolean  not null, -- else possible
    confidence   bigint   not null, -- 0 possible, 1 likely, 2 certain
    has_fix      boolean  not null,
    told_at      {{text}} not null, -- changed_at of the exposure when this was worked out

    constraint exposure_listing_pk primary key (exposure_id),
    constraint exposure_listing_exposure_fk foreign key (exposure_id) references exposure (exposure_id),
    constraint exposure_listing_variant_fk foreign key (variant_id) references variant (variant_id),
    constraint exposure_listing_advisory_fk foreign key (advisory_id) references advisory (advisory_id),
    constraint exposure_listing_site_fk foreign key (site_id) references site (site_id)
);

create index exposure_listing_work_order on exposure_listing (work_order, exposure_id);
create index exposure_listing_variant on exposure_listing (variant_id, work_order, exposure_id);
create index exposure_listing_advisory on exposure_listing (advisory_id, work_order, exposure_id);
create index exposure_listing_site on exposure_listing (site_id) where site_id is not null;

-- Assets of which every exposure is done or accepted.
create table handled_asset
(
    asset_id bigint not null,

    constraint handled_asset_pk primary key (asset_id),
    constraint handled_asset_asset_fk foreign key (asset_id) references asset (asset_id)
);
