//! Indexes everything at once, for those who want to see it done before the server starts.

use crate::config::{RagConfig, StartError};
use crate::indexer::{Library, Progress, Seen};
use crate::service::reference;

/// What a backfill left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    pub past_claims: usize,
    pub articles: usize,
    /// Each configured model with its number of vectors.
    pub vectors: Vec<(String, usize)>,
}

/// Why the index could not be completed; running it again goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("rag: set data_dir: without it vectors are not kept")]
    NowhereToKeep,
    #[error("rag: the vectors are in use by a retrieval server that is running; it indexes by itself")]
    InUse,
    #[error("rag: {0}")]
    Stopped(String),
}

/// Reads all records and embeds what has no vector yet with every configured model; `shown` is called before the
/// first and after each batch.
pub async fn backfill(config: &RagConfig, shown: &(dyn Fn(&Progress) + Sync)) -> Result<Backfill, BackfillError> {
    config.check()?;
    if config.data_dir.is_none() {
        return Err(BackfillError::NowhereToKeep);
    }
    let library = Library::new(reference(config)?.0, config)?;
    if library.generations.iter().any(|one| !one.vectors.is_kept()) {
        return Err(BackfillError::InUse);
    }
    library.round(&mut Seen::default(), shown).await.map_err(BackfillError::Stopped)?;
    let corpus = library.corpus();
    let configured = library.generations.iter().filter(|one| !one.retiring);
    Ok(Backfill {
        past_claims: corpus.claims.items.len(),
        articles: corpus.articles.items.len(),
        vectors: configured.map(|one| (one.embedder.model().to_owned(), one.vectors.len())).collect(),
    })
}
