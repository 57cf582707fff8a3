//! The tool groups that need no server: `builtin::rag` and, where somebody is configured to ask, `builtin::websearch`.

use ports::CallContext;
use ports::access::{Action, Principal, Resource};
use ports::web::WebQuery;
use serde_json::{Value, json};
use wire::JsonObject;

use super::groups::KIND;
use super::rag;
use crate::app::App;
use crate::errors::ApiError;

pub const RAG: &str = "builtin::rag";
pub const WEB: &str = "builtin::websearch";
const PAGES: usize = 5;

/// Whether there is such a group, and the access policy lets the caller use it.
pub fn opens(app: &App, id: &str, caller: Option<&Principal>) -> bool {
    let there = id == RAG || (id == WEB && app.responder.own.web.is_some());
    there && permitted(app, id, caller)
}

pub fn permitted(app: &App, id: &str, caller: Option<&Principal>) -> bool {
    app.responder.registry.policy().permits(caller, Action::Read, Resource::unowned(KIND, id))
}

/// The groups the caller may use, as 0.3 shows them.
pub fn groups(app: &App, caller: Option<&Principal>) -> Vec<Value> {
    let group = |id: &str, provider: &str| {
        json!({
            "identifier": id, "provider_resource_id": id, "provider_id": provider, "type": "tool_group",
            "owner": null, "source": "listed_from_provider", "mcp_endpoint": null, "args": null,
        })
    };
    let all = [(RAG, "rag-runtime"), (WEB, "web-search")];
    all.into_iter().filter(|(id, _)| opens(app, id, caller)).map(|(id, provider)| group(id, provider)).collect()
}

/// Their tools: of one group, or of all.
pub fn tools(app: &App, caller: Option<&Principal>, group: Option<&str>) -> Vec<Value> {
    let text = |description: &str| json!({"type": "string", "description": description});
    let ids = json!({"type": "array", "items": {"type": "string"}, "description": "The vector stores to search."});
    let rag = json!({
        "type": "object", "required": ["query", "vector_db_ids"],
        "properties": {"query": text("What to look for."), "vector_db_ids": ids},
    });
    let web = json!({"type": "object", "required": ["query"], "properties": {"query": text("What to look for.")}});
    let tool = |group: &str, name: &str, description: &str, schema: Value| {
        json!({
            "toolgroup_id": group, "name": name, "description": description, "input_schema": schema,
            "output_schema": null, "metadata": null,
        })
    };
    let all = [
        (RAG, tool(RAG, "knowledge_search", "Search documents for passages nearest to a query.", rag)),
        (WEB, tool(WEB, "web_search", "Search the web for pages nearest to a query.", web)),
    ];
    let wanted = |id: &str| group.is_none_or(|group| group == id) && opens(app, id, caller);
    all.into_iter().filter(|(id, _)| wanted(id)).map(|(_, tool)| tool).collect()
}

/// Runs a tool of ours; `None` when it is none.
pub async fn invoke(app: &App, name: &str, kwargs: &JsonObject, cx: &CallContext) -> Option<Result<Value, ApiError>> {
    let group = if name.ends_with("knowledge_search") { RAG } else { WEB };
    if !opens(app, group, cx.caller.as_deref()) {
        return None;
    }
    match (name, &app.responder.own.web) {
        ("knowledge_search" | "builtin::rag/knowledge_search", _) => Some(rag::search(app, kwargs.clone(), cx).await),
        ("web_search" | "builtin::websearch/web_search", Some(web)) => {
            let words = kwargs.get("query").and_then(Value::as_str).unwrap_or_default().to_owned();
            if words.trim().is_empty() {
                return Some(Err(ApiError::invalid("kwargs.query", "kwargs.query must be a text")));
            }
            let query = WebQuery { words, limit: PAGES, domains: Vec::new() };
            Some(match web.search(&query, cx).await {
                Ok(pages) => {
                    let pages = pages.iter().map(|it| json!({"url": it.url, "title": it.title, "content": it.text}));
                    let text = json!({"query": query.words, "top_k": pages.collect::<Vec<_>>()}).to_string();
                    // As text, where 0.3 has it.
                    Ok(json!({"content": text, "metadata": null}))
                }
                Err(error) => Err(error.into()),
            })
        }
        _ => None,
    }
}
