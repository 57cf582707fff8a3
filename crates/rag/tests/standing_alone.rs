//! Retrieval over a folder of records, without a claims service.

mod support;

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use support::{Plane, Rag, alone, nobody, rows, texts};

fn ready(health: &Value) -> bool {
    health["reference"]["ready"] == json!(true)
}

#[tokio::test]
async fn every_tool_is_listed_with_both_schemas_and_as_read_only() {
    let rag = Rag::start(alone(&nobody().await)).await;
    let listed = rag.rpc("tools/list", json!({}), None).await;
    let names = texts(&listed["tools"], "name");
    for name in ["retrieve_user_info", "retrieve_similar_claims", "search_knowledge_base", "rag_health_check"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    for tool in listed["tools"].as_array().expect("tools") {
        assert_eq!(tool["annotations"]["readOnlyHint"], json!(true), "{tool}");
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        assert!(tool["description"].as_str().is_some_and(|text| text.len() > 20), "{tool}");
    }
}

#[tokio::test]
async fn a_user_comes_with_their_own_contracts_and_nobody_elses() {
    let rag = Rag::start(alone(&nobody().await)).await;
    rag.until(ready).await;
    for user in rows("reference/users.jsonl").iter().take(12) {
        let user_id = user["user_id"].as_str().expect("an id");
        let found = rag.call("retrieve_user_info", json!({"user_id": user_id, "query": "theft vol"})).await;
        let expected: Vec<String> = rows("reference/contracts.jsonl")
            .iter()
            .filter(|contract| contract["user_id"] == user_id)
            .map(|contract| contract["contract_number"].as_str().expect("a number").to_owned())
            .collect();
        assert_eq!(texts(&found["contracts"], "contract_number"), expected);
        assert_eq!(found["total_contracts"], json!(expected.len()));
        assert!(texts(&found["clauses"], "contract_number").iter().all(|number| expected.contains(number)));
        assert_eq!(found["user"]["full_name"], user["full_name"]);
        assert_eq!((&found["in_force"], &found["in_force_on"]), (&json!([]), &Value::Null));
        let written = found.to_string();
        for private in ["email", "phone", "date_of_birth"] {
            assert!(!written.contains(user[private].as_str().expect("text")), "{private} of {user_id} was given");
        }
        assert!(!written.contains("full_text"));
    }
    let unknown = rag.call("retrieve_user_info", json!({"user_id": "USR-0000"})).await;
    assert_eq!(
        (&unknown["success"], &unknown["user_found"], &unknown["user"]),
        (&json!(true), &json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn clauses_answer_the_query_in_either_language() {
    let rag = Rag::start(alone(&nobody().await)).await;
    rag.until(ready).await;
    for contract in rows("reference/contracts.jsonl").iter().filter(|contract| contract["product"] == "auto").take(30) {
        let query = match contract["language"].as_str() {
            Some("fr") => "conduite avec une alcoolémie",
            _ => "driving with alcohol",
        };
        let arguments = json!({"user_id": contract["user_id"], "query": query, "top_k": 20, "include_full_text": true});
        let found = rag.call("retrieve_user_info", arguments).await;
        let clauses = found["clauses"].as_array().expect("clauses");
        assert!((1..=5).contains(&clauses.len()));
        let excludes_alcohol = |contract: &Value| contract["exclusions"].to_string().contains("ALCOHOL");
        if excludes_alcohol(contract)
            && found["contracts"]
                .as_array()
                .expect("contracts")
                .iter()
                .all(|other| other["language"] == contract["language"])
        {
            assert_eq!(clauses[0]["clause"], "4.1", "{clauses:#?}");
        }
        for clause in clauses {
            let contracts = found["contracts"].as_array().expect("contracts");
            let own =
                contracts.iter().find(|own| own["contract_number"] == clause["contract_number"]).expect("its contract");
            let span = |at: usize| clause["span"][at].as_u64().expect("a place") as usize;
            let full_text = own["full_text"].as_str().expect("asked for");
            let cut: String = full_text.chars().skip(span(0)).take(span(1) - span(0)).collect();
            assert!(clause["text"].as_str().expect("text").ends_with(&cut), "{cut} | {clause}");
        }
    }
}

/// Words alone put a claim of the same product and peril first and fill the five with them, where the history has any.
#[tokio::test]
async fn words_alone_rank_the_sample_history_well() {
    let rag = Rag::start(alone(&nobody().await)).await;
    rag.until(ready).await;
    let history = rows("reference/claims_history.jsonl");
    let known =
        |product: &str, peril: &str| history.iter().any(|past| past["product"] == product && past["peril"] == peril);
    let (mut asked, mut first, mut five, mut of_five) = (0, 0, 0, 0);
    for truth in rows("ground_truth.jsonl") {
        let wanted = &truth["expected_tool_inputs"]["retrieve_similar_claims"];
        let (Some(text), Some(product), Some(peril)) =
            (wanted["claim_text"].as_str(), wanted["product"].as_str(), wanted["peril"].as_str())
        else {
            continue;
        };
        if !known(product, peril) {
            continue;
        }
        let found = rag.call("retrieve_similar_claims", json!({"claim_description": text, "limit": 5})).await;
        assert_eq!(found["similarity"], "unavailable");
        let right: Vec<bool> = found["similar_claims"]
            .as_array()
            .expect("claims")
            .iter()
            .map(|claim| claim["product"] == product && claim["peril"] == peril)
            .collect();
        asked += 1;
        first += usize::from(right.first() == Some(&true));
        five += right.iter().filter(|right| **right).count();
        of_five += right.len();
    }
    println!("asked {asked}, right at the first place {first}, right in the first five {five}/{of_five}");
    assert!(asked > 40 && first * 100 >= asked * 95 && five * 100 >= of_five * 90, "{first}/{asked}, {five}/{of_five}");
}

#[tokio::test]
async fn filters_hold_and_refused_claims_are_among_the_precedents() {
    let rag = Rag::start(alone(&nobody().await)).await;
    rag.until(ready).await;
    let arguments = json!({"claim_text": "Mon véhicule a été percuté à l'arrière", "product": "auto", "peril": "collision", "top_k": 20});
    let found = rag.call("retrieve_similar_claims", arguments).await;
    let claims = found["similar_claims"].as_array().expect("claims");
    assert!(
        !claims.is_empty() && claims.iter().all(|claim| claim["product"] == "auto" && claim["peril"] == "collision")
    );
    let mix = found["outcome_mix"].as_object().expect("a mix");
    assert!(mix.contains_key("deny"), "{mix:?}");
    let counted: u64 = mix.values().filter_map(Value::as_u64).sum();
    assert_eq!(counted as usize, claims.len());
    let hint = rag.call("retrieve_similar_claims", json!({"claim_text": "hospital", "claim_type": "Health"})).await;
    assert_eq!(hint["search_params"]["product"], "health");
}

#[tokio::test]
async fn records_by_key_are_found_without_searching() {
    let rag = Rag::start(alone(&nobody().await)).await;
    rag.until(ready).await;
    let past = rows("reference/claims_history.jsonl");
    let one = past.iter().find(|claim| claim["invoice_number"].is_string()).expect("one with an invoice");
    let arguments = json!({"claim_text": "x y", "user_id": "USR-1001", "contract_number": one["contract_number"],
                           "invoice_number": one["invoice_number"].as_str().map(str::to_lowercase), "provider_name": one["provider_name"]});
    let found = rag.call("retrieve_similar_claims", arguments).await;
    let same_invoice = &found["by_key"]["same_invoice"];
    assert!(texts(same_invoice, "claim_number").contains(&one["claim_number"].as_str().expect("a number").to_owned()));
    assert_eq!(same_invoice[0]["other_user"], json!(true));
    assert_eq!(found["by_key"]["same_contract"], json!([]), "another user's contract is not shown");
    assert!(!same_invoice.to_string().contains("USR-"));
}

#[tokio::test]
async fn articles_come_in_the_language_of_the_query() {
    let rag = Rag::start(alone(&nobody().await)).await;
    rag.until(ready).await;
    for (query, article) in [
        ("Within how many days must a theft be reported?", "KB-01-EN"),
        ("Dans quel délai faut-il déclarer un vol ?", "KB-01-FR"),
    ] {
        let found = rag.call("search_knowledge_base", json!({"query": query, "limit": 3})).await;
        assert!(texts(&found["articles"], "article_id").contains(&article.to_owned()), "{found:#}");
    }
    let category =
        rag.call("search_knowledge_base", json!({"query": "franchise plafond", "category": "amounts"})).await;
    assert!(texts(&category["articles"], "category").iter().all(|category| category == "amounts"));
    let error = rag.refusal(None, "search_knowledge_base", json!({"query": " "})).await;
    assert_eq!(error["message"], "query: must not be empty");
}

#[tokio::test]
async fn a_restart_embeds_nothing_again() {
    let plane = Plane::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = || rag::RagConfig { data_dir: Some(folder.path().to_owned()), ..alone(plane.url()) };
    let rag = Rag::start(config()).await;
    rag.until(|health| health["status"] == "healthy").await;
    let found =
        rag.call("retrieve_similar_claims", json!({"claim_text": "Hailstones dented the bonnet and the roof"})).await;
    assert_eq!(found["similarity"], "available", "{found}");
    let user = rows("reference/contracts.jsonl")[0]["user_id"].clone();
    rag.call("retrieve_user_info", json!({"user_id": user, "query": "theft of a vehicle"})).await;
    rag.stop().await;
    let embedded = plane.embedded();
    let mut once = embedded.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), embedded.len(), "no text is embedded twice");
    for user in rows("reference/users.jsonl") {
        for private in ["full_name", "email", "phone"] {
            let private = user[private].as_str().expect("text");
            assert!(!embedded.iter().any(|text| text.contains(private)), "{private} was embedded");
        }
    }

    let rag = Rag::start(config()).await;
    rag.until(|health| health["status"] == "healthy").await;
    assert_eq!(plane.embedded().len(), embedded.len(), "everything came from the file");
    let again =
        rag.call("retrieve_similar_claims", json!({"claim_text": "Hailstones dented the bonnet and the roof"})).await;
    assert_eq!(again["similar_claims"], found["similar_claims"]);
}

#[tokio::test]
async fn embeddings_may_come_and_go() {
    let plane = Plane::start().await;
    plane.down.store(true, Ordering::Relaxed);
    let rag = Rag::start(alone(plane.url())).await;
    let health = rag
        .until(|health| {
            ready(health) && health["embeddings"]["reason"].as_str().is_some_and(|reason| reason.contains("503"))
        })
        .await;
    assert_eq!(health["status"], "degraded");
    let ask = || rag.call("retrieve_similar_claims", json!({"claim_text": "Hailstones dented the roof of my car"}));
    let words = ask().await;
    assert_eq!((&words["success"], &words["similarity"]), (&json!(true), &json!("unavailable")));
    assert!(words["similarity_reason"].as_str().is_some_and(|reason| reason.contains("503: no model")), "{words}");
    assert!(!words["similar_claims"].as_array().expect("claims").is_empty());
    assert_eq!(words["search_params"]["min_similarity_applied"], json!(false));

    plane.down.store(false, Ordering::Relaxed);
    rag.until(|health| health["status"] == "healthy").await;
    assert_eq!(ask().await["similarity"], "available");
    let strict = json!({"claim_text": "Hailstones dented the roof of my car", "min_similarity": 1});
    assert_eq!(rag.call("retrieve_similar_claims", strict).await["total_found"], json!(0));

    plane.down.store(true, Ordering::Relaxed);
    assert_eq!(ask().await["similarity"], "unavailable");
    let before = plane.requests.load(Ordering::Relaxed);
    ask().await;
    assert!(plane.requests.load(Ordering::Relaxed) <= before + 1, "a query does not wait for what is known to be down");
    plane.down.store(false, Ordering::Relaxed);
    rag.until(|health| health["status"] == "healthy").await;
}

#[tokio::test]
async fn bad_arguments_are_told_to_the_model() {
    let rag = Rag::start(alone(&nobody().await)).await;
    for (tool, arguments, expected) in [
        ("retrieve_similar_claims", json!({}), "claim_text: must not be empty without a claim_id"),
        (
            "retrieve_similar_claims",
            json!({"claim_text": "a", "top_k": 51}),
            "top_k: must be a whole number from 1 to 50",
        ),
        ("retrieve_user_info", json!({"user_id": null}), "user_id: must not be empty"),
    ] {
        let error = rag.refusal(None, tool, arguments).await;
        assert_eq!((error["code"].as_str(), error["message"].as_str()), (Some("invalid_argument"), Some(expected)));
    }
}
