//! Serving over TLS with a certificate of one's own, seen from a real browser.

use fantoccini::Locator;
use jiff::Timestamp;
use nameplate::config::Config;
use nameplate::domain::account::{Role, SiteScope};
use nameplate::services::accounts::add_account;
use nameplate::web::tls;

use crate::pages::in_browser_at;

const PASSPHRASE: &str = "seven meters in a row";

#[test]
fn over_tls_a_browser_gets_a_session_that_no_script_reads_and_only_tls_carries() {
    in_browser_at(
        async |folder, _| {
            let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
            let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
            std::fs::write(&certificate, made.cert.pem()).unwrap();
            std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
            let acceptor = tls::acceptor(&certificate, &key).unwrap();
            let config = Config {
                data_dir: Some(folder),
                tls_certificate: Some(certificate),
                tls_key: Some(key),
                ..Config::default()
            };
            (config, Some(acceptor), ())
        },
        async |plant, browser, ()| {
            let now = Timestamp::now();
            add_account(&plant.db, "test", "M. Okafor", Some(PASSPHRASE), Role::Admin, SiteScope::All, now)
                .await
                .unwrap();
            assert!(plant.url.starts_with("https://"), "{}", plant.url);
            browser.open(&plant.page("/sites")).await;
            browser.screenshot("login_over_tls").await;
            for (field, text) in [("#name", "M. Okafor"), ("#passphrase", PASSPHRASE)] {
                browser.client.find(Locator::Css(field)).await.unwrap().send_keys(text).await.unwrap();
            }
            browser.click("button.primary").await;
            assert!(browser.text().await.contains("Riverside"));
            assert_eq!(browser.client.current_url().await.unwrap().path(), "/sites");
            let cookie = browser.client.get_named_cookie("nameplate_session").await.unwrap();
            assert_eq!((cookie.secure(), cookie.http_only()), (Some(true), Some(true)), "{cookie}");
            assert_eq!(cookie.same_site().map(|same| same.to_string()).as_deref(), Some("Lax"), "{cookie}");
            assert_eq!(cookie.path(), Some("/"), "{cookie}");
            let seen = browser.client.execute("return document.cookie", Vec::new()).await.unwrap();
            assert_eq!(seen.as_str(), Some(""), "a script sees no cookie");
        },
    );
}
