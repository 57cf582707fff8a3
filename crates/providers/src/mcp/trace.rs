//! The caller's trace, as MCP carries it: in `_meta` of each request, and in the headers of the HTTP request around it.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue};
use ports::trace::Trace;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, RequestMetaObject};

/// `None` outside of any trace.
pub(super) fn meta(trace: &Trace) -> Option<RequestMetaObject> {
    let (parent, state) = trace.headers()?;
    let mut meta = RequestMetaObject::new();
    meta.set_traceparent(parent);
    if let Some(state) = state {
        meta.set_tracestate(state);
    }
    Some(meta)
}

/// The headers that say what the message's `_meta` says.
pub(super) fn headers(message: &ClientJsonRpcMessage) -> HashMap<HeaderName, HeaderValue> {
    let JsonRpcMessage::Request(request) = message else { return HashMap::new() };
    let meta = match &request.request {
        ClientRequest::CallToolRequest(call) => call.params.meta.as_ref(),
        ClientRequest::ListToolsRequest(list) => list.params.as_ref().and_then(|params| params.meta.as_ref()),
        _ => None,
    };
    let Some(meta) = meta else { return HashMap::new() };
    let fields = [("traceparent", meta.get_traceparent()), ("tracestate", meta.get_tracestate())];
    let header = |(name, value): (&'static str, Option<&str>)| {
        Some((HeaderName::from_static(name), HeaderValue::from_str(value?).ok()?))
    };
    fields.into_iter().filter_map(header).collect()
}
