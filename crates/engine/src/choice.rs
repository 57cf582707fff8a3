//! `tool_choice` of a response: which tools the model may call, and whether it must.

use serde_json::Value;
use wire::openai::chat::{ChosenFunction, ToolChoice, ToolMode};
use wire::openai::responses::ResponseRequest;
use wire::openai::tools::ResponseTool;

use crate::request::{RequestError, invalid};
use crate::toolbox::{Origin, Tool, Toolbox};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Mode(ToolMode),
    Only(Pick),
    /// Nothing but these; `Required` or `Auto`.
    Among(ToolMode, Vec<Pick>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    Function(String),
    /// A tool of a server, or any of its tools.
    Server {
        label: String,
        name: Option<String>,
    },
    /// A tool of ours, by its type: `file_search`, `web_search`.
    Ours(String),
}

impl Choice {
    /// Reads and checks the request's `tool_choice`.
    pub fn read(request: &ResponseRequest) -> Result<Option<Self>, RequestError> {
        let Some(value) = request.tool_choice.as_ref().filter(|value| !value.is_null()) else { return Ok(None) };
        if let Some(mode) = value.as_str() {
            return Ok(Some(Self::Mode(read_mode(mode, "tool_choice")?)));
        }
        if value.get("type").and_then(Value::as_str) != Some("allowed_tools") {
            return Ok(Some(Self::Only(pick(value, "tool_choice", request)?)));
        }
        let mode = match value.get("mode").and_then(Value::as_str).unwrap_or("auto") {
            mode @ ("auto" | "required") => read_mode(mode, "tool_choice.mode")?,
            _ => return Err(invalid("tool_choice.mode", "tool_choice.mode must be auto or required")),
        };
        let tools = value.get("tools").and_then(Value::as_array).filter(|tools| !tools.is_empty());
        let tools =
            tools.ok_or_else(|| invalid("tool_choice.tools", "tool_choice.tools must name at least one tool"))?;
        let picks = tools.iter().enumerate();
        let picks = picks.map(|(index, tool)| pick(tool, &format!("tool_choice.tools[{index}]"), request));
        Ok(Some(Self::Among(mode, picks.collect::<Result<_, _>>()?)))
    }

    /// Takes what may not be called out of the toolbox, and says what a chat request is to carry.
    pub fn apply(self, toolbox: &mut Toolbox) -> Option<ToolChoice> {
        let required = Some(ToolChoice::Mode(ToolMode::Required));
        let choice = match self {
            Self::Mode(mode) => Some(ToolChoice::Mode(mode)),
            Self::Among(mode, picks) => {
                toolbox.retain(|tool| picks.iter().any(|pick| pick.takes(tool)));
                Some(ToolChoice::Mode(mode))
            }
            Self::Only(pick) => {
                let taken: Vec<String> =
                    toolbox.iter().filter(|tool| pick.takes(tool)).map(|tool| tool.name.clone()).collect();
                match taken.as_slice() {
                    // Its server is down: the model is told so, and goes on with the others.
                    [] => None,
                    [name] => {
                        let function = ChosenFunction { name: name.clone() };
                        Some(ToolChoice::Named { kind: "function".into(), function })
                    }
                    _ => {
                        toolbox.retain(|tool| pick.takes(tool));
                        required
                    }
                }
            }
        };
        choice.filter(|_| !toolbox.is_empty())
    }
}

impl Pick {
    fn takes(&self, tool: &Tool) -> bool {
        match (self, &tool.origin) {
            (Self::Function(name), Origin::Caller) => tool.name == *name,
            (Self::Server { label, name }, Origin::Server { label: from, tool, .. }) => {
                label == from && name.as_ref().is_none_or(|name| name == tool)
            }
            (Self::Ours(kind), _) => tool.name == *kind,
            _ => false,
        }
    }
}

fn read_mode(mode: &str, at: &str) -> Result<ToolMode, RequestError> {
    match mode {
        "auto" => Ok(ToolMode::Auto),
        "none" => Ok(ToolMode::None),
        "required" => Ok(ToolMode::Required),
        _ => Err(invalid(at, format!("{at} must be auto, none, required or an object that names a tool"))),
    }
}

fn pick(value: &Value, at: &str, request: &ResponseRequest) -> Result<Pick, RequestError> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let needed = |name: &str| {
        let field = format!("{at}.{name}");
        text(name).ok_or_else(|| invalid(&field, format!("{field} must be given")))
    };
    match needed("type")?.as_str() {
        "function" => {
            let name = needed("name")?;
            let offered =
                request.tools.iter().any(|tool| matches!(tool, ResponseTool::Function(it) if it.name == name));
            if !offered {
                return Err(invalid(at, format!("{at} names the function '{name}', which tools does not offer")));
            }
            Ok(Pick::Function(name))
        }
        "mcp" => {
            let label = needed("server_label")?;
            let offered =
                request.tools.iter().any(|tool| matches!(tool, ResponseTool::Mcp(it) if it.server_label == label));
            if !offered {
                return Err(invalid(at, format!("{at} names the server '{label}', which tools does not offer")));
            }
            Ok(Pick::Server { label, name: text("name") })
        }
        kind => {
            let offered = request.tools.iter().any(|tool| {
                serde_json::to_value(tool).ok().is_some_and(|tool| tool.get("type").is_some_and(|it| it == kind))
            });
            if !offered {
                return Err(invalid(at, format!("{at} names a tool of type '{kind}', which tools does not offer")));
            }
            Ok(Pick::Ours(kind.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(choice: Value) -> ResponseRequest {
        serde_json::from_value(json!({
            "model": "m", "input": "x", "tool_choice": choice,
            "tools": [{"type": "function", "name": "f"}, {"type": "mcp", "server_label": "s", "server_url": "http://s"}],
        }))
        .unwrap()
    }

    fn toolbox() -> Toolbox {
        let mut toolbox = Toolbox::default();
        let server = |tool: &str| Origin::Server {
            label: "s".into(),
            tool: tool.into(),
            read_only: true,
            needs_approval: false,
        };
        for (name, origin) in [("f", Origin::Caller), ("a", server("a")), ("b", server("b"))] {
            let parameters = json!({"type": "object"});
            toolbox.add(Tool { name: name.into(), description: None, parameters, output_schema: None, origin });
        }
        toolbox
    }

    #[test]
    fn every_form_narrows_the_tools_and_says_how_they_are_asked_for() {
        let named = |name: &str| json!({"type": "function", "function": {"name": name}});
        for (choice, tools, asked) in [
            (json!("auto"), "f, a, b", json!("auto")),
            (json!("none"), "f, a, b", json!("none")),
            (json!("required"), "f, a, b", json!("required")),
            (json!({"type": "function", "name": "f"}), "f, a, b", named("f")),
            (json!({"type": "mcp", "server_label": "s"}), "a, b", json!("required")),
            (json!({"type": "mcp", "server_label": "s", "name": "b"}), "f, a, b", named("b")),
            (
                json!({"type": "allowed_tools", "mode": "required", "tools": [
                    {"type": "function", "name": "f"}, {"type": "mcp", "server_label": "s", "name": "a"}]}),
                "f, a",
                json!("required"),
            ),
            (json!({"type": "allowed_tools", "tools": [{"type": "mcp", "server_label": "s"}]}), "a, b", json!("auto")),
        ] {
            let mut toolbox = toolbox();
            let read = Choice::read(&request(choice.clone())).unwrap().unwrap();
            let applied = serde_json::to_value(read.apply(&mut toolbox)).unwrap();
            assert_eq!((toolbox.names().as_str(), applied), (tools, asked), "{choice}");
        }
    }

    #[test]
    fn a_choice_that_cannot_be_kept_is_refused_by_field() {
        for (choice, field) in [
            (json!("maybe"), "tool_choice"),
            (json!({"type": "function"}), "tool_choice.name"),
            (json!({"type": "function", "name": "g"}), "tool_choice"),
            (json!({"type": "mcp", "server_label": "t"}), "tool_choice"),
            (json!({"type": "web_search"}), "tool_choice"),
            (json!({"type": "allowed_tools", "mode": "none", "tools": []}), "tool_choice.mode"),
            (json!({"type": "allowed_tools", "tools": []}), "tool_choice.tools"),
            (json!({"type": "allowed_tools", "tools": [{"name": "f"}]}), "tool_choice.tools[0].type"),
        ] {
            match Choice::read(&request(choice.clone())) {
                Err(RequestError::Invalid { param, .. }) => assert_eq!(param, field, "{choice}"),
                other => panic!("{choice}: {other:?}"),
            }
        }
    }
}
