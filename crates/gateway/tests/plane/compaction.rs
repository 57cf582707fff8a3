//! `/v1/responses/compact`: a conversation in fewer items, and what is refused.

use serde_json::{Value, json};
use testkit::openai::Answer;

use crate::harness::{Plane, kinds, refused};

async fn compact(plane: &Plane, body: Value) -> (u16, Value) {
    plane.post("/v1/responses/compact", body).await
}

#[tokio::test]
async fn a_summary_stands_for_the_conversation() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("The launch is on Tuesday."));
    let body = json!({"model": "vllm/fake-model", "instructions": "In English.", "input": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "We launch on Tuesday."},
        {"role": "assistant", "content": "Understood."},
    ]});
    let (status, compacted) = compact(&plane, body).await;
    assert_eq!((status, &compacted["object"]), (200, &json!("response.compaction")), "{compacted}");
    assert_eq!(compacted["usage"]["total_tokens"], 18);
    assert_eq!(kinds(&compacted["output"]), ["message", "compaction"], "{compacted}");
    assert!(plane.asked().iter().any(|message| message["content"] == "In English."));
    let mut input = compacted["output"].as_array().unwrap().clone();
    input.push(json!({"role": "user", "content": "When?"}));
    let response = plane.respond(json!({"input": input})).await;
    let read: Vec<Value> = plane.asked().iter().map(|message| message["content"].clone()).collect();
    assert_eq!(read, [json!("Be kind."), json!("The conversation so far: The launch is on Tuesday."), json!("When?")]);
    // It is kept like any other item.
    let next = json!({"model": "vllm/fake-model", "previous_response_id": response["id"], "input": "And then?"});
    assert_eq!(plane.post("/v1/responses", next).await.0, 200);
    assert_eq!(plane.asked()[1]["content"], "The conversation so far: The launch is on Tuesday.");
}

#[tokio::test]
async fn a_stored_response_can_be_compacted() {
    let plane = Plane::start().await;
    let first = plane.respond(json!({"input": "We launch on Tuesday."})).await;
    let body = json!({"model": "vllm/fake-model", "previous_response_id": first["id"]});
    let (status, compacted) = compact(&plane, body).await;
    assert_eq!((status, kinds(&compacted["output"])), (200, vec!["compaction"]));
    assert!(plane.asked().iter().any(|message| message["content"] == "We launch on Tuesday."));
}

#[tokio::test]
async fn what_cannot_be_compacted_or_read_is_refused() {
    let plane = Plane::start().await;
    let model = "vllm/fake-model";
    for (body, status, param) in [
        (json!({"input": "x"}), 400, ""),
        (json!({"model": "", "input": "x"}), 400, "model"),
        (json!({"model": model}), 400, "input"),
        (json!({"model": model, "input": []}), 400, "input"),
        (json!({"model": model, "previous_response_id": "resp_x"}), 404, "previous_response_id"),
        (json!({"model": "nope/nope", "input": "x"}), 404, "model"),
    ] {
        assert_eq!(refused(&compact(&plane, body.clone()).await), (status, param), "{body}");
    }
    let foreign = json!([{"type": "compaction", "encrypted_content": "gAAAAABn"}, {"role": "user", "content": "x"}]);
    let request = json!({"model": model, "input": foreign});
    assert_eq!(refused(&plane.post("/v1/responses", request).await), (400, "input[0].encrypted_content"));
}
