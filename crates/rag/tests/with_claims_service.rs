//! Retrieval for a claim: records from the claims service, findings written back to it.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use support::{Claims, Rag, nobody, rows, texts, with_claims};

const RUN: Option<&str> = Some("run-1");

/// The claim of a ground-truth row, with the document evidence that OCR would have written.
fn claim_of(truth: &Value) -> (Value, Value) {
    let facts = &truth["expected_tool_inputs"]["make_final_decision"];
    let text = truth["expected_tool_inputs"]["retrieve_similar_claims"]["claim_text"].as_str().expect("a story");
    let mut fields = serde_json::Map::new();
    for name in ["product", "peril", "incident_date", "contract_number", "invoice_number", "provider_name"] {
        fields.insert(name.into(), json!({"value": facts["claim"][name], "confidence": 0.99, "page": 1}));
    }
    let intake = json!({"claim_id": "c-1", "claim_number": "CLM-1", "user_id": truth["user_id"], "claim_type": "auto",
                        "received_date": facts["received_date"], "document_path": "documents/x.pdf", "status": "processing"});
    let name = facts["claim"]["claimant_name"].as_str().expect("a name");
    let raw_text =
        format!("Form 27/04/2026\nName: {name} 12345678\n{text} I am {name} of the insured side.\nTotal 12.00");
    (
        intake,
        json!({"success": true, "document": {"readable": true}, "fields": fields, "raw_text": raw_text,
                    "stated_circumstances": [], "suspected_circumstances": []}),
    )
}

fn truth() -> Value {
    let usable = |truth: &Value| {
        truth["expected"]["decision"] == "approve"
            && truth["facts"]["contract_number"].is_string()
            && truth["language"] == "en"
    };
    rows("ground_truth.jsonl").into_iter().find(|truth| usable(truth)).expect("an approved claim")
}

async fn started() -> (Arc<Claims>, Rag, Value) {
    let claims = Claims::start().await;
    let truth = truth();
    let (intake, document) = claim_of(&truth);
    claims.submit(intake, Some(document));
    let rag = Rag::start(with_claims(&claims, &nobody().await)).await;
    rag.until(|health| health["reference"]["ready"] == json!(true)).await;
    (claims, rag, truth)
}

#[tokio::test]
async fn the_policyholder_is_written_whole_and_shown_briefly() {
    let (claims, rag, truth) = started().await;
    let info = rag
        .call_in(RUN, "retrieve_user_info", json!({"user_id": truth["user_id"], "claim_id": "c-1", "session_id": "s"}))
        .await;
    let number = truth["expected"]["contract_number"].as_str().expect("a contract");
    assert!(info["in_force"].as_array().expect("a list").contains(&json!(number)), "{info:#}");
    assert_eq!(info["in_force_on"], truth["expected_tool_inputs"]["make_final_decision"]["claim"]["incident_date"]);
    assert!(!info["clauses"].as_array().expect("clauses").is_empty(), "the document is the query");
    assert_eq!(info["evidence_id"], "ev-1");
    assert!(info.to_string().len() < 6_000, "{} bytes for a small model", info.to_string().len());

    let posted = claims.posted();
    assert_eq!(
        (&posted[0]["kind"], &posted[0]["tool"], &posted[0]["run"]),
        (&json!("policyholder"), &json!("retrieve_user_info"), &json!("run-1"))
    );
    let written = &posted[0]["payload"]["contracts"];
    let mut recorded = rows("reference/contracts.jsonl");
    recorded.retain(|contract| contract["user_id"] == truth["user_id"]);
    for contract in &mut recorded {
        contract.as_object_mut().expect("an object").remove("full_text");
    }
    assert_eq!(written, &json!(recorded), "every structured term is in the evidence");
}

#[tokio::test]
async fn precedents_start_from_the_document() {
    let (claims, rag, truth) = started().await;
    let found = rag.call_in(RUN, "retrieve_similar_claims", json!({"claim_id": "c-1"})).await;
    let expected = &truth["expected_tool_inputs"]["retrieve_similar_claims"];
    let params = &found["search_params"];
    assert_eq!(
        (&params["text_from"], &params["product"], &params["peril"]),
        (&json!("document"), &expected["product"], &expected["peril"])
    );
    assert!(!found["similar_claims"].as_array().expect("claims").is_empty());
    let posted = claims.posted();
    assert_eq!(posted[0]["kind"], "similar_claims");
    assert_eq!(posted[0]["payload"]["similar_claims"], found["similar_claims"]);
    let own = posted[0]["payload"]["by_key"]["same_user"].as_array().expect("records");
    let history = rows("reference/claims_history.jsonl");
    assert_eq!(own.len(), history.iter().filter(|claim| claim["user_id"] == truth["user_id"]).count());
    assert!(own.iter().all(|record| record["user_id"] == truth["user_id"] && record.get("text").is_none()));
}

#[tokio::test]
async fn the_same_call_writes_the_same_bytes() {
    let (claims, rag, _) = started().await;
    for _ in 0..2 {
        rag.call_in(RUN, "retrieve_user_info", json!({"claim_id": "c-1"})).await;
        rag.call_in(RUN, "retrieve_similar_claims", json!({"claim_id": "c-1"})).await;
    }
    let posted = claims.posted();
    assert_eq!((&posted[0], &posted[1]), (&posted[2], &posted[3]));
}

#[tokio::test]
async fn another_user_is_refused_and_so_is_an_unknown_claim() {
    let (claims, rag, truth) = started().await;
    for tool in ["retrieve_user_info", "retrieve_similar_claims"] {
        let error = rag.refusal(RUN, tool, json!({"claim_id": "c-1", "user_id": "USR-1001", "claim_text": "x"})).await;
        assert_eq!(error["code"], "user_mismatch");
        assert!(error["message"].as_str().expect("text").contains(truth["user_id"].as_str().expect("an id")));
        let error = rag.refusal(RUN, tool, json!({"claim_id": "../users", "claim_text": "x"})).await;
        assert_eq!(error["code"], "unknown_claim", "{error}");
    }
    assert!(claims.posted().is_empty());
}

#[tokio::test]
async fn without_a_run_nothing_is_written_and_a_stale_run_is_told() {
    let (claims, rag, _) = started().await;
    let info = rag.call("retrieve_user_info", json!({"claim_id": "c-1"})).await;
    assert_eq!(info["evidence_id"], Value::Null);
    assert!(info["contracts"][0]["coverages"].is_array(), "without evidence the terms are given in full");
    assert!(claims.posted().is_empty());
    claims.stale.store(true, Ordering::Relaxed);
    let error = rag.refusal(RUN, "retrieve_user_info", json!({"claim_id": "c-1"})).await;
    assert_eq!(error["code"], "stale_run");
}

#[tokio::test]
async fn a_document_not_read_and_one_without_text_differ() {
    let (claims, rag, truth) = started().await;
    let intake = |id: &str| json!({"claim_id": id, "user_id": truth["user_id"], "received_date": "2026-05-01"});
    claims.submit(intake("unread"), None);
    claims.submit(intake("blank"), Some(json!({"document": {"readable": false}, "fields": {}, "raw_text": ""})));
    let error = rag.refusal(RUN, "retrieve_similar_claims", json!({"claim_id": "unread"})).await;
    assert_eq!(error["code"], "document_not_read");
    let info = rag.call_in(RUN, "retrieve_user_info", json!({"claim_id": "unread"})).await;
    assert_eq!((&info["user_found"], &info["in_force_on"]), (&json!(true), &json!("2026-05-01")));
    let blank = rag.call_in(RUN, "retrieve_similar_claims", json!({"claim_id": "blank"})).await;
    assert_eq!(
        (&blank["success"], &blank["similarity"], &blank["total_found"]),
        (&json!(true), &json!("unavailable"), &json!(0))
    );
    assert!(blank["by_key"]["counts"]["same_user"].is_number());
}

#[tokio::test]
async fn names_in_the_document_do_not_reach_the_control_plane() {
    let plane = support::Plane::start().await;
    let claims = Claims::start().await;
    let truth = truth();
    let (intake, document) = claim_of(&truth);
    claims.submit(intake, Some(document));
    let rag = Rag::start(with_claims(&claims, plane.url())).await;
    rag.until(|health| health["status"] == "healthy").await;
    rag.call_in(RUN, "retrieve_similar_claims", json!({"claim_id": "c-1"})).await;
    rag.call_in(RUN, "retrieve_user_info", json!({"claim_id": "c-1"})).await;
    let name = truth["facts"]["claimant_name"].as_str().expect("a name");
    let embedded = plane.embedded();
    assert!(embedded.iter().any(|text| text.contains("insured side")), "the story was embedded");
    for part in name.split(' ').filter(|part| part.len() >= 4) {
        assert!(!embedded.iter().any(|text| text.contains(part)), "{part} was embedded");
    }
}

#[tokio::test]
async fn a_claims_service_that_is_away_makes_the_server_not_ready() {
    let claims = Claims::default();
    claims.url.set(nobody().await).expect("set once");
    let rag = Rag::start(with_claims(&claims, &nobody().await)).await;
    let health = rag
        .until(|health| health["reference"]["reason"].as_str().is_some_and(|reason| reason.contains("reached")))
        .await;
    assert_eq!((&health["success"], &health["status"]), (&json!(true), &json!("unavailable")));
    let error = rag.refusal(None, "retrieve_user_info", json!({"user_id": "USR-1001"})).await;
    assert_eq!(error["code"], "reference_unavailable");
    assert!(texts(&json!([error]), "message")[0].contains("cannot be reached"));
}
