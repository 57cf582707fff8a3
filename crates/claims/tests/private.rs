//! People's data goes where it is asked for by somebody who may see it, and nowhere else: not into a log, an event, a
//! number or an error.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use claims::access::{AccessToken, Role};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::{Act, House, approval};

/// Sown into every place that a claim's texts come from.
const SEEDS: [&str; 9] = [
    "Dupont-Canari",
    "helene.canari@example.org",
    "+33 6 12 34 56 78",
    "FR7630006000011234567890189",
    "2 85 05 78 006 084 91",
    "4970 1012 3456 7890",
    "14/07/1985",
    "QX-146-AQ",
    "114 boulevard Canari",
];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Somebody with a token.
struct Desk<'a> {
    house: &'a House,
    role: Role,
}

impl Desk<'_> {
    fn token(&self) -> String {
        format!("token-of-the-{}", self.role.as_str())
    }

    async fn get(&self, path: &str) -> String {
        let request = self.house.http.get(format!("{}{path}", self.house.base)).bearer_auth(self.token());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, String) {
        let request = self.house.http.post(format!("{}{path}", self.house.base)).bearer_auth(self.token());
        let answer = request.json(body).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn submit(&self) -> String {
        let (status, claim) =
            self.post("/api/v1/claims", &json!({"user_id": "USR-1", "document_path": "claim.pdf"})).await;
        assert_eq!(status, 201);
        serde_json::from_str::<Value>(&claim).unwrap()["claim_id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn seeded_personal_data_is_in_no_log_event_number_or_error_and_no_viewer_sees_it() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(move || writer.clone()).init();
    let house = House::with(|config| {
        let listed = |role: Role| AccessToken {
            token: format!("token-of-the-{}", role.as_str()).into(),
            subject: role.as_str().into(),
            role,
        };
        config.access.tokens = Role::ALL.map(listed).to_vec();
    })
    .await;
    let desk = |role| Desk { house: &house, role };
    let (admin, viewer) = (desk(Role::Admin), desk(Role::Viewer));
    let words: &'static str = Box::leak(format!("The claimant is {}.", SEEDS.join(", ")).into_boxed_str());
    let document = json!({"success": true, "document": {"readable": true, "injection": true, "injection_evidence": [words]},
        "fields": {"claimant_name": {"value": SEEDS[0], "page": 1}}, "raw_text": words});
    let owner = json!({"success": true, "user": {"full_name": SEEDS[0], "email": SEEDS[1]},
        "contracts": [{"contract_number": "AZ-1", "insured_persons": [SEEDS[0]]}]});
    let past = json!({"success": true, "similar_claims": [{"claim_number": "HST-1", "claim_text": words}]});
    let good = vec![
        Act::Find("ocr_document", "document", document.clone()),
        Act::Say(words),
        Act::Find("retrieve_user_info", "policyholder", owner),
        Act::Find("retrieve_similar_claims", "similar_claims", past),
        Act::Decide(approval("{claim}"), "aa11"),
        Act::Say(words),
    ];
    // Its closing words do not fit the decision: the second script is what it says when it is asked again.
    let runs = [
        vec![good, vec![Act::Say(words)]],
        vec![vec![Act::Find("ocr_document", "document", document), Act::ToolError("retrieve_user_info", words)]],
        vec![vec![Act::Fail(words)]],
    ];
    let mut ids = Vec::new();
    for mut scripts in runs {
        let id = admin.submit().await;
        house.stack.only(scripts.remove(0));
        scripts.into_iter().for_each(|script| house.stack.play(script));
        let (status, _) = admin.post(&format!("/api/v1/claims/{id}/process?wait=60"), &json!({})).await;
        assert_eq!(status, 200);
        ids.push(id);
    }
    let act = json!({"action": "comment", "reason": words, "reviewer_name": SEEDS[0]});
    assert_eq!(admin.post(&format!("/api/v1/claims/{}/review", ids[0]), &act).await.0, 200);
    let act = json!({"action": "deny", "reason": words, "reviewer_name": "A. Reviewer"});
    assert_eq!(admin.post(&format!("/api/v1/claims/{}/review", ids[0]), &act).await.0, 200);
    house.stack.only(vec![Act::Say(words)]);
    let (status, _) = admin.post(&format!("/api/v1/claims/{}/questions", ids[0]), &json!({"question": words})).await;
    assert_eq!(status, 200);

    let mut all = house.get("/metrics").await.text().await.unwrap();
    for id in &ids {
        let audit: Value = serde_json::from_str(&admin.get(&format!("/api/v1/claims/{id}/audit")).await).unwrap();
        all.push_str(&audit["events"].to_string());
        for path in ["", "/status", "/guardrails", "/decision", "/decisions"] {
            all.push_str(&viewer.get(&format!("/api/v1/claims/{id}{path}")).await);
        }
    }
    for path in ["/api/v1/jobs", "/api/v1/claims", "/api/v1/claims/statistics/overview"] {
        all.push_str(&viewer.get(path).await);
    }
    // Errors name the field and the rule; what was written in it is not theirs to repeat.
    let body = format!(
        "--b\r\ncontent-disposition: form-data; name=\"user_id\"\r\n\r\n{words}\r\n--b\r\ncontent-disposition: form-data; \
         name=\"file\"; filename=\"{words}.exe\"\r\n\r\nno document\r\n--b--\r\n"
    );
    let upload = house.http.post(format!("{}/api/v1/claims", house.base)).bearer_auth(admin.token()).body(body);
    let refused = upload.header("content-type", "multipart/form-data; boundary=b").send().await.unwrap();
    assert!(refused.status().is_client_error());
    all.push_str(&refused.text().await.unwrap());
    let claim = format!("/api/v1/claims/{}", ids[0]);
    for (path, body) in [
        ("/api/v1/claims".to_owned(), json!({"user_id": words, "document_path": format!("/etc/{words}")})),
        ("/api/v1/claims".to_owned(), json!({"user_id": "U", "document_path": "claim.pdf", "received_date": words})),
        (format!("{claim}/review"), json!({"action": words, "reason": "x"})),
        (format!("{claim}/review"), json!({"action": "change_amount", "amount": words, "reason": "x"})),
        (format!("{claim}/questions"), json!({"question": "x", "language": words})),
        (format!("{claim}/process"), json!({"workflow_type": words})),
    ] {
        let (status, text) = admin.post(&path, &body).await;
        assert!(status.is_client_error(), "{path} {status}");
        all.push_str(&text);
    }
    let kept = admin.get(&format!("{claim}/logs")).await;
    assert!(kept.contains(SEEDS[0]), "who may see the texts sees them: the scan below looks for something");
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("claim processed"), "the log was listened to: {log}");
    for seed in SEEDS {
        let at = all.find(seed).map(|at| all.get(at.saturating_sub(300)..at + 60).unwrap_or_default());
        assert_eq!(at, None, "{seed} was told");
        assert!(!log.contains(seed), "{seed} was logged in {log}");
    }
}
