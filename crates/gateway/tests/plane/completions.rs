//! Chat completions that are kept.

use serde_json::{Value, json};
use testkit::openai::{Answer, Fault};

use crate::harness::{Plane, refused};

fn chat(text: &str) -> Value {
    json!({"model": "vllm/fake-model", "messages": [{"role": "user", "content": text}]})
}

#[tokio::test]
async fn every_completion_can_be_read_again() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("first")).then(Answer::tool("f", &json!({"a": 1})));
    let (status, first) = plane.post("/v1/chat/completions", chat("hi")).await;
    assert_eq!(status, 200, "{first}");
    let mut streamed = chat("call");
    streamed["stream"] = json!(true);
    let request = plane.http.post(plane.url("/v1/chat/completions")).json(&streamed);
    let text = request.send().await.unwrap().text().await.unwrap();
    let chunk: Value = serde_json::from_str(text.lines().next().unwrap().strip_prefix("data: ").unwrap()).unwrap();

    let (status, one) = plane.get(&format!("/v1/chat/completions/{}", first["id"].as_str().unwrap())).await;
    assert_eq!(status, 200, "{one}");
    for field in ["id", "object", "created", "model", "choices", "usage"] {
        assert_eq!(one[field], first[field], "{field}");
    }
    assert_eq!(one["input_messages"][0]["content"], "hi");
    let (_, two) = plane.get(&format!("/v1/chat/completions/{}", chunk["id"].as_str().unwrap())).await;
    let message = &two["choices"][0]["message"];
    assert_eq!(message["tool_calls"][0]["function"]["arguments"], "{\"a\":1}", "{two}");
    assert_eq!(two["choices"][0]["finish_reason"], "tool_calls");

    let (_, page) = plane.get("/v1/chat/completions?limit=1").await;
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&chunk["id"], &json!(true)));
    assert_eq!((&page["first_id"], &page["last_id"]), (&chunk["id"], &chunk["id"]));
    let after = chunk["id"].as_str().unwrap();
    let (_, rest) = plane.get(&format!("/v1/chat/completions?after={after}&model=vllm/fake-model")).await;
    assert_eq!((&rest["data"][0]["id"], &rest["has_more"]), (&first["id"], &json!(false)));
    assert_eq!(plane.get("/v1/chat/completions?model=other").await.1["data"], json!([]));

    let path = format!("/v1/chat/completions/{}", first["id"].as_str().unwrap());
    let (_, messages) = plane.get(&format!("{path}/messages")).await;
    assert_eq!((&messages["data"][0]["content"], &messages["object"]), (&json!("hi"), &json!("list")));
    assert!(messages["data"][0]["id"].is_string());
    assert_eq!(plane.delete(&path).await.1["deleted"], true);
    assert_eq!(refused(&plane.get(&path).await).0, 404);
    assert_eq!(refused(&plane.get("/v1/chat/completions?limit=0").await), (400, "limit"));
    assert_eq!(plane.get("/v1/openai/v1/chat/completions").await.0, 200);
}

#[tokio::test]
async fn what_was_not_to_be_stored_or_broke_off_is_not() {
    let plane = Plane::start().await;
    let mut private = chat("secret");
    private["store"] = json!(false);
    assert_eq!(plane.post("/v1/chat/completions", private).await.0, 200);
    plane.model.then(Answer::text("half of it").fails(Fault::CutAfter(2)));
    let mut streamed = chat("x");
    streamed["stream"] = json!(true);
    let request = plane.http.post(plane.url("/v1/chat/completions")).json(&streamed);
    assert!(request.send().await.unwrap().text().await.unwrap().contains("\"error\""));
    assert_eq!(plane.get("/v1/chat/completions").await.1["data"], json!([]));
}

#[tokio::test]
async fn none_of_many_at_once_is_lost() {
    let plane = Plane::start().await;
    let asked = (0..48).map(|n| plane.post("/v1/chat/completions", chat(&n.to_string())));
    let mut made: Vec<String> =
        futures::future::join_all(asked).await.iter().map(|(_, one)| one["id"].as_str().unwrap().into()).collect();
    let (_, page) = plane.get("/v1/chat/completions?limit=100&order=asc").await;
    let mut kept: Vec<String> =
        page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().into()).collect();
    made.sort();
    kept.sort();
    assert_eq!(kept, made);
}
