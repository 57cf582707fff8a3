//! `web_search`: pages of the web that are nearest to the model's query.

use std::sync::Arc;

use async_trait::async_trait;
use ports::CallContext;
use ports::tools::{ToolDef, ToolError, ToolOutput, ToolSource};
use ports::web::{WebQuery, WebSearch};
use serde_json::{Value, json};
use wire::JsonObject;
use wire::openai::items::WebSource;
use wire::openai::tools::WebSearchTool;

use super::{Ours, query, refuse};
use crate::request::RequestError;

const MOST_DOMAINS: usize = 100;

pub fn check(tool: &WebSearchTool, at: &str) -> Result<(), RequestError> {
    if pages(tool).is_none() {
        return Err(refuse(at, "search_context_size", "must be low, medium or high"));
    }
    if tool.filters.as_ref().is_some_and(|filters| filters.allowed_domains.len() > MOST_DOMAINS) {
        return Err(refuse(at, "filters.allowed_domains", &format!("may name {MOST_DOMAINS} domains")));
    }
    Ok(())
}

/// How many pages are worth reading for a context of that size.
fn pages(tool: &WebSearchTool) -> Option<usize> {
    match tool.search_context_size.as_deref() {
        Some("low") => Some(3),
        None | Some("medium") => Some(5),
        Some("high") => Some(10),
        Some(_) => None,
    }
}

pub struct Source {
    pub web: Arc<dyn WebSearch>,
    pub tool: WebSearchTool,
}

#[async_trait]
impl ToolSource for Source {
    async fn list(&self, _: &CallContext) -> Result<Vec<ToolDef>, ToolError> {
        Ok(Vec::new())
    }

    async fn call(&self, _: &str, arguments: JsonObject, cx: &CallContext) -> Result<ToolOutput, ToolError> {
        let domains = self.tool.filters.as_ref().map(|filters| filters.allowed_domains.clone()).unwrap_or_default();
        let words = query(&arguments, Ours::WebSearch.name())?;
        let asked = WebQuery { words: words.clone(), limit: pages(&self.tool).unwrap_or(5), domains };
        let mut found = self.web.search(&asked, cx).await?;
        found.truncate(asked.limit);
        let shown: Vec<Value> =
            found.iter().map(|page| json!({"url": page.url, "title": page.title, "content": page.text})).collect();
        let sources: Vec<WebSource> = found
            .into_iter()
            .map(|page| WebSource { kind: "url".into(), url: page.url, title: Some(page.title) })
            .collect();
        let text = json!({"query": words, "top_k": shown}).to_string();
        Ok(ToolOutput { text, structured: Some(json!({"sources": sources})), failed: false })
    }
}

/// The pages in a call's output.
pub fn sources(structured: Option<&Value>) -> Vec<WebSource> {
    let sources = structured.and_then(|value| value.get("sources")).cloned().unwrap_or_default();
    serde_json::from_value(sources).unwrap_or_default()
}
