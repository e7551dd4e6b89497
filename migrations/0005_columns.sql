-- How the columns of an import were read, so that it can be shown later; what a person chose for a set of headers, so
-- that it holds when they come again; and what a rejected row needs to be imported once it is put right.

create table inventory_column
(
    inventory_column_id {{id}},
    inventory_id        bigint   not null,
    sheet               {{text}} not null,
    header              {{text}} not null,
    fields              {{text}} not null, -- JSON, a list of words; empty when the values are kept as they are
    how                 {{text}} not null,

    constraint inventory_column_inventory_fk foreign key (inventory_id) references inventory (inventory_id)
);

create index inventory_column_inventory on inventory_column (inventory_id);

-- One row for a set of headers. The import that brought the choice is named so that taking it back forgets the choice.
create table column_choice
(
    headers_digest {{text}} not null,
    mapping        {{text}},          -- TOML as a person writes it; null when only the key was chosen
    asset_key      {{text}} not null,
    chosen_at      {{text}} not null,
    inventory_id   bigint   not null,

    constraint column_choice_pk primary key (headers_digest),
    constraint column_choice_inventory_fk foreign key (inventory_id) references inventory (inventory_id),
    constraint column_choice_key_known check (asset_key in ('auto', 'tag', 'serial', 'place'))
);

create index column_choice_inventory on column_choice (inventory_id);

alter table rejected_row add column headers {{text}} not null default '[]'; -- JSON, the header above each cell
alter table rejected_row add column site    {{text}} not null default '';   -- that the row stands under
alter table rejected_row add column area    {{text}} not null default '';
