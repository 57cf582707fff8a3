//! The tool groups that an agent names, as the tools of a response.

use ports::access::Principal;
use ports::tools::{Place, ToolServer};
use serde_json::Value;
use wire::openai::tools::{AllowedTools, FileSearchTool, McpTool, ResponseTool, WebSearchTool};

use crate::app::App;
use crate::errors::ApiError;
use crate::tools::{builtin, find};

/// `"mcp::ocr"`, `"mcp::ocr/read"` and `{"name": "mcp::ocr", "args": {}}`: the server's name, and one tool of it.
/// `None` for what is no MCP group.
pub fn named(group: &Value) -> Option<(String, Option<String>)> {
    let name = group.as_str().or_else(|| group.get("name")?.as_str())?;
    let name = name.strip_prefix("mcp::")?;
    Some(match name.split_once('/') {
        Some((server, tool)) => (server.to_owned(), Some(tool.to_owned())),
        None => (name.to_owned(), None),
    })
}

/// A configured server's label: `ocr-server` is the connector `ocr` as well.
pub fn connector(app: &App, server: &str) -> Option<String> {
    let bare = server.trim_end_matches("-mcp-server").trim_end_matches("-server");
    let known = &app.responder.connectors;
    [server, bare].into_iter().find(|name| known.contains_key(*name)).map(str::to_owned)
}

/// A configured server as a tool of a response.
pub fn configured(label: &str, server: &ToolServer, allowed: Option<Vec<String>>) -> ResponseTool {
    let server_url = match &server.place {
        Place::Http { url, .. } => Some(url.clone()),
        Place::Stdio { .. } => None,
    };
    ResponseTool::Mcp(McpTool {
        server_label: label.to_owned(),
        connector_id: Some(label.to_owned()),
        server_url,
        allowed_tools: allowed.map(AllowedTools::Names),
        ..McpTool::default()
    })
}

/// Every group once, in the order named. A group named whole beats single tools of it.
pub async fn tools(app: &App, groups: &[Value], owner: Option<&Principal>) -> Result<Vec<ResponseTool>, ApiError> {
    let mut servers: Vec<(String, Option<Vec<String>>)> = Vec::new();
    let mut tools = Vec::with_capacity(groups.len());
    for group in groups {
        if let Some(tool) = ours(app, group, owner)? {
            tools.push(tool);
            continue;
        }
        let Some((server, tool)) = named(group) else { return Err(unknown(app, group)) };
        let at = servers.iter().position(|(known, _)| *known == server).unwrap_or_else(|| {
            servers.push((server, tool.is_some().then(Vec::new)));
            servers.len() - 1
        });
        match (&mut servers[at].1, tool) {
            (Some(allowed), Some(tool)) => allowed.push(tool),
            (allowed, None) => *allowed = None,
            (None, Some(_)) => {}
        }
    }
    for (server, allowed) in servers {
        if let Some(label) = connector(app, &server)
            && let Some(place) = app.responder.connectors.get(&label)
        {
            tools.push(configured(&label, place, allowed));
            continue;
        }
        let id = format!("mcp::{server}");
        let Some(group) = find(app, &id, owner).await? else { return Err(unknown(app, &Value::String(id))) };
        tools.push(ResponseTool::Mcp(McpTool {
            server_label: server,
            server_url: group.uri().map(str::to_owned),
            allowed_tools: allowed.map(AllowedTools::Names),
            ..McpTool::default()
        }));
    }
    Ok(tools)
}

/// `builtin::rag` with its stores in `args`, and `builtin::websearch`, as searches of ours.
fn ours(app: &App, group: &Value, owner: Option<&Principal>) -> Result<Option<ResponseTool>, ApiError> {
    let name = group.as_str().or_else(|| group.get("name").and_then(Value::as_str)).unwrap_or_default();
    let id = name.split_once('/').map_or(name, |(group, _)| group);
    match id {
        builtin::RAG | builtin::WEB if !builtin::permitted(app, id, owner) => Ok(None),
        builtin::WEB => Ok(Some(ResponseTool::WebSearch(WebSearchTool::default()))),
        builtin::RAG => {
            let args = group.get("args");
            let stores = args.and_then(|args| args.get("vector_db_ids").or_else(|| args.get("vector_store_ids")));
            let ids: Option<Vec<String>> = stores.and_then(|ids| serde_json::from_value(ids.clone()).ok());
            let vector_store_ids = ids.filter(|ids| !ids.is_empty()).ok_or_else(|| {
                ApiError::invalid("toolgroups", "Invalid value: builtin::rag needs args.vector_db_ids, a list of ids")
            })?;
            Ok(Some(ResponseTool::FileSearch(FileSearchTool { vector_store_ids, ..FileSearchTool::default() })))
        }
        _ => Ok(None),
    }
}

fn unknown(app: &App, group: &Value) -> ApiError {
    let name = group.as_str().map_or_else(|| group.to_string(), str::to_owned);
    let mut known: Vec<String> = app.responder.connectors.keys().map(|label| format!("mcp::{label}")).collect();
    known.sort_unstable();
    ApiError::invalid(
        "toolgroups",
        format!("Invalid value: Tool group `{name}` is not registered; the groups are: {}", known.join(", ")),
    )
}
