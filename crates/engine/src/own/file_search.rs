//! `file_search`: the passages of the request's vector stores that are nearest to the model's query.

use std::sync::Arc;

use async_trait::async_trait;
use ports::CallContext;
use ports::tools::{ToolDef, ToolError, ToolOutput, ToolSource};
use ports::vectors::VectorHit;
use serde_json::{Value, json};
use wire::JsonObject;
use wire::openai::items::FileSearchResult;
use wire::openai::tools::FileSearchTool;

use super::{Ours, SearchWords, protocol, query, refuse};
use crate::request::RequestError;
use crate::vectors::{Lookup, filter, lookup};

const MOST_STORES: usize = 16;
const RESULTS: u32 = 10;

/// Everything about the tool that can be told without a store.
pub fn check(tool: &FileSearchTool, at: &str) -> Result<(), RequestError> {
    if tool.vector_store_ids.is_empty() || tool.vector_store_ids.len() > MOST_STORES {
        return Err(refuse(at, "vector_store_ids", &format!("must name 1 to {MOST_STORES} vector stores")));
    }
    if let Some(limit) = tool.max_num_results
        && lookup::check_limit(limit).is_err()
    {
        return Err(refuse(at, "max_num_results", "must be between 1 and 50"));
    }
    if let Some(filter) = &tool.filters {
        filter::check(filter).map_err(|rule| refuse(at, "filters", &rule))?;
    }
    if let Some(ranking) = &tool.ranking_options {
        lookup::fusion(ranking).map_err(|error| match error {
            RequestError::Invalid { param, message } => {
                RequestError::Invalid { param: format!("{at}.{param}"), message: format!("{at}.{message}") }
            }
            other => other,
        })?;
    }
    Ok(())
}

pub struct Source {
    pub lookup: Arc<Lookup>,
    pub tool: FileSearchTool,
    pub words: SearchWords,
}

impl Source {
    /// Of all stores together, best first. A store that fails is left out while another one answers.
    async fn find(&self, words: &str, cx: &CallContext) -> Result<Vec<VectorHit>, ToolError> {
        let limit = self.tool.max_num_results.unwrap_or(RESULTS);
        let searches = self.tool.vector_store_ids.iter().map(|id| async move {
            let store = self.lookup.in_use(id, cx.caller.as_deref()).await?;
            let ask = lookup::Ask {
                words: words.to_owned(),
                filter: self.tool.filters.clone(),
                limit,
                mode: Default::default(),
                ranking: self.tool.ranking_options.clone().unwrap_or_default(),
            };
            self.lookup.find(&store, ask, cx).await
        });
        let (mut hits, mut failure, mut answered) = (Vec::new(), None, false);
        for outcome in futures::future::join_all(searches).await {
            match outcome {
                Ok(found) => {
                    answered = true;
                    hits.extend(found);
                }
                Err(error) => {
                    tracing::warn!(%error, "a vector store was not searched");
                    failure = Some(error);
                }
            }
        }
        if let (Some(error), false) = (failure, answered) {
            return Err(protocol(Ours::FileSearch.name(), error.to_string()));
        }
        hits.sort_by(|a: &VectorHit, b| b.score.total_cmp(&a.score));
        hits.truncate(limit as usize);
        Ok(hits)
    }
}

#[async_trait]
impl ToolSource for Source {
    async fn list(&self, _: &CallContext) -> Result<Vec<ToolDef>, ToolError> {
        Ok(Vec::new())
    }

    async fn call(&self, _: &str, arguments: JsonObject, cx: &CallContext) -> Result<ToolOutput, ToolError> {
        let words = query(&arguments, Ours::FileSearch.name())?;
        let mut hits = self.find(&words, cx).await?;
        for hit in &mut hits {
            if hit.file_id.is_empty() {
                // Chunks put in without a file name their document themselves.
                let named = hit.attributes.get("document_id").and_then(Value::as_str);
                hit.file_id = named.unwrap_or_default().to_owned();
            }
        }
        let text = self.words.of(&words, &hits);
        let results: Vec<FileSearchResult> = hits.into_iter().map(result).collect();
        Ok(ToolOutput { text, structured: Some(json!({"results": results})), failed: false })
    }
}

fn result(hit: VectorHit) -> FileSearchResult {
    let VectorHit { file_id, filename, text, attributes, score, .. } = hit;
    let filename = if filename.is_empty() { "unknown".into() } else { filename };
    FileSearchResult { attributes, file_id, filename, score, text }
}

/// The results in a call's output.
pub fn results(structured: Option<&Value>) -> Vec<FileSearchResult> {
    let results = structured.and_then(|value| value.get("results")).cloned().unwrap_or_default();
    serde_json::from_value(results).unwrap_or_default()
}
