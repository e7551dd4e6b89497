//! Why something could not be fetched.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why an address gave no answer that can be used. Messages hold no secret.
#[derive(Debug, Error)]
pub enum FetchError {
    #[error("cannot read `{}`: {problem}", path.display())]
    File { path: PathBuf, problem: String },
    #[error("cannot prepare requests: {0}")]
    Setup(String),
    #[error("cannot fetch `{url}`: {problem}")]
    Url { url: String, problem: String },
    #[error(
        "cannot fetch `{url}`: expected `https`, found `http`\n\
         hint: allow it for this source with --allow-http if nobody can change what is under way"
    )]
    NotHttps { url: String },
    #[error(
        "cannot fetch `{url}`: it leads to {address}, an address that is not public\n\
         hint: allow it for this source with --allow-private if the server stands in your own network"
    )]
    Private { url: String, address: IpAddr },
    #[error("cannot fetch `{url}`: expected the document itself, found a redirect to `{to}`")]
    Redirected { url: String, to: String },
    #[error("cannot fetch `{url}`: expected at most {limit} redirects, found more")]
    TooManyRedirects { url: String, limit: usize },
    #[error("cannot fetch `{url}`: expected an answer, found status {status}{}", wait_in_words(*retry_after))]
    Status { url: String, status: u16, retry_after: Option<Duration> },
    #[error("cannot fetch `{url}`: expected at most {limit_bytes} bytes, found more")]
    TooLarge { url: String, limit_bytes: usize },
    #[error("cannot fetch `{url}`: no whole answer within {} s", limit.as_secs())]
    Slow { url: String, limit: Duration },
    #[error("cannot fetch `{url}`: {problem}")]
    Broken { url: String, problem: String },
}

fn wait_in_words(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |wait| format!(", to be asked again after {} s", wait.as_secs()))
}

impl FetchError {
    /// Whether the server is there and says that it does not have this.
    pub fn is_missing(&self) -> bool {
        matches!(self, FetchError::Status { status: 404 | 410, .. })
    }

    /// Whether it may go well in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            FetchError::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            FetchError::Slow { .. } | FetchError::Broken { .. } => true,
            _ => false,
        }
    }
}
