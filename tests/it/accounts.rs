//! Who is let in: passphrases, sessions, tokens, and guessing.

use jiff::{SignedDuration, Timestamp};
use nameplate::domain::account::{Role, SiteScope};
use nameplate::services::accounts::{
    AccountError, Person, Rights, TokenWish, account_named, add_account, add_token, end_token, log_in,
    log_in_identified, log_out, make_setup_code, set_open, set_passphrase, set_rights, set_up, whose_session,
    whose_token,
};
use nameplate::store::audit::{self, Seen};
use nameplate::store::{Db, account};

use crate::database::{Engine, TestDatabase, on_both};

on_both!(
    the_first_account_needs_the_code_of_the_console,
    a_login_gives_a_session_that_ends,
    guessing_is_slowed_down_and_a_wrong_name_is_told_like_a_wrong_passphrase,
    names_are_unique_in_any_case,
    a_closed_account_has_no_session_and_no_token,
    the_last_administrator_stays_one,
    a_token_never_sees_more_than_its_account,
    somebody_whom_a_provider_identified_sees_nothing_until_an_administrator_says_so,
    an_account_without_a_passphrase_waits_for_whom_the_provider_knows_by_its_name,
    groups_of_the_provider_are_followed_at_each_login,
    every_act_on_accounts_is_in_the_audit_for_administrators,
    failed_logins_leave_a_bounded_trace_without_what_was_typed,
    the_database_refuses_to_change_or_remove_an_act,
    no_secret_is_in_the_database,
);

const PASSPHRASE: &str = "seven meters in a row";

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

fn wish(name: &str, role: Role, expires_at: Timestamp) -> TokenWish<'_> {
    TokenWish { name, role, sites: SiteScope::All, expires_at }
}

async fn with_okafor(database: &TestDatabase) -> Db {
    let db = Db::open(&database.url).await.unwrap();
    add_account(&db, "M. Okafor", "M. Okafor", Some(PASSPHRASE), Role::Admin, SiteScope::All, now()).await.unwrap();
    db
}

async fn the_first_account_needs_the_code_of_the_console(database: &TestDatabase) {
    let db = Db::open(&database.url).await.unwrap();
    let code = make_setup_code(&db, now()).await.unwrap().unwrap();
    let wrong = set_up(&db, "M. Okafor", PASSPHRASE, "2345-6789", "10.0.0.7", now()).await.unwrap_err();
    assert!(wrong.to_string().contains("setup code"), "{wrong}");
    let easy = set_up(&db, "M. Okafor", "short", &code, "10.0.0.7", now()).await.unwrap_err();
    assert!(matches!(easy, AccountError::Passphrase(_)), "{easy}");
    let (known, _) = set_up(&db, "M. Okafor", PASSPHRASE, &code.to_lowercase(), "10.0.0.7", now()).await.unwrap();
    assert_eq!((known.role, known.sites), (Role::Admin, SiteScope::All));
    assert!(set_up(&db, "Second", PASSPHRASE, &code, "10.0.0.7", now()).await.is_err());
    assert_eq!(make_setup_code(&db, now()).await.unwrap(), None);
}

async fn a_login_gives_a_session_that_ends(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let (known, secret) = log_in(&db, "m. okafor", PASSPHRASE, "10.0.0.7", now()).await.unwrap();
    assert_eq!(known.name, "M. Okafor");
    assert_eq!(whose_session(&db, &secret, later(60)).await.unwrap(), Some(known.clone()));
    assert_eq!(whose_session(&db, "guessed", later(60)).await.unwrap(), None);
    assert_eq!(whose_session(&db, &secret, later(60 + 11 * 60)).await.unwrap(), Some(known), "used 11 hours before");
    assert_eq!(whose_session(&db, &secret, later(60 + 24 * 60)).await.unwrap(), None, "not used for 13 hours");
    let (_, second) = log_in(&db, "M. Okafor", PASSPHRASE, "10.0.0.7", now()).await.unwrap();
    log_out(&db, &second).await.unwrap();
    assert_eq!(whose_session(&db, &second, now()).await.unwrap(), None);
    let (_, third) = log_in(&db, "M. Okafor", PASSPHRASE, "10.0.0.7", now()).await.unwrap();
    let account = account_named(&db, "M. Okafor").await.unwrap();
    assert_eq!(account.last_login_at, Some(now()));
    set_passphrase(&db, "M. Okafor", &account, "eight drives in a row", now()).await.unwrap();
    assert_eq!(whose_session(&db, &third, now()).await.unwrap(), None, "another passphrase ends all sessions");
    assert!(log_in(&db, "M. Okafor", PASSPHRASE, "10.0.0.7", now()).await.is_err());
}

async fn guessing_is_slowed_down_and_a_wrong_name_is_told_like_a_wrong_passphrase(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let nobody = log_in(&db, "nobody", PASSPHRASE, "10.0.0.8", now()).await.unwrap_err().to_string();
    let mut told = Vec::new();
    for n in 0..6 {
        told.push(log_in(&db, "M. Okafor", "a wrong passphrase", "10.0.0.7", later(n)).await.unwrap_err().to_string());
    }
    assert_eq!(told[0], nobody);
    assert!(told[4] == nobody && told[5].contains("too many failed logins"), "{told:?}");
    assert!(log_in(&db, "M. Okafor", PASSPHRASE, "10.0.0.9", later(6)).await.is_err(), "the right one waits as well");
    assert!(log_in(&db, "M. Okafor", PASSPHRASE, "10.0.0.9", later(21)).await.is_ok());
}

async fn names_are_unique_in_any_case(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let taken =
        add_account(&db, "M. Okafor", " m. OKAFOR ", None, Role::Viewer, SiteScope::All, now()).await.unwrap_err();
    assert!(matches!(taken, AccountError::NameTaken(_)), "{taken}");
    for name in ["", "   ", "a\nb"] {
        assert!(
            add_account(&db, "M. Okafor", name, None, Role::Viewer, SiteScope::All, now()).await.is_err(),
            "{name:?}"
        );
    }
    assert_eq!(account::list_accounts(&db).await.unwrap().len(), 1);
}

async fn a_closed_account_has_no_session_and_no_token(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let id =
        add_account(&db, "M. Okafor", "Lee", Some(PASSPHRASE), Role::Engineer, SiteScope::All, now()).await.unwrap();
    let (_, session) = log_in(&db, "Lee", PASSPHRASE, "10.0.0.7", now()).await.unwrap();
    let lee = account_named(&db, "Lee").await.unwrap();
    let (_, token) = add_token(&db, "Lee", &lee, wish("loader", Role::Engineer, later(60)), now()).await.unwrap();
    assert!(whose_token(&db, &token, now()).await.unwrap().is_some());
    set_open(&db, "M. Okafor", id, false, now()).await.unwrap();
    assert_eq!(whose_session(&db, &session, now()).await.unwrap(), None);
    assert_eq!(whose_token(&db, &token, now()).await.unwrap(), None);
    assert!(log_in(&db, "Lee", PASSPHRASE, "10.0.0.7", now()).await.is_err());
    set_open(&db, "M. Okafor", id, true, now()).await.unwrap();
    assert!(log_in(&db, "Lee", PASSPHRASE, "10.0.0.7", now()).await.is_ok());
}

async fn the_last_administrator_stays_one(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let okafor = account_named(&db, "M. Okafor").await.unwrap();
    assert!(set_open(&db, "M. Okafor", okafor.account_id, false, now()).await.is_err());
    assert!(set_rights(&db, "M. Okafor", okafor.account_id, Role::Viewer, &SiteScope::All, now()).await.is_err());
    add_account(&db, "M. Okafor", "Lee", None, Role::Admin, SiteScope::All, now()).await.unwrap();
    set_rights(&db, "M. Okafor", okafor.account_id, Role::Viewer, &SiteScope::All, now()).await.unwrap();
    assert_eq!(account_named(&db, "M. Okafor").await.unwrap().role, Role::Viewer);
}

async fn a_token_never_sees_more_than_its_account(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let nowhere = SiteScope::Only([].into());
    add_account(&db, "M. Okafor", "Lee", Some(PASSPHRASE), Role::Viewer, nowhere.clone(), now()).await.unwrap();
    let lee = account_named(&db, "Lee").await.unwrap();
    let (id, token) = add_token(&db, "Lee", &lee, wish("loader", Role::Admin, later(60)), now()).await.unwrap();
    let known = whose_token(&db, &token, later(59)).await.unwrap().unwrap();
    assert_eq!((known.role, known.sites, known.name.as_str()), (Role::Viewer, nowhere, "Lee (loader)"));
    assert_eq!(whose_token(&db, &token, later(60)).await.unwrap(), None, "it has ended");
    assert_eq!(account::list_api_tokens(&db, Some(lee.account_id)).await.unwrap()[0].last_used_at, Some(later(59)));
    assert!(end_token(&db, "M. Okafor", id, now()).await.unwrap());
    assert_eq!(whose_token(&db, &token, now()).await.unwrap(), None);
    for minutes in [0, -5, 367 * 24 * 60] {
        let end = later(minutes);
        assert!(add_token(&db, "Lee", &lee, wish("x", Role::Viewer, end), now()).await.is_err(), "{end}");
    }
}

fn person(subject: &str, name: &str, login_names: &[&str]) -> Person {
    Person {
        issuer: "https://login.example.org".to_owned(),
        subject: subject.to_owned(),
        name: name.to_owned(),
        login_names: login_names.iter().map(|&name| name.to_owned()).collect(),
        groups: Vec::new(),
    }
}

async fn somebody_whom_a_provider_identified_sees_nothing_until_an_administrator_says_so(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let sato = person("u-17", "Sato", &["sato"]);
    let refused = Rights::OfAdministrator { role_of_new: None };
    let made = Rights::OfAdministrator { role_of_new: Some(Role::Viewer) };
    assert!(log_in_identified(&db, &sato, &refused, now()).await.is_err(), "no account, and none is made");
    let (known, _) = log_in_identified(&db, &sato, &made, now()).await.unwrap();
    assert_eq!(known.sites, SiteScope::Only([].into()));
    let (again, _) = log_in_identified(&db, &sato, &refused, now()).await.unwrap();
    assert_eq!(again.account_id, known.account_id);
    // Being known by the name of an account with a passphrase does not give that account.
    let thief = person("x", "M. Okafor", &["M. Okafor", "m. okafor"]);
    assert!(log_in_identified(&db, &thief, &made, now()).await.is_err());
    set_open(&db, "M. Okafor", known.account_id, false, now()).await.unwrap();
    assert!(log_in_identified(&db, &sato, &made, now()).await.is_err(), "a closed account stays closed");
}

async fn an_account_without_a_passphrase_waits_for_whom_the_provider_knows_by_its_name(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let id =
        add_account(&db, "M. Okafor", "lee@example.org", None, Role::Engineer, SiteScope::All, now()).await.unwrap();
    let refused = Rights::OfAdministrator { role_of_new: None };
    assert!(log_in_identified(&db, &person("u-1", "lee@example.org", &["sato"]), &refused, now()).await.is_err());
    let lee = person("u-2", "Lee", &["lee", "LEE@example.org"]);
    let (known, _) = log_in_identified(&db, &lee, &refused, now()).await.unwrap();
    assert_eq!((known.account_id, known.role), (id, Role::Engineer));
    let other = person("u-3", "Lee", &["lee@example.org"]);
    assert!(log_in_identified(&db, &other, &refused, now()).await.is_err(), "it is somebody's now");
    let renamed = person("u-2", "Lee-Park", &["lee.park"]);
    assert_eq!(log_in_identified(&db, &renamed, &refused, now()).await.unwrap().0.account_id, id);
}

async fn groups_of_the_provider_are_followed_at_each_login(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let sato = person("u-17", "Sato", &[]);
    let of = |given| Rights::OfProvider { given };
    assert!(log_in_identified(&db, &sato, &of(None), now()).await.is_err());
    let (known, _) = log_in_identified(&db, &sato, &of(Some((Role::Admin, SiteScope::All))), now()).await.unwrap();
    assert_eq!((known.role, known.sites), (Role::Admin, SiteScope::All));
    let fewer = of(Some((Role::Viewer, SiteScope::Only([].into()))));
    let (known, _) = log_in_identified(&db, &sato, &fewer, now()).await.unwrap();
    assert_eq!((known.role, known.sites), (Role::Viewer, SiteScope::Only([].into())));
    assert!(log_in_identified(&db, &sato, &of(None), now()).await.is_err(), "no group, no login");
    let told = acts(&db, true).await;
    assert!(
        told.iter().any(|what| what == "account Sato is viewer at no site, was admin at all sites, by its groups"),
        "{told:?}"
    );
    // The last administrator must be able to put the groups right.
    let sato = person("u-18", "Sato II", &[]);
    log_in_identified(&db, &sato, &of(Some((Role::Admin, SiteScope::All))), now()).await.unwrap();
    let okafor = account_named(&db, "M. Okafor").await.unwrap();
    set_open(&db, "Sato II", okafor.account_id, false, now()).await.unwrap();
    let (known, _) = log_in_identified(&db, &sato, &fewer, now()).await.unwrap();
    assert_eq!(known.role, Role::Admin);
}

/// What the audit says, the latest first.
async fn acts(db: &Db, accounts: bool) -> Vec<String> {
    let seen = Seen { sites: &SiteScope::All, accounts };
    let acts = audit::list_audit(db, seen, None, 100).await.unwrap();
    acts.into_iter()
        .map(|act| format!("{}{}", act.entry.what, if act.entry.who.is_empty() { " by nobody" } else { "" }))
        .collect()
}

async fn every_act_on_accounts_is_in_the_audit_for_administrators(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let who = "M. Okafor";
    let lee_id =
        add_account(&db, who, "Lee", Some(PASSPHRASE), Role::Viewer, SiteScope::Only([].into()), now()).await.unwrap();
    let lee = account_named(&db, "Lee").await.unwrap();
    set_rights(&db, who, lee_id, Role::Engineer, &SiteScope::All, now()).await.unwrap();
    let (token, _) = add_token(&db, "Lee", &lee, wish("loader", Role::Viewer, later(60)), now()).await.unwrap();
    assert!(end_token(&db, who, token, now()).await.unwrap());
    assert!(!end_token(&db, who, token, now()).await.unwrap(), "it has ended");
    set_passphrase(&db, who, &lee, "eight drives in a row", now()).await.unwrap();
    set_open(&db, who, lee_id, false, now()).await.unwrap();
    set_open(&db, who, lee_id, true, now()).await.unwrap();
    assert!(set_open(&db, who, 1, false, now()).await.is_err(), "what was refused is no act");
    let told = acts(&db, true).await;
    assert_eq!(
        told,
        [
            "account Lee opened",
            "account Lee closed",
            "account Lee has another passphrase, its sessions ended",
            "token loader of Lee ended",
            "token loader of Lee made, viewer at all sites, good until 2026-11-22",
            "account Lee is engineer at all sites, was viewer at no site",
            "account Lee made, viewer at no site",
            "account M. Okafor made, admin at all sites",
        ]
    );
    assert!(!told.concat().contains("drives in a row"));
    assert!(acts(&db, false).await.is_empty(), "others are not shown them");
}

async fn failed_logins_leave_a_bounded_trace_without_what_was_typed(database: &TestDatabase) {
    let db = with_okafor(database).await;
    for n in 0..60 {
        let name = if n < 10 { "M. Okafor".to_owned() } else { format!("my passphrase {}", n / 6) };
        assert!(log_in(&db, &name, "wrong", "10.0.0.7", now()).await.is_err());
    }
    let mut told = acts(&db, true).await;
    told.retain(|what| what.starts_with("logins"));
    assert!((3..=8).contains(&told.len()), "{told:?}");
    assert_eq!(told.last().unwrap(), "logins of M. Okafor held up for 15 minutes: 5 failed, the last from 10.0.0.7");
    assert_eq!(told[0], "logins from 10.0.0.7 held up for 15 minutes: 30 failed");
    assert!(!told.concat().contains("my passphrase"), "people type passphrases into the wrong field: {told:?}");
}

async fn the_database_refuses_to_change_or_remove_an_act(database: &TestDatabase) {
    let db = with_okafor(database).await;
    db.close().await;
    let statements: &[&str] = match database.engine {
        Engine::Sqlite => &["update audit_entry set who = 'x'", "delete from audit_entry"],
        Engine::Postgresql => {
            &["update audit_entry set who = 'x'", "delete from audit_entry", "truncate audit_entry cascade"]
        }
    };
    for statement in statements {
        let error = database.try_execute(statement).await.unwrap_err();
        assert!(error.contains("audit_entry is only added to"), "{statement}: {error}");
    }
    assert_eq!(database.texts("select who from audit_entry").await, ["M. Okafor"]);
}

async fn no_secret_is_in_the_database(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let (_, session) = log_in(&db, "M. Okafor", PASSPHRASE, "10.0.0.7", now()).await.unwrap();
    let okafor = account_named(&db, "M. Okafor").await.unwrap();
    let (_, token) =
        add_token(&db, "M. Okafor", &okafor, wish("loader", Role::Viewer, later(60)), now()).await.unwrap();
    let kept = database.texts("select session_digest from session").await.concat()
        + &database.texts("select token_digest from api_token").await.concat()
        + &database.texts("select passphrase_hash from account").await.concat();
    assert!(kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    for secret in [session.as_str(), token.as_str(), PASSPHRASE] {
        assert!(!kept.contains(secret));
    }
}
