//! `/v1/conversations`: an ordered, growing list of items under one id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::items::Item;
use crate::JsonObject;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// `conv_` and 48 lowercase hexadecimal digits.
    pub id: String,
    /// `conversation`.
    pub object: String,
    /// Unix seconds.
    pub created_at: i64,
    pub metadata: JsonObject,
    /// Always `null`: items have a list of their own.
    pub items: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreateConversation {
    #[serde(default)]
    pub metadata: Option<JsonObject>,
    #[serde(default)]
    pub items: Option<Vec<Item>>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpdateConversation {
    pub metadata: JsonObject,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreateItems {
    pub items: Vec<Item>,
}

/// A page of anything, as OpenAI writes lists. `first_id` and `last_id` are empty when the page is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ListPage<T> {
    pub object: String,
    pub data: Vec<T>,
    pub first_id: String,
    pub last_id: String,
    pub has_more: bool,
}

impl<T> ListPage<T> {
    pub fn new(data: Vec<T>, has_more: bool, id: impl Fn(&T) -> String) -> Self {
        let first_id = data.first().map(&id).unwrap_or_default();
        let last_id = data.last().map(&id).unwrap_or_default();
        Self { object: "list".into(), data, first_id, last_id, has_more }
    }
}
