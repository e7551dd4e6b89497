//! Who looks at a page.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use super::error::Problem;
use super::state::AppState;
use crate::domain::account::{Role, SiteScope};

/// Who looks at a page and what that person may see and do. Every handler takes it, every list is narrowed to its sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The name beside everything that this person decides.
    pub name: String,
    pub role: Role,
    pub sites: SiteScope,
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

    /// The person at this machine, who may do everything.
    pub fn local() -> Viewer {
        Viewer { name: "local".to_owned(), role: Role::Admin, sites: SiteScope::All }
    }
}

impl FromRequestParts<AppState> for Viewer {
    type Rejection = Problem;

    /// Without accounts the one who sits at this machine is the only one who is let in.
    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Viewer, Problem> {
        // Without a peer there is no network: a test that calls the router itself.
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        if peer.is_none_or(is_this_machine) {
            return Ok(Viewer::local());
        }
        Err(Problem::forbidden(
            "cannot show this page: without accounts only this machine is let in, and the request came over the network",
        ))
    }
}

fn is_this_machine(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for (address, is) in [
            ("127.0.0.1", true),
            ("127.8.9.1", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(is_this_machine(address.parse().unwrap()), is, "{address}");
        }
    }
}
