//! What tool servers use, and the import that fills it.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::{Act, House, PDF, approval};
use tokio::sync::Notify;

/// A claim in the middle of its run, and the run's id.
async fn in_the_middle(house: &House) -> (String, String) {
    let reached = Arc::new(Notify::new());
    house.stack.play(vec![Act::Hang(reached.clone())]);
    let id = house.submit().await;
    house.post(&format!("/api/v1/claims/{id}/process"), &json!({})).await;
    reached.notified().await;
    let run = house.stack.requests()[0]["tools"][0]["headers"]["X-Claim-Run"].as_str().unwrap().to_owned();
    (id, run)
}

#[tokio::test]
async fn nobody_passes_without_the_service_token() {
    let house = House::new().await;
    let id = house.submit().await;
    for path in [
        format!("/claims/{id}"),
        format!("/claims/{id}/document"),
        "/reference/parameters".into(),
        "/reference/history".into(),
        "/reference/policyholders".into(),
        "/reference/articles".into(),
    ] {
        assert_eq!(house.get(&format!("/internal/v1{path}")).await.status(), 401, "{path}");
        let wrong =
            house.http.get(format!("{}/internal/v1{path}", house.base)).bearer_auth("wrong").send().await.unwrap();
        assert_eq!(wrong.status(), 401, "{path}");
        assert_eq!(house.internal(&path).await.status(), 200, "{path}");
    }
    let closed = House::with(|config| config.service_token = None).await;
    assert_eq!(closed.internal("/reference/parameters").await.status(), 401, "no token configured means nobody");
}

#[tokio::test]
async fn a_tool_reads_the_intake_and_the_bytes() {
    let house = House::new().await;
    let id = house.submit().await;
    let intake: Value = house.internal(&format!("/claims/{id}")).await.json().await.unwrap();
    assert_eq!(
        (&intake["claim_id"], &intake["received_date"], &intake["status"]),
        (&json!(id), &json!("2026-05-12"), &json!("pending"))
    );
    assert_eq!(intake["document_sha256"].as_str().unwrap().len(), 64);
    let document = house.internal(&format!("/claims/{id}/document")).await;
    assert_eq!(
        (&document.headers()["content-type"], &document.headers()["x-filename"]),
        (&"application/pdf".parse().unwrap(), &"claim.pdf".parse().unwrap())
    );
    assert_eq!(document.bytes().await.unwrap(), PDF);
    assert_eq!(house.internal("/claims/nobody").await.status(), 404);
    assert_eq!(house.internal("/claims/..%2f..%2fetc").await.status(), 404);
}

#[tokio::test]
async fn evidence_is_written_once_by_the_current_run_only() {
    let house = House::new().await;
    let (id, run) = in_the_middle(&house).await;
    let url = format!("/claims/{id}/evidence");
    let finding = json!({"kind": "document", "tool": "ocr_document", "payload": {"a": 1}, "confidence": 0.9});
    let first = house.internal_post(&url, &run, &finding).await;
    assert_eq!(first.status(), 201);
    let first: Value = first.json().await.unwrap();
    let again: Value = house.internal_post(&url, &run, &finding).await.json().await.unwrap();
    assert_eq!(first, again);
    let stale = house.internal_post(&url, "run_of_yesterday", &finding).await;
    assert_eq!(
        (stale.status().as_u16(), stale.json::<Value>().await.unwrap()["error"]["code"].clone()),
        (409, json!("stale_run"))
    );
    assert_eq!(house.internal_post("/claims/nobody/evidence", &run, &finding).await.status(), 404);
    for (field, value) in
        [("kind", json!("")), ("tool", json!("a b")), ("confidence", json!(2)), ("payload", json!("text"))]
    {
        let mut bad = finding.clone();
        bad[field] = value;
        assert_eq!(house.internal_post(&url, &run, &bad).await.status(), 400, "{field}");
    }
    let without_run =
        house.http.post(format!("{}/internal/v1{url}", house.base)).bearer_auth(support::TOKEN).json(&finding);
    assert_eq!(without_run.send().await.unwrap().status(), 400);
    let found: Value = house.internal(&url).await.json().await.unwrap();
    assert_eq!((&found["run_id"], found["evidence"].as_array().unwrap().len()), (&json!(run), 1));
}

#[tokio::test]
async fn a_decision_is_checked_kept_once_and_answered_again() {
    let house = House::new().await;
    let (id, run) = in_the_middle(&house).await;
    let url = format!("/claims/{id}/decision");
    let mut decision = approval(&id);
    assert_eq!(house.internal_post(&url, &run, &decision).await.status(), 400, "without the digest of its evidence");
    decision["evidence_sha256"] = json!("aa");
    for (field, value) in [
        ("payable_amount", Value::Null),
        ("payable_amount", json!("-5")),
        ("payable_amount", json!("NaN")),
        ("decision", json!("maybe")),
        ("confidence", json!(1.5)),
        ("currency", json!("euro")),
        ("reason_codes", json!([])),
        ("claim_id", json!("another")),
    ] {
        let mut bad = decision.clone();
        bad[field] = value;
        assert_eq!(house.internal_post(&url, &run, &bad).await.status(), 400, "{field}");
    }
    assert_eq!(house.internal_post(&url, &run, &decision).await.status(), 201);
    decision["payable_amount"] = json!("9999.00");
    let again = house.internal_post(&url, &run, &decision).await;
    assert_eq!(again.status(), 200);
    assert_eq!(
        again.json::<Value>().await.unwrap()["payable_amount"],
        "1430.50",
        "the stored decision, not the new one"
    );
    assert_eq!(house.internal_post(&url, "run_other", &decision).await.status(), 409);
    let nested = json!({"decision": approval(&id), "evidence_sha256": "aa"});
    assert_eq!(house.internal_post(&url, &run, &nested).await.status(), 200);
}

#[tokio::test]
async fn the_samples_are_imported_and_served_as_they_were_written() {
    let house = House::new().await;
    let storage = claims::open(house.config()).await.unwrap();
    let samples = house.samples();
    let count = claims::import_folder(&storage, &samples.join("reference")).await.unwrap();
    assert_eq!((count.users, count.contracts, count.past_claims), (84, 122, 300));
    assert_eq!(claims::import_folder(&storage, &samples.join("reference")).await.unwrap(), count);

    let history = house.internal("/reference/history").await;
    let etag = history.headers()["etag"].clone();
    let text = history.text().await.unwrap();
    assert_eq!(text.lines().count(), 300);
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let request = house.http.get(format!("{}/internal/v1/reference/history", house.base)).bearer_auth(support::TOKEN);
    assert_eq!(request.header("if-none-match", etag).send().await.unwrap().status(), 304);

    let user_id = first["user_id"].as_str().unwrap();
    let user: Value = house.internal(&format!("/reference/users/{user_id}")).await.json().await.unwrap();
    assert!(user["past_claims"].as_array().unwrap().contains(&first));
    assert!(
        user["contracts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|contract| contract["user_id"] == *user_id && contract["coverages"].is_array())
    );
    assert_eq!(house.internal("/reference/users/USR-0").await.status(), 404);

    let lines = |text: String| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let holders = lines(house.internal("/reference/policyholders").await.text().await.unwrap());
    let contracts: usize = holders.iter().map(|holder| holder["contracts"].as_array().unwrap().len()).sum();
    assert_eq!((holders.len(), contracts), (84, 122));
    for holder in &holders {
        let owners = holder["contracts"].as_array().unwrap().iter().map(|contract| &contract["user_id"]);
        assert!(owners.into_iter().all(|owner| *owner == holder["user_id"]));
    }
    let articles = lines(house.internal("/reference/articles").await.text().await.unwrap());
    assert_eq!(articles.len(), 26);
    assert!(articles.iter().all(|article| article["content"].is_string() && article["language"].is_string()));

    let number = first["contract_number"].as_str().unwrap();
    let found: Value =
        house.internal(&format!("/reference/history/lookup?contract_number={number}")).await.json().await.unwrap();
    assert!(found["records"].as_array().unwrap().contains(&first));
    assert_eq!(house.internal("/reference/history/lookup").await.status(), 400);
    assert_eq!(house.internal("/reference/history/lookup?name=x").await.status(), 400);

    let parameters: Value = house.internal("/reference/parameters").await.json().await.unwrap();
    assert_eq!(parameters["fx_rates"][0], json!(["2023-01", "CAD", "0.62951"]));
    assert_eq!(
        (parameters["provider_watchlist"].as_array().unwrap().len(), &parameters["public_holidays"][0]),
        (3, &json!("2023-01-01"))
    );

    let report = claims::import_samples(&storage, &samples).await.unwrap();
    assert_eq!((report.created, report.kept), (69, 0));
    let again = claims::import_samples(&storage, &samples).await.unwrap();
    assert_eq!((again.created, again.kept), (0, 69));
    let rows = claims::result_rows(storage.store.as_ref()).await.unwrap();
    assert_eq!((rows.len(), rows[0].decision), (69, None));
}
