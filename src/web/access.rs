//! Who is let in. Every path is closed but those that are named here; what a role may do beyond that is checked where it
//! is done.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::error::Problem;
use super::state::AppState;
use super::tls::Peer;
use super::viewer::Viewer;
use crate::domain::account::Role;
use crate::domain::filter::query_text::encode;
use crate::services::accounts::{AccountError, whose_session, whose_token};

/// The cookie that holds the secret of a session.
pub const SESSION_COOKIE: &str = "nameplate_session";

/// Paths that need nobody: the way in, the link that stops messages by its own token, what its pages are drawn with, and what machines ask to see that we live.
const OPEN: &[&str] =
    &["/alerts/stop", "/login", "/login/oidc", "/login/oidc/back", "/first-account", "/health", "/ready", "/version"];

/// What somebody who only reads may send: nothing of it changes what others see.
const READERS_MAY_SEND: &[&str] = &["/logout", "/account", "/check", "/api/v1/check", "/settings", "/rescans/seen"];

/// What only administrators send, with everything below it: it decides for all sites, or over others.
const ADMINISTRATORS_SEND: &[&str] =
    &["/accounts", "/reports/schedules", "/sources", "/api/v1/accounts", "/api/v1/report-schedules", "/api/v1/sources"];

fn is_for_administrators(path: &str) -> bool {
    let is_below = |head: &str| path.strip_prefix(head).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    ADMINISTRATORS_SEND.iter().any(|head| is_below(head))
}

/// Lets a request through with the [`Viewer`] it comes from, or sends it to the login.
pub async fn admit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path();
    if OPEN.contains(&path) || path.starts_with("/static/") {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let viewer = match find_viewer(&state, &parts).await {
        Ok(Some(viewer)) => viewer,
        Ok(None) => return to_the_login(&state, &parts).await.unwrap_or_else(IntoResponse::into_response),
        Err(problem) => return problem.into_response(),
    };
    let only_reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
    if !only_reads && viewer.role < Role::Engineer && !READERS_MAY_SEND.contains(&path) {
        return Problem::forbidden("cannot change anything: your role is that of a reader").into_response();
    }
    if !only_reads && viewer.role < Role::Admin && is_for_administrators(path) {
        return Problem::forbidden("cannot do this: it takes the role of an administrator").into_response();
    }
    parts.extensions.insert(viewer);
    next.run(Request::from_parts(parts, body)).await
}

/// Who sends this request: by a token, by a session, or, while there are no accounts, by sitting at this machine.
async fn find_viewer(state: &AppState, request: &Parts) -> Result<Option<Viewer>, Problem> {
    let (db, now) = (state.db(), state.now());
    let known = if let Some(token) = bearer(&request.headers) {
        whose_token(db, token, now).await?
    } else if let Some(secret) = cookie(&request.headers, SESSION_COOKIE) {
        whose_session(db, secret, now).await?
    } else {
        None
    };
    if let Some(known) = known {
        return Ok(Some(known.into()));
    }
    let is_local = is_from_this_machine(request) && !state.has_accounts().await?;
    Ok(is_local.then(Viewer::local))
}

async fn to_the_login(state: &AppState, request: &Parts) -> Result<Response, Problem> {
    if request.uri.path().starts_with("/api/") || request.method != Method::GET {
        let problem = Problem::new(
            StatusCode::UNAUTHORIZED,
            "cannot do this: expected somebody who is logged in, or a token\nhint: `Authorization: Bearer npt_…`; `nameplate token add` makes one",
        );
        let mut response = problem.into_response();
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return Ok(response);
    }
    if !state.has_accounts().await? {
        return Ok(Redirect::to("/first-account").into_response());
    }
    let wanted = request.uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Redirect::to(&format!("/login?next={}", encode(wanted))).into_response())
}

/// Whether the request comes from this machine and was meant for it. A proxy on this machine speaks for others, and a
/// name that is not ours comes from a page that made the browser believe that its own name is this machine's.
fn is_from_this_machine(request: &Parts) -> bool {
    let headers = &request.headers;
    // Without a peer there is no network: a test that calls the router itself.
    let peer = request.extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(Peer(peer))| peer.ip());
    let is_forwarded =
        ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    peer.is_none_or(is_this_machine) && !is_forwarded && host.is_none_or(names_this_machine)
}

fn is_this_machine(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
    }
}

fn names_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(is_this_machine)
}

/// The address that failed logins are counted for: the peer, or whom a proxy on this machine names last.
pub fn client_address(peer: Option<SocketAddr>, headers: &HeaderMap) -> String {
    let Some(peer) = peer.map(|peer| peer.ip()) else { return "none".to_owned() };
    let named =
        headers.get("x-forwarded-for").and_then(|value| value.to_str().ok()).and_then(|list| list.rsplit(',').next());
    match named.and_then(|name| name.trim().parse::<IpAddr>().ok()) {
        Some(named) if is_this_machine(peer) => named.to_string(),
        _ => peer.to_string(),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The value of the cookie of this name.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, value)| *known == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// A cookie that scripts cannot read and other sites cannot send. `max_age` in seconds; 0 takes it away.
pub fn set_cookie(state: &AppState, name: &str, value: &str, max_age: i64) -> HeaderValue {
    let secure = if state.is_over_tls() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
    // Secrets and names are our own and hold nothing that a header cannot.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The page of ours to go to after the login; never that of another site.
pub fn own_page(next: &str) -> &str {
    let is_own = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if is_own { next } else { "/" }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Problem {
        let status = match &error {
            AccountError::WrongLogin => StatusCode::UNAUTHORIZED,
            AccountError::TooManyFailures { .. } => StatusCode::TOO_MANY_REQUESTS,
            AccountError::NoAccount(_) => StatusCode::NOT_FOUND,
            AccountError::NameTaken(_) => StatusCode::CONFLICT,
            AccountError::Passphrase(_)
            | AccountError::Name { .. }
            | AccountError::Setup(_)
            | AccountError::Expiry { .. } => StatusCode::BAD_REQUEST,
            AccountError::Store(crate::store::StoreError::Conflict(_)) => StatusCode::CONFLICT,
            AccountError::NoRandom | AccountError::Hash(_) | AccountError::Store(_) => return Problem::internal(error),
        };
        Problem::new(status, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, &'static str)], peer: Option<&str>) -> Parts {
        let mut request = Request::new(axum::body::Body::empty());
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(Peer(peer.parse().unwrap())));
        }
        request.into_parts().0
    }

    #[test]
    fn only_this_machine_is_this_machine() {
        for (headers, peer, is) in [
            (&[("host", "127.0.0.1:8080")][..], Some("127.0.0.1:5000"), true),
            (&[("host", "localhost:8080")], Some("[::1]:5000"), true),
            (&[("host", "[::1]:8080")], Some("[::ffff:127.0.0.1]:5000"), true),
            (&[("host", "localhost")], Some("127.8.9.1:5000"), true),
            (&[("host", "10.0.0.1:8080")], Some("10.0.0.9:5000"), false),
            (&[("host", "127.0.0.1:8080")], Some("[::ffff:10.0.0.1]:5000"), false),
            // A page whose name was made to lead here.
            (&[("host", "evil.example:8080")], Some("127.0.0.1:5000"), false),
            (&[("host", "127.0.0.1.evil.example")], Some("127.0.0.1:5000"), false),
            // A proxy on this machine that speaks for others.
            (&[("host", "localhost"), ("x-forwarded-for", "10.0.0.9")], Some("127.0.0.1:5000"), false),
            (&[("host", "localhost"), ("forwarded", "for=10.0.0.9")], Some("127.0.0.1:5000"), false),
        ] {
            assert_eq!(is_from_this_machine(&request(headers, peer)), is, "{headers:?} {peer:?}");
        }
    }

    #[test]
    fn a_login_leads_to_a_page_of_ours() {
        for (next, page) in [
            ("/sites/1?verdict=affected", "/sites/1?verdict=affected"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_page(next), page, "{next}");
        }
    }

    #[test]
    fn cookies_and_tokens_are_found_among_others() {
        let request = request(&[("cookie", "a=1; nameplate_session=s3; b"), ("authorization", "bearer npt_x")], None);
        assert_eq!(cookie(&request.headers, SESSION_COOKIE), Some("s3"));
        assert_eq!(cookie(&request.headers, "b"), None);
        assert_eq!(bearer(&request.headers), Some("npt_x"));
    }

    #[test]
    fn the_address_behind_a_proxy_counts_only_when_the_proxy_is_ours() {
        let request = request(&[("x-forwarded-for", "10.1.1.1, 10.0.0.9")], None);
        let of = |peer: &str| client_address(Some(peer.parse().unwrap()), &request.headers);
        assert_eq!(of("127.0.0.1:1"), "10.0.0.9");
        assert_eq!(of("10.0.0.5:1"), "10.0.0.5");
    }
}
