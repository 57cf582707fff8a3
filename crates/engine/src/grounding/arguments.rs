//! Closes the arguments of one tool over the values the conversation holds.

use std::collections::BTreeMap;

use ports::inference::{Excerpt, NarrowedTool};
use serde_json::{Map, Value, json};

use super::conversation::{Conversation, Turn};
use super::values::{From, Known, part_of, same_key, words};
use crate::toolbox::Tool;

/// Choices offered for one argument at most.
const CHOICES: usize = 24;
/// Characters of source text an excerpt may come from, at most.
const EXCERPT_SOURCE: usize = 1_500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The schema says enough: enums, booleans, objects.
    AsIs,
    Identifier,
    Path,
    Number,
    Words,
}

/// The tool with closed arguments; `None` while a required value has not been seen in the conversation.
///
/// Optional arguments are offered only when a value travelled under the very same key, and a number only when the user
/// gave it: one tool's `confidence` or `limit` is not another's. The rest keep the tool's own defaults. Fewer choices
/// are fewer mistakes, and fewer tokens: a call that is forced as a whole needs no model, and no prompt is read for it.
pub fn closed(tool: &Tool, conversation: &Conversation, known: &[Known]) -> Option<NarrowedTool> {
    let empty = Map::new();
    let properties = tool.parameters.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Vec<&str> = match tool.parameters.get("required").and_then(Value::as_array) {
        Some(names) => names.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    let mut offered = Map::new();
    let mut excerpts = BTreeMap::new();
    for (name, schema) in properties {
        let needed = required.contains(&name.as_str());
        match kind(name, schema) {
            Kind::AsIs if needed => {
                offered.insert(name.clone(), schema.clone());
            }
            Kind::Words if needed => {
                let excerpt = excerpt(schema, conversation)?;
                excerpts.insert(name.clone(), excerpt);
                offered.insert(name.clone(), json!({"type": "string"}));
            }
            kind @ (Kind::Identifier | Kind::Path | Kind::Number) => {
                let choices = choices(name, kind, schema, known, needed);
                if !choices.is_empty() {
                    offered.insert(name.clone(), json!({"enum": choices}));
                } else if needed {
                    return None;
                }
            }
            _ => {}
        }
    }
    let names: Vec<&String> = offered.keys().collect();
    let arguments = json!({
        "type": "object", "properties": offered, "required": names, "additionalProperties": false,
    });
    Some(NarrowedTool { name: tool.name.clone(), arguments, excerpts })
}

fn kind(name: &str, schema: &Value) -> Kind {
    if schema.get("enum").is_some() || schema.get("const").is_some() {
        return Kind::AsIs;
    }
    let has_type = |wanted: &str| match schema.get("type") {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(many)) => many.iter().any(|one| one == wanted),
        _ => false,
    };
    if has_type("integer") || has_type("number") {
        return Kind::Number;
    }
    if !has_type("string") {
        return Kind::AsIs;
    }
    let words = words(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let mentions = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if matches!(last, "path" | "file" | "uri" | "url") {
        return Kind::Path;
    }
    if matches!(schema.get("format").and_then(Value::as_str), Some("uri" | "email" | "uuid" | "date")) {
        return Kind::Identifier;
    }
    let prose = ["text", "query", "summary", "description", "message", "body", "reason", "reasoning", "title"];
    let ids = ["id", "ids", "number", "no", "num", "ref", "reference", "key", "email", "uuid", "account"];
    if mentions(&ids) && !mentions(&prose) { Kind::Identifier } else { Kind::Words }
}

/// The values an argument may take, best evidence first: the same key, then the user's words, then what tools
/// returned outside of lists. A value known only under another key (`policy_number` for `claim_number`) is left out.
fn choices(name: &str, kind: Kind, schema: &Value, known: &[Known], needed: bool) -> Vec<Value> {
    let fits = |value: &Value| fits(value, kind, schema);
    let same: Vec<Value> = known
        .iter()
        .filter(|it| !it.listed && it.key.as_deref().is_some_and(|key| same_key(key, name)) && fits(&it.value))
        .filter(|it| needed || kind != Kind::Number || it.from == From::User)
        .map(|it| it.value.clone())
        .collect();
    if !same.is_empty() || !needed {
        return distinct(same);
    }
    let elsewhere: Vec<&Value> = known
        .iter()
        .filter(|it| it.key.as_deref().is_some_and(|key| !part_of(key, name)))
        .map(|it| &it.value)
        .collect();
    let free = |it: &&Known| !it.listed && fits(&it.value) && !elsewhere.contains(&&it.value);
    let asked: Vec<Value> =
        known.iter().filter(free).filter(|it| it.from == From::User).map(|it| it.value.clone()).collect();
    if !asked.is_empty() {
        return distinct(asked);
    }
    distinct(known.iter().filter(free).map(|it| it.value.clone()).collect())
}

fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if kept.len() < CHOICES && !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

fn fits(value: &Value, kind: Kind, schema: &Value) -> bool {
    match (kind, value) {
        (Kind::Number, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
            let whole = schema.get("type").is_none_or(|kind| kind != "integer") || number.fract() == 0.0;
            whole
                && bound("minimum").is_none_or(|low| number >= low)
                && bound("maximum").is_none_or(|high| number <= high)
        }
        (Kind::Path, Value::String(text)) => path_shape(text),
        (Kind::Identifier, Value::String(text)) => id_shape(text),
        _ => false,
    }
}

fn path_shape(text: &str) -> bool {
    let scheme = text.split_once("://").is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()));
    let rooted = text.starts_with('/') || text.starts_with("./") || text.starts_with("../");
    let extension = text.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (2..=5).contains(&extension.len())
            && extension.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    !text.contains(char::is_whitespace) && (scheme || rooted || extension)
}

/// An identifier, and not a word that scanning damaged (`1unettes`), a year or a piece of a date.
fn id_shape(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    let year = text.len() == 4 && digits == 4;
    let date = digits + text.matches(['/', '-', '.']).count() == text.len() && text.contains(['/', '-', '.']);
    let long_enough = (3..=128).contains(&text.len());
    long_enough && !text.contains(char::is_whitespace) && !year && !date && digits > 0 && (digits >= 2 || capitals > 0)
}

/// Where a required text argument must be quoted from: long texts of tool results, else the user's own words.
fn excerpt(schema: &Value, conversation: &Conversation) -> Option<Excerpt> {
    let mut sources: Vec<String> = Vec::new();
    for called in conversation.calls() {
        long_texts(&called.result, &mut sources);
    }
    if sources.is_empty() {
        sources = conversation
            .turns
            .iter()
            .filter_map(|turn| match turn {
                Turn::User(text) if text.chars().count() >= 3 => Some(text.clone()),
                _ => None,
            })
            .collect();
    }
    let joined = sources.join(" ").replace(['"', '\\'], " ");
    let plain: Vec<&str> = joined.split_whitespace().collect();
    let source: String = plain.join(" ").chars().take(EXCERPT_SOURCE).collect();
    let length = source.chars().count();
    let longest = schema.get("maxLength").and_then(Value::as_u64).map_or(140, |limit| limit.min(140) as usize);
    (length > 0).then(|| Excerpt { source, min_chars: length.min(15), max_chars: longest })
}

fn long_texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().count() >= 60 => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| long_texts(value, found)),
        Value::Object(object) => object.values().for_each(|value| long_texts(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::values::known;
    use super::*;
    use crate::toolbox::Origin;

    fn tool(parameters: Value) -> Tool {
        Tool { name: "t".into(), description: None, parameters, output_schema: None, origin: Origin::Caller }
    }

    fn conversation() -> Conversation {
        let mut conversation = Conversation::default();
        conversation.turns.push(Turn::User(
            "Process the claim.\nclaim_id: CLM-7\nuser_id: USR-1001\ndocument: scans/form-7.pdf".into(),
        ));
        let similar = r#"{"policy_number": "AZ-77", "claimed": 8671.5,
            "similar": [{"claim_id": "HST-1", "amount": 10.5}, {"claim_id": "HST-2", "amount": 11}]}"#;
        conversation.called("similar", r#"{"user_id": "USR-1001"}"#, similar, None, true);
        conversation
    }

    fn choices_of(parameters: Value) -> Option<Value> {
        let conversation = conversation();
        closed(&tool(parameters), &conversation, &known(&conversation)).map(|tool| tool.arguments["properties"].clone())
    }

    #[test]
    fn an_id_comes_from_the_same_key_and_never_from_a_list() {
        let schema = json!({"properties": {"claim_id": {"type": "string"}}, "required": ["claim_id"]});
        assert_eq!(choices_of(schema), Some(json!({"claim_id": {"enum": ["CLM-7"]}})));
    }

    #[test]
    fn a_path_and_an_unknown_key_come_from_the_users_words() {
        let schema = json!({"properties": {"document_path": {"type": "string"}}, "required": ["document_path"]});
        assert_eq!(choices_of(schema), Some(json!({"document_path": {"enum": ["scans/form-7.pdf"]}})));
        let schema = json!({"properties": {"ticket_number": {"type": "string"}}, "required": ["ticket_number"]});
        assert_eq!(choices_of(schema), None, "every id of this conversation belongs to another key");
    }

    #[test]
    fn a_number_is_not_taken_from_records_of_a_list() {
        let schema = json!({"properties": {"claimed": {"type": "number"}}, "required": ["claimed"]});
        assert_eq!(choices_of(schema), Some(json!({"claimed": {"enum": [8671.5]}})));
    }

    #[test]
    fn optional_arguments_need_the_same_key() {
        let schema = json!({"properties": {
            "user_id": {"type": "string"}, "top_k": {"type": "integer"}, "query": {"type": "string"},
            "mode": {"enum": ["a", "b"]},
        }});
        assert_eq!(choices_of(schema), Some(json!({"user_id": {"enum": ["USR-1001"]}})));
    }

    #[test]
    fn an_optional_number_is_the_users_or_nobodys() {
        let schema = json!({"properties": {"claimed": {"type": ["number", "null"]}, "user_id": {"type": "string"}}});
        assert_eq!(choices_of(schema), Some(json!({"user_id": {"enum": ["USR-1001"]}})));
    }

    #[test]
    fn required_text_is_an_excerpt() {
        let conversation = conversation();
        let schema = json!({"properties": {"claim_text": {"type": "string"}}, "required": ["claim_text"]});
        let narrowed = closed(&tool(schema), &conversation, &known(&conversation)).expect("callable");
        assert!(narrowed.excerpts["claim_text"].source.contains("Process the claim."));
    }
}
