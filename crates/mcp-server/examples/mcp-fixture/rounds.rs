//! Tools that need the client's input before they can answer (2026-07-28):
//! each round returns what is asked for, and the client calls again with it.

use rmcp::{ErrorData, RoleServer, model::*, service::RequestContext};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::model;

type Answer = Result<CallToolResponse, ErrorData>;

/// `None` when the tool needs no rounds.
pub(crate) fn call(request: &CallToolRequestParams, ctx: &RequestContext<RoleServer>) -> Option<Answer> {
    let name = request.name.strip_prefix("test_input_required_result_");
    let given = Given { request };
    Some(match (name, request.name.as_ref()) {
        (Some("elicitation"), _) | (_, "test_streaming_elicitation") => {
            given.one("user_name", elicit("What is your name?", "name"), |value| {
                value["content"]["name"].as_str().map(|name| format!("Hello, {name}!"))
            })
        }
        (Some("sampling"), _) => {
            let ask = sample("What is the capital of France?", 100);
            given.one("capital_question", ask, |value| value["content"]["text"].as_str().map(str::to_owned))
        }
        (Some("list_roots"), _) => given.one("client_roots", roots(), |value| {
            value["roots"].as_array().map(|roots| format!("roots: {}", json!(roots)))
        }),
        (Some("request_state" | "tampered_state"), _) => given.with_state(),
        (Some("multiple_inputs"), _) => given.three_at_once(),
        (Some("multi_round"), _) => given.two_rounds(),
        (Some("capabilities"), _) => by_capability(ctx),
        (Some("validate"), _) => given
            .one("user_name", elicit("Name?", "name"), |value| value["content"]["name"].as_str().map(str::to_owned)),
        (_, "test_missing_capability") => {
            let sampling = ctx.client_capabilities().is_some_and(|can| can.sampling.is_some());
            if sampling {
                text("the client can sample")
            } else {
                let needed = model(json!({ "sampling": {} }));
                Err(needed.map_or_else(|error| error, ErrorData::missing_required_client_capability))
            }
        }
        _ => return None,
    })
}

struct Given<'a> {
    request: &'a CallToolRequestParams,
}

impl Given<'_> {
    fn response(&self, key: &str) -> Option<&Value> {
        self.request.input_responses.as_ref()?.get(key)
    }

    fn one(&self, key: &str, ask: Value, read: impl Fn(&Value) -> Option<String>) -> Answer {
        match self.response(key).and_then(read) {
            Some(answer) => text(&answer),
            None => Ok(input_required(json!({ key: ask }), None)?.into()),
        }
    }

    fn with_state(&self) -> Answer {
        let Some(state) = &self.request.request_state else {
            let asked = json!({ "confirm": elicit("Please confirm", "ok") });
            return Ok(input_required(asked, Some(seal("round-1")))?.into());
        };
        open(state)?;
        match self.response("confirm") {
            Some(_) => text("state-ok"),
            None => Err(ErrorData::invalid_params("inputResponses.confirm is missing", None)),
        }
    }

    fn three_at_once(&self) -> Answer {
        let answered = ["user_name", "greeting", "client_roots"].into_iter().all(|key| self.response(key).is_some());
        if answered {
            open(self.request.request_state.as_deref().unwrap_or_default())?;
            return text("all three inputs arrived");
        }
        let asked = json!({
            "user_name": elicit("What is your name?", "name"),
            "greeting": sample("Generate a greeting", 50),
            "client_roots": roots(),
        });
        Ok(input_required(asked, Some(seal("three")))?.into())
    }

    fn two_rounds(&self) -> Answer {
        let first = || {
            let asked = json!({ "step1": elicit("Step 1: What is your name?", "name") });
            Ok(input_required(asked, Some(seal("step-1")))?.into())
        };
        let Some(state) = &self.request.request_state else {
            return first();
        };
        match (open(state)?.as_str(), self.response("step1"), self.response("step2")) {
            ("step-1", Some(_), _) => {
                let ask = elicit("Step 2: What is your favorite color?", "color");
                Ok(input_required(json!({ "step2": ask }), Some(seal("step-2")))?.into())
            }
            ("step-2", _, Some(_)) => text("both rounds are done"),
            _ => first(),
        }
    }
}

fn by_capability(ctx: &RequestContext<RoleServer>) -> Answer {
    let can = ctx.client_capabilities().unwrap_or_default();
    let mut asked = Map::new();
    if can.elicitation.is_some() {
        asked.insert("user_name".into(), elicit("What is your name?", "name"));
    }
    if can.sampling.is_some() {
        asked.insert("greeting".into(), sample("Generate a greeting", 50));
    }
    if can.roots.is_some() {
        asked.insert("client_roots".into(), roots());
    }
    if asked.is_empty() {
        return text("nothing to ask this client");
    }
    Ok(input_required(Value::Object(asked), None)?.into())
}

pub(crate) fn input_required(asked: Value, state: Option<String>) -> Result<InputRequiredResult, ErrorData> {
    let mut result = json!({ "resultType": "input_required", "inputRequests": asked });
    if let Some(state) = state {
        result["requestState"] = state.into();
    }
    model(result)
}

pub(crate) fn elicit(message: &str, field: &str) -> Value {
    let kind = if field == "ok" { "boolean" } else { "string" };
    let schema = json!({ "type": "object", "properties": { field: { "type": kind } },
        "required": [field] });
    json!({ "method": "elicitation/create",
        "params": { "message": message, "requestedSchema": schema } })
}

fn sample(question: &str, max_tokens: u32) -> Value {
    let content = json!({ "type": "text", "text": question });
    json!({ "method": "sampling/createMessage", "params": {
        "messages": [{ "role": "user", "content": content }], "maxTokens": max_tokens } })
}

fn roots() -> Value {
    json!({ "method": "roots/list", "params": {} })
}

fn text(text: &str) -> Answer {
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
}

/// State goes through the client's hands: it carries a check only we can make.
fn seal(state: &str) -> String {
    format!("{}.{state}", check(state))
}

fn open(sealed: &str) -> Result<String, ErrorData> {
    let intact = sealed.split_once('.').filter(|(mac, state)| *mac == check(state));
    let (_, state) = intact.ok_or_else(|| ErrorData::invalid_params("requestState was changed", None))?;
    Ok(state.to_owned())
}

fn check(state: &str) -> String {
    let key = "fixture key: fine for a fixture, known to everyone";
    hex::encode(Sha256::digest(format!("{key}|{state}|{key}")))
}
