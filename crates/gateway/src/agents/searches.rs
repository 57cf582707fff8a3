//! Our own searches as tool calls of a turn, under the names of 0.3.

use serde_json::json;
use wire::llama::agents::LegacyToolCall;
use wire::openai::items::{Item, SearchStatus};

/// The call that `item` shows; `None` when it is no search.
pub fn begun(item: &Item) -> Option<LegacyToolCall> {
    let (call_id, tool_name, query) = match item {
        Item::FileSearchCall(call) => (&call.id, "knowledge_search", call.queries.join(" ")),
        Item::WebSearchCall(call) => {
            (&call.id, "web_search", call.action.as_ref().map(|action| action.query.clone()).unwrap_or_default())
        }
        _ => return None,
    };
    let arguments = json!({"query": query}).to_string();
    Some(LegacyToolCall { call_id: call_id.clone(), tool_name: tool_name.into(), arguments })
}

/// Its id, what it found, and whether it failed.
pub fn ended(item: &Item) -> Option<(&str, String, bool)> {
    match item {
        Item::FileSearchCall(call) => {
            let found = call.results.iter().flatten();
            let text: Vec<String> = found.map(|result| format!("{}\n{}", result.filename, result.text)).collect();
            Some((&call.id, text.join("\n\n"), call.status == SearchStatus::Failed))
        }
        Item::WebSearchCall(call) => {
            let sources = call.action.iter().flat_map(|action| action.sources.iter().flatten());
            let urls: Vec<&str> = sources.map(|source| source.url.as_str()).collect();
            Some((&call.id, urls.join("\n"), call.status == SearchStatus::Failed))
        }
        _ => None,
    }
}
