//! What the control plane tells about its own work: a span and a measurement for every answer, model call and tool
//! call. Names, counts and kinds; never what anybody wrote.

mod meters;
mod model;
mod tool;

pub use meters::{register, timed};
pub use tool::called as tool_call;

pub(crate) use meters::{Counted, Gauges, unknown_tools};
pub(crate) use model::{watched_chat, watched_embeddings};

use ports::CallContext;
use ports::inference::InferenceError;
use ports::trace::{Span, SpanKind, attribute};
use wire::openai::responses::{ResponseObject, ResponseStatus};

/// The span of one response, whichever dialect asked for it: model and tool calls are below it.
pub(crate) fn agent_span(model: &str, response_id: &str, cx: &CallContext) -> Span {
    cx.trace.child(SpanKind::Internal, || {
        let agent = cx.agent.as_ref();
        let name = agent.and_then(|agent| agent.name.clone());
        let title = name.as_ref().map_or_else(|| "invoke_agent".to_owned(), |name| format!("invoke_agent {name}"));
        let mut attributes = vec![
            attribute("gen_ai.operation.name", "invoke_agent"),
            attribute("gen_ai.request.model", model.to_owned()),
            attribute("gen_ai.response.id", response_id.to_owned()),
        ];
        attributes.extend(agent.map(|agent| attribute("gen_ai.agent.id", agent.id.to_string())));
        attributes.extend(name.map(|name| attribute("gen_ai.agent.name", name.to_string())));
        attributes.extend(conversation(cx));
        (title, attributes)
    })
}

/// Notes how a response ended.
pub(crate) fn ended(span: &Span, response: &ResponseObject) {
    if !span.trace().is_recording() {
        return;
    }
    if let Some(usage) = &response.usage {
        span.note("gen_ai.usage.input_tokens", usage.input_tokens as i64);
        span.note("gen_ai.usage.output_tokens", usage.output_tokens as i64);
    }
    span.note("claimstack.response.status", response.status.name());
    if response.status == ResponseStatus::Failed {
        span.fail("failed");
    }
}

fn conversation(cx: &CallContext) -> Option<ports::trace::Attribute> {
    cx.conversation.as_ref().map(|id| attribute("gen_ai.conversation.id", id.to_string()))
}

/// The kind of an error as a word of a small set.
fn kind(error: &InferenceError) -> &'static str {
    match error {
        InferenceError::NotFound(_) => "model_not_found",
        InferenceError::Invalid { .. } => "invalid_request",
        InferenceError::Overloaded(_) => "overloaded",
        InferenceError::Timeout(_) => "timeout",
        InferenceError::Upstream { .. } => "upstream_error",
        InferenceError::Unreachable(_) => "unreachable",
        InferenceError::Cancelled => "cancelled",
        InferenceError::Internal(_) => "internal",
    }
}
