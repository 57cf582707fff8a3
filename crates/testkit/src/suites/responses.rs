//! What every store of responses keeps.

use ports::responses::{Page, Responses, StoredResponse};
use serde_json::{Value, json};
use wire::openai::responses::ResponseObject;

/// Runs the whole contract on a store, which must be empty.
pub async fn keeps_the_contract(store: &dyn Responses) {
    gives_back_what_was_put(store).await;
    replaces(store).await;
    removes(store).await;
    keeps_owners_apart(store).await;
    pages_by_time(store).await;
    loses_none_of_the_same_second(store).await;
}

/// A small stored response, made of what the wire allows.
pub fn stored(id: &str, created_at: i64, owner: Option<&str>) -> StoredResponse {
    StoredResponse {
        response: response(id, created_at),
        input: serde_json::from_value(json!([
            {"type": "message", "id": "msg_1", "role": "user", "content": [{"type": "input_text", "text": "où est ma réclamation ?"}]}
        ]))
        .expect("an input item"),
        history: Vec::new(),
        owner: owner.map(str::to_owned),
    }
}

fn response(id: &str, created_at: i64) -> ResponseObject {
    let body: Value = json!({
        "id": id, "object": "response", "created_at": created_at, "completed_at": created_at, "status": "completed",
        "background": false, "error": null, "incomplete_details": null, "instructions": "be \"exact\" 'now'",
        "max_output_tokens": null, "max_tool_calls": null, "model": "m",
        "output": [{"type": "message", "id": "msg_2", "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": "Payé: 10 €", "annotations": []}]}],
        "parallel_tool_calls": true, "previous_response_id": null, "reasoning": null, "store": true,
        "temperature": 0.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "truncation": "disabled", "usage": null, "metadata": {"claim": "C-1"}, "unknown_to_us": [1, 2]
    });
    serde_json::from_value(body).expect("a response object")
}

async fn gives_back_what_was_put(store: &dyn Responses) {
    assert_eq!(store.get("resp_none", None).await.expect("get"), None);
    let mut first = stored("resp_1", 100, None);
    first.history = first.input.clone();
    store.put(&first).await.expect("put");
    assert_eq!(store.get("resp_1", None).await.expect("get"), Some(first), "every field comes back as it was");
    assert_eq!(store.get("resp_", None).await.expect("get"), None, "an id is not a prefix");
    let hostile = "resp_1'; drop table responses; --";
    assert_eq!(store.get(hostile, None).await.expect("get"), None);
}

async fn replaces(store: &dyn Responses) {
    let mut changed = stored("resp_1", 100, None);
    changed.response.model = "other".into();
    store.put(&changed).await.expect("put again");
    assert_eq!(store.get("resp_1", None).await.expect("get"), Some(changed));
    let all = store.list(&page(None, 100, Order::Newest), None).await.expect("list");
    assert_eq!(ids(&all.rows), ["resp_1"], "a replaced response is still one");
}

async fn removes(store: &dyn Responses) {
    assert!(store.remove("resp_1", None).await.expect("remove"));
    assert!(!store.remove("resp_1", None).await.expect("remove again"), "it was gone");
    assert_eq!(store.get("resp_1", None).await.expect("get"), None);
}

async fn keeps_owners_apart(store: &dyn Responses) {
    store.put(&stored("resp_ann", 1, Some("ann"))).await.expect("put");
    store.put(&stored("resp_bob", 2, Some("bob"))).await.expect("put");
    assert_eq!(store.get("resp_ann", Some("bob")).await.expect("get"), None);
    assert!(!store.remove("resp_ann", Some("bob")).await.expect("remove"), "bob removes nothing of ann's");
    let of_bob = store.list(&page(None, 100, Order::Newest), Some("bob")).await.expect("list");
    assert_eq!(ids(&of_bob.rows), ["resp_bob"]);
    assert!(store.get("resp_ann", Some("ann")).await.expect("get").is_some());
    assert!(store.remove("resp_ann", Some("ann")).await.expect("remove"));
    assert!(store.remove("resp_bob", Some("bob")).await.expect("remove"));
}

async fn pages_by_time(store: &dyn Responses) {
    for (id, at) in [("resp_b", 20), ("resp_a", 30), ("resp_d", 40), ("resp_c", 10)] {
        store.put(&stored(id, at, None)).await.expect("put");
    }
    let newest = ["resp_d", "resp_a", "resp_b", "resp_c"];
    assert_eq!(walk(store, 3, Order::Newest).await, newest);
    assert_eq!(walk(store, 1, Order::Newest).await, newest);
    assert_eq!(walk(store, 4, Order::Newest).await, newest, "a full last page has nothing after it");
    assert_eq!(walk(store, 2, Order::Oldest).await, ["resp_c", "resp_b", "resp_a", "resp_d"]);
    clear(store).await;
}

async fn loses_none_of_the_same_second(store: &dyn Responses) {
    let mut put: Vec<String> = (0..7).map(|n| format!("resp_{n}")).collect();
    for id in &put {
        store.put(&stored(id, 5, None)).await.expect("put");
    }
    for order in [Order::Newest, Order::Oldest] {
        let mut seen = walk(store, 2, order).await;
        seen.sort();
        put.sort();
        assert_eq!(seen, put, "each exactly once");
    }
    clear(store).await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Newest,
    Oldest,
}

fn page(after: Option<String>, limit: u32, order: Order) -> Page {
    Page { after, limit, ascending: order == Order::Oldest }
}

/// Ids over all pages of `limit` rows; fails when `has_more` is wrong.
async fn walk(store: &dyn Responses, limit: u32, order: Order) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    loop {
        let listed = store.list(&page(seen.last().cloned(), limit, order), None).await.expect("list");
        assert!(listed.rows.len() <= limit as usize, "a page holds at most {limit} rows");
        seen.extend(ids(&listed.rows));
        if !listed.has_more {
            return seen;
        }
        assert!(!listed.rows.is_empty() && seen.len() < 1000, "a page that promises more is not empty");
    }
}

async fn clear(store: &dyn Responses) {
    for id in walk(store, 100, Order::Newest).await {
        store.remove(&id, None).await.expect("remove");
    }
}

fn ids(rows: &[StoredResponse]) -> Vec<String> {
    rows.iter().map(|row| row.response.id.clone()).collect()
}
