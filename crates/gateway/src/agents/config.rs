//! An agent's configuration and a turn's messages as a response request.

use serde_json::{Value, json};
use wire::llama::agents::{
    AgentDocument, AgentMessage, ClientTool, Interleaved, LegacyAgentConfig, Strategy, ToolConfig,
};
use wire::openai::chat::{Content, ContentPart, Role};
use wire::openai::items::{FunctionCallOutputItem, Item, MessageContent, MessageItem, MessagePart};
use wire::openai::responses::ResponseRequest;
use wire::openai::tools::{FunctionTool, ResponseTool};

use crate::errors::ApiError;

/// Checks a new agent's configuration and writes its defaults out, as 0.3 stores it.
pub fn complete(config: &mut LegacyAgentConfig, default_model: Option<&str>) -> Result<(), ApiError> {
    let named = config.model.take().filter(|model| !model.trim().is_empty());
    config.model = named.or_else(|| default_model.map(str::to_owned));
    if config.model.is_none() {
        return Err(ApiError::invalid("agent_config.model", "agent_config.model must name a model"));
    }
    if config.max_infer_iters == 0 {
        return Err(ApiError::invalid(
            "agent_config.max_infer_iters",
            "agent_config.max_infer_iters must be at least 1",
        ));
    }
    for (index, group) in config.toolgroups.iter().enumerate() {
        if group.as_str().or_else(|| group.get("name")?.as_str()).is_none() {
            let field = format!("agent_config.toolgroups[{index}]");
            return Err(ApiError::invalid(&field, format!("{field} must be a name, or an object with a name")));
        }
    }
    let given = config.tool_config.take().unwrap_or_default();
    config.tool_config = Some(ToolConfig {
        tool_choice: given.tool_choice.or_else(|| config.tool_choice.clone()).or_else(|| Some("auto".into())),
        system_message_behavior: given.system_message_behavior.or_else(|| Some("append".into())),
        ..given
    });
    config.sampling_params.repetition_penalty.get_or_insert(1.0);
    config.instructions.get_or_insert_default();
    config.enable_session_persistence.get_or_insert(false);
    Ok(())
}

/// Fills in what the agent says about sampling, tools and the form of its answers.
pub fn apply(config: &LegacyAgentConfig, tool_config: Option<&ToolConfig>, request: &mut ResponseRequest) {
    request.instructions = config.instructions.clone().filter(|text| !text.is_empty());
    request.max_infer_iters = Some(config.max_infer_iters);
    let sampling = &config.sampling_params;
    let mut pass = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            request.extra.insert(name.into(), value);
        }
    };
    pass("max_tokens", sampling.max_tokens.filter(|&most| most > 0).map(Value::from));
    pass("stop", sampling.stop.as_ref().filter(|stop| !stop.is_empty()).map(|stop| json!(stop)));
    pass("repetition_penalty", sampling.repetition_penalty.filter(|&penalty| penalty != 1.0).map(Value::from));
    if let Strategy::TopK { top_k } = sampling.strategy {
        pass("top_k", top_k.map(Value::from));
    }
    match sampling.strategy {
        Strategy::Greedy => request.temperature = Some(0.0),
        Strategy::TopP { temperature, top_p } => {
            request.temperature = temperature;
            request.top_p = top_p;
        }
        Strategy::TopK { .. } => {}
    }
    request.tools.extend(config.client_tools.iter().map(client_tool));
    let choice = tool_config.or(config.tool_config.as_ref()).and_then(|tools| tools.tool_choice.as_deref());
    request.tool_choice = match choice {
        None | Some("auto") => None,
        Some(mode @ ("required" | "none")) => Some(json!(mode)),
        Some(name) => Some(json!({"type": "function", "name": name})),
    };
    request.text = config.response_format.as_ref().and_then(text_format);
}

/// `{"type": "json_schema", "json_schema": {...}}` in the words of a response.
fn text_format(format: &Value) -> Option<Value> {
    let schema = format.get("json_schema")?;
    let name = schema.get("title").and_then(Value::as_str).unwrap_or("answer");
    Some(json!({"format": {"type": "json_schema", "name": name, "schema": schema}}))
}

fn client_tool(tool: &ClientTool) -> ResponseTool {
    let listed = || tool.extra.get("parameters").and_then(Value::as_array).map(|list| parameters(list));
    ResponseTool::Function(FunctionTool {
        name: tool.name.clone(),
        description: tool.description.clone(),
        parameters: tool.input_schema.clone().or_else(listed),
        ..FunctionTool::default()
    })
}

/// The older list form: `[{"name", "parameter_type", "description", "required"}]`.
fn parameters(list: &[Value]) -> Value {
    let mut properties = wire::JsonObject::new();
    let mut required = Vec::new();
    for parameter in list {
        let Some(name) = parameter.get("name").and_then(Value::as_str) else { continue };
        let kind = parameter.get("parameter_type").cloned().unwrap_or_else(|| json!("string"));
        let description = parameter.get("description").cloned().unwrap_or_default();
        properties.insert(name.into(), json!({"type": kind, "description": description}));
        if parameter.get("required").is_none_or(|flag| flag == true) {
            required.push(json!(name));
        }
    }
    json!({"type": "object", "properties": properties, "required": required})
}

/// The turn's messages as items, its documents at the end of the last of them.
pub fn items(messages: &[AgentMessage], documents: &[AgentDocument]) -> Result<Vec<Item>, ApiError> {
    let mut items =
        messages.iter().enumerate().map(|(at, message)| item(at, message)).collect::<Result<Vec<_>, _>>()?;
    if documents.is_empty() {
        return Ok(items);
    }
    let mut words = vec!["The user attached these documents.".to_owned()];
    for (at, document) in documents.iter().enumerate() {
        words.push(format!("<document>\n{}\n</document>", document_text(at, document)?));
    }
    items.push(Item::Message(MessageItem {
        role: Role::User,
        content: MessageContent::Text(words.join("\n")),
        ..MessageItem::default()
    }));
    Ok(items)
}

/// A document is text here: fetching an address of the caller's choice is not this route's work.
fn document_text(at: usize, document: &AgentDocument) -> Result<String, ApiError> {
    let content: Option<Interleaved> = serde_json::from_value(document.content.clone()).ok();
    let text = content.map(|content| content.plain_text()).unwrap_or_default();
    if text.is_empty() {
        let field = format!("documents[{at}].content");
        return Err(ApiError::invalid(&field, format!("{field} must be text; addresses are not fetched")));
    }
    Ok(text)
}

fn item(at: usize, message: &AgentMessage) -> Result<Item, ApiError> {
    let role = match message.role.as_str() {
        "tool" => return tool_output(at, message),
        "user" => Role::User,
        "system" => Role::System,
        "assistant" => Role::Assistant,
        other => {
            let field = format!("messages[{at}].role");
            return Err(ApiError::invalid(&field, format!("{field}: '{other}' is not user, tool or system")));
        }
    };
    let mut parts = parts(&message.content).ok_or_else(|| {
        let field = format!("messages[{at}].content");
        ApiError::invalid(&field, format!("{field} must be text, or parts of type text or image"))
    })?;
    if let Some(context) = &message.context {
        parts.push(input_text(context.plain_text()));
    }
    Ok(Item::Message(MessageItem { role, content: MessageContent::Parts(parts), ..MessageItem::default() }))
}

fn tool_output(at: usize, message: &AgentMessage) -> Result<Item, ApiError> {
    let Some(call_id) = message.call_id.clone() else {
        let field = format!("messages[{at}].call_id");
        return Err(ApiError::invalid(&field, format!("{field} must name the call this is the result of")));
    };
    Ok(output(call_id, message.content.plain_text()))
}

/// The result of a call that the caller ran.
pub fn output(call_id: String, text: String) -> Item {
    Item::FunctionCallOutput(FunctionCallOutputItem { id: None, call_id, output: Value::String(text), status: None })
}

fn parts(content: &Interleaved) -> Option<Vec<MessagePart>> {
    match content {
        Interleaved::Content(Content::Text(text)) => Some(vec![input_text(text.clone())]),
        Interleaved::Content(Content::Parts(parts)) => parts.iter().map(part).collect(),
        Interleaved::Part(value) => {
            let part_of: ContentPart = serde_json::from_value(value.clone()).ok()?;
            Some(vec![part(&part_of)?])
        }
    }
}

fn part(part: &ContentPart) -> Option<MessagePart> {
    if let Some(text) = &part.text {
        return Some(input_text(text.clone()));
    }
    let image = part.extra.get("image")?;
    let url = image.pointer("/url/uri").or_else(|| image.get("url")).and_then(Value::as_str).map(str::to_owned);
    let data = || Some(format!("data:image/png;base64,{}", image.get("data")?.as_str()?));
    let mut extra = wire::JsonObject::new();
    extra.insert("image_url".into(), json!(url.or_else(data)?));
    Some(MessagePart { kind: "input_image".into(), extra, ..MessagePart::default() })
}

fn input_text(text: String) -> MessagePart {
    MessagePart { kind: "input_text".into(), text: Some(text), ..MessagePart::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(value: Value) -> Vec<AgentMessage> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_form_of_content_reaches_the_model() {
        let items = items(
            &messages(json!([
                {"role": "user", "content": "one", "context": "known"},
                {"role": "user", "content": [{"type": "text", "text": "two"},
                    {"type": "image", "image": {"url": {"uri": "https://x.test/a.png"}}}]},
                {"role": "user", "content": {"type": "text", "text": "three"}},
                {"role": "tool", "call_id": "c1", "content": "four"},
            ])),
            &[serde_json::from_value(json!({"content": "five", "mime_type": "text/plain"})).unwrap()],
        )
        .unwrap();
        let text = serde_json::to_string(&items).unwrap();
        for word in ["one", "known", "two", "https://x.test/a.png", "three", "four", "five"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let unknown = items(&messages(json!([{"role": "judge", "content": "x"}])), &[]).unwrap_err();
        assert_eq!(unknown.param.as_deref(), Some("messages[0].role"));
        let fetched = json!({"content": {"uri": "https://x.test/a.txt"}});
        let error = items(&[], &[serde_json::from_value(fetched).unwrap()]).unwrap_err();
        assert_eq!(error.param.as_deref(), Some("documents[0].content"));
    }

    #[test]
    fn a_configuration_is_written_out_as_0_3_does() {
        let mut config: LegacyAgentConfig = serde_json::from_value(json!({
            "model": "m", "instructions": "i", "toolgroups": ["mcp::claims"], "enable_session_persistence": true,
            "sampling_params": {"strategy": {"type": "greedy"}, "max_tokens": 100, "repetition_penalty": 1.0},
        }))
        .unwrap();
        complete(&mut config, None).unwrap();
        assert_eq!(
            serde_json::to_string(&config).unwrap(),
            r#"{"sampling_params":{"strategy":{"type":"greedy"},"max_tokens":100,"repetition_penalty":1.0,"stop":null},"input_shields":[],"output_shields":[],"toolgroups":["mcp::claims"],"client_tools":[],"tool_choice":null,"tool_prompt_format":null,"tool_config":{"tool_choice":"auto","tool_prompt_format":null,"system_message_behavior":"append"},"max_infer_iters":10,"model":"m","instructions":"i","name":null,"enable_session_persistence":true,"response_format":null}"#
        );
    }
}
