//! The evidence client against a stand-in for the claims service.

use axum::{
    Json, Router,
    extract::{Path, RawQuery},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode};
use mcp_server::evidence::{EvidenceClient, EvidenceConfig, EvidenceError, History, HistoryQuery, NewEvidence};
use serde_json::{Value, json};
use tokio::net::TcpListener;

async fn client(router: Router, token: &str) -> EvidenceClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().nest("/internal/v1", router)).await });
    let config =
        EvidenceConfig { url, token: Some(token.to_owned().into()), max_answer_bytes: 5000, ..Default::default() };
    EvidenceClient::new(config).unwrap()
}

async fn write(headers: HeaderMap, Json(body): Json<Value>) -> Response {
    match headers.get("x-claim-run").and_then(|run| run.to_str().ok()) {
        Some("current") => {
            let receipt = json!({ "evidence_id": body["kind"], "sha256": "ab" });
            (StatusCode::CREATED, Json(receipt)).into_response()
        }
        _ => {
            let error = json!({ "error": { "code": "stale_run", "message": "a newer run exists" } });
            (StatusCode::CONFLICT, Json(error)).into_response()
        }
    }
}

fn claims() -> Router {
    let intake = |headers: HeaderMap, Path(id): Path<String>| async move {
        if headers.get("authorization").is_none_or(|value| value != "Bearer good") {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        match id.as_str() {
            "CLM 1/é" => Json(json!({ "claim_id": id, "status": "new", "later_field": 1 })).into_response(),
            "huge" => Json(json!({ "claim_id": "x".repeat(10_000) })).into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    };
    let history = |headers: HeaderMap| async move {
        if headers.get("if-none-match").is_some_and(|etag| etag == "\"v1\"") {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        ([("etag", "\"v1\"")], "{\"claim_number\":\"A\"}\n{\"claim_number\":\"B\"}\n").into_response()
    };
    let lookup = |RawQuery(query): RawQuery| async move { Json(json!([{ "query": query }])) };
    Router::new()
        .route("/claims/{id}", get(intake))
        .route("/claims/{id}/evidence", axum::routing::post(write))
        .route("/claims/{id}/document", get(|| async { ([("x-filename", "a.pdf")], "%PDF") }))
        .route("/reference/history", get(history))
        .route("/reference/history/lookup", get(lookup))
}

#[tokio::test]
async fn reads_intakes_documents_and_history() {
    let client = client(claims(), "good").await;
    let intake = client.intake("CLM 1/é").await.unwrap();
    assert_eq!((intake.claim_id.as_str(), &intake.extra["later_field"]), ("CLM 1/é", &json!(1)));
    let document = client.document("1").await.unwrap();
    assert_eq!((document.bytes.as_ref(), document.filename.as_deref()), (b"%PDF".as_slice(), Some("a.pdf")));
    let History::Records { etag, records } = client.history(None).await.unwrap() else { panic!("no records") };
    assert_eq!((etag.as_deref(), records.len()), (Some("\"v1\""), 2));
    assert!(matches!(client.history(etag.as_deref()).await.unwrap(), History::Unchanged));
    let query = HistoryQuery { provider_name: Some("Garage & Fils".into()), ..Default::default() };
    let found = client.history_lookup(&query).await.unwrap();
    assert_eq!(found[0]["query"], "provider_name=Garage+%26+Fils");
}

#[tokio::test]
async fn writes_evidence_for_the_current_run_only() {
    let client = client(claims(), "good").await;
    let payload = json!({ "a": 1 });
    let evidence = NewEvidence { kind: "document", tool: "ocr_document", payload: &payload, confidence: Some(0.9) };
    assert_eq!(client.record("1", "current", &evidence).await.unwrap().evidence_id, "document");
    let error = client.record("1", "old", &evidence).await.unwrap_err();
    assert!(matches!(error, EvidenceError::StaleRun { ref claim_id } if claim_id == "1"), "{error}");
}

#[tokio::test]
async fn every_refusal_has_its_own_case() {
    let good = client(claims(), "good").await;
    assert!(matches!(good.intake("none").await, Err(EvidenceError::NotFound { .. })));
    for id in ["", ".", ".."] {
        assert!(matches!(good.intake(id).await, Err(EvidenceError::NotFound { .. })), "{id}");
    }
    assert!(matches!(good.intake("huge").await, Err(EvidenceError::TooLarge { limit: 5000 })));
    let error = client(claims(), "s3cret-bad").await.intake("1").await.unwrap_err();
    assert!(matches!(error, EvidenceError::Unauthorized));
    assert!(!error.to_string().contains("s3cret"));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let nobody = EvidenceClient::new(EvidenceConfig { url, ..Default::default() }).unwrap();
    let error = nobody.intake("1").await.unwrap_err();
    assert!(matches!(error, EvidenceError::Unreachable { .. }) && error.is_transient(), "{error}");
    let config = EvidenceConfig { url: "ftp://x".into(), ..Default::default() };
    assert!(matches!(EvidenceClient::new(config), Err(EvidenceError::Config(_))));
}
