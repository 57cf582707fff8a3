//! A stored prompt in a response: its template with the request's variables filled in.

use std::sync::LazyLock;

use ports::CallContext;
use ports::prompts::Prompts;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use wire::JsonObject;
use wire::openai::chat::Role;
use wire::openai::items::{Item, MessageContent, MessageItem, MessagePart};

use crate::request::{RequestError, invalid};

static PLACE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{\s*(\w+)\s*\}\}").ok());

/// `prompt` of a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PromptRef {
    pub id: String,
    /// A number, or its digits as text; the default version when left out.
    #[serde(default)]
    pub version: Option<Value>,
    /// Texts, or content parts (`input_text`, `input_image`, `input_file`).
    #[serde(default)]
    pub variables: Option<JsonObject>,
}

/// What a prompt adds to a question: instructions, and the images and files that its variables brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filled {
    pub instructions: Option<String>,
    pub attached: Option<Item>,
}

/// The names between `{{` and `}}`, each once, in their order.
pub fn places(template: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for found in PLACE.iter().flat_map(|place| place.captures_iter(template)) {
        if let Some(name) = found.get(1).map(|name| name.as_str().to_owned())
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

pub async fn fill(prompt: &PromptRef, prompts: &dyn Prompts, cx: &CallContext) -> Result<Filled, RequestError> {
    let version = prompt.version.as_ref().filter(|version| !version.is_null()).map(version).transpose()?;
    let Some(stored) = prompts.prompt(&prompt.id, version, cx.caller.as_deref()).await? else {
        let which = version.map(|version| format!(" in version {version}")).unwrap_or_default();
        return Err(invalid("prompt.id", format!("Prompt '{}' not found{which}.", prompt.id)));
    };
    let none = JsonObject::new();
    let given = prompt.variables.as_ref().unwrap_or(&none);
    if let Some(name) = given.keys().find(|name| !stored.variables.contains(name)) {
        let at = format!("prompt.variables.{name}");
        return Err(invalid(
            &at,
            format!("the prompt has no variable '{name}'; it has: {}", stored.variables.join(", ")),
        ));
    }
    let missing = |name: &&String| !given.contains_key(name.as_str());
    if let Some(name) = places(&stored.prompt).iter().find(missing) {
        return Err(invalid("prompt.variables", format!("the prompt's variable '{name}' is not given")));
    }
    let mut parts = Vec::new();
    let mut texts = Vec::new();
    for (name, value) in given {
        texts.push((name.as_str(), text_of(name, value, &mut parts)?));
    }
    let attached = (!parts.is_empty()).then(|| {
        Item::Message(MessageItem { role: Role::User, content: MessageContent::Parts(parts), ..MessageItem::default() })
    });
    Ok(Filled { instructions: Some(with_values(&stored.prompt, &texts)), attached })
}

/// Each place is filled once: what a value brings is text, never a place to fill.
fn with_values(template: &str, values: &[(&str, String)]) -> String {
    let Some(place) = PLACE.as_ref() else { return template.to_owned() };
    place
        .replace_all(template, |found: &regex::Captures<'_>| {
            let value = values.iter().find(|(name, _)| found.get(1).is_some_and(|it| it.as_str() == *name));
            value.map_or_else(|| found[0].to_owned(), |(_, text)| text.clone())
        })
        .into_owned()
}

fn text_of(name: &str, value: &Value, parts: &mut Vec<MessagePart>) -> Result<String, RequestError> {
    let at = format!("prompt.variables.{name}");
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Object(_) => {
            let part: MessagePart =
                serde_json::from_value(value.clone()).map_err(|error| invalid(&at, format!("{at}: {error}")))?;
            match part.kind.as_str() {
                "input_text" => Ok(part.text.unwrap_or_default()),
                "input_image" | "input_file" => {
                    let kind = if part.kind == "input_image" { "Image" } else { "File" };
                    parts.push(part);
                    Ok(format!("[{kind}: {name}]"))
                }
                _ => Err(invalid(&at, format!("{at} must be a text, input_text, input_image or input_file"))),
            }
        }
        _ => Err(invalid(&at, format!("{at} must be a text, input_text, input_image or input_file"))),
    }
}

fn version(value: &Value) -> Result<u32, RequestError> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number
        .and_then(|number| u32::try_from(number).ok())
        .filter(|&number| number > 0)
        .ok_or_else(|| invalid("prompt.version", "prompt.version must be a whole number from 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_and_filled_once() {
        assert_eq!(places("{{a}} {{ b }} {{a}} {{a b}} {c}"), ["a", "b"]);
        let values = [("a", "{{b}}".to_owned()), ("b", "B".to_owned())];
        assert_eq!(with_values("{{a}}-{{ b }}-{{c}}", &values), "{{b}}-B-{{c}}");
    }
}
