//! A question to a vector store: checked, embedded with the store's own model, searched.

use std::sync::Arc;

use ports::access::Principal;
use ports::vectors::{Fusion, VectorHit, VectorQuery, VectorSearch, VectorStore, VectorStores};
use ports::{CallContext, Clock};
use serde_json::Value;
use wire::openai::vector_stores::{Filter, RankingOptions, SearchMode};

use super::{filter, rerank};
use crate::registry::Registry;
use crate::request::{RequestError, invalid};

const MOST_RESULTS: u32 = 50;
const LONGEST_QUERY: usize = 32_768;
const TEXTS_A_CALL: usize = 64;
/// A use is noted this often, in seconds: enough for an expiry in days.
const NOTED_EVERY: i64 = 60;

pub struct Lookup {
    pub stores: Arc<dyn VectorStores>,
    pub search: Arc<dyn VectorSearch>,
    pub registry: Arc<Registry>,
    pub clock: Arc<dyn Clock>,
}

/// A question to a store, as the caller put it.
pub struct Ask {
    pub words: String,
    pub filter: Option<Filter>,
    /// 1 to 50.
    pub limit: u32,
    pub mode: SearchMode,
    pub ranking: RankingOptions,
}

impl Lookup {
    /// A store of the caller's. Both generations of Llama Stack answer 400 to ids they do not know.
    pub async fn known(&self, id: &str, owner: Option<&Principal>) -> Result<VectorStore, RequestError> {
        let found = self.stores.vector_store(id, owner).await?;
        found.ok_or_else(|| invalid("vector_store_id", format!("Vector_store '{id}' not found")))
    }

    pub fn expired(&self, store: &VectorStore) -> bool {
        store.expires_at().is_some_and(|at| at <= self.clock.unix_seconds())
    }

    /// A store that may still be used, marked as used now.
    pub async fn in_use(&self, id: &str, owner: Option<&Principal>) -> Result<VectorStore, RequestError> {
        let mut store = self.known(id, owner).await?;
        if self.expired(&store) {
            return Err(invalid("vector_store_id", format!("Vector_store '{id}' has expired")));
        }
        let now = self.clock.unix_seconds();
        if now - store.last_active_at >= NOTED_EVERY {
            store.last_active_at = now;
            self.stores.put_vector_store(&store).await?;
        }
        Ok(store)
    }

    /// One vector a text, by the store's model.
    pub async fn embed(
        &self,
        store: &VectorStore,
        texts: &[String],
        cx: &CallContext,
    ) -> Result<Vec<Vec<f32>>, RequestError> {
        let route = self.registry.embeddings(&store.embedding_model, cx).await?;
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXTS_A_CALL) {
            vectors.extend(route.embeddings.embed(&route.model, texts.to_vec(), cx).await?.vectors);
        }
        Ok(vectors)
    }

    /// Best first.
    pub async fn find(&self, store: &VectorStore, ask: Ask, cx: &CallContext) -> Result<Vec<VectorHit>, RequestError> {
        check(&ask)?;
        let (fusion, reranker) = (fusion(&ask.ranking)?, rerank::model(&ask.ranking)?);
        let limit = ask.limit as usize;
        let threshold = ask.ranking.score_threshold.filter(|&least| least != 0.0).unwrap_or(f32::MIN);
        let vector = match ask.mode {
            SearchMode::Keyword => Vec::new(),
            _ => self.embed(store, std::slice::from_ref(&ask.words), cx).await?.pop().unwrap_or_default(),
        };
        if !vector.is_empty() && store.dimension != 0 && vector.len() != store.dimension as usize {
            let (held, given) = (store.dimension, vector.len());
            let rule = format!("the store holds vectors of {held}, its model {} gives {given}", store.embedding_model);
            return Err(invalid("vector_store_id", rule));
        }
        let query = VectorQuery {
            vector,
            words: ask.words,
            mode: ask.mode,
            filter: ask.filter,
            limit: reranker.map_or(limit, |_| rerank::candidates(limit)),
            threshold: reranker.map_or(threshold, |_| f32::MIN),
            fusion,
        };
        let hits = self.search.search(store, &query).await?;
        match reranker {
            Some(model) => rerank::ordered(&self.registry, model, &query.words, hits, (limit, threshold), cx).await,
            None => Ok(hits),
        }
    }
}

/// Everything about `ask` that can be told without a store.
pub fn check(ask: &Ask) -> Result<(), RequestError> {
    if ask.words.trim().is_empty() || ask.words.len() > LONGEST_QUERY {
        return Err(invalid("query", format!("query must be a text of 1 to {LONGEST_QUERY} bytes")));
    }
    check_limit(ask.limit)?;
    if let Some(filter) = &ask.filter {
        filter::check(filter).map_err(|rule| invalid("filters", format!("filters: {rule}")))?;
    }
    rerank::model(&ask.ranking)?;
    fusion(&ask.ranking).map(drop)
}

pub fn check_limit(limit: u32) -> Result<(), RequestError> {
    match (1..=MOST_RESULTS).contains(&limit) {
        true => Ok(()),
        false => Err(invalid("max_num_results", format!("max_num_results must be between 1 and {MOST_RESULTS}"))),
    }
}

pub fn fusion(ranking: &RankingOptions) -> Result<Fusion, RequestError> {
    let share = ranking.weights.as_ref().and_then(|weights| {
        let of = |name: &str| weights.get(name).and_then(Value::as_f64).unwrap_or(0.0).max(0.0);
        let (vector, words) = (of("vector"), of("keyword"));
        (vector + words > 0.0).then(|| (vector / (vector + words)) as f32)
    });
    let share = share.or(ranking.alpha);
    if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        return Err(invalid("ranking_options.alpha", "ranking_options.alpha must be between 0 and 1"));
    }
    let impact = ranking.impact_factor.unwrap_or(60.0);
    if impact.is_nan() || impact <= 0.0 {
        return Err(invalid("ranking_options.impact_factor", "ranking_options.impact_factor must be above 0"));
    }
    match ranking.ranker.as_deref() {
        Some("weighted") => Ok(Fusion::Weighted { vector: share.unwrap_or(0.5) }),
        Some("rrf") => Ok(Fusion::ReciprocalRank { impact }),
        None | Some("auto" | "none" | "neural" | "default" | "default-2024-11-15" | "default_2024_08_21") => {
            Ok(share.map_or(Fusion::ReciprocalRank { impact }, |vector| Fusion::Weighted { vector }))
        }
        Some(_) => {
            Err(invalid("ranking_options.ranker", "ranking_options.ranker must be auto, rrf, weighted or neural"))
        }
    }
}
