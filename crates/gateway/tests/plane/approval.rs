//! A person is asked before a tool runs.

use serde_json::{Value, json};
use testkit::mcp::{FakeMcp, Reply};
use testkit::openai::Answer;

use crate::harness::{Plane, kinds, refused};

async fn till() -> FakeMcp {
    let tools = FakeMcp::start().await;
    for name in ["pay", "look"] {
        tools.tool(
            name,
            json!({"type": "object", "properties": {"amount": {"type": "number"}}}),
            Reply::Text("done".into()),
        );
    }
    tools
}

fn mcp(tools: &FakeMcp, rule: Value) -> Value {
    json!([{"type": "mcp", "server_label": "till", "server_url": tools.url(), "require_approval": rule}])
}

/// A response that stops to ask, and the id of its request.
async fn stopped(plane: &Plane, tools: &FakeMcp) -> (Value, String) {
    plane.model.then(Answer::tool("pay", &json!({"amount": 7})));
    let response = plane.respond(json!({"input": "pay 7", "tools": mcp(tools, json!("always"))})).await;
    assert_eq!(
        (kinds(&response["output"]), &response["status"]),
        (vec!["mcp_list_tools", "mcp_approval_request"], &json!("completed"))
    );
    let asked = &response["output"][1];
    assert_eq!((&asked["name"], &asked["server_label"]), (&json!("pay"), &json!("till")));
    assert_eq!(asked["arguments"], "{\"amount\":7}");
    assert!(tools.calls().is_empty(), "nothing runs before the answer");
    (response.clone(), asked["id"].as_str().unwrap().to_owned())
}

fn answer(id: &str, approve: bool) -> Value {
    json!([{"type": "mcp_approval_response", "approval_request_id": id, "approve": approve, "reason": "too much"}])
}

#[tokio::test]
async fn an_approved_call_runs_once_and_is_answered() {
    let (plane, tools) = (Plane::start().await, till().await);
    let (first, request) = stopped(&plane, &tools).await;
    plane.model.then(Answer::text("paid"));
    let body = json!({"input": answer(&request, true), "previous_response_id": first["id"], "tools": mcp(&tools, json!("always"))});
    let events = plane.streamed(body).await;
    let names: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(!names.contains(&"response.mcp_list_tools.in_progress"), "{names:?}");
    let second = &events.last().unwrap()["response"];
    assert_eq!(kinds(&second["output"]), ["mcp_list_tools", "mcp_call", "message"]);
    let call = &second["output"][1];
    assert_eq!(
        (&call["output"], &call["error"], &call["approval_request_id"]),
        (&json!("done"), &Value::Null, &json!(request))
    );
    assert_eq!(tools.calls()[0].arguments, json!({"amount": 7}));
    let asked: Vec<Value> = plane.asked().iter().map(|message| message["role"].clone()).collect();
    assert_eq!(asked, ["user", "assistant", "tool"]);
    plane.model.then(Answer::text("yes, paid"));
    plane
        .respond(json!({"input": "sure?", "previous_response_id": second["id"], "tools": mcp(&tools, json!("always"))}))
        .await;
    assert_eq!(tools.calls().len(), 1, "an old approval does not run it again");
}

#[tokio::test]
async fn a_refused_call_does_not_run_even_when_it_is_made_again() {
    let (plane, tools) = (Plane::start().await, till().await);
    let (first, request) = stopped(&plane, &tools).await;
    plane.model.then(Answer::tool("pay", &json!({"amount": 7}))).then(Answer::text("I did not pay"));
    let body = json!({"input": answer(&request, false), "previous_response_id": first["id"], "tools": mcp(&tools, json!("always"))});
    let second = plane.respond(body).await;
    assert_eq!((kinds(&second["output"]), &second["status"]), (vec!["mcp_list_tools", "message"], &json!("completed")));
    assert!(tools.calls().is_empty());
    let told = plane.asked();
    assert!(
        told.iter().any(|message| message["content"].as_str().is_some_and(|text| text.contains("too much"))),
        "{told:?}"
    );
}

#[tokio::test]
async fn it_works_in_a_conversation_too() {
    let (plane, tools) = (Plane::start().await, till().await);
    let (_, conversation) = plane.post("/v1/conversations", json!({})).await;
    plane.model.then(Answer::tool("pay", &json!({"amount": 7}))).then(Answer::text("paid"));
    let turn = |input: Value| json!({"input": input, "conversation": conversation["id"], "tools": mcp(&tools, json!("always"))});
    let first = plane.respond(turn(json!("pay 7"))).await;
    let request = first["output"][1]["id"].as_str().unwrap();
    let second = plane.respond(turn(answer(request, true))).await;
    assert_eq!((kinds(&second["output"]), tools.calls().len()), (vec!["mcp_list_tools", "mcp_call", "message"], 1));
}

#[tokio::test]
async fn the_rule_may_name_tools_and_an_answer_must_fit_a_request() {
    let (plane, tools) = (Plane::start().await, till().await);
    for (rule, tool, runs) in [
        (json!("never"), "pay", true),
        (json!({"always": ["pay"]}), "pay", false),
        (json!({"always": ["pay"]}), "look", true),
        (json!({"always": {"tool_names": ["pay"]}, "never": {"tool_names": ["look"]}}), "look", true),
        (json!({"never": ["look"]}), "pay", false),
    ] {
        let before = tools.calls().len();
        plane.model.then(Answer::tool(tool, &json!({})));
        if runs {
            plane.model.then(Answer::text("so be it"));
        }
        let response = plane.respond(json!({"input": "x", "tools": mcp(&tools, rule.clone())})).await;
        let kind = if runs { "mcp_call" } else { "mcp_approval_request" };
        assert_eq!((kinds(&response["output"])[1], tools.calls().len() - before), (kind, usize::from(runs)), "{rule}");
    }
    let body = json!({"model": "vllm/fake-model", "input": answer("mcpr_none", true)});
    assert_eq!(refused(&plane.post("/v1/responses", body).await), (400, "input[0].approval_request_id"));
}
