//! Whole runs over real sockets: submit, process, decide, fail, crash.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::stack::four_tools;
use support::{Act, House, approval, refusal};
use tokio::sync::Notify;

#[tokio::test]
async fn a_claim_is_read_looked_up_and_approved_with_its_steps() {
    let house = House::new().await;
    house.stack.play(four_tools(approval("{claim}"), vec![Act::Say("The claim is approved: 1,430.50 EUR.")]));
    let id = house.submit().await;
    let done = house.process(&id).await;
    assert_eq!(
        (done["status"].as_str(), done["decision"]["payable_amount"].as_str()),
        (Some("completed"), Some("1430.50"))
    );

    let request = &house.stack.requests()[0];
    assert_eq!(request["model"], "p/small");
    assert_eq!(
        (&request["stream"], &request["store"], &request["max_infer_iters"]),
        (&json!(true), &json!(true), &json!(12))
    );
    let labels: Vec<&str> =
        request["tools"].as_array().unwrap().iter().map(|tool| tool["server_label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["ocr", "rag", "decision"]);
    assert_eq!(request["tools"][1]["allowed_tools"], json!(["retrieve_user_info", "retrieve_similar_claims"]));
    assert_eq!(request["tools"][0]["require_approval"], "never");
    assert!(request["input"][0]["content"][0]["text"].as_str().unwrap().contains("received_date: 2026-05-12"));

    let status = house.get_json(&format!("/api/v1/claims/{id}/status")).await;
    assert_eq!((status["progress_percentage"].as_f64(), &status["current_step"]), (Some(100.0), &Value::Null));
    let names: Vec<&str> =
        status["processing_steps"].as_array().unwrap().iter().map(|step| step["step_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["agent", "ocr", "reasoning", "user_info", "similar_claims", "final_decision"]);
    for step in status["processing_steps"].as_array().unwrap() {
        assert_eq!(step["status"], "completed", "{step}");
        assert!(step["duration_ms"].as_i64().unwrap() >= 0 && step["completed_at"].is_string());
    }

    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!(decision["reasoning"], "The claim is approved: 1,430.50 EUR.");
    assert_eq!(
        (&decision["decision"], &decision["version"], &decision["source"]),
        (&json!("approve"), &json!(1), &json!("tool"))
    );
    assert_eq!(decision["relevant_policies"][0]["clause"], "2.1");
    assert_eq!(decision["similar_claims"][0]["claim_number"], "HST-1");
    assert_eq!((&decision["llm_model"], decision["evidence"].as_array().unwrap().len()), (&json!("p/small"), 3));
}

#[tokio::test]
async fn a_refusal_is_denied_and_words_that_go_on_contradicting_it_are_not_shown() {
    let house = House::new().await;
    house
        .stack
        .play(four_tools(refusal("{claim}"), vec![Act::Say("Good news: the claim is approved for 5,000.00 EUR!")]));
    house.stack.play(vec![Act::Say("Good news, I insist: the claim is approved.")]);
    let id = house.submit().await;
    assert_eq!(house.process(&id).await["status"], "denied");
    assert_eq!(house.stack.requests().len(), 2, "asked once to say it again");
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!(decision["reasoning"], "Refused: the waiting period had not ended.");
    assert_eq!(decision["agent_text_agrees"], false);
    assert!(decision["agent_text"].as_str().unwrap().starts_with("Good news"), "kept all the same");
}

#[tokio::test]
async fn words_that_contradict_the_decision_are_asked_for_again() {
    let house = House::new().await;
    house.stack.play(four_tools(refusal("{claim}"), vec![Act::Say("The claim is approved.")]));
    house.stack.play(vec![Act::Say("The claim is denied.")]);
    let id = house.submit().await;
    house.process(&id).await;
    let again = &house.stack.requests()[1];
    assert_eq!((&again["previous_response_id"], again["tools"].as_array().map_or(0, Vec::len)), (&json!("resp_1"), 0));
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!(
        (&decision["reasoning"], &decision["agent_text_agrees"]),
        (&json!("The claim is denied."), &json!(true))
    );
}

#[tokio::test]
async fn the_letter_comes_in_either_language() {
    let house = House::new().await;
    let mut document = approval("{claim}");
    (document["letter_en"], document["letter_fr"]) = (json!("Your claim\n"), json!("Votre demande\n"));
    house.stack.play(four_tools(document, vec![]));
    let id = house.submit().await;
    assert_eq!(house.get(&format!("/api/v1/claims/{id}/letter")).await.status(), 404);
    house.process(&id).await;
    let letter = house.get(&format!("/api/v1/claims/{id}/letter?language=fr")).await;
    assert_eq!((letter.status().as_u16(), letter.headers()["content-language"].to_str().unwrap()), (200, "fr"));
    assert_eq!(letter.text().await.unwrap(), "Votre demande\n");
    assert_eq!(house.get(&format!("/api/v1/claims/{id}/letter")).await.text().await.unwrap(), "Your claim\n");
    assert_eq!(house.get(&format!("/api/v1/claims/{id}/letter?language=de")).await.status(), 400);
}

#[tokio::test]
async fn processing_twice_gives_two_versions_and_shows_the_latest() {
    let house = House::new().await;
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    house.stack.play(four_tools(refusal("{claim}"), vec![]));
    let id = house.submit().await;
    assert_eq!(house.process(&id).await["status"], "completed");
    assert_eq!(house.process(&id).await["status"], "denied");
    let latest = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!((&latest["decision"], &latest["version"]), (&json!("deny"), &json!(2)));
    let all = house.get_json(&format!("/api/v1/claims/{id}/decisions")).await;
    let versions: Vec<i64> =
        all["decisions"].as_array().unwrap().iter().map(|one| one["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, [2, 1]);
}

/// Runs one claim through a script that gives no decision and returns the review's cause.
async fn cause_of(script: Vec<Act>) -> (String, Value) {
    let house = House::new().await;
    house.stack.play(script);
    let id = house.submit().await;
    let done = house.process(&id).await;
    assert_eq!(done["status"], "manual_review");
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!((&decision["reason_codes"], &decision["source"]), (&json!(["PROCESSING_FAILED"]), &json!("system")));
    assert_ne!(decision["explanation_en"], decision["explanation_fr"]);
    (decision["reasons"][0]["inputs"]["cause"].as_str().unwrap().to_owned(), decision)
}

#[tokio::test]
async fn whatever_fails_a_person_gets_the_claim_with_the_reason() {
    let ocr = || Act::Find("ocr_document", "document", json!({"success": true}));
    let cases = [
        ("no_decision", vec![ocr(), Act::Say("I think the claim is approved.")], "without recording"),
        ("response_failed", vec![ocr(), Act::Fail("model server: connection refused")], "connection refused"),
        ("response_incomplete", vec![ocr(), Act::Incomplete("max_iterations_exceeded")], "max_iterations_exceeded"),
        ("stream_broken", vec![ocr(), Act::Cut], "ended before its last event"),
        ("tool_failed", vec![ocr(), Act::ToolError("make_final_decision", "server gone")], "server gone"),
        ("tool_failed", vec![Act::NoTools("rag")], "connection refused"),
    ];
    for (expected, script, words) in cases {
        let (cause, decision) = cause_of(script).await;
        assert_eq!(cause, expected);
        let reason = &decision["reasons"][0];
        assert!(reason.to_string().contains(words), "{reason}");
        let letter = decision["explanation_en"].as_str().unwrap();
        let quoted = reason["inputs"]["detail"].as_str().is_some_and(|detail| letter.contains(detail));
        assert!(!quoted, "another program's words may quote a document: {letter}");
        assert_eq!(decision["retryable"], true);
    }
}

#[tokio::test]
async fn what_the_agent_left_out_is_asked_for() {
    let house = House::new().await;
    let mut acts = four_tools(approval("{claim}"), vec![]);
    let rest = acts.split_off(2);
    acts.push(Act::Say("The claim looks fine."));
    house.stack.play(acts);
    house.stack.play(rest);
    let id = house.submit().await;
    assert_eq!(house.process(&id).await["status"], "completed");
    let requests = house.stack.requests();
    assert_eq!((requests.len(), &requests[1]["previous_response_id"]), (2, &json!("resp_1")));
    let asked = requests[1]["input"][0]["content"][0]["text"].as_str().unwrap();
    assert!(asked.starts_with("Not done yet: ") && asked.contains("make_final_decision"), "{asked}");
    assert!(!asked.contains("ocr_document"), "{asked}");
    assert_eq!(requests[1]["instructions"], requests[0]["instructions"]);
    let traces = house.get_json(&format!("/api/v1/claims/{id}/logs")).await;
    let agents: Vec<&Value> =
        traces["logs"].as_array().unwrap().iter().filter(|step| step["kind"] == "agent").collect();
    assert_eq!((agents.len(), &agents[0]["arguments"]["trace_id"]), (2, &agents[1]["arguments"]["trace_id"]));
}

#[tokio::test]
async fn an_agent_that_never_finishes_is_asked_twice_and_then_a_person_gets_what_was_found() {
    let house = House::new().await;
    house.stack.play(vec![Act::Find("ocr_document", "document", json!({"success": true})), Act::Say("Done.")]);
    let id = house.submit().await;
    assert_eq!(house.process(&id).await["status"], "manual_review");
    assert_eq!(house.stack.requests().len(), 3);
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    let text = decision["explanation_en"].as_str().unwrap();
    assert!(text.contains("left out: retrieve_user_info, retrieve_similar_claims, make_final_decision"), "{text}");
    let evidence = house.get_json(&format!("/api/v1/claims/{id}/evidence")).await;
    assert_eq!(evidence["evidence"][0]["kind"], "document", "what was found is kept");
}

#[tokio::test]
async fn a_decision_that_was_recorded_stands_when_the_closing_words_never_come() {
    let house = House::new().await;
    house.stack.play(four_tools(approval("{claim}"), vec![Act::Cut]));
    let id = house.submit().await;
    assert_eq!(house.process(&id).await["status"], "completed");
    let logs = house.get_json(&format!("/api/v1/claims/{id}/logs")).await;
    assert_eq!(logs["logs"][0]["error_message"], "stream_broken");
}

#[tokio::test]
async fn a_busy_control_plane_is_tried_again_and_a_refusal_is_not() {
    let house = House::new().await;
    house.stack.refuse(503);
    house.stack.refuse(429);
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let id = house.submit().await;
    assert_eq!(house.process(&id).await["status"], "completed");
    let pauses: Vec<u128> = house.clock.pauses.lock().unwrap().iter().map(|pause| pause.as_millis()).collect();
    assert_eq!(pauses, [500, 1000]);

    house.stack.refuse(400);
    assert_eq!(house.process(&id).await["status"], "manual_review");
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!(
        (&decision["reasons"][0]["inputs"]["cause"], &decision["retryable"]),
        (&json!("stack_refused"), &json!(false))
    );
    assert_eq!(house.clock.pauses.lock().unwrap().len(), 2, "a refusal is final");
}

#[tokio::test]
async fn a_dead_control_plane_ends_in_a_review_after_bounded_tries() {
    let house = House::with(|config| config.stack_url = "http://127.0.0.1:9".into()).await;
    let id = house.submit().await;
    assert_eq!(house.process(&id).await["status"], "manual_review");
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!(decision["reasons"][0]["inputs"]["cause"], "stack_unreachable");
    assert_eq!(house.clock.pauses.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_run_past_its_time_is_stopped_and_a_late_write_is_refused() {
    let house = House::new().await;
    let reached = Arc::new(Notify::new());
    house.stack.play(vec![Act::Find("ocr_document", "document", json!({"success": true})), Act::Hang(reached.clone())]);
    let id = house.submit().await;
    let processing = house.process(&id);
    let late = async {
        reached.notified().await;
        house.clock.time_is_up.notify_one();
    };
    let (done, ()) = tokio::join!(processing, late);
    assert_eq!(done["status"], "manual_review");
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!(decision["reasons"][0]["inputs"]["cause"], "time_limit");
    let logs = house.get_json(&format!("/api/v1/claims/{id}/logs")).await;
    let open = logs["logs"].as_array().unwrap().iter().filter(|step| step["completed_at"].is_null()).count();
    assert_eq!((open, &logs["logs"][0]["error_message"]), (0, &json!("time_limit")));

    let run = house.stack.requests()[0]["tools"][0]["headers"]["X-Claim-Run"].as_str().unwrap().to_owned();
    let mut document = approval(&id);
    document["evidence_sha256"] = json!("late");
    let late = house.internal_post(&format!("/claims/{id}/decision"), &run, &document).await;
    assert_eq!(late.status(), 409);
    assert_eq!(late.json::<Value>().await.unwrap()["error"]["code"], "stale_run");
}

#[tokio::test]
async fn a_crash_in_the_middle_ends_in_exactly_one_decision() {
    let house = House::new().await;
    let reached = Arc::new(Notify::new());
    house.stack.play(vec![Act::Find("ocr_document", "document", json!({"success": true})), Act::Hang(reached.clone())]);
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let id = house.submit().await;
    let accepted = house.post(&format!("/api/v1/claims/{id}/process"), &json!({})).await;
    assert_eq!(accepted.status(), 202);
    reached.notified().await;
    let old_run = house.stack.requests()[0]["tools"][0]["headers"]["X-Claim-Run"].as_str().unwrap().to_owned();

    let house = house.crash_and_restart().await;
    house.wait_for(&id, "completed").await;
    let all = house.get_json(&format!("/api/v1/claims/{id}/decisions")).await;
    assert_eq!(all["decisions"].as_array().unwrap().len(), 1);

    let late = json!({"kind": "document", "tool": "ocr_document", "payload": {"late": true}, "confidence": 1.0});
    let refused = house.internal_post(&format!("/claims/{id}/evidence"), &old_run, &late).await;
    assert_eq!(refused.status(), 409);
    let new_run = house.stack.requests()[1]["tools"][0]["headers"]["X-Claim-Run"].as_str().unwrap().to_owned();
    assert_ne!(old_run, new_run);
}

#[tokio::test]
async fn a_crash_after_the_decision_keeps_it_and_asks_nobody_again() {
    let house = House::new().await;
    let reached = Arc::new(Notify::new());
    house.stack.play(four_tools(approval("{claim}"), vec![Act::Hang(reached.clone())]));
    let id = house.submit().await;
    house.post(&format!("/api/v1/claims/{id}/process"), &json!({})).await;
    reached.notified().await;
    let house = house.crash_and_restart().await;
    house.wait_for(&id, "completed").await;
    assert_eq!(house.stack.requests().len(), 1);
}

#[tokio::test]
async fn a_claim_that_crashes_every_time_goes_to_a_person() {
    let mut house = House::new().await;
    let reached = Arc::new(Notify::new());
    house.stack.play(vec![Act::Hang(reached.clone())]);
    let id = house.submit().await;
    house.post(&format!("/api/v1/claims/{id}/process"), &json!({})).await;
    for _ in 0..3 {
        reached.notified().await;
        house = house.crash_and_restart().await;
    }
    house.wait_for(&id, "manual_review").await;
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!(decision["reasons"][0]["inputs"]["cause"], "crashed");
    assert_eq!(house.stack.requests().len(), 3);
}

#[tokio::test]
async fn a_stop_in_good_order_is_not_counted_as_a_crash() {
    let mut house = House::with(|config| config.max_attempts = 1).await;
    let reached = Arc::new(Notify::new());
    house.stack.play(vec![Act::Hang(reached.clone())]);
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let id = house.submit().await;
    house.post(&format!("/api/v1/claims/{id}/process"), &json!({})).await;
    reached.notified().await;
    house = house.stop_and_restart().await;
    house.wait_for(&id, "completed").await;
}
