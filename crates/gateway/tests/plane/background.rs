//! Responses that run without their caller.

use std::sync::Arc;

use engine::Limits;
use ports::responses::{Lease, Responses};
use serde_json::{Value, json};
use testkit::openai::{Answer, Fault};
use testkit::suites::responses::stored;
use tokio::sync::Semaphore;
use wire::openai::responses::ResponseStatus;

use crate::harness::{Plane, Setup, frames, refused, store};

async fn status_of(plane: &Plane, id: &str) -> Value {
    plane.get(&format!("/v1/responses/{id}")).await.1["status"].clone()
}

/// The rest of a response's events, up to its end.
async fn follow(plane: &Plane, id: &str, after: Option<u64>) -> Vec<Value> {
    let after = after.map(|after| format!("&starting_after={after}")).unwrap_or_default();
    frames(plane.http.get(plane.url(&format!("/v1/responses/{id}?stream=true{after}")))).await
}

async fn queued(plane: &Plane, mut body: Value) -> String {
    body["background"] = json!(true);
    let response = plane.respond(body).await;
    assert_eq!((&response["status"], &response["background"]), (&json!("queued"), &json!(true)), "{response}");
    response["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_answers_at_once_runs_on_and_is_polled() {
    let plane = Plane::start().await;
    let gate = Arc::new(Semaphore::new(0));
    plane.model.then(Answer::text("in the end").gated(&gate));
    let id = queued(&plane, json!({"input": "hi", "metadata": {"k": "v"}})).await;
    plane.model.has_received(1).await;
    assert_eq!(status_of(&plane, &id).await, "in_progress");
    let continued = json!({"model": "vllm/fake-model", "input": "x", "previous_response_id": id});
    assert_eq!(refused(&plane.post("/v1/responses", continued).await), (400, "previous_response_id"));
    gate.add_permits(100);
    let events = follow(&plane, &id, None).await;
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["response.created", "response.queued", "response.in_progress"]);
    assert_eq!(kinds.last(), Some(&"response.completed"));
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], index, "{event}");
    }
    let (_, response) = plane.get(&format!("/v1/responses/{id}")).await;
    assert_eq!((&response["status"], &response["metadata"]), (&json!("completed"), &json!({"k": "v"})));
    assert_eq!(response["output"][0]["content"][0]["text"], "in the end");
    assert_eq!(response, events.last().unwrap()["response"]);
}

#[tokio::test]
async fn a_reader_who_was_cut_off_goes_on_where_it_stopped() {
    let plane = Plane::start().await;
    let gate = Arc::new(Semaphore::new(3));
    plane.model.then(Answer::text("one two three four").gated(&gate));
    let body = json!({"model": "vllm/fake-model", "input": "hi", "background": true, "stream": true});
    let mut response = plane.http.post(plane.url("/v1/responses")).json(&body).send().await.unwrap();
    let mut seen = String::new();
    while !seen.contains("two") {
        seen.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    drop(response);
    let last = seen.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    let first: Value =
        serde_json::from_str(seen.lines().find_map(|line| line.strip_prefix("data: ")).unwrap()).unwrap();
    let id = first["response"]["id"].as_str().unwrap();
    let number = last["sequence_number"].as_u64().unwrap();
    gate.add_permits(100);
    let rest = follow(&plane, id, Some(number)).await;
    assert_eq!(rest[0]["sequence_number"], number + 1);
    assert_eq!(rest.last().unwrap()["type"], "response.completed");
    let text: String = rest.iter().filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(text, "three four");
    assert_eq!(plane.model.cancels(), 0, "the work went on without a reader");
    let again = follow(&plane, id, Some(number)).await;
    assert_eq!(again, rest, "and can be read once more");
}

#[tokio::test]
async fn it_can_be_cancelled_while_it_runs_and_while_it_waits() {
    let plane =
        Plane::with(Setup { limits: Limits { background: 1, queued: 1, ..Limits::default() }, ..Setup::default() })
            .await;
    plane.model.then(Answer::text("never to be").fails(Fault::HangAfter(2)));
    let runs = queued(&plane, json!({"input": "a"})).await;
    plane.model.has_received(1).await;
    let waits = queued(&plane, json!({"input": "b"})).await;
    assert_eq!(status_of(&plane, &waits).await, "queued", "one runs at a time");
    let busy = json!({"model": "vllm/fake-model", "input": "c", "background": true});
    assert_eq!(plane.post("/v1/responses", busy).await.0, 429, "the queue is bounded");
    for id in [&waits, &runs] {
        let (status, response) = plane.post(&format!("/v1/responses/{id}/cancel"), json!({})).await;
        assert_eq!((status, &response["status"]), (200, &json!("cancelled")));
        let again = plane.post(&format!("/v1/responses/{id}/cancel"), json!({})).await;
        assert_eq!(again, (200, response), "to cancel twice is no mistake");
        assert_eq!(follow(&plane, id, None).await.last().unwrap()["type"], "response.cancelled");
    }
    plane.model.has_cancels(1).await;
    assert_eq!(plane.model.received().len(), 1, "what waited was never asked");
    assert_eq!(status_of(&plane, &runs).await, "cancelled");
    let free = queued(&plane, json!({"input": "d"})).await;
    assert_eq!(follow(&plane, &free, None).await.last().unwrap()["type"], "response.completed", "its slot is free");
}

#[tokio::test]
async fn removing_one_that_runs_stops_it_and_it_stays_away() {
    let plane = Plane::start().await;
    plane.model.then(Answer::text("never").fails(Fault::HangAfter(1)));
    let id = queued(&plane, json!({"input": "a"})).await;
    plane.model.has_received(1).await;
    assert_eq!(plane.delete(&format!("/v1/responses/{id}")).await.0, 200);
    plane.model.has_cancels(1).await;
    assert_eq!(plane.get(&format!("/v1/responses/{id}")).await.0, 404);
    assert_eq!(plane.post(&format!("/v1/responses/{id}/cancel"), json!({})).await.0, 404);
}

#[tokio::test]
async fn what_a_dead_process_left_is_resumed_or_failed() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let before = store(&folder).await;
    let dead = Lease { runner: "dead".into(), until: i64::MAX };
    for (id, status, asked) in [
        ("resp_running", ResponseStatus::InProgress, false),
        ("resp_waiting", ResponseStatus::Queued, true),
        ("resp_secret", ResponseStatus::Queued, false),
    ] {
        let mut left = stored(id, 100, None);
        left.response.status = status;
        left.response.background = true;
        left.response.output.clear();
        if asked {
            let request = json!({"model": "vllm/fake-model", "input": "?", "background": true});
            left.request = Some(serde_json::from_value(request).unwrap());
        }
        before.begin(&left, &dead).await.unwrap();
    }
    let plane = Plane::with(Setup { folder: Some(folder), ..Setup::default() }).await;
    let failed = follow(&plane, "resp_running", Some(7)).await;
    assert_eq!((&failed[0]["type"], &failed[0]["sequence_number"]), (&json!("response.failed"), &json!(8)));
    let said = failed[0]["response"]["error"]["message"].as_str().unwrap();
    assert!(said.contains("stopped before") && said.contains("again"), "{said}");
    assert_eq!(follow(&plane, "resp_secret", None).await[0]["response"]["status"], "failed");
    let resumed = follow(&plane, "resp_waiting", None).await;
    assert_eq!(resumed.last().unwrap()["type"], "response.completed");
    let (_, response) = plane.get("/v1/responses/resp_waiting").await;
    assert_eq!((&response["id"], &response["status"]), (&json!("resp_waiting"), &json!("completed")));
    assert!(plane.asked()[0]["content"].as_str().unwrap().contains("réclamation"), "the input it was stored with");
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let plane = Plane::start().await;
    let plain = plane.respond(json!({"input": "hi"})).await;
    let id = plain["id"].as_str().unwrap();
    let body = |more: Value| {
        let mut body = json!({"model": "vllm/fake-model", "input": "x", "background": true});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (answer, expected) in [
        (plane.post(&format!("/v1/responses/{id}/cancel"), json!({})).await, (400, "response_id")),
        (plane.get(&format!("/v1/responses/{id}?stream=true")).await, (400, "stream")),
        (plane.get(&format!("/v1/responses/{id}?starting_after=3")).await, (400, "starting_after")),
        (plane.get("/v1/responses/resp_none?stream=true").await, (404, "")),
        (plane.post("/v1/responses/resp_none/cancel", json!({})).await, (404, "response_id")),
        (plane.post("/v1/responses", body(json!({"store": false}))).await, (400, "background")),
        (plane.post("/v1/responses", body(json!({"background": "yes"}))).await, (400, "background")),
        (plane.post("/v1/responses", body(json!({"model": "nope"}))).await, (404, "model")),
    ] {
        assert_eq!(refused(&answer), expected, "{}", answer.1);
    }
}
