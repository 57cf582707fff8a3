//! The queue over HTTP: batches, calling off, another try, one claim for one key.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::stack::four_tools;
use support::{Act, House, approval};
use tokio::sync::Notify;

#[tokio::test]
async fn a_batch_says_what_it_took_and_how_far_it_is() {
    let house = House::new().await;
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let (first, second) = (house.submit().await, house.submit().await);
    let asked = json!({"claim_ids": [first, second, "unknown-claim"], "priority": 3});
    let answer = house.post("/api/v1/batches", &asked).await;
    assert_eq!(answer.status(), 202);
    let place = answer.headers()["location"].to_str().unwrap().to_owned();
    let view: Value = answer.json().await.unwrap();
    assert_eq!(view["total"], 2);
    assert_eq!(view["refused"][0]["claim_id"], "unknown-claim");
    house.wait_for(&first, "completed").await;
    house.wait_for(&second, "completed").await;
    let done = house.get_json(&place).await;
    assert_eq!((&done["approved"], &done["done"], &done["waiting"]), (&json!(2), &json!(true), &json!(0)));
    let jobs = house.get_json("/api/v1/jobs?state=finished").await;
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 2);
    assert_eq!((&jobs["jobs"][0]["end_reason"], &jobs["jobs"][0]["priority"]), (&json!("decided"), &json!(3)));
    assert!(jobs["jobs"][0].get("run_id").is_none(), "a run's id would let its reader write evidence");
}

#[tokio::test]
async fn what_is_wrong_with_a_batch_is_named() {
    let house = House::new().await;
    let many: Vec<String> = (0..1001).map(|index| format!("C-{index}")).collect();
    for (body, field) in [
        (json!({}), "claim_ids"),
        (json!({"claim_ids": []}), "claim_ids"),
        (json!({"claim_ids": many}), "claim_ids"),
        (json!({"claim_ids": ["C-1", "C-1"]}), "claim_ids"),
        (json!({"claim_ids": ["C-1", "../x"]}), "claim_ids[1]"),
        (json!({"claim_ids": ["C-1"], "priority": 10}), "priority"),
    ] {
        let answer = house.post("/api/v1/batches", &body).await;
        assert_eq!(answer.status(), 400, "{field}");
        let error: Value = answer.json().await.unwrap();
        assert!(error["error"]["message"].as_str().unwrap().contains(field), "{error}");
    }
    assert_eq!(house.get("/api/v1/batches/none").await.status(), 404);
    assert_eq!(house.get("/api/v1/jobs?state=lost").await.status(), 400);
    assert_eq!(house.get("/api/v1/jobs?page_size=0").await.status(), 400);
}

#[tokio::test]
async fn a_claim_that_is_called_off_stops_at_once_and_can_be_processed_again() {
    let house = House::new().await;
    let reached = Arc::new(Notify::new());
    house.stack.play(vec![Act::Hang(reached.clone())]);
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let id = house.submit().await;
    assert_eq!(house.post(&format!("/api/v1/claims/{id}/cancel"), &json!({})).await.status(), 409);
    house.post(&format!("/api/v1/claims/{id}/process"), &json!({})).await;
    reached.notified().await;
    let answer = house.post(&format!("/api/v1/claims/{id}/cancel"), &json!({})).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "pending");
    // One worker: it takes the next only once it has let go of the first.
    let again = house.post(&format!("/api/v1/claims/{id}/process?wait=30"), &json!({})).await;
    assert_eq!(again.status(), 200);
    assert_eq!(again.json::<Value>().await.unwrap()["status"], "completed");
    let audit = house.get_json(&format!("/api/v1/claims/{id}/audit")).await;
    let by = audit["events"].as_array().unwrap().iter().find(|event| event["kind"] == "cancelled").unwrap();
    assert_eq!(by["payload"]["by"], "local");
}

#[tokio::test]
async fn a_control_plane_that_comes_back_is_asked_again_before_a_person_is() {
    let house = House::with(|config| config.retry_backoff_seconds = 1).await;
    house.stack.play(vec![Act::Cut]);
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let id = house.submit().await;
    house.post(&format!("/api/v1/claims/{id}/process"), &json!({})).await;
    house.wait_for(&id, "completed").await;
    let jobs = house.get_json("/api/v1/jobs").await;
    let jobs = jobs["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 2);
    let left = jobs.iter().find(|job| job["state"] == "abandoned").unwrap();
    assert_eq!(left["end_reason"], "stream_broken");
    let done = jobs.iter().find(|job| job["state"] == "finished").unwrap();
    assert_eq!(done["attempt"], 2);
    let all = house.get_json(&format!("/api/v1/claims/{id}/decisions")).await;
    assert_eq!(all["decisions"].as_array().unwrap().len(), 1, "and it is decided once");
}

#[tokio::test]
async fn one_key_makes_one_claim_and_the_same_document_is_told() {
    let house = House::new().await;
    let body = json!({"user_id": "USR-1", "document_path": "claim.pdf"});
    let ask = async |key: &str, body: &Value| {
        let request = house.http.post(format!("{}/api/v1/claims", house.base)).header("Idempotency-Key", key);
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, first) = ask("order-66", &body).await;
    assert_eq!((status, &first["same_document"]), (201, &json!([])));
    let (status, same) = ask("order-66", &body).await;
    assert_eq!((status, &same["claim_id"]), (200, &first["claim_id"]));
    let (status, other) = ask("order-66", &json!({"user_id": "USR-2", "document_path": "claim.pdf"})).await;
    assert_eq!(status, 409, "{other}");
    let (status, next) = ask("order-67", &body).await;
    assert_eq!((status, &next["same_document"]), (201, &json!([first["claim_id"]])));
    let (status, refused) = ask(&"k".repeat(201), &body).await;
    assert_eq!(status, 400);
    assert!(refused["error"]["message"].as_str().unwrap().starts_with("Idempotency-Key"));
}
