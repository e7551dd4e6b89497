//! Who looks at a page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::error::Problem;
use super::state::AppState;
use crate::domain::account::{Role, SiteScope};
use crate::services::accounts::Known;

/// Who looks at a page and what that person may see and do. Every handler takes it, every list is narrowed to its sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The name beside everything that this person decides.
    pub name: String,
    pub role: Role,
    pub sites: SiteScope,
    /// `None` for the person at this machine while there are no accounts.
    pub account_id: Option<i64>,
}

impl Viewer {
    /// Whether this person may import, decide, mark and plan.
    pub fn may_edit(&self) -> bool {
        self.role >= Role::Engineer
    }

    /// Whether this person may change settings and accounts.
    pub fn may_administrate(&self) -> bool {
        self.role >= Role::Admin
    }

    /// Whether this person sees all sites, and so numbers that count all of them.
    pub fn sees_all(&self) -> bool {
        self.sites == SiteScope::All
    }

    /// The viewer, if this person may import, decide, mark and plan.
    ///
    /// # Errors
    ///
    /// 403 when the role is that of a reader.
    pub fn editing(self) -> Result<Viewer, Problem> {
        if self.may_edit() {
            Ok(self)
        } else {
            Err(Problem::forbidden("cannot change anything: your role is that of a reader"))
        }
    }

    /// The viewer, if this person may change what concerns all sites: settings, sources and accounts.
    ///
    /// # Errors
    ///
    /// 403 when the role is not that of an administrator.
    pub fn administrating(self) -> Result<Viewer, Problem> {
        if self.may_administrate() {
            Ok(self)
        } else {
            Err(Problem::forbidden("cannot do this: it takes the role of an administrator"))
        }
    }

    /// The viewer, if this person sees all sites: what is asked for speaks of all of them.
    ///
    /// # Errors
    ///
    /// 403 when the scope is narrower. `what` is named in it, as `the metrics`.
    pub fn seeing_all(self, what: &str) -> Result<Viewer, Problem> {
        match self.sites {
            SiteScope::All => Ok(self),
            SiteScope::Only(_) => {
                Err(Problem::forbidden(format!("cannot show {what}: they are for those who see all sites")))
            }
        }
    }

    /// The person at this machine, who may do everything.
    pub fn local() -> Viewer {
        Viewer { name: "local".to_owned(), role: Role::Admin, sites: SiteScope::All, account_id: None }
    }
}

impl From<Known> for Viewer {
    fn from(known: Known) -> Viewer {
        Viewer { name: known.name, role: known.role, sites: known.sites, account_id: Some(known.account_id) }
    }
}

impl FromRequestParts<AppState> for Viewer {
    type Rejection = Problem;

    /// Whom [`super::access::admit`] has let in.
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Viewer, Problem> {
        parts.extensions.get::<Viewer>().cloned().ok_or_else(|| Problem::internal("a page was reached past the door"))
    }
}
