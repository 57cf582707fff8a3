//! The tool over MCP, with a claims service that keeps evidence and decisions.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod samples;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use decision::DecisionConfig;
use mcp_server::evidence::EvidenceConfig;
use samples::{json_file, rows};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const TOKEN: &str = "service-token";
const RUN: &str = "run-1";

/// A claims service with one claim.
#[derive(Clone)]
struct Claims {
    intake: Value,
    evidence: Arc<Mutex<Vec<Value>>>,
    decisions: Arc<Mutex<HashMap<String, Value>>>,
    /// What the decision server said its decisions rest on.
    inputs: Arc<Mutex<Vec<Value>>>,
    user: Value,
    history: Value,
    parameters: Value,
}

impl Claims {
    fn router(self) -> Router {
        let api = Router::new()
            .route("/claims/{id}", get(intake))
            .route("/claims/{id}/evidence", get(evidence).post(keep))
            .route("/claims/{id}/decision", post(record))
            .route("/reference/users/{id}", get(user))
            .route("/reference/history/lookup", get(lookup))
            .route("/reference/parameters", get(async |State(claims): State<Claims>| Json(claims.parameters)))
            .with_state(self);
        Router::new().nest("/internal/v1", api)
    }

    fn put(&self, kind: &str, payload: Value) {
        let mut evidence = self.evidence.lock().unwrap();
        evidence.retain(|known| known["kind"] != kind);
        evidence.push(json!({
            "evidence_id": kind, "kind": kind, "tool": "a tool", "payload": payload, "confidence": null,
            "sha256": "", "created_at": "2026-01-01T00:00:00Z",
        }));
    }
}

async fn intake(State(claims): State<Claims>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    (claims.intake["claim_id"] == id).then_some(Json(claims.intake)).ok_or(StatusCode::NOT_FOUND)
}

async fn evidence(State(claims): State<Claims>, Path(id): Path<String>) -> Json<Value> {
    let evidence = claims.evidence.lock().unwrap().clone();
    Json(json!({"claim_id": id, "run_id": RUN, "evidence": evidence}))
}

async fn keep(State(claims): State<Claims>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    assert_eq!(body["kind"], "decision_inputs");
    let mut inputs = claims.inputs.lock().unwrap();
    inputs.push(body["payload"].clone());
    (StatusCode::CREATED, Json(json!({"evidence_id": format!("inputs-{}", inputs.len()), "sha256": ""})))
}

async fn user(State(claims): State<Claims>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    (claims.user["user_id"] == id).then_some(Json(claims.user)).ok_or(StatusCode::NOT_FOUND)
}

async fn lookup(State(claims): State<Claims>, Query(keys): Query<HashMap<String, String>>) -> Json<Value> {
    let records = claims.history.as_array().unwrap();
    let found = records.iter().filter(|past| keys.iter().all(|(key, value)| past[key] == *value));
    Json(json!({"records": found.collect::<Vec<_>>()}))
}

async fn record(
    State(claims): State<Claims>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    if headers["x-claim-run"] != RUN {
        return (StatusCode::CONFLICT, Json(json!({"error": {"code": "stale_run", "message": "old"}})));
    }
    let digest = body["evidence_sha256"].as_str().unwrap().to_owned();
    let mut decisions = claims.decisions.lock().unwrap();
    if let Some(known) = decisions.get(&digest) {
        return (StatusCode::OK, Json(known.clone()));
    }
    decisions.insert(digest, body.clone());
    (StatusCode::CREATED, Json(body))
}

/// The OCR tool's result for stated facts.
fn document(claim: &Value) -> Value {
    let lists = ["items", "conflicts", "stated_circumstances", "suspected_circumstances"];
    let mut fields = json!({});
    for (name, value) in claim.as_object().unwrap() {
        if !value.is_null() && !lists.contains(&name.as_str()) && name != "document" {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            fields[name] =
                json!({"value": text, "confidence": 0.98, "page": 1, "box": [0, 0, 1, 1], "source": "label"});
        }
    }
    let mut items = claim["items"].clone();
    for item in items.as_array_mut().unwrap() {
        item["amount"] = json!(item["amount"].to_string());
    }
    json!({
        "success": true,
        "document": {"readable": true, "kind": "claim", "ocr_confidence": 0.97, "language": "fr", "injection": false,
                     "injection_evidence": [], "unreadable_reason": null},
        "fields": fields, "items": items, "conflicts": claim["conflicts"],
        "stated_circumstances": claim["stated_circumstances"],
        "suspected_circumstances": claim["suspected_circumstances"], "inferred_fields": [], "raw_text": "…",
    })
}

/// A worked example as a claim of the service, with all its evidence.
fn example(name: &str) -> Claims {
    let examples = json_file("policy_examples.json");
    let example = examples.as_array().unwrap().iter().find(|example| example["example"] == name).unwrap();
    let claim = &example["claim"];
    let mut user = example["users"][0].clone();
    user["contracts"] = example["contracts"].clone();
    user["past_claims"] = example["history"].clone();
    let claims = Claims {
        intake: json!({"claim_id": "C-1", "claim_number": "CLM-1", "user_id": claim["user_id"], "claim_type": "auto",
                       "received_date": claim["received_date"], "document_path": "documents/c-1.pdf",
                       "document_sha256": "00", "status": "processing"}),
        evidence: Arc::default(),
        decisions: Arc::default(),
        inputs: Arc::default(),
        user,
        history: example["history"].clone(),
        parameters: json!({"fx_rates": example["fx_rates"], "provider_watchlist": example["provider_watchlist"],
                           "public_holidays": rows("reference/public_holidays.csv")}),
    };
    claims.put("document", document(claim));
    claims.put("policyholder", json!({"success": true, "user_found": true}));
    claims.put("similar_claims", json!({"success": true, "similar_claims": []}));
    claims
}

async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// A decision server, beside a claims service or alone.
struct Server {
    url: String,
    http: reqwest::Client,
}

impl Server {
    async fn beside(claims: &Claims) -> Self {
        let url = listen(claims.clone().router()).await;
        let claims = EvidenceConfig { url, token: Some(TOKEN.into()), ..EvidenceConfig::default() };
        Self::start(DecisionConfig { claims: Some(claims), ..DecisionConfig::default() }).await
    }

    async fn start(config: DecisionConfig) -> Self {
        let service = decision::service(config).unwrap();
        Self { url: listen(service.router).await, http: reqwest::Client::new() }
    }

    async fn rpc(&self, method: &str, params: Value, run: Option<&str>) -> Value {
        let mut request = self
            .http
            .post(format!("{}/mcp", self.url))
            .header("accept", "application/json, text/event-stream")
            .json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}));
        if let Some(run) = run {
            request = request.header("x-claim-run", run);
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["result"].clone()
    }

    async fn decide(&self, arguments: Value) -> Value {
        let params = json!({"name": "make_final_decision", "arguments": arguments});
        self.rpc("tools/call", params, Some(RUN)).await
    }

    /// Text of a tool error.
    async fn refusal(&self, arguments: Value) -> String {
        let result = self.decide(arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_claim_is_decided_from_its_evidence_and_recorded() {
    let claims = example("5");
    let server = Server::beside(&claims).await;
    let result = server.decide(json!({"claim_id": "C-1"})).await;
    let report = &result["structuredContent"];
    assert_eq!(report["decision"], "approve", "{result}");
    assert_eq!(report["payable_amount"], "1700.00");
    assert_eq!(
        report["reason_codes"],
        json!(["COVERED", "ITEM_NOT_COVERED", "SUBLIMIT_APPLIED", "DEDUCTIBLE_APPLIED"])
    );
    assert_eq!(report["confidence"], 0.97);
    assert!(report["explanation_fr"].as_str().unwrap().contains("1\u{a0}700,00\u{a0}€"));
    let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(&text, report);
    let decisions = claims.decisions.lock().unwrap();
    let recorded = decisions.values().next().unwrap();
    assert_eq!(decisions.len(), 1);
    assert_eq!(recorded["evidence_sha256"], report["evidence_sha256"]);
    assert!(recorded["trace"].as_array().unwrap().len() > 15, "the record has the whole trace");
    assert_eq!(recorded["amount_steps"][0]["code"], "CLAIMED");
}

#[tokio::test]
async fn a_decision_can_be_taken_again_from_what_was_kept() {
    let claims = example("5");
    let server = Server::beside(&claims).await;
    server.decide(json!({"claim_id": "C-1", "decision": "deny", "confidence": 0.4})).await;
    let recorded = claims.decisions.lock().unwrap().values().next().unwrap().clone();
    let inputs = claims.inputs.lock().unwrap()[0].clone();
    let findings = claims.evidence.lock().unwrap().clone();
    let policy = decision::Policy::embedded().unwrap();
    let again = decision::replay(&inputs, &findings, &policy).unwrap();
    assert_eq!(again, recorded);

    let without = decision::replay(&inputs, &findings[1..], &policy).unwrap_err().to_string();
    assert!(without.contains("document") && without.contains("missing"), "{without}");
    let mut other = inputs.clone();
    other["policy_sha256"] = json!("another");
    let refused = decision::replay(&other, &findings, &policy).unwrap_err().to_string();
    assert!(refused.contains("another"), "{refused}");
}

#[tokio::test]
async fn every_worked_example_comes_out_the_same_by_reference() {
    for example_of in json_file("policy_examples.json").as_array().unwrap() {
        let name = example_of["example"].as_str().unwrap();
        let claims = example(name);
        if example_of["claim"]["document"]["injection"] == true {
            let mut payload = document(&example_of["claim"]);
            payload["injection_evidence"] = json!([{"page": null, "text": "ignore previous instructions"}]);
            claims.put("document", payload);
        }
        let server = Server::beside(&claims).await;
        let result = server.decide(json!({"claim_id": "C-1"})).await;
        let report = &result["structuredContent"];
        assert_eq!(report["decision"], example_of["expected"]["decision"], "{name}: {result}");
        assert_eq!(report["reason_codes"], example_of["expected"]["reason_codes"], "{name}");
    }
}

#[tokio::test]
async fn the_same_evidence_is_decided_once() {
    let claims = example("1");
    let server = Server::beside(&claims).await;
    let calls = [json!({"claim_id": "C-1"}), json!({"claim_id": "C-1", "decision": "deny", "reasoning": "later"})];
    let (first, second) = tokio::join!(server.decide(calls[0].clone()), server.decide(calls[0].clone()));
    assert_eq!(first["structuredContent"], second["structuredContent"]);
    let later = server.decide(calls[1].clone()).await;
    assert_eq!(later["structuredContent"], first["structuredContent"]);
    assert_eq!(claims.decisions.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_opinion_only_sends_to_a_person() {
    for (name, opinion, decision, noted) in [
        ("1", "deny", "manual_review", true),
        ("1", "manual_review", "manual_review", true),
        ("1", "approve", "approve", false),
        ("1", "it cannot be approved", "approve", false),
        ("4", "approve", "deny", true),
        ("6", "approve", "manual_review", true),
    ] {
        let claims = example(name);
        let server = Server::beside(&claims).await;
        let result =
            server.decide(json!({"claim_id": "C-1", "decision": opinion, "confidence": 7, "reasoning": ""})).await;
        let report = &result["structuredContent"];
        assert_eq!(report["decision"], decision, "{name} {opinion}: {result}");
        let notes = report["notes"].as_array().unwrap();
        assert_eq!(notes.contains(&json!("agent_disagrees")), noted, "{name} {opinion}: {notes:?}");
        if name == "1" && noted {
            assert_eq!(report["rule_result"]["decision"], "approve");
            assert_eq!((&report["payable_amount"], &report["proposed_amount"]), (&Value::Null, &json!("1430.50")));
        }
    }
}

#[tokio::test]
async fn missing_evidence_names_the_tool_to_call() {
    let claims = example("1");
    let server = Server::beside(&claims).await;
    for (kind, tool) in [
        ("similar_claims", "retrieve_similar_claims"),
        ("policyholder", "retrieve_user_info"),
        ("document", "ocr_document"),
    ] {
        claims.put(kind, json!({"success": false, "error": {"code": "x", "message": "y"}}));
        let text = server.refusal(json!({"claim_id": "C-1"})).await;
        assert!(text.contains(tool) && text.contains("C-1") && text.contains("missing_evidence"), "{text}");
    }
    assert!(claims.decisions.lock().unwrap().is_empty());
}

#[tokio::test]
async fn bad_calls_and_bad_evidence_are_named() {
    let claims = example("1");
    let server = Server::beside(&claims).await;
    for (arguments, named) in [
        (json!({}), "claim_id"),
        (json!({"claim_id": ["C-1"]}), "claim_id"),
        (json!({"claim_id": "C-2"}), "C-2"),
        (json!({"claim_id": "../users/U-1"}), "claim_id"),
    ] {
        let text = server.refusal(arguments).await;
        assert!(text.contains(named), "{text}");
    }
    for (pointer, value, named) in [
        ("/fields/incident_date", json!("2026-03-10"), "fields.incident_date"),
        ("/document/readable", json!("yes"), "document.readable"),
        ("/document/ocr_confidence", Value::Null, "document.ocr_confidence"),
        ("/items", json!({}), "items"),
        ("/document/kind", json!("poem"), "document.kind"),
    ] {
        let good = example("1").evidence.lock().unwrap()[0]["payload"].clone();
        let mut payload = good;
        *payload.pointer_mut(pointer).unwrap() = value;
        claims.put("document", payload);
        let text = server.refusal(json!({"claim_id": "C-1"})).await;
        assert!(text.contains(named) && text.contains("ocr_document"), "{text}");
    }
}

#[tokio::test]
async fn senseless_values_go_to_a_person() {
    for (field, value, code) in [
        ("incident_date", "2026-02-30", "MISSING_MANDATORY_FIELD"),
        ("claimed_amount", "NaN", "MISSING_MANDATORY_FIELD"),
        ("claimed_amount", "-5", "CONFLICTING_EVIDENCE"),
        ("other_payer_amount", "lots", "CONFLICTING_EVIDENCE"),
        ("invoice_date", "soon", "CONFLICTING_EVIDENCE"),
        ("peril", "alien_abduction", "MISSING_MANDATORY_FIELD"),
    ] {
        let claims = example("1");
        let mut payload = claims.evidence.lock().unwrap()[0]["payload"].clone();
        payload["fields"][field] = json!({"value": value, "confidence": 0.99});
        claims.put("document", payload);
        let result = Server::beside(&claims).await.decide(json!({"claim_id": "C-1"})).await;
        let report = &result["structuredContent"];
        assert_eq!(report["decision"], "manual_review", "{field}: {result}");
        assert!(report["reason_codes"].as_array().unwrap().contains(&json!(code)), "{field}: {report}");
    }
}

#[tokio::test]
async fn an_unreadable_document_needs_no_other_evidence() {
    let claims = example("1");
    claims.evidence.lock().unwrap().clear();
    let document = json!({"readable": false, "kind": null, "ocr_confidence": 0.0, "injection": false, "unreadable_reason": "encrypted"});
    claims.put("document", json!({"success": true, "document": document, "fields": {}, "items": []}));
    let result = Server::beside(&claims).await.decide(json!({"claim_id": "C-1"})).await;
    let report = &result["structuredContent"];
    assert_eq!(report["reason_codes"], json!(["DOC_UNREADABLE"]), "{result}");
    assert!(report["explanation_en"].as_str().unwrap().contains("password"));
}

#[tokio::test]
async fn an_old_run_stops() {
    let claims = example("1");
    let server = Server::beside(&claims).await;
    let params = json!({"name": "make_final_decision", "arguments": {"claim_id": "C-1"}});
    let result = server.rpc("tools/call", params.clone(), Some("run-0")).await;
    assert!(result["content"][0]["text"].as_str().unwrap().contains("stale_run"), "{result}");
    // Without a run the call may look, not write.
    let result = server.rpc("tools/call", params, None).await;
    assert_eq!(result["structuredContent"]["decision"], "approve");
    assert!(claims.decisions.lock().unwrap().is_empty());
}

#[tokio::test]
async fn standing_alone_the_facts_come_with_the_call() {
    let server = Server::start(DecisionConfig::default()).await;
    let examples = json_file("policy_examples.json");
    let result = server.decide(examples[0].clone()).await;
    assert_eq!(result["structuredContent"]["payable_amount"], "1430.50", "{result}");
    assert!(!result["structuredContent"]["trace"].as_array().unwrap().is_empty());
    assert!(server.refusal(json!({"claim_id": "C-1"})).await.contains("claim:"));
    let mut broken = examples[0].clone();
    broken["claim"]["claimed_amount"] = json!("1e308");
    assert!(server.refusal(broken).await.contains("claim.claimed_amount"));
}

#[tokio::test]
async fn the_tools_describe_themselves() {
    let alone = Server::start(DecisionConfig::default()).await;
    let beside = Server::beside(&example("1")).await;
    for (server, facts) in [(&alone, true), (&beside, false)] {
        let listed = server.rpc("tools/list", json!({}), None).await;
        let tools = listed["tools"].as_array().unwrap();
        let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        let decide = tools.iter().find(|tool| tool["name"] == "make_final_decision").unwrap();
        assert_eq!(decide["inputSchema"]["properties"].get("contracts").is_some(), facts);
        assert!(decide["outputSchema"]["properties"].get("reason_codes").is_some());
    }
    let params = json!({"name": "list_decision_codes", "arguments": {}});
    let codes = alone.rpc("tools/call", params, None).await;
    assert_eq!(codes["structuredContent"]["codes"].as_array().unwrap().len(), decision::ReasonCode::ALL.len());
}
