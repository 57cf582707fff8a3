//! The control plane alone.

use serde_json::json;
use testkit::mcp::{FakeMcp, Reply};
use testkit::openai::{Answer, FakeModel, Fault};

use crate::process::Running;

#[tokio::test]
async fn it_is_healthy_with_everything_else_down() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Running::start(data.path(), None, &["gateway"]).await;
    assert_eq!(gateway.get("gateway", "/v1/health").await, (200, json!({"status": "OK"})));
    let (status, version) = gateway.get("gateway", "/v1/version").await;
    assert_eq!((status, version["version"].is_string()), (200, true));
    let (status, error) = gateway
        .post(
            "gateway",
            "/v1/chat/completions",
            &json!({"model": "nope", "messages": [{"role": "user", "content": "hi"}]}),
        )
        .await;
    assert_eq!(status, 404);
    assert!(error["error"]["message"].as_str().unwrap().contains("'nope'"), "{error}");
}

#[tokio::test]
async fn every_route_it_lists_is_there() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Running::start(data.path(), None, &["gateway"]).await;
    let (_, routes) = gateway.get("gateway", "/v1/inspect/routes").await;
    for route in routes["data"].as_array().unwrap() {
        let path = route["route"].as_str().unwrap().replace("{*model_id}", "x/y");
        let path = path.replace("{response_id}", "resp_x").replace("{provider_id}", "x");
        let method = reqwest::Method::from_bytes(route["method"].as_str().unwrap().as_bytes()).unwrap();
        let answer = gateway.http.request(method, gateway.url("gateway", &path)).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert!(status != 405 && !text.contains("nothing at this path"), "{path}: {status} {text}");
    }
}

#[tokio::test]
async fn chat_comes_plain_and_streamed() {
    let data = tempfile::tempdir().unwrap();
    let model = FakeModel::start().await;
    model.always(Answer::text("good morning"));
    let gateway = Running::start(data.path(), Some(&model), &["gateway"]).await;
    let request = json!({"model": "vllm/fake-model", "messages": [{"role": "user", "content": "hi"}]});
    let (status, answer) = gateway.post("gateway", "/v1/chat/completions", &request).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("good morning")));
    let mut streamed = request.clone();
    streamed["stream"] = json!(true);
    let response = gateway.http.post(gateway.url("gateway", "/v1/chat/completions")).json(&streamed).send().await;
    let text = response.unwrap().text().await.unwrap();
    assert!(text.starts_with("data: {") && text.trim_end().ends_with("data: [DONE]"), "{text}");
    let (status, embedded) = gateway
        .post("gateway", "/v1/embeddings", &json!({"model": "vllm-embedding/fake-model", "input": ["a", "b"]}))
        .await;
    assert_eq!((status, embedded["data"].as_array().unwrap().len()), (200, 2));
}

#[tokio::test]
async fn a_response_calls_tools_is_stored_and_can_be_continued() {
    let data = tempfile::tempdir().unwrap();
    let model = FakeModel::start().await;
    let tools = FakeMcp::start().await;
    tools.tool("add", json!({"type": "object", "properties": {"a": {"type": "number"}}}), Reply::Text("3".into()));
    model.then(Answer::tool("add", &json!({"a": 1}))).then(Answer::text("it is 3"));
    let gateway = Running::start(data.path(), Some(&model), &["gateway"]).await;
    let mcp = json!({"type": "mcp", "server_label": "sums", "server_url": tools.url(), "headers": {"X-Trace": "t"}});
    let request = json!({"model": "vllm/fake-model", "input": "add", "tools": [mcp]});
    let (status, first) = gateway.post("gateway", "/v1/responses", &request).await;
    assert_eq!(status, 200, "{first}");
    let kinds: Vec<&str> = first["output"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["mcp_list_tools", "mcp_call", "message"]);
    assert_eq!(first["output"][1]["output"], "3");
    assert_eq!(tools.calls()[0].headers["x-trace"], "t");
    assert!(!first.to_string().contains("X-Trace"), "headers are secrets");

    let id = first["id"].as_str().unwrap();
    let (status, stored) = gateway.get("gateway", &format!("/v1/responses/{id}")).await;
    assert_eq!((status, &stored["output"]), (200, &first["output"]));
    let next = json!({"model": "vllm/fake-model", "input": "again", "previous_response_id": id});
    let (status, _) = gateway.post("gateway", "/v1/responses", &next).await;
    assert_eq!(status, 200);
    let asked = model.received().last().unwrap().body["messages"].as_array().unwrap().len();
    assert_eq!(asked, 5, "question, call, result, answer, new question");
    let removed = gateway.http.delete(gateway.url("gateway", &format!("/v1/responses/{id}"))).send().await.unwrap();
    assert_eq!(removed.status(), 200);
    assert_eq!(gateway.get("gateway", &format!("/v1/responses/{id}")).await.0, 404);
}

#[tokio::test]
async fn streamed_events_are_numbered_and_end_once() {
    let data = tempfile::tempdir().unwrap();
    let model = FakeModel::start().await;
    model.then(Answer::text("hello there"));
    let gateway = Running::start(data.path(), Some(&model), &["gateway"]).await;
    let request = json!({"model": "vllm/fake-model", "input": "hi", "stream": true});
    let response = gateway.http.post(gateway.url("gateway", "/v1/responses")).json(&request).send().await.unwrap();
    let text = response.text().await.unwrap();
    let events: Vec<serde_json::Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], index, "{event}");
    }
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..2], ["response.created", "response.in_progress"]);
    assert_eq!(kinds.last(), Some(&"response.completed"));
    assert!(kinds.contains(&"response.output_text.delta") && kinds.contains(&"response.output_text.done"));
}

#[tokio::test]
async fn a_dead_tool_server_and_a_broken_model_end_in_words() {
    let data = tempfile::tempdir().unwrap();
    let model = FakeModel::start().await;
    let gateway = Running::start(data.path(), Some(&model), &["gateway"]).await;
    let mcp = json!({"type": "mcp", "server_label": "gone", "server_url": "http://127.0.0.1:9/mcp"});
    let mut request = json!({"model": "vllm/fake-model", "input": "go", "tools": [mcp]});
    let (status, error) = gateway.post("gateway", "/v1/responses", &request).await;
    assert_eq!(status, 502, "{error}");
    assert!(error["detail"].as_str().unwrap().contains("http://127.0.0.1:9/mcp"), "{error}");
    model.then(Answer::text("I cannot."));
    request["stream"] = json!(true);
    let streamed = gateway.http.post(gateway.url("gateway", "/v1/responses")).json(&request).send().await.unwrap();
    let text = streamed.text().await.unwrap();
    assert!(text.contains("response.mcp_list_tools.failed") && text.contains("response.completed"), "{text}");

    model.then(Answer::text("half").fails(Fault::CutAfter(1)));
    let request = json!({"model": "vllm/fake-model", "input": "go"});
    let (status, response) = gateway.post("gateway", "/v1/responses", &request).await;
    assert_eq!((status, &response["status"]), (200, &json!("failed")));
    assert!(response["error"]["message"].is_string(), "{response}");
}

#[tokio::test]
async fn the_migration_documents_session_and_turn_work() {
    let data = tempfile::tempdir().unwrap();
    let model = FakeModel::start().await;
    model.then(Answer::text("first")).then(Answer::text("second")).then(Answer::text("third"));
    let gateway = Running::start(data.path(), Some(&model), &["gateway"]).await;
    let config = json!({"model": "vllm/fake-model", "instructions": "Be brief.", "toolgroups": []});
    let (status, session) =
        gateway.post("gateway", "/agents/sessions/create", &json!({"agent_config": config, "session_name": "s"})).await;
    assert_eq!(status, 200, "{session}");
    let turn =
        json!({"session_id": session["session_id"], "messages": [{"role": "user", "content": "hi"}], "stream": false});
    let (status, first) = gateway.post("gateway", "/agents/turn/create", &turn).await;
    assert_eq!((status, &first["output_message"]["content"]), (200, &json!("first")), "{first}");
    gateway.post("gateway", "/agents/turn/create", &turn).await;
    let asked = model.received().last().unwrap().body["messages"].as_array().unwrap().len();
    assert_eq!(asked, 4, "instructions, question, answer, question");
    let unknown =
        json!({"agent_config": {"model": "m", "tools": [{"type": "mcp", "mcp_server": "nobody", "tool_name": "x"}]}});
    let (status, error) = gateway.post("gateway", "/agents/sessions/create", &unknown).await;
    assert_eq!(status, 400);
    assert!(error["error"]["message"].as_str().unwrap().contains("ocr"), "names the registered servers: {error}");
}

#[tokio::test]
async fn strangers_are_turned_away() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Running::start(data.path(), None, &["gateway"]).await;
    for (name, value) in [("host", "evil.example"), ("origin", "http://evil.example")] {
        let answer = gateway.http.get(gateway.url("gateway", "/v1/models")).header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_signal_drains_and_ends_with_success() {
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Running::start(data.path(), None, &["gateway"]).await;
    gateway.signal("-TERM");
    assert!(gateway.ended().await.success());
}
