//! Agents of the 0.3 dialect: sessions, turns in both modes, the caller's own tools.

use serde_json::{Value, json};
use testkit::mcp::{FakeMcp, Reply};
use testkit::openai::{Answer, Fault};

use crate::harness::{Plane, refusal};

async fn session(plane: &Plane, prefix: &str, config: Value) -> String {
    let (status, agent) = plane.post(&format!("{prefix}/agents"), json!({"agent_config": config})).await;
    assert_eq!(status, 200, "{agent}");
    let base = format!("{prefix}/agents/{}/session", agent["agent_id"].as_str().unwrap());
    let (status, session) = plane.post(&base, json!({"session_name": "s"})).await;
    assert_eq!(status, 200, "{session}");
    format!("{base}/{}", session["session_id"].as_str().unwrap())
}

fn said(words: &str) -> Value {
    json!({"messages": [{"role": "user", "content": words}], "stream": true})
}

/// Event type and step type of each frame.
fn shape(frames: &[Value]) -> Vec<String> {
    let payload = |frame: &Value| frame["event"]["payload"].clone();
    let name = |payload: &Value| {
        let step = payload["step_type"].as_str().map(|kind| format!(" {kind}")).unwrap_or_default();
        format!("{}{step}", payload["event_type"].as_str().unwrap_or("?"))
    };
    frames.iter().map(|frame| name(&payload(frame))).collect()
}

#[tokio::test]
async fn a_turn_with_a_server_tool_streams_the_steps_of_0_3() {
    let tools = FakeMcp::start().await;
    let schema = json!({"type": "object", "properties": {"claim_number": {"type": "string"}}});
    tools.tool("get_claim", schema, Reply::Text("pending".into()));
    let plane = Plane::with_tools(&tools).await;
    plane.model.then(Answer::tool("get_claim", &json!({"claim_number": "7"}))).then(Answer::text("It is pending."));
    let config = json!({"model": "vllm/fake-model", "instructions": "Be exact.", "toolgroups": ["mcp::claims"]});
    let base = session(&plane, "/v1", config).await;
    let frames = plane.stream(&format!("{base}/turn"), said("state of claim 7")).await;
    assert_eq!(
        shape(&frames),
        [
            "step_start inference",
            "step_progress inference",
            "step_progress inference",
            "step_progress inference",
            "step_progress inference",
            "step_complete inference",
            "step_start tool_execution",
            "step_progress tool_execution",
            "step_complete tool_execution",
            "step_start inference",
            "step_progress inference",
            "step_progress inference",
            "step_progress inference",
            "step_complete inference",
            "turn_complete",
        ]
    );
    assert_eq!(frames[0]["event"]["payload"]["metadata"], json!({}));
    let deltas: Vec<&Value> = frames[1..5].iter().map(|frame| &frame["event"]["payload"]["delta"]).collect();
    assert_eq!(deltas[0], &json!({"type": "tool_call", "tool_call": "get_claim(", "parse_status": "in_progress"}));
    assert_eq!(deltas[1]["tool_call"], json!({"claim_number": "7"}).to_string());
    assert_eq!(deltas[2]["tool_call"], ")");
    assert_eq!(deltas[3]["parse_status"], "succeeded");
    assert_eq!(deltas[3]["tool_call"]["tool_name"], "get_claim");
    let response = &frames[8]["event"]["payload"]["step_details"]["tool_responses"][0];
    assert_eq!(response["content"], json!([{"type": "text", "text": "pending"}]));
    assert_eq!(response["call_id"], deltas[3]["tool_call"]["call_id"]);

    let turn = &frames.last().unwrap()["event"]["payload"]["turn"];
    assert_eq!(turn["input_messages"], json!([{"role": "user", "content": "state of claim 7", "context": null}]));
    assert_eq!(turn["steps"].as_array().unwrap().len(), 3);
    assert_eq!(turn["steps"][0]["model_response"]["stop_reason"], "end_of_message");
    let message = json!({"role": "assistant", "content": "It is pending.", "stop_reason": "end_of_turn",
        "tool_calls": []});
    assert_eq!(turn["output_message"], message);
    assert!(turn["started_at"].as_str().unwrap().ends_with('Z'));

    let (turn_id, step_id) = (turn["turn_id"].as_str().unwrap(), turn["steps"][1]["step_id"].as_str().unwrap());
    assert_eq!(turn_id.len(), 36, "a UUID");
    assert_eq!(plane.get(&format!("{base}/turn/{turn_id}")).await, (200, turn.clone()));
    let step = plane.get(&format!("{base}/turn/{turn_id}/step/{step_id}")).await;
    assert_eq!(step, (200, json!({"step": turn["steps"][1]})));
    let (_, whole) = plane.get(&base).await;
    assert_eq!(whole["turns"], json!([turn]));
    assert_eq!(plane.get(&format!("{base}?turn_ids=other")).await.1["turns"], json!([]));
    assert_eq!(plane.get(&format!("{base}?turn_ids=other&turn_ids={turn_id}")).await.1["turns"], json!([turn]));
}

#[tokio::test]
async fn a_turn_need_not_stream_and_remembers_the_last() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("first")).then(Answer::text("second"));
    let base = session(&plane, "/v1alpha", json!({"instructions": "Be brief.", "toolgroups": []})).await;
    let turn = json!({"messages": [{"role": "user", "content": "one"}], "stream": false,
        "documents": [{"content": "the policy text", "mime_type": "text/plain"}]});
    let (status, first) = plane.post(&format!("{base}/turn"), turn).await;
    assert_eq!((status, &first["output_message"]["content"]), (200, &json!("first")), "{first}");
    let (_, second) = plane.post(&format!("{base}/turn"), json!({"messages": said("two")["messages"]})).await;
    assert_eq!(second["output_message"]["content"], "second");
    let asked = plane.model.received().last().unwrap().body["messages"].clone();
    assert_eq!(asked.as_array().unwrap().len(), 5, "instructions, one, its document, first, two: {asked}");
    assert!(asked[2]["content"].as_str().unwrap().contains("the policy text"));
}

#[tokio::test]
async fn the_callers_own_tools_are_awaited_and_resumed() {
    let plane = Plane::start().await;
    plane.model.then(Answer::tool("get_weather", &json!({"city": "Lyon"}))).then(Answer::text("It is sunny."));
    let tool = json!({"name": "get_weather", "description": "w",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}});
    let base = session(&plane, "/v1alpha", json!({"instructions": "x", "client_tools": [tool]})).await;
    let frames = plane.stream(&format!("{base}/turn"), said("weather")).await;
    assert_eq!(shape(&frames).last().unwrap(), "turn_awaiting_input");
    let turn = frames.last().unwrap()["event"]["payload"]["turn"].clone();
    let call = turn["output_message"]["tool_calls"][0].clone();
    assert_eq!(
        (&call["tool_name"], &turn["output_message"]["stop_reason"]),
        (&json!("get_weather"), &json!("end_of_message"))
    );

    let resume = format!("{base}/turn/{}/resume", turn["turn_id"].as_str().unwrap());
    let wrong = json!({"tool_responses": [{"call_id": "nope", "tool_name": "get_weather", "content": "x"}]});
    assert_eq!(refusal(&plane.post(&resume, wrong).await).1, "tool_responses[0].call_id");
    let empty = plane.post(&resume, json!({"tool_responses": []})).await;
    assert_eq!(refusal(&empty).1, "tool_responses");
    let response = json!({"call_id": call["call_id"], "tool_name": "get_weather", "content": "sunny"});
    let frames = plane.stream(&resume, json!({"tool_responses": [response], "stream": true})).await;
    assert_eq!(shape(&frames)[..2], ["step_complete tool_execution", "step_start inference"]);
    let told = &frames[0]["event"]["payload"]["step_details"];
    assert_eq!(told["tool_responses"][0]["content"], "sunny");
    assert_eq!(told["tool_calls"], json!([call]));
    let ended = &frames.last().unwrap()["event"]["payload"];
    assert_eq!(ended["event_type"], "turn_complete");
    assert_eq!(ended["turn"]["turn_id"], turn["turn_id"]);
    assert_eq!(ended["turn"]["steps"].as_array().unwrap().len(), 3);
    let asked = plane.model.received().last().unwrap().body["messages"].clone();
    assert_eq!(asked[3]["content"], "sunny", "the model read the result: {asked}");
    let again = json!({"tool_responses": [{"call_id": "c", "tool_name": "t", "content": "x"}]});
    assert_eq!(refusal(&plane.post(&resume, again).await).1, "turn_id", "a finished turn waits for nothing");
}

#[tokio::test]
async fn parallel_calls_are_one_inference_and_a_step_each() {
    let tools = FakeMcp::start().await;
    tools.tool("a", json!({"type": "object"}), Reply::Text("1".into()));
    tools.tool("b", json!({"type": "object"}), Reply::Failed("no".into()));
    let plane = Plane::with_tools(&tools).await;
    plane.model.then(Answer::tool("a", &json!({})).and_tool("b", &json!({}))).then(Answer::text("done"));
    let base = session(&plane, "/v1", json!({"toolgroups": [{"name": "mcp::claims", "args": {}}]})).await;
    let (_, turn) = plane.post(&format!("{base}/turn"), json!({"messages": said("go")["messages"]})).await;
    let kinds: Vec<&str> =
        turn["steps"].as_array().unwrap().iter().map(|step| step["step_type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["inference", "tool_execution", "tool_execution", "inference"]);
    assert_eq!(turn["steps"][0]["model_response"]["tool_calls"].as_array().unwrap().len(), 2);
    assert_eq!(turn["steps"][2]["tool_responses"][0]["metadata"], json!({"error": true}));
}

#[tokio::test]
async fn a_broken_model_is_an_error_frame_or_a_status() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("half").fails(Fault::CutAfter(1))).then(Answer::status(500));
    let base = session(&plane, "/v1", json!({})).await;
    let frames = plane.stream(&format!("{base}/turn"), said("go")).await;
    assert!(frames.last().unwrap()["error"]["message"].as_str().unwrap().contains(": "), "{frames:?}");
    let (status, error) = plane.post(&format!("{base}/turn"), json!({"messages": said("go")["messages"]})).await;
    assert!(status >= 500, "{error}");
    assert_eq!(plane.get(&base).await.1["turns"], json!([]), "a failed turn is not part of the session");
    let (status, _) = plane.post(&format!("{base}/turn"), json!({"messages": said("again")["messages"]})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn agents_are_listed_by_page_and_removed_with_their_sessions() {
    let plane = Plane::start().await;
    assert_eq!(plane.get("/v1/agents").await.1, json!({"data": [], "has_more": false, "url": "/v1/agents"}));
    let mut bases = Vec::new();
    for name in ["a", "b", "c"] {
        bases.push(session(&plane, "/v1", json!({"name": name})).await);
    }
    let (_, page) = plane.get("/v1/agents?limit=2").await;
    assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (2, &json!(true)));
    let (_, page) = plane.get("/v1/agents?start_index=2&limit=2").await;
    assert_eq!((&page["data"][0]["agent_config"]["name"], &page["has_more"]), (&json!("c"), &json!(false)));
    let agent = bases[0].split("/session").next().unwrap();
    let (_, sessions) = plane.get(&format!("{agent}/sessions")).await;
    assert_eq!((&sessions["data"][0]["session_name"], &sessions["has_more"]), (&json!("s"), &json!(false)));
    assert_eq!(plane.delete(&bases[1]).await.0, 204);
    assert_eq!(refusal(&plane.get(&bases[1]).await).0, 400);
    assert_eq!(plane.delete(agent).await.0, 204);
    let gone = plane.get(agent).await;
    let id = agent.rsplit('/').next().unwrap();
    assert_eq!(refusal(&gone), (400, "agent_id", &*format!("Invalid value: Could not find agent info for {id}")));
    assert_eq!(refusal(&plane.get(&bases[0]).await).1, "session_id");
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let plane = Plane::start().await;
    let base = session(&plane, "/v1", json!({"toolgroups": ["mcp::nobody"]})).await;
    let turn = format!("{base}/turn");
    let cases = [
        ("/v1/agents", json!({}), "agent_config"),
        ("/v1/agents", json!({"agent_config": {"max_infer_iters": 0}}), "agent_config.max_infer_iters"),
        ("/v1/agents", json!({"agent_config": {"toolgroups": [1]}}), "agent_config.toolgroups[0]"),
        ("/v1/agents/nope/session", json!({"session_name": "s"}), "agent_id"),
        (&turn, json!({"messages": []}), "messages"),
        (&turn, json!({"messages": [{"role": "judge", "content": "x"}]}), "messages[0].role"),
        (&turn, json!({"messages": [{"role": "tool", "content": "x"}]}), "messages[0].call_id"),
        (&turn, said("hi"), "toolgroups"),
    ];
    for (path, body, field) in cases {
        let answer = plane.post(path, body.clone()).await;
        let (status, param, message) = refusal(&answer);
        assert_eq!(status, 400, "{path} {body}");
        assert!(param == field || message.contains(field), "{path} {body}: {message}");
    }
    let routes = plane.get("/v1/inspect/routes").await.1["data"].to_string();
    assert!(routes.contains("/v1alpha/agents/{agent_id}/session/{session_id}/turn/{turn_id}/resume"));
}

#[tokio::test]
async fn the_agents_sampling_reaches_the_model_as_it_is() {
    let plane = Plane::start().await;
    let sampling = json!({"strategy": {"type": "top_k", "top_k": 7}, "max_tokens": 4, "stop": ["END"],
        "repetition_penalty": 1.1});
    let config = json!({"model": "vllm/fake-model", "instructions": "", "sampling_params": sampling});
    let base = session(&plane, "/v1", config).await;
    plane.stream(&format!("{base}/turn"), said("hi")).await;
    let asked = plane.model.received().last().unwrap().body.clone();
    let sent = json!([asked["max_tokens"], asked["stop"], asked["top_k"]]);
    assert_eq!(sent, json!([4, ["END"], 7]));
    assert!((asked["repetition_penalty"].as_f64().unwrap() - 1.1).abs() < 1e-6, "{asked}");
}
