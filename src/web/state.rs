//! What every handler is given.

use std::sync::Arc;

use jiff::Timestamp;

use super::metrics::Metrics;
use crate::config::Config;
use crate::services::knowledge::KnowledgeCache;
use crate::store::Db;

/// What every handler is given. Cloning it is cheap.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    config: Config,
    metrics: Metrics,
    knowledge: KnowledgeCache,
    started_at: Timestamp,
}

impl AppState {
    pub fn new(db: Db, config: Config, started_at: Timestamp) -> AppState {
        let inner = Inner { db, config, metrics: Metrics::default(), knowledge: KnowledgeCache::default(), started_at };
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

    /// When the server was started.
    pub fn started_at(&self) -> Timestamp {
        self.inner.started_at
    }

    /// The time of this request. Handlers ask here and hand the time on, so that what is below knows no clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
