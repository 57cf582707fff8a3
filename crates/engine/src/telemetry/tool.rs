//! One tool call, with a span and a measurement around it.

use std::time::Instant;

use ports::CallContext;
use ports::tools::{ToolError, ToolOutput};
use ports::trace::{SpanKind, attribute};

use super::{conversation, meters};

/// Runs `work`, a call of `tool` on `server`, with a context in which the call's own span is the current one. `id` is
/// the one the model gave the call.
pub async fn called(
    cx: &CallContext,
    server: &str,
    tool: &str,
    id: Option<&str>,
    work: impl AsyncFnOnce(CallContext) -> Result<ToolOutput, ToolError>,
) -> Result<ToolOutput, ToolError> {
    let span = cx.trace.child(SpanKind::Client, || {
        let mut attributes = vec![
            attribute("gen_ai.operation.name", "execute_tool"),
            attribute("gen_ai.tool.name", tool.to_owned()),
            attribute("gen_ai.tool.type", "extension"),
            attribute("claimstack.tool.server", server.to_owned()),
        ];
        attributes.extend(id.map(|id| attribute("gen_ai.tool.call.id", id.to_owned())));
        attributes.extend(conversation(cx));
        (format!("execute_tool {tool}"), attributes)
    });
    let began = Instant::now();
    let outcome = work(CallContext { trace: span.trace().clone(), ..cx.clone() }).await;
    let error_type = match &outcome {
        Ok(output) if output.failed => "tool_error",
        Ok(_) => "",
        Err(error) => kind(error),
    };
    if !error_type.is_empty() {
        span.fail(error_type);
    }
    meters::tool_called(server, tool, error_type, began.elapsed());
    outcome
}

fn kind(error: &ToolError) -> &'static str {
    match error {
        ToolError::Unreachable { .. } => "unreachable",
        ToolError::Unauthorized { .. } => "unauthorized",
        ToolError::Timeout { .. } => "timeout",
        ToolError::Protocol { .. } => "protocol",
        ToolError::Forbidden { .. } => "forbidden",
        ToolError::NotFound { .. } => "not_found",
        ToolError::Cancelled => "cancelled",
    }
}
