-- Who hears of which change, and what was written to whom. A message is written to the outbox in the transaction that
-- marks the changes as told, so that none is lost and none is told twice, however the program ends.

create table alert_rule
(
    alert_rule_id    {{id}},
    name_digest      {{text}} not null,
    name             {{text}} not null,
    filter           {{text}} not null, -- words of the exposure list, as in its URL
    severity         {{text}},          -- at least this; null for all
    events           {{text}} not null, -- JSON, a list of words
    rhythm           {{text}} not null,
    is_enabled       boolean  not null,
    is_counts_only   boolean  not null, -- no names of devices or sites leave the house
    has_sign_of_life boolean  not null, -- a message once a week even when nothing changed
    created_at       {{text}} not null,
    created_by       {{text}} not null,
    seen_rescan_id   bigint   not null, -- changes up to this run are told; no foreign key, 0 before the first run
    seen_at          {{text}} not null, -- when that was decided last
    last_message_at  {{text}},
    removed_at       {{text}},          -- removed, never deleted: sent messages name their rule

    constraint alert_rule_rhythm_known check (rhythm in ('run', 'daily', 'weekly')),
    constraint alert_rule_severity_known check (severity in ('low', 'medium', 'high', 'critical'))
);

create unique index alert_rule_one_name on alert_rule (name_digest) where removed_at is null;

-- Where the messages of a rule go. The token stops them for this recipient alone, without logging in.
create table alert_recipient
(
    alert_recipient_id {{id}},
    alert_rule_id      bigint   not null,
    target_digest      {{text}} not null,
    target             {{text}} not null, -- an address, or a URL of a webhook, folder or log
    token_digest       {{text}} not null,
    token              {{text}} not null,
    stopped_at         {{text}},

    constraint alert_recipient_target_unique unique (alert_rule_id, target_digest),
    constraint alert_recipient_token_digest_unique unique (token_digest),
    constraint alert_recipient_alert_rule_fk foreign key (alert_rule_id) references alert_rule (alert_rule_id)
);

-- A missed run or a silent source that a rule has told already.
create table alert_notice
(
    alert_notice_id {{id}},
    alert_rule_id   bigint   not null,
    notice_digest   {{text}} not null,
    told_at         {{text}} not null,

    constraint alert_notice_once unique (alert_rule_id, notice_digest),
    constraint alert_notice_alert_rule_fk foreign key (alert_rule_id) references alert_rule (alert_rule_id)
);

create table outbox
(
    outbox_id      {{id}},
    message_digest {{text}} not null, -- what it is about and for whom: the same message is written once
    alert_rule_id  bigint,            -- null for tests and reports
    channel        {{text}} not null,
    target         {{text}} not null,
    subject        {{text}} not null,
    body           {{text}} not null, -- JSON: text, HTML, payload, headers
    n_items        bigint   not null,
    published_at   {{text}},          -- of the newest advisory in it, as its publisher says
    first_seen_at  {{text}},          -- when that advisory came into this database
    created_at     {{text}} not null,
    try_at         {{text}} not null, -- not before
    n_tries        bigint   not null,
    sent_at        {{text}},
    gave_up_at     {{text}},
    error          {{text}},          -- of the last attempt

    constraint outbox_message_digest_unique unique (message_digest),
    constraint outbox_alert_rule_fk foreign key (alert_rule_id) references alert_rule (alert_rule_id),
    constraint outbox_channel_known check (channel in ('mail', 'webhook', 'folder', 'syslog')),
    constraint outbox_one_end check (sent_at is null or gave_up_at is null)
);

create index outbox_alert_rule on outbox (alert_rule_id);
