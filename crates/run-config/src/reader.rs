//! What is gathered while a file is read.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::substitute::{Problem, expand};
use crate::{RunConfig, RunConfigError};

pub struct Reader<'a> {
    file: &'a str,
    environment: &'a HashMap<String, String>,
    pub gateway: Map<String, Value>,
    pub providers: Vec<Map<String, Value>>,
    pub connectors: Map<String, Value>,
    notes: Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(file: &'a str, environment: &'a HashMap<String, String>) -> Self {
        let (gateway, connectors) = (Map::new(), Map::new());
        Self { file, environment, gateway, providers: Vec::new(), connectors, notes: Vec::new() }
    }

    pub fn note(&mut self, line: String) {
        if !self.notes.contains(&line) {
            self.notes.push(line);
        }
    }

    /// Replaces the variables of `value`.
    pub fn value(&mut self, path: &str, value: Value) -> Result<Value, RunConfigError> {
        let (mut unset, mut old) = (None, Vec::new());
        let expanded = expand(value, path, self.environment, &mut |place, problem| match problem {
            Problem::Unset(variable) => {
                unset.get_or_insert((place.to_owned(), variable));
            }
            Problem::Old(variable) => old.push(format!(
                "{place}: `${{env.{variable}:…}}` is read as `${{env.{variable}:=…}}`, which is how it is written now"
            )),
        });
        for line in old {
            self.note(line);
        }
        match unset {
            Some((path, variable)) => Err(RunConfigError::Unset { file: self.file.to_owned(), path, variable }),
            None => Ok(expanded),
        }
    }

    /// A text whose variables are replaced; `None` when nothing is left of it.
    pub fn text(&mut self, path: &str, text: Option<String>) -> Result<Option<String>, RunConfigError> {
        let Some(text) = text else { return Ok(None) };
        Ok(plain(&self.value(path, Value::String(text))?))
    }

    pub fn rule(&self, path: &str, rule: impl Into<String>) -> RunConfigError {
        RunConfigError::Rule { file: self.file.to_owned(), path: path.to_owned(), rule: rule.into() }
    }

    pub fn unknown_key(&self, path: &str, key: &serde_saphyr::Spanned<String>, allowed: &[&str]) -> RunConfigError {
        RunConfigError::UnknownKey {
            file: self.file.to_owned(),
            line: key.referenced.line(),
            column: key.referenced.column(),
            path: path.to_owned(),
            key: key.value.clone(),
            allowed: allowed.join(", "),
        }
    }

    pub fn provider(&mut self, id: &str) -> Option<&mut Map<String, Value>> {
        self.providers.iter_mut().find(|provider| provider.get("id").is_some_and(|known| known == id))
    }

    pub fn finish(mut self) -> RunConfig {
        self.gateway.insert("providers".into(), json!(self.providers));
        self.gateway.insert("connectors".into(), self.connectors.into());
        RunConfig { gateway: self.gateway, notes: self.notes }
    }
}

/// A scalar as text; `None` for null, an empty text, a list or a map.
pub fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(switch) => Some(switch.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
