//! Who may log in, and the keys of programs; for administrators.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::SignedDuration;

use super::json::{Account, MadeToken, NewAccount, NewToken, Page, Problem as ProblemJson, Rights, Switch, Token};
use crate::services::accounts::{TokenWish, add_account, add_token, end_token, set_open, set_rights};
use crate::store::account::{find_account, list_accounts, list_api_tokens};
use crate::web::error::Problem;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// All accounts by name, closed ones included
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", responses(
    (status = 200, body = Page<Account>),
    (status = 403, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn list(State(state): State<AppState>, viewer: Viewer) -> Result<Json<Page<Account>>, Problem> {
    viewer.administrating()?;
    let items = list_accounts(state.db()).await?.into_iter().map(Account::from).collect();
    Ok(Json(Page { items, next: None }))
}

/// Makes an account
///
/// The first one is made on the page of the server, with the code that its console shows.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = NewAccount, responses(
    (status = 201, body = Account),
    (status = 400, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn add(
    State(state): State<AppState>,
    viewer: Viewer,
    Json(new): Json<NewAccount>,
) -> Result<(StatusCode, Json<Account>), Problem> {
    let viewer = viewer.administrating()?;
    let (db, now) = (state.db(), state.now());
    let (role, sites) = Rights { role: new.role, sites: new.sites }.read()?;
    if !state.has_accounts().await? {
        return Err(Problem::conflict(
            "cannot make the first account here: from then on everybody logs in\nhint: open /first-account, or run `nameplate user add`",
        ));
    }
    if new.passphrase.is_none() && state.config().oidc_issuer.is_none() {
        return Err(Problem::bad_request(
            "cannot make the account: expected a passphrase, since there is no provider to log in at",
        ));
    }
    let account_id = add_account(db, &viewer.name, &new.name, new.passphrase.as_deref(), role, sites, now).await?;
    let account = find_account(db, account_id).await?.ok_or_else(|| missing(account_id))?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

fn missing(account_id: i64) -> Problem {
    Problem::not_found(format!("cannot find account {account_id}: there is none"))
}

async fn known(state: &AppState, account_id: i64) -> Result<crate::domain::account::Account, Problem> {
    find_account(state.db(), account_id).await?.ok_or_else(|| missing(account_id))
}

/// Changes what an account may see and do
#[utoipa::path(put, path = "/api/v1/accounts/{account_id}/rights", tag = "accounts", params(
    ("account_id" = i64, Path)
), request_body = Rights, responses(
    (status = 204, description = "It is so"),
    (status = 404, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn rights(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(account_id): Path<i64>,
    Json(wanted): Json<Rights>,
) -> Result<StatusCode, Problem> {
    let viewer = viewer.administrating()?;
    known(&state, account_id).await?;
    let (role, sites) = wanted.read()?;
    set_rights(state.db(), &viewer.name, account_id, role, &sites, state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes an account, which ends its sessions and tokens, or opens it again
#[utoipa::path(put, path = "/api/v1/accounts/{account_id}", tag = "accounts", params(
    ("account_id" = i64, Path)
), request_body = Switch, responses(
    (status = 204, description = "It is so"),
    (status = 404, body = ProblemJson),
    (status = 409, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn switch(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(account_id): Path<i64>,
    Json(wanted): Json<Switch>,
) -> Result<StatusCode, Problem> {
    let viewer = viewer.administrating()?;
    known(&state, account_id).await?;
    set_open(state.db(), &viewer.name, account_id, wanted.is_enabled, state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tokens of an account, ended ones included
#[utoipa::path(get, path = "/api/v1/accounts/{account_id}/tokens", tag = "accounts", params(
    ("account_id" = i64, Path)
), responses(
    (status = 200, body = Page<Token>),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn tokens(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(account_id): Path<i64>,
) -> Result<Json<Page<Token>>, Problem> {
    viewer.administrating()?;
    known(&state, account_id).await?;
    let items = list_api_tokens(state.db(), Some(account_id)).await?.into_iter().map(Token::from).collect();
    Ok(Json(Page { items, next: None }))
}

/// Makes a token for an account; its secret is in this answer and nowhere else
#[utoipa::path(post, path = "/api/v1/accounts/{account_id}/tokens", tag = "accounts", params(
    ("account_id" = i64, Path)
), request_body = NewToken, responses(
    (status = 201, body = MadeToken),
    (status = 400, body = ProblemJson),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn make_token(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(account_id): Path<i64>,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let viewer = viewer.administrating()?;
    let (account, now) = (known(&state, account_id).await?, state.now());
    let (role, sites) = Rights { role: new.role, sites: new.sites }.read()?;
    let end = now.checked_add(SignedDuration::from_hours(i64::from(new.days) * 24)).unwrap_or(now);
    let wish = TokenWish { name: &new.name, role, sites, expires_at: end };
    let (token_id, secret) = add_token(state.db(), &viewer.name, &account, wish, now).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { token_id, secret })))
}

/// Ends a token for good
#[utoipa::path(delete, path = "/api/v1/accounts/{account_id}/tokens/{token_id}", tag = "accounts", params(
    ("account_id" = i64, Path), ("token_id" = i64, Path)
), responses(
    (status = 204, description = "It has ended"),
    (status = 404, body = ProblemJson),
    (status = "default", body = ProblemJson)
))]
pub async fn revoke(
    State(state): State<AppState>,
    viewer: Viewer,
    Path((account_id, token_id)): Path<(i64, i64)>,
) -> Result<StatusCode, Problem> {
    let viewer = viewer.administrating()?;
    let tokens = list_api_tokens(state.db(), Some(account_id)).await?;
    if !tokens.iter().any(|token| token.api_token_id == token_id) {
        return Err(Problem::not_found(format!("cannot find token {token_id} of account {account_id}: there is none")));
    }
    end_token(state.db(), &viewer.name, token_id, state.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
