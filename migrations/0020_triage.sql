-- What people do about exposures, and who did it when: the audit, remediation, values typed in by hand; and with each
-- exposure what is needed to tell whether a decision on it still holds.

-- One act of a person. The table is only ever added to; an act that was taken back is named by the act that did it.
create table audit_entry
(
    audit_entry_id        {{id}},
    acted_at              {{text}} not null,
    who                   {{text}} not null,
    act                   {{text}} not null,
    what                  {{text}} not null, -- one sentence
    value_before          {{text}} not null,
    value_after           {{text}} not null,
    undoes_audit_entry_id bigint,

    constraint audit_entry_undoes_fk foreign key (undoes_audit_entry_id) references audit_entry (audit_entry_id)
);

-- An act is taken back once.
create unique index audit_entry_undone_once on audit_entry (undoes_audit_entry_id)
    where undoes_audit_entry_id is not null;

-- What the owner does about one advisory at one asset. The row with a blank CVE speaks for the whole advisory and is
-- always there; rows of single CVEs stand beside it where they differ. Ended rows are the history.
create table remediation
(
    remediation_id       {{id}},
    asset_id             bigint   not null,
    advisory_id          bigint   not null,
    cve                  {{text}} not null,
    status               {{text}} not null,
    reason               {{text}} not null,
    note                 {{text}} not null,
    expires_on           {{text}} not null, -- calendar date up to which an accepted risk is accepted; blank for none
    firmware             {{text}} not null, -- the firmware that was installed; blank for none
    fingerprint_digest   {{text}} not null, -- of the exposure when this was said; see exposure
    since                {{text}} not null,
    until                {{text}},          -- null while it lasts
    audit_entry_id       bigint   not null,
    ended_audit_entry_id bigint,            -- the act that ended it

    constraint remediation_asset_fk foreign key (asset_id) references asset (asset_id),
    constraint remediation_advisory_fk foreign key (advisory_id) references advisory (advisory_id),
    constraint remediation_audit_entry_fk foreign key (audit_entry_id) references audit_entry (audit_entry_id),
    constraint remediation_ended_audit_entry_fk
        foreign key (ended_audit_entry_id) references audit_entry (audit_entry_id),
    constraint remediation_status_known check (status in ('not_remediated', 'in_progress', 'done')),
    constraint remediation_ends_after_start check (until is null or until >= since)
);

create unique index remediation_one_open on remediation (asset_id, advisory_id, cve) where until is null;
create index remediation_asset on remediation (asset_id, advisory_id);
create index remediation_advisory on remediation (advisory_id);
create index remediation_audit_entry on remediation (audit_entry_id);
create index remediation_ended_audit_entry on remediation (ended_audit_entry_id)
    where ended_audit_entry_id is not null;

-- One value of an asset that a person changed by hand.
create table asset_edit
(
    asset_edit_id  {{id}},
    asset_id       bigint   not null,
    audit_entry_id bigint   not null,
    changed_at     {{text}} not null,
    field          {{text}} not null,
    value_before   {{text}} not null,
    value_after    {{text}} not null,

    constraint asset_edit_asset_fk foreign key (asset_id) references asset (asset_id),
    constraint asset_edit_audit_entry_fk foreign key (audit_entry_id) references audit_entry (audit_entry_id)
);

create index asset_edit_asset on asset_edit (asset_id);
create index asset_edit_audit_entry on asset_edit (audit_entry_id);

-- What an owner decided holds while the fingerprint stays; the question is the one whose answer settles the exposure.
alter table exposure add column fingerprint_digest {{text}} not null default '';
alter table exposure add column question_digest    {{text}} not null default '';
alter table exposure_history add column fingerprint_digest {{text}} not null default '';
alter table exposure_history add column question_digest    {{text}} not null default '';

create index exposure_question on exposure (question_digest) where closed_at is null and question_digest <> '';

-- What a run looked at: all, or a list of advisories or assets.
alter table rescan add column scope       {{text}} not null default 'all';
alter table rescan add column scope_names {{text}} not null default '[]'; -- JSON

-- The revision of each advisory that the last run judged, to know which ones have changed since.
create table advisory_judged
(
    advisory_id bigint   not null,
    sha256      {{text}} not null,
    rescan_id   bigint   not null,

    constraint advisory_judged_pk primary key (advisory_id),
    constraint advisory_judged_advisory_fk foreign key (advisory_id) references advisory (advisory_id),
    constraint advisory_judged_rescan_fk foreign key (rescan_id) references rescan (rescan_id)
);

create index advisory_judged_rescan on advisory_judged (rescan_id);
