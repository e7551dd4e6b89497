//! Who is let in: passphrases, sessions, tokens, and guessing.

use jiff::{SignedDuration, Timestamp};
use nameplate::domain::account::{Role, SiteScope};
use nameplate::services::accounts::{
    AccountError, account_named, add_account, add_token, end_token, log_in, log_in_identified, log_out,
    make_setup_code, set_open, set_passphrase, set_rights, set_up, whose_session, whose_token,
};
use nameplate::store::{Db, account};

use crate::database::{TestDatabase, on_both};

on_both!(
    the_first_account_needs_the_code_of_the_console,
    a_login_gives_a_session_that_ends,
    guessing_is_slowed_down_and_a_wrong_name_is_told_like_a_wrong_passphrase,
    names_are_unique_in_any_case,
    a_closed_account_has_no_session_and_no_token,
    the_last_administrator_stays_one,
    a_token_never_sees_more_than_its_account,
    somebody_whom_a_provider_identified_sees_nothing_until_an_administrator_says_so,
    no_secret_is_in_the_database,
);

const PASSPHRASE: &str = "seven meters in a row";

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

async fn with_okafor(database: &TestDatabase) -> Db {
    let db = Db::open(&database.url).await.unwrap();
    add_account(&db, "M. Okafor", Some(PASSPHRASE), Role::Admin, SiteScope::All, now()).await.unwrap();
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
    set_passphrase(&db, &account, "eight drives in a row").await.unwrap();
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
    let taken = add_account(&db, " m. OKAFOR ", None, Role::Viewer, SiteScope::All, now()).await.unwrap_err();
    assert!(matches!(taken, AccountError::NameTaken(_)), "{taken}");
    for name in ["", "   ", "a\nb"] {
        assert!(add_account(&db, name, None, Role::Viewer, SiteScope::All, now()).await.is_err(), "{name:?}");
    }
    assert_eq!(account::list_accounts(&db).await.unwrap().len(), 1);
}

async fn a_closed_account_has_no_session_and_no_token(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let id = add_account(&db, "Lee", Some(PASSPHRASE), Role::Engineer, SiteScope::All, now()).await.unwrap();
    let (_, session) = log_in(&db, "Lee", PASSPHRASE, "10.0.0.7", now()).await.unwrap();
    let lee = account_named(&db, "Lee").await.unwrap();
    let (_, token) = add_token(&db, &lee, "loader", Role::Engineer, SiteScope::All, later(60), now()).await.unwrap();
    assert!(whose_token(&db, &token, now()).await.unwrap().is_some());
    set_open(&db, id, false, now()).await.unwrap();
    assert_eq!(whose_session(&db, &session, now()).await.unwrap(), None);
    assert_eq!(whose_token(&db, &token, now()).await.unwrap(), None);
    assert!(log_in(&db, "Lee", PASSPHRASE, "10.0.0.7", now()).await.is_err());
    set_open(&db, id, true, now()).await.unwrap();
    assert!(log_in(&db, "Lee", PASSPHRASE, "10.0.0.7", now()).await.is_ok());
}

async fn the_last_administrator_stays_one(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let okafor = account_named(&db, "M. Okafor").await.unwrap();
    assert!(set_open(&db, okafor.account_id, false, now()).await.is_err());
    assert!(set_rights(&db, okafor.account_id, Role::Viewer, &SiteScope::All).await.is_err());
    add_account(&db, "Lee", None, Role::Admin, SiteScope::All, now()).await.unwrap();
    set_rights(&db, okafor.account_id, Role::Viewer, &SiteScope::All).await.unwrap();
    assert_eq!(account_named(&db, "M. Okafor").await.unwrap().role, Role::Viewer);
}

async fn a_token_never_sees_more_than_its_account(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let nowhere = SiteScope::Only([].into());
    add_account(&db, "Lee", Some(PASSPHRASE), Role::Viewer, nowhere.clone(), now()).await.unwrap();
    let lee = account_named(&db, "Lee").await.unwrap();
    let (id, token) = add_token(&db, &lee, "loader", Role::Admin, SiteScope::All, later(60), now()).await.unwrap();
    let known = whose_token(&db, &token, later(59)).await.unwrap().unwrap();
    assert_eq!((known.role, known.sites, known.name.as_str()), (Role::Viewer, nowhere, "Lee (loader)"));
    assert_eq!(whose_token(&db, &token, later(60)).await.unwrap(), None, "it has ended");
    assert_eq!(account::list_api_tokens(&db, Some(lee.account_id)).await.unwrap()[0].last_used_at, Some(later(59)));
    assert!(end_token(&db, id, now()).await.unwrap());
    assert_eq!(whose_token(&db, &token, now()).await.unwrap(), None);
    for minutes in [0, -5, 367 * 24 * 60] {
        let end = later(minutes);
        assert!(add_token(&db, &lee, "x", Role::Viewer, SiteScope::All, end, now()).await.is_err(), "{end}");
    }
}

async fn somebody_whom_a_provider_identified_sees_nothing_until_an_administrator_says_so(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let log_in = async |role| log_in_identified(&db, "https://login.example.org", "u-17", "Sato", role, now()).await;
    assert!(log_in(None).await.is_err(), "no account, and none is made");
    let (known, _) = log_in(Some(Role::Viewer)).await.unwrap();
    assert_eq!(known.sites, SiteScope::Only([].into()));
    let (again, _) = log_in(None).await.unwrap();
    assert_eq!(again.account_id, known.account_id);
    // Taking the name of an account that is there does not give that account.
    assert!(
        log_in_identified(&db, "https://other.example.org", "x", "M. Okafor", Some(Role::Viewer), now()).await.is_err()
    );
}

async fn no_secret_is_in_the_database(database: &TestDatabase) {
    let db = with_okafor(database).await;
    let (_, session) = log_in(&db, "M. Okafor", PASSPHRASE, "10.0.0.7", now()).await.unwrap();
    let okafor = account_named(&db, "M. Okafor").await.unwrap();
    let (_, token) = add_token(&db, &okafor, "loader", Role::Viewer, SiteScope::All, later(60), now()).await.unwrap();
    let kept = database.texts("select session_digest from session").await.concat()
        + &database.texts("select token_digest from api_token").await.concat()
        + &database.texts("select passphrase_hash from account").await.concat();
    assert!(kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    for secret in [session.as_str(), token.as_str(), PASSPHRASE] {
        assert!(!kept.contains(secret));
    }
}
