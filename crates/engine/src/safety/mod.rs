//! Shields: personal data, instructions that try to take over, Llama Guard through any chat model, and the detectors of
//! a guardrails orchestrator.

pub mod detectors;
pub mod guard;
pub mod injection;
pub mod pii;
pub mod shields;

use serde_json::{Map, Value, json};

pub use shields::{Shield, Shields};

/// What a shield found. Only `error` stops a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// What the user is told.
    pub user_message: String,
    /// `violation_type` or the violated categories; never the text that was found.
    pub metadata: Map<String, Value>,
}

impl Violation {
    pub fn new(user_message: &str, kinds: &[String]) -> Self {
        let mut metadata = Map::new();
        metadata.insert("violation_type".into(), json!(kinds.join(",")));
        Self { user_message: user_message.into(), metadata }
    }

    pub fn kinds(&self) -> Vec<String> {
        let joined = self.metadata.get("violation_type").and_then(Value::as_str).unwrap_or_default();
        joined.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect()
    }
}
