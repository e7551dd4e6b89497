//! What is shown when a request comes to nothing: one shape for pages and programs, with a code to quote.

use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Serialize;

use super::assets;
use crate::domain::filter::FilterProblem;
use crate::store::StoreError;

/// Why a request came to nothing. A handler gives it back as its error; how it looks is decided on the way out, by
/// what the client asked for: a page, or JSON under `/api/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    /// What we tried, where, what was expected and what was found; as on the command line. Shown as it is.
    pub message: String,
    /// What to do about it, without `hint:`; blank when there is nothing to say.
    pub hint: String,
    /// For the log alone: what the client must not see.
    pub cause: String,
}

impl Problem {
    /// A problem with this status and message; the text after a line `hint:` becomes the hint.
    pub fn new(status: StatusCode, message: impl AsRef<str>) -> Problem {
        let message = message.as_ref();
        let (message, hint) = message.split_once("\nhint:").unwrap_or((message, ""));
        Problem { status, message: message.trim().to_owned(), hint: hint.trim().to_owned(), cause: String::new() }
    }

    /// 400: the request is not understood. The message says what was expected.
    pub fn bad_request(message: impl AsRef<str>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, message)
    }

    /// 403: the viewer may not do that.
    pub fn forbidden(message: impl AsRef<str>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, message)
    }

    /// 404: there is no such thing, or the viewer may not see it.
    pub fn not_found(message: impl AsRef<str>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, message)
    }

    /// 409: it was changed since it was looked at.
    pub fn conflict(message: impl AsRef<str>) -> Problem {
        Problem::new(StatusCode::CONFLICT, message)
    }

    /// 500: a failure of the program or of what it stands on. The cause goes to the log alone.
    pub fn internal(cause: impl ToString) -> Problem {
        Problem {
            cause: cause.to_string(),
            ..Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the page could not be made\nhint: nothing was changed by looking at it; the log of the server says more beside this code",
            )
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::NotFound(_) => Problem::not_found(error.to_string()),
            StoreError::Conflict(_) => Problem {
                cause: error.to_string(),
                ..Problem::conflict(
                    "cannot save: somebody else changed it at the same time\nhint: go back, reload the page and try again",
                )
            },
            _ => Problem::internal(error),
        }
    }
}

impl From<FilterProblem> for Problem {
    fn from(problem: FilterProblem) -> Problem {
        Problem::bad_request(problem.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The page of a problem. It needs no database, which may be what failed.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    status: u16,
    title: &'static str,
    message: &'a str,
    hint: &'a str,
    code: &'a str,
}

/// A problem as programs get it.
#[derive(Serialize)]
struct ProblemJson<'a> {
    error: ProblemBody<'a>,
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    status: u16,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    hint: &'a str,
    /// The id of the request, which stands in the log.
    code: &'a str,
}

impl Problem {
    /// The problem as it is sent: JSON where `as_json`, else a page. `code` is the id of the request.
    pub fn render(&self, as_json: bool, code: &str) -> Response {
        if as_json {
            let error = ProblemBody { status: self.status.as_u16(), message: &self.message, hint: &self.hint, code };
            return (self.status, Json(ProblemJson { error })).into_response();
        }
        let page = ProblemPage {
            status: self.status.as_u16(),
            title: title(self.status),
            message: &self.message,
            hint: &self.hint,
            code,
        };
        match page.render() {
            Ok(page) => (self.status, Html(page)).into_response(),
            Err(_) => (self.status, self.message.clone()).into_response(),
        }
    }
}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request is not understood",
        403 => "Not allowed",
        404 => "There is no such page",
        405 => "That cannot be done here",
        409 => "Changed since you opened it",
        413 => "The request is too large",
        503 => "Not ready",
        s if s >= 500 => "Something failed",
        _ => "The request came to nothing",
    }
}
