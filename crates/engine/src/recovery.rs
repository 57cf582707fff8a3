//! Finds a tool call that a model wrote as text instead of calling.
//!
//! Seen in the wild: `<tool_call>{…}</tool_call>`, a fenced or bare JSON object with `name` and `arguments` (or
//! `parameters`), and `<function=name>{…}</function>`. Only names of offered tools count; anything else stays text.

use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

use crate::toolbox::Toolbox;

static WRAPPED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)<tool_call>\s*(\{.*?\})\s*(?:</tool_call>|$)").ok());
static FENCED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)```(?:json|tool_call)?\s*(\{.*?\})\s*```").ok());
static FUNCTION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)<function=([A-Za-z0-9_.-]+)>\s*(\{.*?\})\s*(?:</function>|$)").ok());

/// The first call hidden in `text`: name and arguments as JSON text.
pub fn hidden_call(text: &str, toolbox: &Toolbox) -> Option<(String, String)> {
    if let Some(found) = FUNCTION.as_ref()?.captures(text) {
        let name = found.get(1)?.as_str();
        let arguments: Value = serde_json::from_str(found.get(2)?.as_str()).ok()?;
        return toolbox.get(name).map(|_| (name.to_owned(), arguments.to_string()));
    }
    let wrapped = WRAPPED.as_ref()?.captures(text).or_else(|| FENCED.as_ref()?.captures(text));
    let json = match &wrapped {
        Some(found) => found.get(1)?.as_str(),
        None => bare(text)?,
    };
    let call: Value = serde_json::from_str(json).ok()?;
    let name = call.get("name")?.as_str()?;
    toolbox.get(name)?;
    let arguments = call.get("arguments").or_else(|| call.get("parameters")).cloned().unwrap_or_default();
    match arguments {
        Value::Object(_) => Some((name.to_owned(), arguments.to_string())),
        Value::String(text) => Some((name.to_owned(), text)),
        Value::Null => Some((name.to_owned(), "{}".into())),
        _ => None,
    }
}

/// Text that is one JSON object and nothing else.
fn bare(text: &str) -> Option<&str> {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolbox::{Origin, Tool};
    use serde_json::json;

    #[test]
    fn known_forms_are_calls_and_prose_is_not() {
        let mut toolbox = Toolbox::default();
        toolbox.add(Tool {
            name: "add".into(),
            description: None,
            parameters: json!({}),
            output_schema: None,
            origin: Origin::Caller,
        });
        let call = Some(("add".to_owned(), json!({"a": 1}).to_string()));
        for text in [
            "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1}}\n</tool_call>",
            "I will add.\n```json\n{\"name\": \"add\", \"parameters\": {\"a\": 1}}\n```",
            "{\"name\": \"add\", \"arguments\": {\"a\": 1}}",
            "<function=add>{\"a\": 1}</function>",
        ] {
            assert_eq!(hidden_call(text, &toolbox), call, "{text}");
        }
        for text in ["add 1 and 2", "{\"name\": \"pay\", \"arguments\": {}}", "{\"a\": 1}", "", "<tool_call>{"] {
            assert_eq!(hidden_call(text, &toolbox), None, "{text}");
        }
    }
}
