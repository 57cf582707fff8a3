//! The arguments of one tool as grammar rules.

use ports::inference::{Excerpt, InferenceError, NarrowedTool};
use serde_json::{Map, Value, json};

use crate::error::invalid;
use crate::prompt::CallSyntax;

/// Words of an excerpt's source beyond this many characters are left out: the grammar grows with them.
const SOURCE_AT_MOST: usize = 4000;

/// What happens to schema keywords that a grammar cannot express.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// They make the schema an error.
    Exact,
    /// They are left to whoever receives the value.
    Lenient,
}

/// Grammar rules in the order they were added.
#[derive(Debug, Default)]
pub struct Rules {
    lines: String,
}

impl Rules {
    pub fn add(&mut self, name: &str, body: &str) {
        self.lines.push_str(&format!("{name}: {body}\n"));
    }

    pub fn text(self) -> String {
        self.lines
    }

    /// Adds the rules of a call to `tool` and gives the name of the first.
    pub fn call(&mut self, index: usize, tool: &NarrowedTool, syntax: CallSyntax) -> Result<String, InferenceError> {
        let schema = arguments_schema(tool)?;
        let rule = format!("call_{index}");
        let name = Value::String(tool.name.clone());
        let head = literal(&format!("{{\"name\": {name}, \"{}\": ", syntax.arguments_key()));
        let arguments = format!("arguments_{index}");
        self.add(&rule, &format!("{head} {arguments} \"}}\""));
        if tool.excerpts.is_empty() {
            self.add(&arguments, &json_rule(&Value::Object(schema), Strictness::Lenient));
        } else {
            self.properties(index, &arguments, &schema, tool);
        }
        Ok(rule)
    }

    /// Writes an object out property by property, in the schema's order. `first_i` is what may follow when no
    /// property has been written yet, `rest_i` when one has: they differ by the comma.
    fn properties(&mut self, index: usize, arguments: &str, schema: &Map<String, Value>, tool: &NarrowedTool) {
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        self.add(arguments, &format!("\"{{\" first_{index}_0 \"}}\""));
        for (at, (key, property)) in properties.iter().enumerate() {
            let value = format!("value_{index}_{at}");
            let next = at + 1;
            let quoted = Value::String(key.clone());
            let pair = format!("{} {value} rest_{index}_{next}", literal(&format!("{quoted}: ")));
            let following = format!("{} {value} rest_{index}_{next}", literal(&format!(", {quoted}: ")));
            let (skip_first, skip_rest) = if required.contains(&key.as_str()) {
                (String::new(), String::new())
            } else {
                (format!(" | first_{index}_{next}"), format!(" | rest_{index}_{next}"))
            };
            self.add(&format!("first_{index}_{at}"), &format!("{pair}{skip_first}"));
            self.add(&format!("rest_{index}_{at}"), &format!("{following}{skip_rest}"));
            match tool.excerpts.get(key).and_then(excerpt_terminal) {
                Some(terminal) => {
                    self.add(&value, &format!("\"\\\"\" EXCERPT_{index}_{at} \"\\\"\""));
                    self.add(&format!("EXCERPT_{index}_{at}"), &terminal);
                }
                None => self.add(&value, &json_rule(&with_definitions(property, schema), Strictness::Lenient)),
            }
        }
        let end = properties.len();
        self.add(&format!("first_{index}_{end}"), "\"\"");
        self.add(&format!("rest_{index}_{end}"), "\"\"");
    }
}

/// A literal of the grammar; an empty one is nothing at all.
pub fn literal(text: &str) -> String {
    if text.is_empty() { String::new() } else { Value::String(text.into()).to_string() }
}

/// Spaced as chat templates space it, so that the call reads the same when it comes back as history.
pub fn json_rule(schema: &Value, strictness: Strictness) -> String {
    let mut schema = schema.clone();
    if let Value::Object(map) = &mut schema {
        let options = json!({
            "whitespace_flexible": false,
            "item_separator": ", ",
            "key_separator": ": ",
            "lenient": strictness == Strictness::Lenient,
        });
        map.insert("x-guidance".into(), options);
    }
    format!("%json {schema}")
}

/// The schema as an object that takes no argument it does not name.
fn arguments_schema(tool: &NarrowedTool) -> Result<Map<String, Value>, InferenceError> {
    let mut schema = match &tool.arguments {
        Value::Null => Map::new(),
        Value::Object(map) => map.clone(),
        _ => {
            let message = format!("tools: the parameters of '{}' must be a JSON Schema object", tool.name);
            return Err(invalid("tools", message));
        }
    };
    schema.entry("type").or_insert_with(|| "object".into());
    if schema.contains_key("properties") {
        schema.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    Ok(schema)
}

fn with_definitions(property: &Value, schema: &Map<String, Value>) -> Value {
    let mut property = property.clone();
    if let Value::Object(map) = &mut property {
        for key in ["$defs", "definitions"] {
            if let Some(definitions) = schema.get(key) {
                map.entry(key).or_insert_with(|| definitions.clone());
            }
        }
    }
    property
}

/// A run of words of the source, never longer than asked; `None` when the source holds no words.
///
/// Quotes and backslashes are taken out, so that an excerpt is valid inside a JSON string as it stands.
fn excerpt_terminal(excerpt: &Excerpt) -> Option<String> {
    let plain: String = excerpt.source.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = plain.replace(['"', '\\'], "");
    let mut words = String::new();
    let mut length = 0;
    for word in plain.split_whitespace() {
        let added = word.chars().count() + usize::from(length > 0);
        if length + added > SOURCE_AT_MOST {
            break;
        }
        if length > 0 {
            words.push(' ');
        }
        words.push_str(word);
        length += added;
    }
    if length == 0 {
        return None;
    }
    let most = excerpt.max_chars.clamp(1, SOURCE_AT_MOST);
    let least = excerpt.min_chars.min(length).min(most).max(1);
    Some(format!("%regex {} & /(.|\\n){{{least},{most}}}/", json!({"substring_words": words})))
}
