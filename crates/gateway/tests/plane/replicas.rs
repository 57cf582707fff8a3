//! Two control planes over one PostgreSQL.

use std::sync::Arc;

use serde_json::{Value, json};
use testkit::openai::{Answer, Fault};
use testkit::postgres::TempPostgres;
use tokio::sync::Semaphore;

use crate::harness::{Plane, Setup, frames};

async fn plane(postgres: &TempPostgres) -> Plane {
    Plane::with(Setup { database: Some(postgres.url()), ..Setup::default() }).await
}

async fn last_event(plane: &Plane, id: &str) -> Value {
    let events = frames(plane.http.get(plane.url(&format!("/v1/responses/{id}?stream=true")))).await;
    events.last().cloned().unwrap()
}

#[tokio::test]
async fn one_sees_follows_and_stops_what_the_other_runs() {
    let Some(postgres) = TempPostgres::or_skip("one_sees_follows_and_stops_what_the_other_runs") else { return };
    let (one, other) = (plane(&postgres).await, plane(&postgres).await);
    let gate = Arc::new(Semaphore::new(0));
    one.model.then(Answer::text("done").gated(&gate));
    let first = one.respond(json!({"input": "a", "background": true})).await;
    one.model.has_received(1).await;
    let first = first["id"].as_str().unwrap();
    assert_eq!(other.get(&format!("/v1/responses/{first}")).await.1["status"], "in_progress", "its runner lives");
    gate.add_permits(100);
    let last = last_event(&other, first).await;
    assert_eq!((&last["type"], &last["response"]["status"]), (&json!("response.completed"), &json!("completed")));

    one.model.then(Answer::text("never").fails(Fault::HangAfter(1)));
    let second = one.respond(json!({"input": "b", "background": true})).await;
    one.model.has_received(2).await;
    let second = second["id"].as_str().unwrap();
    let (status, cancelled) = other.post(&format!("/v1/responses/{second}/cancel"), json!({})).await;
    assert_eq!((status, &cancelled["status"]), (200, &json!("cancelled")));
    one.model.has_cancels(1).await;
    assert_eq!(last_event(&one, second).await["type"], "response.cancelled");
    assert_eq!(one.get(&format!("/v1/responses/{second}")).await.1["status"], "cancelled");
}

#[tokio::test]
async fn turns_on_both_lose_nothing_of_a_conversation() {
    let Some(postgres) = TempPostgres::or_skip("turns_on_both_lose_nothing_of_a_conversation") else { return };
    let (one, other) = (plane(&postgres).await, plane(&postgres).await);
    let (_, conversation) = one.post("/v1/conversations", json!({})).await;
    let turns = (0..20).map(|n| {
        let plane = if n % 2 == 0 { &one } else { &other };
        plane.respond(json!({"input": format!("question {n}"), "conversation": conversation["id"]}))
    });
    let answers = futures::future::join_all(turns).await;
    let path = format!("/v1/conversations/{}/items?limit=100", conversation["id"].as_str().unwrap());
    let (_, items) = other.get(&path).await;
    let ids: Vec<&Value> = items["data"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!(ids.len(), 40);
    assert!(answers.iter().all(|answer| ids.contains(&&answer["output"][0]["id"])));
    let prompt = json!({"prompt": "Hi {{name}}", "variables": ["name"]});
    let (_, prompt) = one.post("/v1/prompts", prompt).await;
    let path = format!("/v1/prompts/{}", prompt["prompt_id"].as_str().unwrap());
    let revise = |plane: &Plane, text: &str| {
        let (http, url) = (plane.http.clone(), plane.url(&path));
        let body = json!({"prompt": text, "version": 1});
        async move { crate::harness::answered(http.put(url).json(&body)).await.0 }
    };
    let (a, b) = futures::join!(revise(&one, "a"), revise(&other, "b"));
    assert_eq!([a.min(b), a.max(b)], [200, 400], "one of two that follow the same version is stale");
}
