//! Roles and sites over every route of the table: who gets through, and that what somebody may not see changes nothing of
//! what that person is told.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use nameplate::domain::account::{Role, SiteScope};
use nameplate::store;
use reqwest::{Method, StatusCode};

use crate::database::{TestDatabase, on_both};
use crate::doors::{OPEN, READERS_MAY_SEND, Server, filled, routes};

on_both!(
    each_role_gets_through_its_own_doors_and_no_other,
    no_change_is_taken_from_a_page_of_another_site_whatever_the_route,
    what_is_outside_the_own_sites_changes_nothing_of_what_one_is_told,
);

/// What only administrators read.
const ADMINISTRATORS_READ: &[&str] =
    &["/accounts", "/advisories/{publisher}/{id}/delete", "/api/v1/accounts", "/api/v1/accounts/{account_id}/tokens"];

/// What only administrators send.
const ADMINISTRATORS_SEND: &[&str] = &[
    "/accounts",
    "/reports/schedules",
    "/review/aliases",
    "/sources",
    "/sources/bundle",
    "/sources/keys",
    "/api/v1/accounts",
    "/api/v1/accounts/{account_id}",
    "/api/v1/accounts/{account_id}/rights",
    "/api/v1/accounts/{account_id}/tokens",
    "/api/v1/accounts/{account_id}/tokens/{token_id}",
    "/api/v1/report-schedules",
    "/api/v1/report-schedules/{schedule_id}",
    "/api/v1/sources",
    "/api/v1/sources/{name}",
    "/api/v1/sources/{name}/fetch",
    "/api/v1/sources/{name}/test",
];

/// What leads to a change, and is shown to those who may make it.
const ENGINEERS_READ: &[&str] = &[
    "/inventories/new",
    "/inventories/{id}/check",
    "/inventories/{id}/columns",
    "/inventories/{id}/undo",
    "/remediation",
];

async fn each_role_gets_through_its_own_doors_and_no_other(database: &TestDatabase) {
    let server = Server::start(database).await;
    for role in Role::ALL {
        server.account(role.word(), role, SiteScope::All).await;
    }
    let mut wrong = Vec::new();
    let mut n_asked = 0;
    for role in Role::ALL {
        let token = server.token(role.word()).await;
        let bearer = [("authorization", token.as_str())];
        for (route, gets, sends) in routes() {
            if OPEN.contains(&route.as_str()) {
                continue;
            }
            // An id that nothing has, so that what is let through does nothing.
            let path = filled(&route, "987654321");
            let needs = |of_admins: &[&str], least: Role| {
                if of_admins.contains(&route.as_str()) { Role::Admin } else { least }
            };
            let mut judge = |what: String, status: StatusCode, needed: Role| {
                n_asked += 1;
                let is_let_in = ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
                if is_let_in != (role >= needed) || status.is_server_error() {
                    wrong.push(format!("{} {what}: {status}, needs {}", role.word(), needed.word()));
                }
            };
            if gets {
                let status = server.get(&path, &bearer).await.status();
                let least = if ENGINEERS_READ.contains(&route.as_str()) { Role::Engineer } else { Role::Viewer };
                judge(format!("GET {route}"), status, needs(ADMINISTRATORS_READ, least));
            }
            if sends && route != "/logout" {
                let least = if READERS_MAY_SEND.contains(&route.as_str()) { Role::Viewer } else { Role::Engineer };
                // An act that no form knows: whoever is let through is told so.
                let status = server.send(Method::POST, &path, &bearer, "act=none").await.status();
                judge(format!("POST {route}"), status, needs(ADMINISTRATORS_SEND, least));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(n_asked > 200, "{n_asked}");
}

async fn no_change_is_taken_from_a_page_of_another_site_whatever_the_route(database: &TestDatabase) {
    let server = Server::start(database).await;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    let token = server.token("M. Okafor").await;
    let mut wrong = Vec::new();
    let mut n_sent = 0;
    for (route, _, sends) in routes() {
        if !sends {
            continue;
        }
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                n_sent += 1;
                let headers = [("authorization", token.as_str()), foreign];
                let answer = server.send(method.clone(), &filled(&route, "1"), &headers, "a=b").await;
                if answer.status() != StatusCode::FORBIDDEN {
                    wrong.push(format!("{method} {route} {foreign:?}: {}", answer.status()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(n_sent > 300, "{n_sent}");
}

/// A plant of one site, and one of two: what somebody of the first site is told must be the same.
struct World {
    server: Server,
    lee: String,
    reader: String,
    okafor: String,
}

const RIVERSIDE: &str = "site,asset tag,vendor,model,firmware,serial number\n\
    Riverside,MTR-1,Schneider Electric,PM8000,3.1.2,SN-1\n\
    Riverside,MTR-2,Schneider Electric,ION9000,,SN-2\n\
    Riverside,MTR-3,Nobody Ltd,X-1,1.0,SN-3\n";

/// The same nameplates as at the first site, and others; judged by the same advisories.
const HIDDEN: &str = "site,asset tag,vendor,model,firmware,serial number\n\
    Verborgen,ZZ-4711,Schneider Electric,PM8000,3.1.2,SN-ZZ-1\n\
    Verborgen,ZZ-4712,Schneider Electric,ION9000,,SN-ZZ-2\n\
    Verborgen,ZZ-4713,Schneider Electric,ION7400,3.0.0,SN-ZZ-3\n\
    Verborgen,ZZ-4714,Nobody Ltd,X-1,1.0,SN-ZZ-4\n\
    Verborgen,ZZ-4715,Elsewhere AG,Y-9,2.0,SN-ZZ-5\n";

async fn world(database: &TestDatabase, has_hidden: bool) -> World {
    let folder = tempfile::tempdir().unwrap();
    let nameplate = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_nameplate"))
            .env_clear()
            .env("NAMEPLATE_DATA_DIR", folder.path())
            .env("NAMEPLATE_DATABASE", &database.url)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let advisories = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories");
    nameplate(&["advisory", "add", advisories.to_str().unwrap()]);
    nameplate(&["import", &file("riverside.csv", RIVERSIDE)]);
    if has_hidden {
        nameplate(&["import", &file("hidden.csv", HIDDEN)]);
    }
    nameplate(&["rescan"]);
    if has_hidden {
        nameplate(&[
            "mark",
            "site=Verborgen",
            "--reason",
            "planned",
            "--note",
            "wait for ZZ",
            "--user",
            "ZZ-Boss",
            "--yes",
        ]);
    }
    let server = Server::start(database).await;
    let sites = store::site::list_sites(&server.db).await.unwrap();
    let riverside = sites.iter().find(|site| site.name == "Riverside").unwrap().site_id;
    server.account("M. Okafor", Role::Admin, SiteScope::All).await;
    server.account("Lee", Role::Engineer, SiteScope::Only([riverside].into())).await;
    server.account("Kim", Role::Viewer, SiteScope::Only([riverside].into())).await;
    let [lee, reader, okafor] = [server.token("Lee").await, server.token("Kim").await, server.token("M. Okafor").await];
    World { server, lee, reader, okafor }
}

/// What differs from run to run whatever is in the database: times, how long things took, codes of requests, folders.
fn without_times(text: &str) -> String {
    let mut told = String::new();
    let mut text = text.to_owned();
    for (before, after) in
        [("Code <code>", "</code>"), ("\"code\":\"", "\""), ("<dt>Database</dt><dd class=\"mono\">", "</dd>")]
    {
        if let Some((head, rest)) = text.split_once(before)
            && let Some((_, tail)) = rest.split_once(after)
        {
            text = format!("{head}{before}{after}{tail}");
        }
    }
    // Times on pages stand in elements of their own.
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("<time") {
        told.push_str(before);
        rest = after.split_once("</time>").map_or("", |(_, rest)| rest);
    }
    told.push_str(rest);
    told.split_inclusive(|c: char| "\"<>,() ".contains(c))
        .map(|word| {
            let digits = word.chars().filter(char::is_ascii_digit).count();
            let is_time = digits >= 6 && word.contains('T') && word.contains(':')
                || (digits == 4 && word.matches(':').count() == 1);
            if is_time { "TIME" } else { word }
        })
        .collect()
}

/// Where two texts part, with what stands around it.
fn first_difference(a: &str, b: &str) -> String {
    let at = a.char_indices().zip(b.char_indices()).find(|((_, x), (_, y))| x != y);
    let at = at.map_or(a.len().min(b.len()), |((at, _), _)| at);
    let around = |text: &str| -> String {
        let start = text.char_indices().map(|(i, _)| i).take_while(|i| *i + 70 < at).last().unwrap_or(0);
        text[start..].chars().take(140).collect()
    };
    format!("{:?}\n        {:?}", around(a), around(b))
}

async fn what_is_outside_the_own_sites_changes_nothing_of_what_one_is_told(one: &TestDatabase) {
    let two = TestDatabase::new(one.engine).await.unwrap();
    let (without, with) = (world(one, false).await, world(&two, true).await);
    let mut wrong = Vec::new();
    let mut told_apart = BTreeSet::new();
    let mut n_asked = 0;
    for (route, gets, _) in routes() {
        if !gets || OPEN.contains(&route.as_str()) {
            continue;
        }
        // Of the own site, of the other one, of nothing; and the names that some paths want.
        let ids: &[&str] = if route.contains('{') { &["1", "2", "4", "7", "riverside", "verborgen"] } else { &[""] };
        for id in ids {
            for query in
                ["", "?q=PM8000", "?text=PM8000", "?site=Riverside", "?view=asset", "?view=advisory", "?print=1"]
            {
                let path = format!("{}{query}", filled(&route, id));
                for (who, of_one, of_two) in
                    [("engineer", &without.lee, &with.lee), ("viewer", &without.reader, &with.reader)]
                {
                    n_asked += 1;
                    let a = without.server.get(&path, &[("authorization", of_one)]).await;
                    let b = with.server.get(&path, &[("authorization", of_two)]).await;
                    let statuses = (a.status(), b.status());
                    let a = without_times(&String::from_utf8_lossy(&a.bytes().await.unwrap()));
                    let b = without_times(&String::from_utf8_lossy(&b.bytes().await.unwrap()));
                    if statuses.0 != statuses.1 {
                        wrong.push(format!("{who} {path}: {} and {}", statuses.0, statuses.1));
                    } else if a != b && !statuses.0.is_server_error() {
                        wrong.push(format!("{who} {path}:\n        {}", first_difference(&a, &b)));
                    }
                }
                if ["", "?q=PM8000"].contains(&query) {
                    let a = without.server.get(&path, &[("authorization", &without.okafor)]).await;
                    let b = with.server.get(&path, &[("authorization", &with.okafor)]).await;
                    if without_times(&a.text().await.unwrap()) != without_times(&b.text().await.unwrap()) {
                        told_apart.insert(route.clone());
                    }
                }
            }
        }
    }
    // One of each path is enough to see what is wrong.
    wrong.dedup_by_key(|line: &mut String| line.split(['?', ':']).next().map(str::to_owned));
    assert!(wrong.is_empty(), "{n_asked} asked, {} paths differ:\n{}", wrong.len(), wrong.join("\n"));
    // Somebody who sees all sites is told of the other one, or nothing was proved.
    for route in ["/", "/sites", "/assets", "/exposures", "/search", "/acts", "/api/v1/assets", "/api/v1/exposures"] {
        assert!(told_apart.contains(route), "{route}: {told_apart:?}");
    }
    two.remove().await;
}
