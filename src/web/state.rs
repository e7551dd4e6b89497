//! What every handler is given.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;

use super::error::Problem;
use super::metrics::Metrics;
use crate::config::Config;
use crate::services::import_draft::Drafts;
use crate::services::jobs::Jobs;
use crate::services::knowledge::KnowledgeCache;
use crate::store::account::count_accounts;
use crate::store::{Db, StoreError};

/// What every handler is given. Cloning it is cheap.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    config: Config,
    metrics: Metrics,
    knowledge: Arc<KnowledgeCache>,
    jobs: Jobs,
    drafts: Drafts,
    started_at: Timestamp,
    has_accounts: AtomicBool,
    outside: OnceLock<reqwest::Client>,
}

impl AppState {
    pub fn new(db: Db, config: Config, started_at: Timestamp) -> AppState {
        let knowledge = Arc::new(KnowledgeCache::default());
        let jobs = Jobs::new(db.clone());
        // Where the system names no data folder for the user, uploads wait where other passing files do.
        let folder = config.data_dir().unwrap_or_else(|_| std::env::temp_dir().join("nameplate"));
        let drafts = Drafts::new(db.clone(), jobs.clone(), knowledge.clone(), &folder);
        let inner = Inner {
            db,
            config,
            metrics: Metrics::default(),
            knowledge,
            jobs,
            drafts,
            started_at,
            has_accounts: AtomicBool::new(false),
            outside: OnceLock::new(),
        };
        AppState { inner: Arc::new(inner) }
    }

    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// What is counted about requests.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// The advisories of the database, compiled; made anew only when they changed.
    pub fn knowledge(&self) -> &KnowledgeCache {
        &self.inner.knowledge
    }

    /// Whether somebody has an account, so that everybody must log in. Once it is so it stays so.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        if !self.inner.has_accounts.load(Ordering::Relaxed) && count_accounts(self.db()).await? > 0 {
            self.inner.has_accounts.store(true, Ordering::Relaxed);
        }
        Ok(self.inner.has_accounts.load(Ordering::Relaxed))
    }

    /// Whether browsers reach us over TLS, by our own certificate or a proxy's.
    pub fn is_over_tls(&self) -> bool {
        let config = self.config();
        config.tls_certificate.is_some() || config.base_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }

    /// What asks an OpenID provider: no redirects, nobody waits for long, and the certificates of `extra_ca` count.
    ///
    /// # Errors
    ///
    /// The system's certificates or those of `extra_ca` cannot be read.
    pub fn outside(&self) -> Result<&reqwest::Client, Problem> {
        if let Some(client) = self.inner.outside.get() {
            return Ok(client);
        }
        // Another part of the program may have said so already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder();
        if let Some(path) = &self.config().extra_ca {
            let unreadable = |e: String| Problem::internal(format!("cannot read `{}`: {e}", path.display()));
            let bytes = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
            let found = reqwest::Certificate::from_pem_bundle(&bytes).map_err(|e| unreadable(e.to_string()))?;
            builder = builder.tls_certs_merge(found);
        }
        let client = builder
            .user_agent(concat!("nameplate/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(15))
            .build()
            .map_err(Problem::internal)?;
        Ok(self.inner.outside.get_or_init(|| client))
    }

    /// Long work that goes on while its page is left.
    pub fn jobs(&self) -> &Jobs {
        &self.inner.jobs
    }

    /// Uploaded files on their way to an import.
    pub fn drafts(&self) -> &Drafts {
        &self.inner.drafts
    }

    /// When the server was started.
    pub fn started_at(&self) -> Timestamp {
        self.inner.started_at
    }

    /// The time of this request. Handlers ask here and hand the time on, so that what is below knows no clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
