//! `rag_health_check`. Tells what is known already: makes no call to anything.

use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;

use super::Retrieval;

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    pub success: bool,
    /// `healthy`, `degraded` (words and keys only) or `unavailable` (no records).
    pub status: &'static str,
    pub reference: ReferenceHealth,
    pub embeddings: EmbeddingHealth,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReferenceHealth {
    /// `claims_service` or `files`.
    pub source: &'static str,
    pub ready: bool,
    pub reason: Option<String>,
    pub past_claims: usize,
    pub articles: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EmbeddingHealth {
    pub model: String,
    /// True when searches use vectors now.
    pub ready: bool,
    pub reason: Option<String>,
    pub vectors: usize,
    /// Texts that still wait for their vector.
    pub waiting: usize,
}

impl Retrieval {
    pub(crate) fn health(&self) -> Health {
        let library = &self.library;
        let corpus = library.corpus();
        let unreadable = library.unreadable();
        let waiting = corpus.claims.waiting(&library.vectors) + corpus.articles.waiting(&library.vectors);
        let reason = library.embedder.down().or_else(|| (waiting > 0).then(|| "the index is being built".to_owned()));
        let status = match (&unreadable, &reason) {
            (Some(_), _) => "unavailable",
            (None, Some(_)) => "degraded",
            (None, None) => "healthy",
        };
        Health {
            success: true,
            status,
            reference: ReferenceHealth {
                source: library.reference.kind(),
                ready: unreadable.is_none(),
                reason: unreadable,
                past_claims: corpus.claims.items.len(),
                articles: corpus.articles.items.len(),
            },
            embeddings: EmbeddingHealth {
                model: library.embedder.model().to_owned(),
                ready: reason.is_none(),
                reason,
                vectors: library.vectors.len(),
                waiting,
            },
        }
    }
}
