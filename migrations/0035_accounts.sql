-- Who may log in, the sessions of browsers and the tokens of programs. Passphrases are kept as argon2id hashes, secrets
-- of sessions and tokens as digests only, so that a copy of the database opens no door.

create table account
(
    account_id      {{id}},
    name_digest     {{text}} not null, -- of the name in lower case
    name            {{text}} not null,
    role            {{text}} not null,
    sees_all_sites  boolean  not null,
    passphrase_hash {{text}},          -- PHC string; null for an account that logs in elsewhere
    identity_digest {{text}},          -- of issuer and subject, for an account that logs in elsewhere
    issuer          {{text}},
    subject         {{text}},
    created_at      {{text}} not null,
    last_login_at   {{text}},
    disabled_at     {{text}},          -- accounts are closed, never deleted, because acts name them

    constraint account_name_digest_unique unique (name_digest),
    constraint account_identity_digest_unique unique (identity_digest),
    constraint account_role_known check (role in ('viewer', 'engineer', 'admin'))
);

-- The sites that an account sees which does not see all.
create table account_site
(
    account_id bigint not null,
    site_id    bigint not null,

    constraint account_site_pk primary key (account_id, site_id),
    constraint account_site_account_fk foreign key (account_id) references account (account_id),
    constraint account_site_site_fk foreign key (site_id) references site (site_id)
);

create index account_site_site on account_site (site_id);

create table session
(
    session_digest {{text}} not null, -- of the secret in the cookie
    account_id     bigint   not null,
    created_at     {{text}} not null,
    last_seen_at   {{text}} not null,

    constraint session_pk primary key (session_digest),
    constraint session_account_fk foreign key (account_id) references account (account_id)
);

create index session_account on session (account_id);

create table api_token
(
    api_token_id   {{id}},
    account_id     bigint   not null,
    token_digest   {{text}} not null,
    name           {{text}} not null,
    role           {{text}} not null,
    sees_all_sites boolean  not null, -- of those that the account sees
    created_at     {{text}} not null,
    expires_at     {{text}} not null,
    last_used_at   {{text}},
    revoked_at     {{text}},

    constraint api_token_account_fk foreign key (account_id) references account (account_id),
    constraint api_token_digest_unique unique (token_digest),
    constraint api_token_role_known check (role in ('viewer', 'engineer', 'admin'))
);

create index api_token_account on api_token (account_id);

create table api_token_site
(
    api_token_id bigint not null,
    site_id      bigint not null,

    constraint api_token_site_pk primary key (api_token_id, site_id),
    constraint api_token_site_api_token_fk foreign key (api_token_id) references api_token (api_token_id),
    constraint api_token_site_site_fk foreign key (site_id) references site (site_id)
);

create index api_token_site_site on api_token_site (site_id);

-- Failed logins of the last minutes: what slows down guessing, over all processes.
create table login_failure
(
    login_failure_id {{id}},
    name_digest      {{text}} not null,
    address_digest   {{text}} not null,
    failed_at        {{text}} not null
);

create index login_failure_name on login_failure (name_digest, failed_at);
create index login_failure_address on login_failure (address_digest, failed_at);
