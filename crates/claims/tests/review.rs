//! People over HTTP: whose a claim is, who may decide, and that nobody decides unseen.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use claims::access::{AccessConfig, AccessToken, Role};
use reqwest::StatusCode;
use serde_json::{Value, json};
use support::stack::four_tools;
use support::{House, approval, refusal};

/// A house where Anna and Ben are adjusters, Sophie and Sam supervisors, and Rob a program.
async fn office() -> House {
    House::with(|config| {
        let people = [
            ("anna", Role::Adjuster),
            ("ben", Role::Adjuster),
            ("sophie", Role::Supervisor),
            ("sam", Role::Supervisor),
            ("rob", Role::Service),
        ];
        let token = |(name, role): (&str, Role)| AccessToken {
            subject: name.into(),
            role,
            token: format!("the-long-secret-token-of-{name}").into(),
        };
        config.access = AccessConfig { tokens: people.map(token).into(), ..config.access.clone() };
        config.review.adjuster_limit_eur = 1_000;
    })
    .await
}

struct Desk<'a> {
    house: &'a House,
    name: &'static str,
}

impl Desk<'_> {
    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = self.house.http.get(format!("{}/api/v1{path}", self.house.base));
        self.send(request).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.house.http.post(format!("{}/api/v1{path}", self.house.base)).json(&body);
        self.send(request).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (StatusCode, Value) {
        let answer = request.bearer_auth(format!("the-long-secret-token-of-{}", self.name)).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn decided(&self) -> String {
        let (status, claim) = self.post("/claims", json!({"user_id": "USR-1", "document_path": "claim.pdf"})).await;
        assert_eq!(status, 201, "{claim}");
        let id = claim["claim_id"].as_str().unwrap().to_owned();
        let (status, done) = self.post(&format!("/claims/{id}/process?wait=60"), json!({})).await;
        assert_eq!(status, 200, "{done}");
        id
    }
}

#[tokio::test]
async fn a_person_overrules_the_policy_and_both_decisions_are_kept() {
    let house = office().await;
    house.stack.play(four_tools(refusal("{claim}"), vec![]));
    let desk = |name| Desk { house: &house, name };
    let id = desk("rob").decided().await;
    let path = format!("/claims/{id}/review");
    let (status, _) = desk("rob").post(&path, json!({"action": "deny", "reason": "x"})).await;
    assert_eq!(status, 403, "a program does not review");
    let (_, seen) = desk("anna").get(&path).await;
    assert_eq!((&seen["version"], &seen["limit_eur"], &seen["final"]), (&json!(0), &json!("1000.00"), &Value::Null));

    let (status, refused) = desk("anna").post(&path, json!({"action": "change_amount", "amount": "250.00"})).await;
    assert_eq!((status.as_u16(), &refused["error"]["param"]), (400, &json!("reason")));
    let (status, refused) = desk("anna").post(&path, json!({"action": "assign", "reason": "x"})).await;
    assert_eq!(
        (status.as_u16(), &refused["error"]["param"]),
        (400, &json!("action")),
        "assigning has a route of its own"
    );
    let asked = json!({"action": "change_amount", "amount": "250.00", "currency": "EUR", "version": 0,
                       "reason": "Geste commercial convenu par téléphone."});
    let (status, done) = desk("anna").post(&path, asked.clone()).await;
    assert_eq!(status, 200, "{done}");
    assert_eq!((&done["status"], &done["final"]["state"]), (&json!("completed"), &json!("final")));

    let (status, late) = desk("ben").post(&path, asked).await;
    assert_eq!(status, 409);
    assert!(late["error"]["message"].as_str().unwrap().contains("anna"), "{late}");

    let (_, decision) = desk("ben").get(&format!("/claims/{id}/decision")).await;
    assert_eq!((&decision["initial_decision"], &decision["final_decision"]), (&json!("deny"), &json!("approve")));
    assert_eq!((&decision["final_amount"], &decision["final_decision_by"]), (&json!("250.00"), &json!("anna")));
    let (_, figures) = desk("sophie").get("/review/statistics").await;
    assert_eq!((&figures["decided_by_people"], &figures["overridden"]), (&json!(1), &json!(1)));
    assert_eq!(desk("anna").get("/review/statistics").await.0, 403);

    let (_, audit) = desk("anna").get(&format!("/claims/{id}/audit")).await;
    let event = audit["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&event["kind"], &event["payload"]["by"]), (&json!("reviewed"), &json!("anna")));
    assert!(!audit["events"].to_string().contains("téléphone"), "texts stay out of events");
}

#[tokio::test]
async fn above_authority_four_eyes_decide() {
    let house = office().await;
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let desk = |name| Desk { house: &house, name };
    let id = desk("rob").decided().await;
    let path = format!("/claims/{id}/review");
    let asked = json!({"action": "approve", "amount": "20000", "currency": "EUR", "reason": "All invoices seen."});
    let (status, waiting) = desk("anna").post(&path, asked).await;
    assert_eq!(status, 200, "{waiting}");
    assert_eq!((&waiting["status"], &waiting["final"]), (&json!("manual_review"), &Value::Null));
    assert_eq!(waiting["awaiting_second"]["amount"], "20000.00");
    let confirm = json!({"action": "confirm", "reason": "Agreed."});
    assert_eq!(desk("anna").post(&path, confirm.clone()).await.0, 403, "not oneself");
    assert_eq!(desk("ben").post(&path, confirm.clone()).await.0, 403, "not another adjuster");
    let (status, done) = desk("sophie").post(&path, confirm).await;
    assert_eq!(status, 200, "{done}");
    assert_eq!((&done["status"], &done["final"]["amount"]), (&json!("completed"), &json!("20000.00")));
    assert_eq!(done["history"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_claim_is_taken_by_one_and_handed_over_by_a_supervisor() {
    let house = office().await;
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let desk = |name| Desk { house: &house, name };
    let id = desk("rob").decided().await;
    let path = format!("/claims/{id}/review");
    let assign = format!("{path}/assign");
    let both = tokio::join!(async { desk("anna").post(&assign, json!({"version": 0})).await.0.as_u16() }, async {
        desk("ben").post(&assign, json!({"version": 0})).await.0.as_u16()
    },);
    assert!(both == (200, 409) || both == (409, 200), "one of two gets it: {both:?}");
    let (_, seen) = desk("sam").get(&path).await;
    let holder = seen["assignee"].as_str().unwrap().to_owned();
    let other = if holder == "anna" { "ben" } else { "anna" };
    assert_eq!(desk(other).post(&path, json!({"action": "deny", "reason": "no"})).await.0, 409);
    assert_eq!(desk(other).post(&assign, json!({"assignee": "sam"})).await.0, 409);
    let (status, moved) = desk("sam").post(&assign, json!({"assignee": other})).await;
    assert_eq!((status.as_u16(), moved["assignee"].as_str()), (200, Some(other)));
    let (status, asked) =
        desk(other).post(&path, json!({"action": "request_information", "reason": "The invoice is missing."})).await;
    assert_eq!((status.as_u16(), &asked["status"]), (200, &json!("pending_info")));
    let (_, said) = desk(other).get(&format!("/review/{id}/messages")).await;
    assert_eq!(said["total"], 3);
    assert_eq!(said["messages"][2]["reason"], "The invoice is missing.");
    // What was asked for came: the machine decides anew, and so may people.
    desk("rob").post(&format!("/claims/{id}/process?wait=60"), json!({})).await;
    let (status, done) = desk("sam").post(&path, json!({"action": "approve", "reason": "Complete now."})).await;
    assert_eq!((status.as_u16(), &done["final"]["decision_version"]), (200, &json!(2)));
}

#[tokio::test]
async fn the_older_form_of_an_act_is_understood() {
    let house = House::new().await;
    house.stack.play(four_tools(approval("{claim}"), vec![]));
    let id = house.submit().await;
    let act = json!({"action": "reject", "comment": "Fraud found.", "reviewer_id": "r-1", "reviewer_name": "Ann"});
    let early = house.post(&format!("/api/v1/review/{id}/action"), &act).await;
    assert_eq!(early.status(), 409, "nothing is decided yet");
    house.process(&id).await;
    let done = house.post(&format!("/api/v1/review/{id}/action"), &act).await;
    assert_eq!(done.status(), 200);
    assert_eq!(house.get_json(&format!("/api/v1/claims/{id}")).await["status"], "denied");
    let decision = house.get_json(&format!("/api/v1/claims/{id}/decision")).await;
    assert_eq!((&decision["final_decision_by"], &decision["final_decision_by_name"]), (&json!("r-1"), &json!("Ann")));
    let wrong = house.post(&format!("/api/v1/review/{id}/action"), &json!({"action": "shred"})).await;
    assert_eq!(wrong.status(), 400);
}
