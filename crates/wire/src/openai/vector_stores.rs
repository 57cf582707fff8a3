//! `/v1/vector_stores`: requests, and the filter language of attributes.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::JsonObject;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreateVectorStore {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub file_ids: Option<Vec<String>>,
    #[serde(default)]
    pub metadata: Option<JsonObject>,
    #[serde(default)]
    pub chunking_strategy: Option<ChunkingStrategy>,
    #[serde(default)]
    pub expires_after: Option<ExpiresAfter>,
    #[serde(default)]
    pub embedding_model: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::number")]
    pub embedding_dimension: Option<u32>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExpiresAfter {
    /// `last_active_at`.
    pub anchor: String,
    pub days: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ChunkingStrategy {
    Auto,
    Static {
        #[serde(rename = "static")]
        sizes: ChunkSizes,
    },
    /// Llama Stack's, from 0.7: each chunk begins with a few words of a model on its place in the whole.
    Contextual {
        contextual: Contextual,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contextual {
    /// A chat model.
    #[serde(default)]
    pub model_id: Option<String>,
    /// With the places `{{WHOLE_DOCUMENT}}` and `{{CHUNK_CONTENT}}`.
    #[serde(default)]
    pub context_prompt: Option<String>,
    #[serde(default)]
    pub max_chunk_size_tokens: Option<u32>,
    #[serde(default)]
    pub chunk_overlap_tokens: Option<u32>,
    /// Of one question to the model.
    #[serde(default)]
    pub timeout_seconds: Option<u32>,
    #[serde(default)]
    pub max_concurrency: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChunkSizes {
    pub chunk_overlap_tokens: u32,
    pub max_chunk_size_tokens: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttachFile {
    pub file_id: String,
    #[serde(default)]
    pub attributes: Option<JsonObject>,
    #[serde(default)]
    pub chunking_strategy: Option<ChunkingStrategy>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttachBatch {
    #[serde(default)]
    pub file_ids: Option<Vec<String>>,
    #[serde(default)]
    pub files: Option<Vec<AttachFile>>,
    #[serde(default)]
    pub attributes: Option<JsonObject>,
    #[serde(default)]
    pub chunking_strategy: Option<ChunkingStrategy>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchVectorStore {
    pub query: SearchWords,
    #[serde(default, deserialize_with = "filter_or_pairs")]
    #[schemars(with = "Option<FilterOrPairs>")]
    pub filters: Option<Filter>,
    #[serde(default)]
    pub max_num_results: Option<u32>,
    #[serde(default)]
    pub ranking_options: Option<RankingOptions>,
    #[serde(default)]
    pub rewrite_query: Option<bool>,
    #[serde(default)]
    pub search_mode: Option<SearchMode>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SearchWords {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    #[default]
    Vector,
    Keyword,
    Hybrid,
}

/// `ranker` is `auto`, `rrf`, `weighted` or `neural`; the others belong to one of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RankingOptions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_threshold: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_factor: Option<f32>,
    /// Share of the vector score, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f32>,
    /// `{"vector": 0.7, "keyword": 0.3}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<JsonObject>,
    /// The reranker, for `neural`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(flatten)]
    pub extra: JsonObject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Filter {
    Eq(Comparison),
    Ne(Comparison),
    Gt(Comparison),
    Gte(Comparison),
    Lt(Comparison),
    Lte(Comparison),
    In(Comparison),
    Nin(Comparison),
    And { filters: Vec<Filter> },
    Or { filters: Vec<Filter> },
}

/// OpenAI's filter, or attributes and the values they must have, as Llama Stack 0.3 takes them.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "a shape for the API's description")]
enum FilterOrPairs {
    Filter(Filter),
    Pairs(JsonObject),
}

/// An object without `type` is pairs.
fn filter_or_pairs<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Filter>, D::Error> {
    match Option::<Value>::deserialize(from)? {
        Some(Value::Object(pairs)) if !pairs.contains_key("type") => {
            let equal = pairs.into_iter().map(|(key, value)| Filter::Eq(Comparison { key, value }));
            Ok(Some(Filter::And { filters: equal.collect() }))
        }
        Some(filter) => Filter::deserialize(filter).map(Some).map_err(D::Error::custom),
        None => Ok(None),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    pub key: String,
    pub value: Value,
}
