//! The API for programs, under `/api/v1`: everything that the pages do, as JSON.
//!
//! Lists are paged by a cursor: `?after=` takes the `next` of the page before. Times are RFC 3339 in UTC, errors have
//! the one shape of [`json::Problem`], and filters the words of the addresses of pages. What is public stands in
//! `json.rs` alone, so that no change inside can change the API by accident.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::AppState;

pub mod accounts;
pub mod advisories;
pub mod alerts;
pub mod assets;
pub mod check;
pub mod docs;
pub mod exposures;
pub mod inventories;
pub mod jobs;
pub mod json;
pub mod page;
pub mod plans;
pub mod reports;
pub mod rescans;
pub mod schedules;
pub mod settings;
pub mod sites;
pub mod sources;
pub mod triage;

/// What the document says of the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Nameplate",
        version = "1",
        description = "Which installed devices are hit by a published security advisory, why, and what to do. Lists are paged: pass the `next` of a page as `after`. Times are RFC 3339 in UTC. Every error has the shape `Problem`.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
        contact()
    ),
    tags(
        (name = "inventories", description = "Importing lists of devices, and taking imports back"),
        (name = "sites", description = "Sites and how their assets stand"),
        (name = "assets", description = "Installed devices"),
        (name = "exposures", description = "What advisories say about which asset"),
        (name = "advisories", description = "Security advisories as they are kept"),
        (name = "review", description = "Questions to people, their answers, and what was done and taken back"),
        (name = "remediation", description = "What is done about exposures"),
        (name = "plans", description = "Shutdown plans: steps, work, and what was read back"),
        (name = "alerts", description = "Rules that tell somebody of changes"),
        (name = "reports", description = "Files to take away, and those that are made again and again"),
        (name = "rescans", description = "Runs of the matcher"),
        (name = "check", description = "Judging one nameplate without storing it"),
        (name = "sources", description = "Where advisories come from, and how they do"),
        (name = "accounts", description = "Who may log in, and the keys of programs; for administrators"),
        (name = "settings", description = "What was chosen for the whole installation"),
        (name = "jobs", description = "Long work: how far it is and how it ended")
    )
)]
struct About;

/// The paths of the API with the document that describes them.
fn described() -> (Router<AppState>, Document) {
    let (router, mut document) = OpenApiRouter::with_openapi(About::openapi())
        .routes(routes!(sites::list))
        .routes(routes!(sites::show))
        .routes(routes!(assets::list))
        .routes(routes!(assets::show))
        .routes(routes!(assets::exposures))
        .routes(routes!(assets::history))
        .routes(routes!(exposures::list))
        .routes(routes!(advisories::list))
        .routes(routes!(advisories::show))
        .routes(routes!(advisories::document))
        .routes(routes!(advisories::comments, advisories::comment))
        .routes(routes!(advisories::read, advisories::unread))
        .routes(routes!(triage::questions))
        .routes(routes!(triage::question_assets))
        .routes(routes!(triage::answer))
        .routes(routes!(triage::answers))
        .routes(routes!(triage::list_acts))
        .routes(routes!(triage::undo))
        .routes(routes!(triage::preview))
        .routes(routes!(triage::mark))
        .routes(routes!(triage::marks))
        .routes(routes!(triage::read))
        .routes(routes!(plans::list, plans::make))
        .routes(routes!(plans::show))
        .routes(routes!(plans::choose))
        .routes(routes!(plans::freeze))
        .routes(routes!(plans::read_back))
        .routes(routes!(plans::work_order))
        .routes(routes!(alerts::list, alerts::add))
        .routes(routes!(alerts::try_out))
        .routes(routes!(alerts::switch, alerts::delete))
        .routes(routes!(alerts::test))
        .routes(routes!(reports::report))
        .routes(routes!(reports::exposures))
        .routes(routes!(schedules::list, schedules::add))
        .routes(routes!(schedules::change, schedules::delete))
        .routes(routes!(inventories::list))
        .routes(routes!(inventories::upload))
        .routes(routes!(inventories::show))
        .routes(routes!(inventories::warnings))
        .routes(routes!(inventories::rejected))
        .routes(routes!(inventories::undo))
        .routes(routes!(rescans::list))
        .routes(routes!(rescans::show))
        .routes(routes!(rescans::changes))
        .routes(routes!(rescans::start))
        .routes(routes!(check::judge))
        .routes(routes!(sources::list, sources::add))
        .routes(routes!(sources::switch))
        .routes(routes!(sources::test))
        .routes(routes!(sources::fetch))
        .routes(routes!(accounts::list, accounts::add))
        .routes(routes!(accounts::switch))
        .routes(routes!(accounts::rights))
        .routes(routes!(accounts::tokens, accounts::make_token))
        .routes(routes!(accounts::revoke))
        .routes(routes!(settings::show))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::cancel))
        .split_for_parts();
    // The macro leaves a contact without a name or address, which says nothing.
    document.info.contact = None;
    (router, document)
}

/// The document that describes the API (OpenAPI 3.1).
pub fn document() -> Document {
    described().1
}

/// All paths of the API.
pub fn routes() -> Router<AppState> {
    let (router, _) = described();
    router
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api/v1", get(docs::show))
        .route("/api/v1/", get(docs::show))
        // An upload counts by itself what it takes; what else programs send is small.
        .layer(DefaultBodyLimit::disable())
}

/// `GET /api/v1/openapi.json`. It changes only with the program, so its version tells whether it is known.
async fn openapi(headers: HeaderMap) -> Response {
    let tag = concat!("\"", env!("CARGO_PKG_VERSION"), "-", env!("CARGO_PKG_NAME"), "\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    ([(header::ETAG, tag)], axum::Json(document())).into_response()
}
