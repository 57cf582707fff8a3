//! A claim through the whole house. The model is scripted; reading, retrieval, policy and records are real.

#![cfg(feature = "ocr")]

use std::time::Duration;

use serde_json::{Value, json};
use testkit::openai::{Answer, FakeModel, Fault};

use crate::process::{Running, import, samples};

/// What an agent that does its work calls, in order.
pub fn script(model: &FakeModel, claim: &str, user: &str, path: &str) {
    model
        .then(Answer::tool("ocr_document", &json!({"document_path": path, "claim_id": claim})))
        .then(Answer::tool("retrieve_user_info", &json!({"user_id": user, "claim_id": claim})))
        .then(Answer::tool("retrieve_similar_claims", &json!({"claim_id": claim})))
        .then(Answer::tool("make_final_decision", &json!({"claim_id": claim})))
        .then(Answer::text("Done."));
}

pub async fn process(house: &Running, claim: &str) -> Value {
    let (status, body) = house.post("claims", &format!("/api/v1/claims/{claim}/process?wait=true"), &json!({})).await;
    assert!(status == 200 || status == 202, "{status} {body}");
    house.get("claims", &format!("/api/v1/claims/{claim}/decision")).await.1
}

fn codes(decision: &Value) -> Vec<&str> {
    decision["reason_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_french_estimate_is_paid_after_the_deductible() {
    let data = tempfile::tempdir().unwrap();
    import(data.path()).await;
    let model = FakeModel::start().await;
    let house = Running::start(data.path(), Some(&model), &["all"]).await;
    script(&model, "DEV-0002", "USR-1020", "documents/dev-0002.pdf");
    let decision = process(&house, "DEV-0002").await;
    assert_eq!(decision["decision"], "approve", "{decision}");
    assert_eq!(decision["payable_amount"], "787.92");
    assert_eq!(codes(&decision), ["COVERED", "DEDUCTIBLE_APPLIED"]);
    let (_, status) = house.get("claims", "/api/v1/claims/DEV-0002/status").await;
    assert_eq!(status["status"], "completed");
    assert!(status["processing_steps"].as_array().unwrap().len() >= 4, "{status}");
}

#[tokio::test]
async fn what_cannot_be_decided_goes_to_a_person_with_the_reason() {
    let data = tempfile::tempdir().unwrap();
    import(data.path()).await;
    let model = FakeModel::start().await;
    let house = Running::start(data.path(), Some(&model), &["all"]).await;
    let sample = |name: &str| std::fs::read(samples().join("documents").join(name)).unwrap();
    let cases = [
        ("letter.pdf", b"Dear insurer, this is only text.".to_vec(), "USR-1020", "DOC_UNREADABLE"),
        ("empty.pdf", Vec::new(), "USR-1020", "DOC_UNREADABLE"),
        ("locked.pdf", sample("dev-0016.pdf"), "USR-1020", "DOC_UNREADABLE"),
        ("whose.pdf", sample("dev-0002.pdf"), "USR-9999", "IDENTITY_MISMATCH"),
    ];
    for (name, bytes, user, code) in cases {
        let (status, claim) = house.submit(name, &bytes, user).await;
        assert_eq!(status, 201, "{name}: {claim}");
        let (id, path) = (claim["claim_id"].as_str().unwrap(), claim["document_path"].as_str().unwrap());
        script(&model, id, user, path);
        let decision = process(&house, id).await;
        assert_eq!(decision["decision"], "manual_review", "{name}: {decision}");
        assert!(codes(&decision).contains(&code), "{name}: {decision}");
        model.forget();
    }
}

#[tokio::test]
async fn a_model_that_dies_sends_the_claim_to_a_person() {
    let data = tempfile::tempdir().unwrap();
    import(data.path()).await;
    let model = FakeModel::start().await;
    model.always(Answer::status(500));
    let house = Running::start(data.path(), Some(&model), &["all"]).await;
    let decision = process(&house, "DEV-0002").await;
    assert_eq!(decision["decision"], "manual_review");
    assert_eq!(codes(&decision), ["PROCESSING_FAILED"], "{decision}");
}

#[tokio::test]
async fn killed_in_the_middle_the_claim_ends_decided_once() {
    let data = tempfile::tempdir().unwrap();
    import(data.path()).await;
    let model = FakeModel::start().await;
    let mut house = Running::start(data.path(), Some(&model), &["all"]).await;
    model
        .then(Answer::tool("ocr_document", &json!({"document_path": "documents/dev-0002.pdf", "claim_id": "DEV-0002"})))
        .then(Answer::text("").fails(Fault::HangAfter(0)));
    let (status, _) = house.post("claims", "/api/v1/claims/DEV-0002/process", &json!({})).await;
    assert_eq!(status, 202);
    model.has_received(2).await;
    house.signal("-KILL");
    house.ended().await;

    script(&model, "DEV-0002", "USR-1020", "documents/dev-0002.pdf");
    let house = Running::start(data.path(), Some(&model), &["all"]).await;
    let decision = house.decided("DEV-0002").await;
    assert_eq!((decision["decision"].as_str(), decision["payable_amount"].as_str()), (Some("approve"), Some("787.92")));
    let (_, all) = house.get("claims", "/api/v1/claims/DEV-0002/decisions").await;
    let versions = all.as_array().or_else(|| all["decisions"].as_array()).map(Vec::len);
    assert_eq!(versions, Some(1), "{all}");
}

impl Running {
    async fn submit(&self, name: &str, bytes: &[u8], user: &str) -> (u16, Value) {
        let head = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        let tail =
            format!("\r\n--cut\r\nContent-Disposition: form-data; name=\"user_id\"\r\n\r\n{user}\r\n--cut--\r\n");
        let body = [head.as_bytes(), bytes, tail.as_bytes()].concat();
        let request = self.http.post(self.url("claims", "/api/v1/claims"));
        let request = request.header("content-type", "multipart/form-data; boundary=cut").body(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn decided(&self, claim: &str) -> Value {
        self.until("the decision", || async {
            let (status, decision) = self.get("claims", &format!("/api/v1/claims/{claim}/decision")).await;
            (status == 200).then_some(decision)
        })
        .await
    }

    /// Asks again until there is an answer; the services have no way to push one to a test.
    async fn until<T, F: Future<Output = Option<T>>>(&self, what: &str, mut ask: impl FnMut() -> F) -> T {
        let asked = tokio::time::timeout(Duration::from_secs(120), async {
            loop {
                if let Some(found) = ask().await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        asked.await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }
}
