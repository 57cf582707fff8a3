//! Shields that a response names: before the model is asked, and before its words are shown.

use std::sync::Arc;

use ports::CallContext;
use serde_json::Value;
use wire::openai::chat::{ChatMessage, Role};

use crate::request::{RequestError, invalid};
use crate::safety::{Shield, Shields};

const MOST: usize = 16;

/// `["llama-guard", {"type": "pii"}]`: the shields' ids.
pub fn ids(value: &Value) -> Result<Vec<String>, RequestError> {
    let Some(list) = value.as_array().filter(|list| list.len() <= MOST) else {
        return Err(invalid("guardrails", format!("guardrails must be a list of at most {MOST} shields")));
    };
    let id = |(index, entry): (usize, &Value)| {
        let at = format!("guardrails[{index}]");
        let id = entry.as_str().or_else(|| entry.get("type")?.as_str()).filter(|id| !id.is_empty());
        id.map(str::to_owned).ok_or_else(|| invalid(&at, format!("{at} must be a shield's id, or an object with type")))
    };
    list.iter().enumerate().map(id).collect()
}

/// All that was said in `messages`, as a shield reads it; the operator's own instructions are left out.
pub fn said(messages: &[ChatMessage]) -> ChatMessage {
    let words: Vec<String> = messages
        .iter()
        .filter(|message| message.role != Role::System)
        .map(ChatMessage::plain_text)
        .filter(|words| !words.is_empty())
        .collect();
    ChatMessage::text(Role::User, words.join("\n"))
}

/// The shields of one run.
pub struct Guard {
    pub shields: Arc<Shields>,
    pub named: Vec<Shield>,
}

impl Guard {
    /// What the user is told in place of an answer, when a shield objects to the last of `messages`. A shield that
    /// cannot judge is an error: nothing passes unseen.
    pub async fn objection(&self, message: ChatMessage, cx: &CallContext) -> Result<Option<String>, RequestError> {
        if message.plain_text().is_empty() {
            return Ok(None);
        }
        let violation = self.shields.first(&self.named, &[message], cx).await?;
        Ok(violation.map(|violation| match violation.user_message.is_empty() {
            true => "Content blocked by safety guardrails".into(),
            false => violation.user_message,
        }))
    }
}
