//! What every request passes through: its id and log line, the check of where a change comes from, and the headers that
//! keep a page from doing what it must not.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ring::rand::{SecureRandom, SystemRandom};

use super::error::Problem;
use super::state::AppState;

/// No script, style, frame or form but our own, and no request to anywhere else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, refuses changes that another site sent, shows problems, counts and logs.
pub async fn observe(
    State(state): State<AppState>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = request_id();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let as_json = wants_json(&uri, request.headers());
    let route = matched.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    let mut response = match foreign_change(request.method(), request.headers()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    };
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| plain_problem(&response, &method, &uri));
    if let Some(problem) = problem {
        if problem.status.is_server_error() {
            tracing::error!(request = id, %method, path = uri.path(), "{}: {}", problem.message, problem.cause);
        }
        response = problem.render(as_json, &id);
    }
    let took = began.elapsed();
    state.metrics().count(&route, name_of(&method), response.status().as_u16(), took);
    // The query may hold what somebody searched for; the path is enough to find a request again.
    tracing::info!(
        request = id,
        %method,
        path = uri.path(),
        status = response.status().as_u16(),
        duration_ms = took.as_millis() as u64,
        "request"
    );
    harden(response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// Twelve hexadecimal digits.
fn request_id() -> String {
    let mut bytes = [0u8; 6];
    // Without randomness ids are alike, which harms nobody but the reader of the log.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn wants_json(uri: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    uri.path().starts_with("/api/") || (accept.contains("application/json") && !accept.contains("text/html"))
}

/// What the router itself answers with: an unknown path, a method that a path does not take, a body it cannot read.
fn plain_problem(response: &Response, method: &Method, uri: &Uri) -> Option<Problem> {
    let path = uri.path();
    match response.status().as_u16() {
        404 if is_bare(response) => Some(Problem::not_found(format!("cannot find `{path}`: there is no such page"))),
        405 => Some(Problem::new(response.status(), format!("cannot {method} `{path}`: it does not take this method"))),
        413 => Some(Problem::new(response.status(), "cannot take the request: it is larger than this page allows")),
        400 | 415 | 422 if is_bare(response) => {
            Some(Problem::new(response.status(), "cannot read the request: a field is missing or of another form"))
        }
        _ => None,
    }
}

/// Whether the answer is none of our pages: an extractor of the framework refused with a line of text.
fn is_bare(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|value| value.starts_with("text/plain"))
}

/// Refuses what a page of another site makes a browser send. A browser says where a request comes from in
/// `Sec-Fetch-Site`, an older one in `Origin`; a program says neither and carries no cookie that could be misused.
fn foreign_change(method: &Method, headers: &HeaderMap) -> Option<Problem> {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
        return None;
    }
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_own = match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(header::HOST)
        }
        (None, None) => true,
    };
    (!is_own).then(|| Problem::forbidden("cannot change anything: the request was sent by a page of another site"))
}

fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "private, no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Methods that are counted by name; anything else a client may invent is one.
fn name_of(method: &Method) -> &'static str {
    [("GET", Method::GET), ("POST", Method::POST), ("HEAD", Method::HEAD), ("PUT", Method::PUT)]
        .into_iter()
        .chain([("PATCH", Method::PATCH), ("DELETE", Method::DELETE), ("OPTIONS", Method::OPTIONS)])
        .find(|(_, known)| known == method)
        .map_or("other", |(name, _)| name)
}

/// The answer when a handler panics.
pub fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let told = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Problem::internal(format!("a handler panicked: {told}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_from_other_sites_are_refused() {
        for (method, headers, refused) in [
            (Method::POST, &[("sec-fetch-site", "same-origin")][..], false),
            (Method::POST, &[("sec-fetch-site", "none")], false),
            (Method::POST, &[("sec-fetch-site", "cross-site")], true),
            (Method::POST, &[("sec-fetch-site", "same-site")], true),
            (Method::POST, &[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], false),
            (Method::POST, &[("origin", "http://evil.example"), ("host", "127.0.0.1:8080")], true),
            (Method::POST, &[("origin", "null"), ("host", "127.0.0.1:8080")], true),
            (Method::POST, &[], false),
            (Method::GET, &[("sec-fetch-site", "cross-site")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(foreign_change(&method, &map).is_some(), refused, "{method} {headers:?}");
        }
    }

    #[test]
    fn programs_get_json_and_people_pages() {
        for (path, accept, json) in [
            ("/api/v1/sites", "*/*", true),
            ("/sites", "text/html,application/xhtml+xml", false),
            ("/sites", "application/json", true),
            ("/sites", "", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_json(&path.parse().unwrap(), &headers), json, "{path} {accept}");
        }
    }
}
