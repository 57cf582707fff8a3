//! Checks a response request against what this server offers; what it cannot honour it refuses by name.

use ports::tools::ToolError;
use wire::openai::items::Item;
use wire::openai::responses::{ResponseInput, ResponseRequest};
use wire::openai::tools::{McpTool, ResponseTool};

use crate::limits::Limits;
use crate::own::Searches;
use crate::toolbox::{Origin, Tool, Toolbox};

/// Why a request was refused before anything ran. `param` names the field.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RequestError {
    #[error("{message}")]
    Invalid { param: String, message: String },
    #[error("{message}")]
    NotFound { param: String, message: String },
    #[error(transparent)]
    Model(#[from] ports::inference::InferenceError),
    #[error(transparent)]
    Store(#[from] ports::responses::StoreError),
    /// A tool server that cannot be asked for its tools.
    #[error("{}", tool_server(.url, .error))]
    ToolServer { url: String, error: ToolError },
    #[error("too many background responses are waiting; try again shortly")]
    Busy,
}

/// As Llama Stack words it, where it has words.
fn tool_server(url: &str, error: &ToolError) -> String {
    match error {
        ToolError::Unreachable { message, .. } => format!("Failed to connect to MCP server at {url}: {message}"),
        ToolError::Unauthorized { .. } => {
            format!("Authentication required: MCP server at {url} asks for credentials; pass them in 'authorization'")
        }
        other => other.to_string(),
    }
}

pub fn invalid(param: &str, message: impl Into<String>) -> RequestError {
    RequestError::Invalid { param: param.into(), message: message.into() }
}

/// The request's own functions, the searches it asks of us, and its tool servers.
pub struct Asked {
    pub functions: Toolbox,
    pub searches: Searches,
    pub servers: Vec<McpTool>,
}

pub fn check(request: &ResponseRequest, limits: &Limits) -> Result<Asked, RequestError> {
    if request.model.trim().is_empty() {
        return Err(invalid("model", "model must name a model"));
    }
    within("max_infer_iters", request.max_infer_iters, 1)?;
    within("max_tool_calls", request.max_tool_calls, 1)?;
    within("max_output_tokens", request.max_output_tokens, 16)?;
    if request.temperature.is_some_and(|value| !(0.0..=2.0).contains(&value)) {
        return Err(invalid("temperature", "temperature must be between 0 and 2"));
    }
    if request.top_p.is_some_and(|value| !(value > 0.0 && value <= 1.0)) {
        return Err(invalid("top_p", "top_p must be above 0 and at most 1"));
    }
    let mut asked = Asked { functions: Toolbox::default(), searches: Searches::default(), servers: Vec::new() };
    for (index, tool) in request.tools.iter().enumerate() {
        add_tool(tool, &format!("tools[{index}]"), &mut asked)?;
    }
    if asked.servers.len() > limits.servers {
        return Err(invalid("tools", format!("at most {} tool servers a request", limits.servers)));
    }
    Ok(asked)
}

fn within(param: &str, value: Option<u32>, least: u32) -> Result<(), RequestError> {
    match value {
        Some(value) if value < least => {
            // As Llama Stack words it: its clients look for these words.
            Err(invalid(param, format!("{param}: Input should be greater than or equal to {least}")))
        }
        _ => Ok(()),
    }
}

fn add_tool(tool: &ResponseTool, at: &str, asked: &mut Asked) -> Result<(), RequestError> {
    match tool {
        ResponseTool::Function(function) => {
            if function.name.is_empty() {
                return Err(invalid(&format!("{at}.name"), "a function needs a name"));
            }
            asked.functions.add(Tool {
                name: function.name.clone(),
                description: function.description.clone(),
                parameters: function.parameters.clone().unwrap_or_else(|| serde_json::json!({"type": "object"})),
                output_schema: None,
                origin: Origin::Caller,
            });
            Ok(())
        }
        ResponseTool::Mcp(server) => {
            if server.server_url.is_none() && server.connector_id.is_none() {
                return Err(invalid(&format!("{at}.server_url"), "an mcp tool needs server_url or connector_id"));
            }
            let credentials =
                server.headers.iter().flatten().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            if credentials {
                return Err(invalid(
                    &format!("{at}.headers"),
                    format!(
                        "Invalid value for 'tools[server_label='{}'].headers': Authorization. Authorization \
                         credentials must be passed via the 'authorization' parameter, not 'headers'.",
                        server.server_label
                    ),
                ));
            }
            if asked.servers.iter().any(|other| other.server_label == server.server_label) {
                return Err(invalid(&format!("{at}.server_label"), "two mcp tools have the same server_label"));
            }
            asked.servers.push(server.clone());
            Ok(())
        }
        ResponseTool::FileSearch(tool) => {
            let first = asked.searches.files.is_none();
            let offered = asked.searches.add_files(tool, at)?;
            if first {
                asked.functions.add(offered);
            }
            Ok(())
        }
        ResponseTool::WebSearch(tool) => {
            let first = asked.searches.web.is_none();
            let offered = asked.searches.add_web(tool, at)?;
            if first {
                asked.functions.add(offered);
            }
            Ok(())
        }
        ResponseTool::Other(value) => {
            let kind = value.get("type").and_then(|kind| kind.as_str()).unwrap_or("?");
            if let Some(rule) = broken(kind, value) {
                return Err(invalid(at, format!("{at}: {rule}")));
            }
            Err(invalid(&format!("{at}.type"), format!("tools of type '{kind}' are not offered by this server")))
        }
    }
}

/// What is wrong with a tool of a type we know.
fn broken(kind: &str, value: &serde_json::Value) -> Option<String> {
    use serde::Deserialize;
    use wire::openai::tools::{FileSearchTool, FunctionTool, WebSearchTool};
    let outcome = match kind {
        "function" => FunctionTool::deserialize(value).map(drop),
        "mcp" => McpTool::deserialize(value).map(drop),
        "file_search" => FileSearchTool::deserialize(value).map(drop),
        kind if kind.starts_with("web_search") => WebSearchTool::deserialize(value).map(drop),
        _ => Ok(()),
    };
    outcome.err().map(|error| error.to_string())
}

/// The input as items, each message and call with an id.
pub fn input_items(input: ResponseInput, ids: &dyn ports::Ids) -> Vec<Item> {
    use wire::openai::chat::Role;
    use wire::openai::items::{MessageContent, MessageItem, MessagePart};
    let mut items = match input {
        ResponseInput::Items(items) => items,
        ResponseInput::Text(text) => vec![Item::Message(MessageItem {
            role: Role::User,
            content: MessageContent::Parts(vec![MessagePart {
                kind: "input_text".into(),
                text: Some(text),
                ..MessagePart::default()
            }]),
            ..MessageItem::default()
        })],
    };
    name_items(&mut items, ids);
    items
}

/// Gives an id to every item that has none, and a type to every message.
pub fn name_items(items: &mut [Item], ids: &dyn ports::Ids) {
    use wire::openai::items::LooseItem;
    for item in items {
        if let Item::Loose(LooseItem::Message(message)) = item {
            *item = Item::Message(std::mem::take(message));
        }
        if item.id().is_none() {
            let prefix = match item {
                Item::Message(_) | Item::Loose(LooseItem::Message(_)) => "msg",
                Item::FunctionCall(_) => "fc",
                Item::FunctionCallOutput(_) => "fco",
                Item::McpListTools(_) => "mcpl",
                Item::McpCall(_) => "mcp",
                Item::McpApprovalRequest(_) | Item::McpApprovalResponse(_) => "mcpr",
                Item::FileSearchCall(_) => "fs",
                Item::WebSearchCall(_) => "ws",
                Item::Compaction(_) => "cmp",
                Item::Loose(LooseItem::Unknown(_)) => "item",
            };
            item.set_id(ids.fresh(prefix));
        }
    }
}
