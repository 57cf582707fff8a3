//! One trace from the caller to the model and the tool server, the numbers at `/metrics`, and nothing private in
//! either.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use host::telemetry::{ExportConfig, export};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use prost::Message;
use serde_json::{Value, json};
use testkit::Listening;
use testkit::mcp::{FakeMcp, Reply};
use testkit::openai::Answer;

use crate::harness::Plane;

/// In every place that a caller can write to, and so nowhere in what we tell.
const CANARY: &str = "canary-7f3a";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// What a collector was sent.
struct Collector {
    listening: Listening,
    taken: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    async fn start() -> Self {
        let taken: Arc<Mutex<Vec<ExportTraceServiceRequest>>> = Arc::default();
        let into = taken.clone();
        let take = move |body: Bytes| {
            into.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
            std::future::ready("")
        };
        Self { listening: Listening::start(axum::Router::new().route("/v1/traces", post(take))).await, taken }
    }

    fn spans(&self) -> Vec<Span> {
        let taken = self.taken.lock().unwrap();
        let resources = taken.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans).cloned().collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(span: &Span) -> HashMap<&str, Value> {
    let value = |any: &Any| match any {
        Any::StringValue(text) => json!(text),
        Any::IntValue(number) => json!(number),
        Any::BoolValue(truth) => json!(truth),
        Any::ArrayValue(list) => json!(
            list.values
                .iter()
                .filter_map(|value| match value.value.as_ref()? {
                    Any::StringValue(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect::<Vec<_>>()
        ),
        other => panic!("{other:?}"),
    };
    let pairs = span.attributes.iter();
    pairs.map(|pair| (pair.key.as_str(), value(pair.value.as_ref().unwrap().value.as_ref().unwrap()))).collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    let mut found: Vec<&Span> = spans.iter().filter(|span| span.name == name && hex(&span.trace_id) == TRACE).collect();
    found.sort_by_key(|span| span.start_time_unix_nano);
    found
}

fn parent_of(headers: &HeaderMap) -> &str {
    headers["traceparent"].to_str().unwrap()
}

fn traceparent(span: &Span) -> String {
    format!("00-{TRACE}-{}-01", hex(&span.span_id))
}

/// A response with one tool call, sent by a caller who is in a trace.
async fn respond(plane: &Plane, tools: &FakeMcp) -> Value {
    plane.model.then(Answer::tool("add", &json!({"words": CANARY})));
    plane.model.then(Answer::text(format!("it says {CANARY}")));
    let body = json!({
        "model": "vllm/fake-model", "input": format!("my name is {CANARY}"), "instructions": CANARY,
        "metadata": {"who": CANARY}, "tools": [{"type": "mcp", "server_label": "sums", "server_url": tools.url(),
            "authorization": CANARY, "headers": {"x-secret": CANARY}, "require_approval": "never"}],
    });
    let request = plane.http.post(plane.url("/v1/responses")).json(&body);
    let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01")).header("tracestate", "vendor=1");
    let (status, response) = crate::harness::answered(request).await;
    assert_eq!((status, &response["status"]), (200, &json!("completed")), "{response}");
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_caller_to_the_model_and_the_tool() {
    let collector = Collector::start().await;
    let config = ExportConfig { otlp_endpoint: Some(collector.listening.url()), service_name: Some("plane".into()) };
    let exporting = export(&config, tokio::runtime::Handle::current()).unwrap().unwrap();
    let plane = Plane::start().await;
    let tools = FakeMcp::start().await;
    let schema = json!({"type": "object", "properties": {"words": {"type": "string"}}});
    tools.tool("add", schema, Reply::Text(CANARY.into())).requires(CANARY);

    let response = respond(&plane, &tools).await;
    let traced = |path: &str, body: Value| {
        let request = plane.http.post(plane.url(path)).json(&body);
        request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
    };
    plane.model.then(Answer::text(CANARY));
    let chat = json!({"model": "vllm/fake-model", "stream": true, "messages": [{"role": "user", "content": CANARY}]});
    traced("/v1/chat/completions", chat).send().await.unwrap().text().await.unwrap();
    let (status, _) =
        crate::harness::answered(traced("/v1/embeddings", json!({"model": "embed/fake-model", "input": CANARY}))).await;
    assert_eq!(status, 200);
    plane.model.then(Answer::status(500));
    let failing = json!({"model": "vllm/fake-model", "messages": [{"role": "user", "content": CANARY}]});
    assert_eq!(crate::harness::answered(traced("/v1/chat/completions", failing)).await.0, 502);
    tokio::task::spawn_blocking(|| exporting.finish(Duration::from_secs(5))).await.unwrap();

    let spans = collector.spans();
    let request = named(&spans, "POST /v1/responses")[0];
    assert_eq!((hex(&request.parent_span_id).as_str(), request.kind), (CALLER, SpanKind::Server as i32));
    assert_eq!(attributes(request)["http.response.status_code"], 200);
    let turn = named(&spans, "invoke_agent")[0];
    assert_eq!(turn.parent_span_id, request.span_id);
    let said = attributes(turn);
    assert_eq!(
        (&said["gen_ai.operation.name"], &said["gen_ai.response.id"]),
        (&json!("invoke_agent"), &response["id"])
    );
    assert_eq!(said["gen_ai.usage.input_tokens"], 22);

    let asked = named(&spans, "chat fake-model");
    assert_eq!(asked.iter().filter(|span| span.parent_span_id == turn.span_id).count(), 2, "two questions in the turn");
    let said = attributes(asked[0]);
    for (name, value) in [
        ("gen_ai.operation.name", json!("chat")),
        ("gen_ai.provider.name", json!("vllm")),
        ("gen_ai.request.model", json!("fake-model")),
        ("gen_ai.response.model", json!("fake-model")),
        ("gen_ai.usage.input_tokens", json!(11)),
        ("gen_ai.usage.output_tokens", json!(7)),
        ("gen_ai.response.finish_reasons", json!(["tool_calls"])),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert_eq!(asked[0].kind, SpanKind::Client as i32);
    let heard = plane.model.received();
    let heard: Vec<_> = heard.iter().filter(|it| it.path == "/v1/chat/completions").collect();
    assert_eq!(parent_of(&heard[0].headers), traceparent(asked[0]));
    assert_eq!(heard[0].headers["tracestate"], "vendor=1");
    assert_eq!(parent_of(&heard[1].headers), traceparent(asked[1]));

    let tool = named(&spans, "execute_tool add")[0];
    assert_eq!(tool.parent_span_id, turn.span_id);
    let said = attributes(tool);
    let names = ["gen_ai.tool.name", "mcp.method.name", "network.transport", "gen_ai.tool.call.id"];
    let expected = [json!("add"), json!("tools/call"), json!("tcp"), json!("call_1")];
    assert_eq!(names.map(|name| said[name].clone()), expected);
    let call = &tools.calls()[0];
    assert_eq!(parent_of(&call.headers), traceparent(tool));
    assert_eq!(call.meta["traceparent"], traceparent(tool));

    let streamed = named(&spans, "POST /v1/chat/completions");
    let below = |parent: &Span| asked.iter().find(|span| span.parent_span_id == parent.span_id).copied().unwrap();
    assert!(
        below(streamed[0]).end_time_unix_nano <= streamed[0].end_time_unix_nano,
        "a stream ends with its last byte"
    );
    let failed = attributes(below(streamed[1]));
    assert_eq!(failed["error.type"], "upstream_error");
    let embedded = attributes(named(&spans, "embeddings fake-model")[0]);
    assert_eq!(
        (&embedded["gen_ai.operation.name"], &embedded["gen_ai.embeddings.dimension.count"]),
        (&json!("embeddings"), &json!(768))
    );

    let everything = format!("{:?}", collector.taken.lock().unwrap());
    assert!(everything.contains("plane") && !everything.contains(CANARY), "{everything}");
}

#[tokio::test]
async fn metrics_say_what_happened_and_nothing_private() {
    let plane = Plane::start().await;
    let tools = FakeMcp::start().await;
    let schema = json!({"type": "object", "properties": {"words": {"type": "string"}}});
    tools.tool("add", schema, Reply::Text(CANARY.into())).requires(CANARY);
    plane.model.then(Answer::tool(CANARY, &json!({})));
    respond(&plane, &tools).await;
    let chat = |model: &str| json!({"model": model, "messages": [{"role": "user", "content": CANARY}]});
    plane.model.then(Answer::text(CANARY));
    assert_eq!(plane.post("/v1/chat/completions", chat("vllm/fake-model")).await.0, 200);
    assert_eq!(plane.post("/v1/chat/completions", chat(CANARY)).await.0, 404);
    assert_eq!(plane.get(&format!("/v1/{CANARY}")).await.0, 404);
    // Written behind the caller's back; a list waits for it.
    assert_eq!(plane.get("/v1/chat/completions").await.0, 200);

    let answer = plane.http.get(plane.url("/metrics")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text().await.unwrap();
    let value = |name: &str, labels: &[&str]| -> f64 {
        let fits = |line: &&str| line.starts_with(name) && labels.iter().all(|label| line.contains(label));
        let line = text.lines().find(fits).unwrap_or_else(|| panic!("{name} {labels:?} in\n{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let requests = "http_server_request_duration_seconds_count";
    let route = "http_route=\"/v1/chat/completions\"";
    assert_eq!(value(requests, &[route, "http_response_status_code=\"200\"", "http_request_method=\"POST\""]), 1.0);
    assert_eq!(value(requests, &[route, "http_response_status_code=\"404\""]), 1.0);
    assert_eq!(value(requests, &["http_route=\"other\"", "http_response_status_code=\"404\""]), 1.0);
    let model = "gen_ai_request_model=\"fake-model\"";
    assert_eq!(value("gen_ai_client_operation_duration_seconds_count", &[model, "error_type=\"\""]), 4.0);
    assert_eq!(value("gen_ai_client_token_usage_sum", &[model, "gen_ai_token_type=\"input\""]), 44.0);
    assert_eq!(value("gen_ai_client_token_usage_sum", &[model, "gen_ai_token_type=\"output\""]), 28.0);
    assert!(value("gen_ai_client_operation_time_to_first_chunk_seconds_count", &[model]) >= 3.0);
    let tool = ["server=\"sums\"", "gen_ai_tool_name=\"add\"", "error_type=\"\""];
    assert_eq!(value("claimstack_tool_call_duration_seconds_count", &tool), 1.0);
    assert_eq!(value("claimstack_unknown_tool_calls_total", &[model]), 1.0);
    assert_eq!(value("claimstack_store_duration_seconds_count", &["operation=\"put_response\""]), 1.0);
    assert!(value("claimstack_store_duration_seconds_count", &["operation=\"put_completions\""]) >= 1.0);
    for gauge in ["claimstack_responses_running", "claimstack_responses_queued", "claimstack_completions_waiting"] {
        assert_eq!(value(gauge, &[]), 0.0, "{gauge}");
    }
    assert!(!text.contains(CANARY), "{text}");

    let elsewhere = plane.http.get(plane.url("/metrics")).header("host", "evil.example");
    assert_eq!(elsewhere.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_trace_is_passed_on_even_when_nothing_is_exported() {
    let plane = Plane::start().await;
    let request = plane.http.post(plane.url("/v1/chat/completions"));
    let body = json!({"model": "vllm/fake-model", "messages": [{"role": "user", "content": "hi"}]});
    let given = format!("00-{TRACE}-{CALLER}-01");
    assert_eq!(crate::harness::answered(request.json(&body).header("traceparent", &given)).await.0, 200);
    let heard = plane.model.received();
    let heard = heard.iter().find(|it| it.path == "/v1/chat/completions").unwrap();
    assert!(parent_of(&heard.headers).starts_with(&format!("00-{TRACE}-")), "{heard:?}");
    assert_eq!(plane.post("/v1/chat/completions", body).await.0, 200);
    assert!(!plane.model.received().last().unwrap().headers.contains_key("traceparent"), "nobody is in a trace");
}
