//! Searches a shelf with whatever is at hand, and says what that was.

use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;

use crate::indexer::Library;
use crate::shelf::{Hit, Query, Shelf};

/// Whether embeddings had a part in the order of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Availability {
    Available,
    /// Results are in the order of matching words; see the reason.
    Unavailable,
}

/// How results were found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Similarity {
    pub similarity: Availability,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity_reason: Option<String>,
}

impl Similarity {
    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self { similarity: Availability::Unavailable, similarity_reason: Some(reason.into()) }
    }
}

pub(crate) struct Search<'a> {
    pub text: &'a str,
    pub limit: usize,
    pub min_similarity: f32,
    pub fill: bool,
}

/// Items of `shelf` that pass `keep`, best first.
pub(crate) async fn search<'s, T>(
    library: &Library,
    shelf: &'s Shelf<T>,
    search: Search<'_>,
    keep: impl Fn(&T) -> bool,
) -> (Vec<Hit<'s, T>>, Similarity) {
    let vector = vector(library, shelf, search.text).await;
    let query = Query {
        text: search.text,
        vector: vector.as_deref().ok(),
        limit: search.limit,
        min_similarity: search.min_similarity,
        fill: search.fill,
        trust: library.trust(search.text),
    };
    let (hits, by_vectors) = shelf.search(&library.vectors, &query, keep);
    let similarity = match (by_vectors, vector) {
        (true, _) => Similarity { similarity: Availability::Available, similarity_reason: None },
        (false, Err(reason)) => Similarity::unavailable(reason),
        (false, Ok(_)) => Similarity::unavailable("the query's vector does not fit the index"),
    };
    (hits, similarity)
}

async fn vector<T>(library: &Library, shelf: &Shelf<T>, text: &str) -> Result<Vec<f32>, String> {
    if shelf.items.is_empty() {
        return Err("there is nothing to search in".into());
    }
    if let Some(reason) = library.embedder.down() {
        return Err(reason);
    }
    if !shelf.complete(&library.vectors) {
        return Err("the index is being built".into());
    }
    library.embedder.query(text).await
}
