//! Going on where an earlier response ended: what was said before, and whether the new items fit to it.

use std::collections::HashMap;

use ports::CallContext;
use ports::responses::{StoreError, StoredResponse};
use ports::tools::ToolDef;
use serde_json::Value;
use wire::openai::items::Item;

use crate::request::{Asked, RequestError, invalid};
use crate::respond::Responder;
use crate::telemetry;
use crate::{history, reuse};

impl Responder {
    /// Everything said before the response that is continued, and in it; and its tool lists that are still good.
    pub(crate) async fn earlier(
        &self,
        id: &str,
        asked: &Asked,
        cx: &CallContext,
        known: Option<&StoredResponse>,
    ) -> Result<(Vec<Item>, HashMap<String, Vec<ToolDef>>), RequestError> {
        let stored = match known.filter(|known| known.response.id == id) {
            Some(known) => known.clone(),
            None => self.finished(id, cx).await?,
        };
        let listed = reuse::known_lists(&stored.response, &asked.servers);
        Ok((self.said_until(stored).await?, listed))
    }

    /// Everything said before a stored response, and in it.
    pub(crate) async fn until(&self, id: &str, cx: &CallContext) -> Result<Vec<Item>, RequestError> {
        Ok(self.said_until(self.finished(id, cx).await?).await?)
    }

    async fn said_until(&self, stored: StoredResponse) -> Result<Vec<Item>, StoreError> {
        let mut items = self.before(&stored).await?;
        items.extend(stored.input);
        items.extend(stored.response.output);
        Ok(items)
    }

    async fn finished(&self, id: &str, cx: &CallContext) -> Result<StoredResponse, RequestError> {
        let found = telemetry::timed("get_response", self.responses.get(id, cx.caller.as_deref())).await?;
        let Some(stored) = found else {
            return Err(RequestError::NotFound {
                param: "previous_response_id".into(),
                message: format!(
                    "Response '{id}' not found. Use 'client.responses.list()' to list available Responses."
                ),
            });
        };
        if !stored.response.status.over() {
            let message = format!("Response '{id}' is not finished; wait for its end before it is continued");
            return Err(invalid("previous_response_id", message));
        }
        Ok(stored)
    }

    /// What was said before a stored response: kept with it, or by the conversation it was made in.
    pub async fn before(&self, stored: &StoredResponse) -> Result<Vec<Item>, StoreError> {
        let conversation =
            stored.response.extra.get("conversation").and_then(|it| it.get("id")).and_then(Value::as_str);
        let Some(id) = conversation else { return Ok(stored.history.clone()) };
        let mut items = self.conversations.all_items(id, stored.owner.as_deref()).await?;
        let first = stored.input.first().and_then(Item::id);
        if let Some(at) = items.iter().position(|item| item.id() == first) {
            items.truncate(at);
        }
        Ok(items)
    }
}

/// Each approval and each output of a function among `input` answers something that was said.
pub(crate) fn answers_something(input: &[Item], history: &[Item]) -> Result<(), RequestError> {
    let called = |items: &[Item], id: &str| {
        items.iter().any(|item| matches!(item, Item::FunctionCall(call) if call.call_id == id))
    };
    for (index, item) in input.iter().enumerate() {
        match item {
            Item::McpApprovalResponse(answer)
                if history::request(history, &answer.approval_request_id).is_none()
                    && history::request(input, &answer.approval_request_id).is_none() =>
            {
                let at = format!("input[{index}].approval_request_id");
                let message = format!("no approval was asked for as '{}'", answer.approval_request_id);
                return Err(invalid(&at, message));
            }
            Item::FunctionCallOutput(output)
                if !called(history, &output.call_id) && !called(input, &output.call_id) =>
            {
                let at = format!("input[{index}].call_id");
                return Err(invalid(
                    &at,
                    format!("No tool call found for the output with call_id '{}'", output.call_id),
                ));
            }
            _ => {}
        }
    }
    Ok(())
}
