//! `ranker: neural`: what a search found, put in order by a model that reads each text beside the question.

use ports::CallContext;
use ports::vectors::VectorHit;
use wire::openai::vector_stores::RankingOptions;

use crate::registry::Registry;
use crate::request::{RequestError, invalid};

/// Texts that the model reads for each that is asked for.
const TEXTS_A_RESULT: usize = 5;
/// Texts that it reads at most, unless more are asked for.
const MOST_TEXTS: usize = 100;

/// The model that shall order the results, if one shall.
pub fn model(ranking: &RankingOptions) -> Result<Option<&str>, RequestError> {
    if ranking.ranker.as_deref() != Some("neural") {
        return Ok(None);
    }
    match ranking.model.as_deref().map(str::trim).filter(|model| !model.is_empty()) {
        Some(model) => Ok(Some(model)),
        None => {
            Err(invalid("ranking_options.model", "ranking_options.model must name a reranker when ranker is neural"))
        }
    }
}

/// How many texts to search for.
pub fn candidates(limit: usize) -> usize {
    (limit * TEXTS_A_RESULT).min(MOST_TEXTS).max(limit)
}

/// The best of `hits` by the model, best first, with its scores.
pub async fn ordered(
    registry: &Registry,
    model: &str,
    words: &str,
    hits: Vec<VectorHit>,
    (limit, threshold): (usize, f32),
    cx: &CallContext,
) -> Result<Vec<VectorHit>, RequestError> {
    if hits.is_empty() {
        return Ok(hits);
    }
    let route = registry.rerank(model, cx).await?;
    let texts: Vec<String> = hits.iter().map(|hit| hit.text.clone()).collect();
    let ranked = route.rerank.rerank(&route.model, words, &texts, cx).await?;
    let mut hits: Vec<Option<VectorHit>> = hits.into_iter().map(Some).collect();
    let mut best: Vec<VectorHit> = ranked
        .into_iter()
        .filter_map(|one| Some(VectorHit { score: one.score as f32, ..hits.get_mut(one.index)?.take()? }))
        .filter(|hit| hit.score >= threshold)
        .collect();
    best.sort_by(|a, b| b.score.total_cmp(&a.score));
    best.truncate(limit);
    Ok(best)
}
