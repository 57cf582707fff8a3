//! Searches a shelf with whatever is at hand, and says what that was.

use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;

use crate::generation::Generation;
use crate::indexer::Library;
use crate::shelf::{Hit, Query, Seen, Shelf};

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
    let found = vectors(library, shelf, search.text).await;
    let seen: Vec<Seen<'_>> =
        found.as_deref().unwrap_or_default().iter().map(|found| found.seen(search.text)).collect();
    let Search { text, limit, min_similarity, fill } = search;
    let (hits, by_vectors) = shelf.search(&Query { text, seen: &seen, limit, min_similarity, fill }, keep);
    let similarity = match (by_vectors, found) {
        (true, _) => Similarity { similarity: Availability::Available, similarity_reason: None },
        (false, Err(reason)) => Similarity::unavailable(reason),
        (false, Ok(_)) => Similarity::unavailable("the query's vector does not fit the index"),
    };
    (hits, similarity)
}

/// The query's vector by one model.
struct Found<'l> {
    generation: &'l Generation,
    vector: Vec<f32>,
}

impl Found<'_> {
    fn seen(&self, text: &str) -> Seen<'_> {
        let Generation { vectors, knows, .. } = self.generation;
        Seen { vectors, vector: &self.vector, understood: self.generation.understands(text), knows }
    }
}

/// At least one, or why there is none.
async fn vectors<'l, T>(library: &'l Library, shelf: &Shelf<T>, text: &str) -> Result<Vec<Found<'l>>, String> {
    if shelf.items.is_empty() {
        return Err("there is nothing to search in".into());
    }
    let (mut found, mut reason) = (Vec::new(), String::new());
    for generation in library.searchable(shelf)? {
        match generation.embedder.query(text).await {
            Ok(vector) => found.push(Found { generation, vector }),
            Err(failed) => reason = failed,
        }
    }
    match found.is_empty() {
        true => Err(reason),
        false => Ok(found),
    }
}
