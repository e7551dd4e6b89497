//! Every path of the server in one table.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use super::state::AppState;
use super::{access, api, assets, exports, guard, metrics, pages, probe};

/// Every path of the server.
pub fn routes(state: AppState) -> Router {
    Router::new()
        // Pages, in the order of the top bar.
        .route("/", get(pages::overview::show))
        .route("/remediation", get(pages::remediation::show).post(pages::remediation::save))
        .route("/review", get(pages::review::show).post(pages::review::answer))
        .route("/review/aliases", post(pages::review::add_pack))
        .route("/review/aliases.toml", get(pages::review::pack))
        .route("/review/read/{question}", get(pages::review::show_readings).post(pages::review::save_readings))
        .route("/acts", get(pages::acts::show))
        .route("/acts/{audit_id}/undo", post(pages::acts::undo))
        .route("/plans", get(pages::plans::list).post(pages::plans::make))
        .route("/plans/{id}", get(pages::plans::show).post(pages::plans::change))
        .route("/plans/{id}/work-order", get(pages::plans::work_order))
        .route("/reports", get(pages::reports::show).post(pages::reports::make))
        .route("/reports/file", get(pages::reports::file))
        .route("/reports/files/{id}", get(pages::reports::kept))
        .route("/reports/files/{id}/delete", post(pages::reports::remove))
        .route("/reports/schedules", get(pages::schedules::show).post(pages::schedules::change))
        .route("/compare", get(pages::comparison::show))
        .route("/account", get(pages::accounts::show_own).post(pages::accounts::change_own))
        .route("/accounts", get(pages::accounts::show).post(pages::accounts::change))
        .route("/alerts", get(pages::alerts::show).post(pages::alerts::change))
        .route("/alerts/stop", get(pages::alerts::ask_to_stop).post(pages::alerts::stop))
        // The way in and out.
        .route("/first-account", get(pages::login::show_first).post(pages::login::make_first))
        .route("/login", get(pages::login::show).post(pages::login::enter))
        .route("/login/oidc", get(pages::login::to_provider))
        .route("/login/oidc/back", get(pages::login::from_provider))
        .route("/logout", post(pages::login::leave))
        // Imports, and long work.
        .route("/inventories", get(pages::inventories::list))
        .route(
            "/inventories/new",
            get(pages::inventories::new::form)
                .post(pages::inventories::new::upload)
                // The upload itself counts what it takes.
                .layer(DefaultBodyLimit::disable()),
        )
        .route("/inventories/{id}", get(pages::inventories::show::show))
        .route(
            "/inventories/{id}/columns",
            get(pages::inventories::columns::form).post(pages::inventories::columns::save),
        )
        .route("/inventories/{id}/check", get(pages::inventories::check::form).post(pages::inventories::check::save))
        .route("/inventories/{id}/discard", post(pages::inventories::check::discard))
        .route("/inventories/{id}/rejects.csv", get(pages::inventories::show::rejects))
        .route("/inventories/{id}/undo", get(pages::inventories::show::look).post(pages::inventories::show::undo))
        .route("/jobs", get(pages::jobs::list))
        .route("/jobs/{id}", get(pages::jobs::show))
        .route("/jobs/{id}/cancel", post(pages::jobs::cancel))
        .merge(api::routes())
        .route("/start", get(pages::start::show))
        .route("/start/sample", post(pages::start::load))
        .route("/start/sample/remove", post(pages::start::remove))
        .route("/sites", get(pages::sites::show))
        .route("/sites/{site}", get(pages::site::show))
        .route("/exposures", get(pages::exposures::show))
        .route("/exports/{name}", get(exports::exposures))
        .route("/nameplates/{id}", get(pages::nameplate::show))
        .route("/nameplates/{id}/fold", get(pages::nameplate::fold))
        .route("/advisories", get(pages::advisories::show).post(pages::advisories::change))
        .route("/advisories/{publisher}/{id}", get(pages::advisory::show).post(pages::advisory::change))
        .route("/advisories/{publisher}/{id}/compare", get(pages::advisory::compare))
        .route("/advisories/{publisher}/{id}/delete", get(pages::advisory::ask_to_delete))
        .route("/advisories/{publisher}/{id}/document", get(pages::advisory::document))
        .route("/advisories/{publisher}/{id}/file", get(pages::advisory::file))
        .route("/assets", get(pages::assets::show).post(pages::assets::change))
        .route("/assets/{id}", get(pages::asset::show).post(pages::asset::change))
        .route("/rescans", get(pages::rescans::list).post(pages::rescans::run))
        .route("/rescans/seen", post(pages::rescans::seen))
        .route("/rescans/{id}", get(pages::rescans::show))
        .route("/sources", get(pages::sources::show).post(pages::sources::change))
        .route(
            "/sources/bundle",
            // The upload itself counts what it takes.
            post(pages::bundles::load).layer(DefaultBodyLimit::disable()),
        )
        .route("/sources/keys", post(pages::bundles::keys))
        .route("/search", get(pages::search::show))
        .route("/check", get(pages::check::show))
        .route("/settings", get(pages::settings::show).post(pages::settings::save))
        .route("/help", get(pages::help::show))
        // For machines.
        .route("/health", get(probe::health))
        .route("/ready", get(probe::ready))
        .route("/version", get(probe::version))
        .route("/metrics", get(metrics::show))
        .route("/static/{file}", get(assets::show))
        .layer(from_fn_with_state(state.clone(), access::admit))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn_with_state(state.clone(), guard::observe))
        // Fonts are compressed already.
        .layer(
            CompressionLayer::new()
                .compress_when(DefaultPredicate::new().and(NotForContentType::const_new("font/woff2"))),
        )
        .with_state(state)
}
