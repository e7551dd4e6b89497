//! `/accounts`: who may log in and what each may see and do; `/account`: one's own passphrase and tokens.

use askama::Template;
use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};

use crate::domain::account::{Account, ApiToken, Role, SiteScope};
use crate::domain::site::Site;
use crate::services::accounts::{TokenWish, add_account, add_token, end_token, set_open, set_passphrase, set_rights};
use crate::store;
use crate::store::account::{find_account, list_accounts, list_api_tokens};
use crate::web::error::Problem;
use crate::web::form::Fields;
use crate::web::frame::{Frame, Nav, render};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// Longest life of a token that the page offers, in days.
const DAYS: [u16; 4] = [7, 30, 90, 366];

/// The page of all accounts.
#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    frame: Frame,
    accounts: Vec<AccountRow>,
    sites: Vec<Site>,
    roles: [Role; 3],
    /// Whether people may log in at an OpenID provider, so that an account needs no passphrase.
    has_provider: bool,
}

struct AccountRow {
    account: Account,
    /// The sites that it sees, in words.
    scope: String,
}

impl AccountRow {
    fn has_role(&self, role: &Role) -> bool {
        self.account.role == *role
    }

    fn sees_all(&self) -> bool {
        self.account.sites == SiteScope::All
    }

    /// Whether this site is one of those that are named.
    fn names(&self, site: &Site) -> bool {
        !self.sees_all() && self.account.sites.covers(site.site_id)
    }
}

/// The page of one's own account.
#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    has_passphrase: bool,
    tokens: Vec<TokenRow>,
    /// The secret of a token that was made just now; blank otherwise. It is shown this once.
    secret: String,
    roles: Vec<Role>,
    days: [u16; 4],
}

struct TokenRow {
    token: ApiToken,
    is_over: bool,
}

/// `GET /accounts`.
pub async fn show(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    let viewer = viewer.administrating()?;
    let frame = Frame::load(&state, &viewer, Nav::Settings, "Accounts").await?;
    let sites = store::site::list_sites(state.db()).await?;
    let accounts = list_accounts(state.db())
        .await?
        .into_iter()
        .map(|account| AccountRow { scope: in_words(&account.sites, &sites), account })
        .collect();
    let has_provider = state.config().oidc_issuer.is_some();
    render(&AccountsPage { frame, accounts, sites, roles: Role::ALL, has_provider })
}

fn in_words(scope: &SiteScope, sites: &[Site]) -> String {
    let SiteScope::Only(only) = scope else { return "all sites".to_owned() };
    let names: Vec<&str> =
        sites.iter().filter(|site| only.contains(&site.site_id)).map(|site| site.name.as_str()).collect();
    if names.is_empty() { "no site".to_owned() } else { names.join(", ") }
}

/// `POST /accounts`: makes, changes, closes or opens an account.
pub async fn change(
    State(state): State<AppState>,
    viewer: Viewer,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let viewer = viewer.administrating()?;
    let (db, now, fields) = (state.db(), state.now(), Fields::read(&form));
    let who = viewer.name.as_str();
    match fields.get("act") {
        "add" => {
            let role = fields.role()?;
            // The first one must be able to come back.
            if !state.has_accounts().await? && (role != Role::Admin || fields.sites() != SiteScope::All) {
                return Err(Problem::bad_request(
                    "cannot make this account: expected the first one to be an administrator of all sites",
                ));
            }
            let passphrase = fields.get("passphrase");
            // Without one the account waits for somebody whom the provider identifies.
            let passphrase = (!passphrase.is_empty() || state.config().oidc_issuer.is_none()).then_some(passphrase);
            add_account(db, who, fields.get("name"), passphrase, role, fields.sites(), now).await?;
        }
        "rights" => {
            set_rights(db, who, fields.number("account")?, fields.role()?, &fields.sites(), now).await?;
        }
        "close" => set_open(db, who, fields.number("account")?, false, now).await?,
        "open" => set_open(db, who, fields.number("account")?, true, now).await?,
        "passphrase" => {
            let account_id = fields.number("account")?;
            let account =
                find_account(db, account_id).await?.ok_or_else(|| Problem::not_found("cannot find the account"))?;
            set_passphrase(db, who, &account, fields.get("passphrase"), now).await?;
        }
        other => return Err(Problem::bad_request(format!("cannot read the form: found the unknown act `{other}`"))),
    }
    Ok(Redirect::to("/accounts").into_response())
}

async fn own(state: &AppState, viewer: &Viewer) -> Result<Account, Problem> {
    let account = match viewer.account_id {
        Some(account_id) => find_account(state.db(), account_id).await?,
        None => None,
    };
    account.ok_or_else(|| {
        Problem::not_found(
            "cannot show your account: there are no accounts yet\nhint: an administrator makes them under Accounts",
        )
    })
}

/// `GET /account`.
pub async fn show_own(State(state): State<AppState>, viewer: Viewer) -> Result<Response, Problem> {
    own_page(&state, viewer, String::new()).await
}

async fn own_page(state: &AppState, viewer: Viewer, secret: String) -> Result<Response, Problem> {
    let account = own(state, &viewer).await?;
    let now = state.now();
    let frame = Frame::load(state, &viewer, Nav::Settings, "Your account").await?;
    let is_over = |token: &ApiToken| token.revoked_at.is_some() || token.expires_at <= now;
    let tokens = list_api_tokens(state.db(), Some(account.account_id)).await?;
    let tokens = tokens.into_iter().map(|token| TokenRow { is_over: is_over(&token), token }).collect();
    let has_passphrase = store::account::find_passphrase_hash(state.db(), account.account_id).await?.is_some();
    let roles = Role::ALL.into_iter().filter(|role| *role <= account.role).collect();
    render(&AccountPage { frame, has_passphrase, tokens, secret, roles, days: DAYS })
}

/// `POST /account`: another passphrase, a new token, the end of a token.
pub async fn change_own(
    State(state): State<AppState>,
    viewer: Viewer,
    RawForm(form): RawForm,
) -> Result<Response, Problem> {
    let account = own(&state, &viewer).await?;
    let (db, now, fields) = (state.db(), state.now(), Fields::read(&form));
    match fields.get("act") {
        "passphrase" => {
            set_passphrase(db, &viewer.name, &account, fields.get("passphrase"), now).await?;
            Ok(Redirect::to("/login").into_response())
        }
        "token" => {
            let days = fields.number("days")?;
            let end =
                SignedDuration::try_from_hours(days.saturating_mul(24)).and_then(|span| now.checked_add(span).ok());
            let end = end.unwrap_or(Timestamp::MAX);
            let wish =
                TokenWish { name: fields.get("name"), role: fields.role()?, sites: SiteScope::All, expires_at: end };
            let (_, secret) = add_token(db, &viewer.name, &account, wish, now).await?;
            own_page(&state, viewer, secret).await
        }
        "revoke" => {
            let token_id = fields.number("token")?;
            let is_own =
                list_api_tokens(db, Some(account.account_id)).await?.iter().any(|t| t.api_token_id == token_id);
            if !is_own {
                return Err(Problem::not_found("cannot find the token among yours"));
            }
            end_token(db, &viewer.name, token_id, now).await?;
            Ok(Redirect::to("/account").into_response())
        }
        other => Err(Problem::bad_request(format!("cannot read the form: found the unknown act `{other}`"))),
    }
}
