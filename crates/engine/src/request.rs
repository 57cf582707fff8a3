//! Checks a response request against what this server offers; what it cannot honour it refuses by name.

use wire::openai::items::Item;
use wire::openai::responses::{ResponseInput, ResponseRequest};
use wire::openai::tools::{McpTool, ResponseTool};

use crate::limits::Limits;
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
}

pub fn invalid(param: &str, message: impl Into<String>) -> RequestError {
    RequestError::Invalid { param: param.into(), message: message.into() }
}

/// The request's own functions, and its tool servers.
pub struct Asked {
    pub functions: Toolbox,
    pub servers: Vec<McpTool>,
}

pub fn check(request: &ResponseRequest, limits: &Limits) -> Result<Asked, RequestError> {
    if request.model.trim().is_empty() {
        return Err(invalid("model", "model must name a model"));
    }
    if request.conversation.is_some() {
        return Err(invalid("conversation", "conversations are not offered by this server; use previous_response_id"));
    }
    if request.extra.get("background").is_some_and(|flag| flag == true) {
        return Err(invalid("background", "background responses are not offered by this server"));
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
    let mut asked = Asked { functions: Toolbox::default(), servers: Vec::new() };
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
        Some(value) if value < least => Err(invalid(param, format!("{param} must be at least {least}"))),
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
                    "credentials go into 'authorization', not into an Authorization header",
                ));
            }
            if asked.servers.iter().any(|other| other.server_label == server.server_label) {
                return Err(invalid(&format!("{at}.server_label"), "two mcp tools have the same server_label"));
            }
            asked.servers.push(server.clone());
            Ok(())
        }
        ResponseTool::Other(value) => {
            let kind = value.get("type").and_then(|kind| kind.as_str()).unwrap_or("?");
            Err(invalid(&format!("{at}.type"), format!("tools of type '{kind}' are not offered by this server")))
        }
    }
}

/// The input as items, each message and call with an id.
pub fn input_items(input: ResponseInput, ids: &dyn ports::Ids) -> Vec<Item> {
    use wire::openai::chat::Role;
    use wire::openai::items::{LooseItem, MessageContent, MessageItem};
    let mut items = match input {
        ResponseInput::Items(items) => items,
        ResponseInput::Text(text) => vec![Item::Message(MessageItem {
            role: Role::User,
            content: MessageContent::Text(text),
            ..MessageItem::default()
        })],
    };
    for item in &mut items {
        if let Item::Loose(LooseItem::Message(message)) = item {
            *item = Item::Message(std::mem::take(message));
        }
        match item {
            Item::Message(message) if message.id.is_none() => message.id = Some(ids.fresh("msg")),
            Item::FunctionCallOutput(output) if output.id.is_none() => output.id = Some(ids.fresh("fco")),
            Item::McpApprovalResponse(answer) if answer.id.is_none() => answer.id = Some(ids.fresh("mcpr")),
            _ => {}
        }
    }
    items
}
