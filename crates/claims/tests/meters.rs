//! `/metrics` tells what became of claims, and every number that the board draws is told by somebody.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use support::stack::four_tools;
use support::{Act, House, approval};

/// Of other crates, each with a test of its own there.
const TOLD_ELSEWHERE: [&str; 11] = [
    "gen_ai_client_operation_duration_seconds",
    "gen_ai_client_operation_time_to_first_chunk_seconds",
    "gen_ai_client_token_usage",
    "claimstack_tool_call_duration_seconds",
    "claimstack_unknown_tool_calls",
    "claimstack_store_duration_seconds",
    "claimstack_responses_running",
    "claimstack_responses_queued",
    "claimstack_completions_waiting",
    "claimstack_completions_lost",
    "http_server_active_requests",
];

/// Names in an expression, without what a counter or a histogram adds.
fn metrics_in(expression: &str) -> impl Iterator<Item = String> {
    let words = expression.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let ours =
        words.filter(|word| ["claimstack_", "gen_ai_client_", "http_server_"].iter().any(|own| word.starts_with(own)));
    ours.map(|word| {
        let ends = ["_bucket", "_count", "_sum", "_total"];
        ends.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned()
    })
}

#[tokio::test]
async fn the_board_draws_what_is_told_and_nobody_is_named() {
    let house = House::new().await;
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let id = house.submit().await;
    house.process(&id).await;
    let act = json!({"action": "change_amount", "amount": "12.00", "currency": "EUR", "reason": "Geste commercial."});
    assert_eq!(house.post(&format!("/api/v1/claims/{id}/review"), &act).await.status(), 200);
    house.stack.only(vec![Act::Say("Nobody knows.")]);
    house.post(&format!("/api/v1/claims/{id}/questions"), &json!({"question": "Why?"})).await;

    let told = house.get("/metrics").await.text().await.unwrap();
    for line in [
        "claimstack_claims_submitted_total ",
        "claimstack_claims_decided_total{decision=\"approve\",failure=\"\"} ",
        "claimstack_claim_run_duration_seconds_count{decision=\"approve\"} ",
        "claimstack_claim_step_duration_seconds_count{step=\"ocr\",failed=\"false\"} ",
        "claimstack_claim_reviews_total{action=\"change_amount\",overrides=\"true\"} ",
        "claimstack_claim_questions_total{result=\"refused\"} ",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert!(!told.contains(&id) && !told.contains("USR-1"), "neither claims nor people are labels");

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/grafana/claimstack.json");
    let board: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let targets = board["panels"].as_array().unwrap().iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let drawn: BTreeSet<String> =
        targets.flat_map(|target| metrics_in(target["expr"].as_str().unwrap()).collect::<Vec<_>>()).collect();
    assert!(drawn.len() > 15, "{drawn:?}");
    for metric in drawn {
        let here = told.contains(&format!("# TYPE {metric} "));
        assert!(here || TOLD_ELSEWHERE.contains(&metric.as_str()), "nobody tells {metric}");
    }
}
