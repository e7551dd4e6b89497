//! `/login`, `/logout` and `/first-account`: the way in and out.

use askama::Template;
use axum::Form;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::domain::account::Role;
use crate::services::accounts::{
    AccountError, Known, LONGEST_SESSION, Rights, log_in, log_in_identified, log_out, rights_of_groups, set_up,
};
use crate::services::oidc::{OidcError, Provider};
use crate::store::site::list_sites;
use crate::web::access::{SESSION_COOKIE, client_address, cookie, own_page, set_cookie};
use crate::web::error::Problem;
use crate::web::state::AppState;
use crate::web::tls::Peer;

/// The cookie that holds the secret of a login under way at a provider, and its life in seconds.
const ATTEMPT_COOKIE: &str = "nameplate_attempt";
const ATTEMPT_SECONDS: i64 = 600;

/// The page of the login, and that of the first account. It stands outside the frame, which shows what is inside.
#[derive(Template, Default)]
#[template(path = "login.html")]
struct LoginPage {
    title: &'static str,
    is_first: bool,
    /// Whether the setup code must be typed in.
    needs_code: bool,
    name: String,
    next: String,
    message: String,
    hint: String,
    /// The host of the OpenID provider; blank when there is none.
    provider: String,
}

/// What the page of the login is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LoginQuery {
    next: String,
}

/// The form of the login, and that of the first account.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LoginForm {
    name: String,
    passphrase: String,
    next: String,
    code: String,
}

/// What a provider sends the browser back with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct BackQuery {
    code: String,
    state: String,
    error: String,
}

type Connection = Option<axum::Extension<ConnectInfo<Peer>>>;

fn address(from: &Connection, headers: &HeaderMap) -> String {
    client_address(from.as_ref().map(|axum::Extension(ConnectInfo(Peer(peer)))| *peer), headers)
}

fn page(state: &AppState, next: &str) -> LoginPage {
    let provider = state.config().oidc_issuer.as_deref().unwrap_or_default();
    let host = provider.split_once("://").map_or(provider, |(_, rest)| rest).split('/').next().unwrap_or_default();
    LoginPage { title: "Log in", next: own_page(next).to_owned(), provider: host.to_owned(), ..LoginPage::default() }
}

fn render(page: &LoginPage, status: StatusCode) -> Result<Response, Problem> {
    Ok((status, Html(page.render().map_err(Problem::internal)?)).into_response())
}

/// Shows the form again with what went wrong; what is no fault of the person stays a problem of ours.
fn again(mut page: LoginPage, name: String, error: impl Into<Problem>) -> Result<Response, Problem> {
    let problem = error.into();
    if problem.status.is_server_error() {
        return Err(problem);
    }
    (page.name, page.message, page.hint) = (name, problem.message, problem.hint);
    render(&page, problem.status)
}

fn inside(state: &AppState, secret: &str, next: &str) -> Response {
    let cookie = set_cookie(state, SESSION_COOKIE, secret, LONGEST_SESSION.as_secs());
    ([(header::SET_COOKIE, cookie)], Redirect::to(own_page(next))).into_response()
}

/// `GET /login`.
pub async fn show(State(state): State<AppState>, Query(query): Query<LoginQuery>) -> Result<Response, Problem> {
    if !state.has_accounts().await? {
        return Ok(Redirect::to("/first-account").into_response());
    }
    render(&page(&state, &query.next), StatusCode::OK)
}

/// `POST /login`.
pub async fn enter(
    State(state): State<AppState>,
    from: Connection,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    match log_in(state.db(), &form.name, &form.passphrase, &address(&from, &headers), state.now()).await {
        Ok((_, secret)) => Ok(inside(&state, &secret, &form.next)),
        Err(error) => again(page(&state, &form.next), form.name, error),
    }
}

/// `POST /logout`.
pub async fn leave(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(secret) = cookie(&headers, SESSION_COOKIE) {
        log_out(state.db(), secret).await?;
    }
    Ok(([(header::SET_COOKIE, set_cookie(&state, SESSION_COOKIE, "", 0))], Redirect::to("/login")).into_response())
}

fn first_page(needs_code: bool) -> LoginPage {
    LoginPage { title: "Create the first account", is_first: true, needs_code, ..LoginPage::default() }
}

/// `GET /first-account`.
pub async fn show_first(State(state): State<AppState>) -> Result<Response, Problem> {
    if state.has_accounts().await? {
        return Ok(Redirect::to("/login").into_response());
    }
    render(&first_page(true), StatusCode::OK)
}

/// `POST /first-account`.
pub async fn make_first(
    State(state): State<AppState>,
    from: Connection,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    let address = address(&from, &headers);
    match set_up(state.db(), &form.name, &form.passphrase, &form.code, &address, state.now()).await {
        Ok((_, secret)) => Ok(inside(&state, &secret, "/start")),
        Err(error) => again(first_page(true), form.name, error),
    }
}

impl From<OidcError> for Problem {
    fn from(error: OidcError) -> Problem {
        match error {
            OidcError::Account(error) => error.into(),
            OidcError::State | OidcError::Refused(_) => Problem::new(StatusCode::UNAUTHORIZED, error.to_string()),
            OidcError::Provider { .. } => Problem::new(StatusCode::BAD_GATEWAY, error.to_string()),
        }
    }
}

/// The provider of the configuration.
fn provider(state: &AppState) -> Result<Provider, Problem> {
    let config = state.config();
    let (Some(issuer), Some(client_id), Some(base)) = (&config.oidc_issuer, &config.oidc_client_id, &config.base_url)
    else {
        return Err(Problem::not_found(
            "cannot log in there: no OpenID provider is set up\nhint: it takes `oidc_issuer`, `oidc_client_id` and `base_url`",
        ));
    };
    Ok(Provider {
        issuer: issuer.clone(),
        client_id: client_id.clone(),
        client_secret: config.oidc_client_secret().map_err(Problem::internal)?,
        redirect_url: format!("{}/login/oidc/back", base.trim_end_matches('/')),
        groups_claim: config.oidc_groups_claim.clone(),
    })
}

/// `GET /login/oidc`: sends the browser to the provider.
pub async fn to_provider(State(state): State<AppState>) -> Result<Response, Problem> {
    let provider = provider(&state)?;
    let attempt = provider.begin(state.outside()?).await?;
    let cookie = set_cookie(&state, ATTEMPT_COOKIE, &attempt.secret, ATTEMPT_SECONDS);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&attempt.authorization_url)).into_response())
}

/// `GET /login/oidc/back`: the browser comes back.
pub async fn from_provider(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(query): Query<BackQuery>,
) -> Result<Response, Problem> {
    match identify(&state, &headers, &query).await {
        Ok((_, secret)) => {
            let mut response = inside(&state, &secret, "/");
            response.headers_mut().append(header::SET_COOKIE, set_cookie(&state, ATTEMPT_COOKIE, "", 0));
            Ok(response)
        }
        Err(problem) => again(page(&state, "/"), String::new(), problem),
    }
}

async fn identify(state: &AppState, headers: &HeaderMap, query: &BackQuery) -> Result<(Known, String), Problem> {
    let provider = provider(state)?;
    if !query.error.is_empty() {
        return Err(OidcError::Refused(query.error.chars().take(200).collect()).into());
    }
    let secret = cookie(headers, ATTEMPT_COOKIE).unwrap_or_default();
    let now = state.now();
    let person = provider.finish(state.outside()?, &query.code, &query.state, secret, now).await?;
    let rights = if provider.groups_claim.is_some() {
        let sites = list_sites(state.db()).await?;
        Rights::OfProvider { given: rights_of_groups(&person.groups, &sites) }
    } else {
        let role = state.config().oidc_new_accounts.as_deref().and_then(Role::from_word);
        Rights::OfAdministrator { role_of_new: role.filter(|role| *role < Role::Admin) }
    };
    match log_in_identified(state.db(), &person, &rights, now).await {
        Err(AccountError::NoAccount(name)) => Err(Problem::forbidden(format!(
            "cannot log in: `{name}` has no account here\nhint: an administrator makes one without a passphrase, by the name that the provider knows"
        ))),
        other => Ok(other?),
    }
}
