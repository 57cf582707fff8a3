//! A conversation made short: its instructions as they are, everything else as one summary that the model writes.
//!
//! The summary travels in the item's `encrypted_content`. It is encoded, not encrypted: it holds nothing that the caller
//! has not sent or been sent, and a caller who changes it could as well have sent another message.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ports::CallContext;
use ports::inference::ChatCall;
use wire::openai::chat::{ChatMessage, ChatRequest, Role};
use wire::openai::compaction::{CompactRequest, Compacted};
use wire::openai::items::{CompactionItem, Item, ItemStatus, MessageItem};
use wire::openai::responses::ResponseUsage;

use crate::history;
use crate::request::{RequestError, input_items, invalid};
use crate::respond::Responder;
use crate::run::opening;

/// What begins our own encoding; another server's items do not.
const MARK: &str = "claimstack.1.";
/// Of the summary.
const TOKENS: u32 = 1_024;
const TASK: &str = "You shorten conversations. Another assistant will continue this one from your words alone, so keep \
    every fact, name, number, decision and open question, and leave out what no later answer needs.";
const ASK: &str = "Summarise the conversation above. Answer with the summary only.";

impl Responder {
    /// Asks `model` for a summary of what was said. Nothing is stored.
    pub async fn compact(&self, request: CompactRequest, cx: &CallContext) -> Result<Compacted, RequestError> {
        if request.model.trim().is_empty() {
            return Err(invalid("model", "model must name a model"));
        }
        let mut items = match &request.previous_response_id {
            Some(id) => self.until(id, cx).await?,
            None => Vec::new(),
        };
        items.extend(request.input.map(|input| input_items(input, self.ids.as_ref())).unwrap_or_default());
        if items.is_empty() {
            return Err(invalid("input", "there is nothing to compact: give input or previous_response_id"));
        }
        readable(&items)?;
        let route = self.registry.chat(&request.model, cx).await?;
        let mut messages = opening(Some(TASK), history::messages(&items, route.traits.output_budget));
        if let Some(wish) = request.instructions.as_deref().filter(|wish| !wish.trim().is_empty()) {
            messages.insert(1, ChatMessage::text(Role::System, wish));
        }
        messages.push(ChatMessage::text(Role::User, ASK));
        let asked =
            ChatRequest { model: route.model.clone(), messages, max_tokens: Some(TOKENS), ..ChatRequest::default() };
        let summary = route.inference.complete(ChatCall::from(asked), cx).await?;
        let mut output: Vec<Item> = items.into_iter().filter_map(instruction).collect();
        let id = self.ids.fresh("cmp");
        output.push(Item::Compaction(CompactionItem { id, encrypted_content: sealed(&summary.text) }));
        let mut usage = ResponseUsage::default();
        usage.add(&summary.usage);
        Ok(Compacted {
            id: self.ids.fresh("resp"),
            object: "response.compaction".into(),
            created_at: self.clock.unix_seconds(),
            output,
            usage,
        })
    }
}

/// What the caller told the model to do outlives the compaction word for word.
fn instruction(item: Item) -> Option<Item> {
    match item {
        Item::Message(message) if matches!(message.role, Role::System | Role::Developer) => {
            Some(Item::Message(MessageItem { status: Some(ItemStatus::Completed), ..message }))
        }
        _ => None,
    }
}

fn sealed(summary: &str) -> String {
    format!("{MARK}{}", STANDARD.encode(summary))
}

/// The summary in an item of ours.
pub fn summary(item: &CompactionItem) -> Option<String> {
    let encoded = item.encrypted_content.strip_prefix(MARK)?;
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

/// Refuses the compactions of another server, which nobody here can read.
pub fn readable(items: &[Item]) -> Result<(), RequestError> {
    let foreign = |item: &Item| matches!(item, Item::Compaction(item) if summary(item).is_none());
    match items.iter().position(foreign) {
        None => Ok(()),
        Some(at) => {
            let field = format!("input[{at}].encrypted_content");
            Err(invalid(&field, format!("{field} was not made by this server and cannot be read")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_compactions_can_be_read() {
        let item = |content: &str| CompactionItem { id: "cmp_1".into(), encrypted_content: content.into() };
        assert_eq!(summary(&item(&sealed("the claim is 7"))).as_deref(), Some("the claim is 7"));
        for foreign in ["gAAAAABn", "claimstack.1.%%", "claimstack.1./w=="] {
            assert_eq!(summary(&item(foreign)), None, "{foreign}");
        }
        let error = readable(&[Item::Compaction(item("gAAAAABn"))]).unwrap_err();
        assert!(matches!(error, RequestError::Invalid { param, .. } if param == "input[0].encrypted_content"));
    }
}
