//! `/v1/prompts`: versioned templates with `{{variable}}` places.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prompt {
    pub prompt: String,
    /// From 1.
    pub version: u32,
    /// `pmpt_` and 48 lowercase hexadecimal digits.
    pub prompt_id: String,
    pub variables: Vec<String>,
    pub is_default: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatePrompt {
    pub prompt: String,
    #[serde(default)]
    pub variables: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpdatePrompt {
    pub prompt: String,
    /// The newest version, which this one is to follow.
    pub version: u32,
    #[serde(default)]
    pub variables: Option<Vec<String>>,
    #[serde(default = "yes")]
    pub set_as_default: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DefaultVersion {
    pub version: u32,
}
