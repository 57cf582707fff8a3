//! `rag_health_check`. Tells what is known already: makes no call to anything.

use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;

use super::Retrieval;
use crate::corpus::Corpus;
use crate::generation::Generation;
use crate::indexer::Library;

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    pub success: bool,
    /// `healthy`, `degraded` (words and keys only) or `unavailable` (no records).
    pub status: &'static str,
    pub reference: ReferenceHealth,
    /// Of the model that orders results.
    pub embeddings: EmbeddingHealth,
    /// Of every model with vectors, one that retires included.
    pub generations: Vec<EmbeddingHealth>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReferenceHealth {
    /// `claims_service` or `files`.
    pub source: &'static str,
    pub ready: bool,
    pub reason: Option<String>,
    pub past_claims: usize,
    pub articles: usize,
    /// Clauses of contracts.
    pub clauses: usize,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct EmbeddingHealth {
    pub model: String,
    /// True when searches can use its vectors now.
    pub ready: bool,
    /// True while a model that is no longer configured answers for its successor.
    pub retiring: bool,
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
        let generations: Vec<EmbeddingHealth> =
            library.generations.iter().map(|one| embeddings(one, &corpus, library)).collect();
        let status = match unreadable {
            Some(_) => "unavailable",
            None if generations.iter().any(|one| !one.retiring && !one.ready) => "degraded",
            None => "healthy",
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
                clauses: library.known_clauses(&library.generations[0].vectors).0,
            },
            embeddings: generations[0].clone(),
            generations,
        }
    }
}

fn embeddings(generation: &Generation, corpus: &Corpus, library: &Library) -> EmbeddingHealth {
    let vectors = &generation.vectors;
    let waiting = corpus.claims.waiting(vectors) + corpus.articles.waiting(vectors) + library.known_clauses(vectors).1;
    let reason = generation.embedder.down().or_else(|| (waiting > 0).then(|| "the index is being built".to_owned()));
    EmbeddingHealth {
        model: generation.embedder.model().to_owned(),
        ready: reason.is_none(),
        retiring: generation.retiring,
        reason,
        vectors: vectors.len(),
        waiting,
    }
}
