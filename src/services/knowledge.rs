//! The advisories of the database compiled for matching, with what is known beside them, kept between questions: a page
//! that explains one nameplate must not read thousands of documents first.

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Mutex;

use crate::domain::product_index::ProductIndex;
use crate::services::aliases::catalogue_of;
use crate::services::current_index::current_index;
use crate::services::load_advisories::LoadError;
use crate::services::progress::Silent;
use crate::services::report_rows::Threats;
use crate::store::{self, Db, StoreError};

/// Why there is nothing to match against.
#[derive(Debug, Error)]
pub enum KnowledgeError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is known at one moment: advisories, aliases, and what lists of the world say about vulnerabilities.
pub struct Knowledge {
    pub index: ProductIndex,
    pub threats: Threats,
    /// Where the advisories came from, one sentence each.
    pub sources: Vec<String>,
}

/// Keeps the last [`Knowledge`] for as long as the database says the same.
#[derive(Default)]
pub struct KnowledgeCache {
    last: Mutex<Option<(String, Arc<Knowledge>)>>,
}

impl KnowledgeCache {
    /// What is known now. Whoever asks while it is being compiled waits for it.
    ///
    /// # Errors
    ///
    /// The database fails.
    pub async fn get(&self, db: &Db) -> Result<Arc<Knowledge>, KnowledgeError> {
        let mut last = self.last.lock().await;
        let state = store::listing::state_of_knowledge(db).await?;
        if let Some((known, knowledge)) = last.as_ref()
            && *known == state
        {
            return Ok(knowledge.clone());
        }
        let current = current_index(db, &Silent).await?;
        let (catalogue, _) = catalogue_of(db).await?;
        let threats = Threats::of_database(db).await?;
        let sources = vec![format!("{} advisories of the database", current.index.advisories().len())];
        let index = current.index.with_decisions_of(Arc::new(catalogue));
        let knowledge = Arc::new(Knowledge { index, threats, sources });
        *last = Some((state, knowledge.clone()));
        Ok(knowledge)
    }
}
