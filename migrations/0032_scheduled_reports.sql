-- Reports that are made at night, and the files that came of it, so that each can be removed when it is kept no longer.

create table report_schedule
(
    report_schedule_id {{id}},
    site_name          {{text}},          -- null for all sites
    format             {{text}} not null,
    target             {{text}} not null, -- a mail address, or a folder
    rhythm             {{text}} not null,
    keep_days          bigint   not null,
    created_at         {{text}} not null,
    last_slot_at       {{text}},          -- the night that it was made for last

    constraint report_schedule_rhythm_known check (rhythm in ('daily', 'weekly', 'monthly'))
);

create table report_file
(
    report_file_id     {{id}},
    report_schedule_id bigint,            -- null when the schedule was deleted; the file is still kept for its days
    path               {{text}} not null,
    made_at            {{text}} not null,
    keep_days          bigint   not null,
    removed_at         {{text}},

    constraint report_file_report_schedule_fk foreign key (report_schedule_id)
        references report_schedule (report_schedule_id)
);

create index report_file_report_schedule on report_file (report_schedule_id);
