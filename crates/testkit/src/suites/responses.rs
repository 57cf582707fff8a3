//! What every store of responses keeps.

use ports::access::Caller;
use ports::responses::{Lease, Page, Responses, StoredResponse};
use serde_json::{Value, json};
use wire::openai::responses::{ResponseObject, ResponseStatus};

use super::{ann, bob};

/// Whether more than one process may work on the store's responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processes {
    One,
    Several,
}

/// Runs the whole contract on a store, which must be empty.
pub async fn keeps_the_contract(store: &dyn Responses, processes: Processes) {
    gives_back_what_was_put(store).await;
    replaces(store).await;
    removes(store).await;
    keeps_owners_apart(store).await;
    pages_by_time(store).await;
    loses_none_of_the_same_second(store).await;
    pages_backwards_and_by_model(store).await;
    moves_on_only_what_is_not_over(store).await;
    gives_the_work_of_the_dead_to_one(store, processes).await;
}

/// A small stored response, made of what the wire allows.
pub fn stored(id: &str, created_at: i64, owner: Option<&Caller>) -> StoredResponse {
    StoredResponse {
        response: response(id, created_at),
        input: serde_json::from_value(json!([
            {"type": "message", "id": "msg_1", "role": "user", "content": [{"type": "input_text", "text": "où est ma réclamation ?"}]}
        ]))
        .expect("an input item"),
        history: Vec::new(),
        owner: owner.cloned(),
        request: None,
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
    let all = store.list(&page(None, 100, Order::Newest), None, None).await.expect("list");
    assert_eq!(ids(&all.rows), ["resp_1"], "a replaced response is still one");
}

async fn removes(store: &dyn Responses) {
    assert!(store.remove("resp_1", None).await.expect("remove"));
    assert!(!store.remove("resp_1", None).await.expect("remove again"), "it was gone");
    assert_eq!(store.get("resp_1", None).await.expect("get"), None);
}

async fn keeps_owners_apart(store: &dyn Responses) {
    store.put(&stored("resp_ann", 1, Some(&ann()))).await.expect("put");
    store.put(&stored("resp_bob", 2, Some(&bob()))).await.expect("put");
    assert_eq!(store.get("resp_ann", Some(&bob())).await.expect("get"), None);
    assert!(!store.remove("resp_ann", Some(&bob())).await.expect("remove"), "bob removes nothing of ann's");
    let of_bob = store.list(&page(None, 100, Order::Newest), None, Some(&bob())).await.expect("list");
    assert_eq!(ids(&of_bob.rows), ["resp_bob"]);
    assert!(store.get("resp_ann", Some(&ann())).await.expect("get").is_some());
    assert!(store.remove("resp_ann", Some(&ann())).await.expect("remove"));
    assert!(store.remove("resp_bob", Some(&bob())).await.expect("remove"));
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

async fn pages_backwards_and_by_model(store: &dyn Responses) {
    for (id, at) in [("resp_1", 1), ("resp_2", 2), ("resp_3", 3), ("resp_4", 4)] {
        let mut stored = stored(id, at, None);
        stored.response.model = if at % 2 == 0 { "even" } else { "odd" }.into();
        store.put(&stored).await.expect("put");
    }
    let before = |id: &str, limit, order| Page { before: Some(id.into()), ..page(None, limit, order) };
    let listed = store.list(&before("resp_1", 2, Order::Newest), None, None).await.expect("list");
    assert_eq!((ids(&listed.rows), listed.has_more), (vec!["resp_3".into(), "resp_2".into()], true));
    let listed = store.list(&before("resp_4", 5, Order::Oldest), None, None).await.expect("list");
    assert_eq!((ids(&listed.rows).len(), listed.has_more), (3, false));
    let between = Page { after: Some("resp_4".into()), ..before("resp_2", 5, Order::Newest) };
    assert_eq!(ids(&store.list(&between, None, None).await.expect("list").rows), ["resp_3"]);
    let odd = store.list(&page(None, 5, Order::Oldest), Some("odd"), None).await.expect("list");
    assert_eq!(ids(&odd.rows), ["resp_1", "resp_3"]);
    clear(store).await;
}

async fn moves_on_only_what_is_not_over(store: &dyn Responses) {
    let mut work = stored("resp_w", 1, Some(&ann()));
    work.response.status = ResponseStatus::Queued;
    store.begin(&work, &Lease { runner: "a".into(), until: 50 }).await.expect("begin");
    work.response.status = ResponseStatus::InProgress;
    assert!(store.advance(&work).await.expect("advance"));
    let strangers = StoredResponse { owner: Some(bob()), ..work.clone() };
    assert!(!store.advance(&strangers).await.expect("advance"), "an owner moves on only what is theirs");
    work.response.status = ResponseStatus::Cancelled;
    assert!(store.advance(&work).await.expect("advance"));
    let mut late = work.clone();
    late.response.status = ResponseStatus::Completed;
    assert!(!store.advance(&late).await.expect("advance"), "what was cancelled stays so");
    assert_eq!(store.get("resp_w", Some(&ann())).await.expect("get"), Some(work));
    assert!(store.remove("resp_w", Some(&ann())).await.expect("remove"));
    assert!(!store.advance(&late).await.expect("advance"), "what was removed does not come back");
}

async fn gives_the_work_of_the_dead_to_one(store: &dyn Responses, processes: Processes) {
    for (id, status) in [("resp_q", ResponseStatus::Queued), ("resp_p", ResponseStatus::InProgress)] {
        let mut work = stored(id, 1, None);
        work.response.status = status;
        store.begin(&work, &Lease { runner: "dead".into(), until: 50 }).await.expect("begin");
    }
    store.put(&stored("resp_over", 1, None)).await.expect("put");
    let heir = Lease { runner: "heir".into(), until: 200 };
    let own = Lease { runner: "dead".into(), until: 60 };
    assert!(store.take_over(&own, 100, 10).await.expect("take over").is_empty(), "nobody takes over from themselves");
    store.renew(&own).await.expect("renew");
    if processes == Processes::Several {
        assert!(store.take_over(&heir, 55, 10).await.expect("take over").is_empty(), "its runner lives");
    }
    let first = store.take_over(&heir, 100, 1).await.expect("take over");
    let second = store.take_over(&heir, 100, 10).await.expect("take over");
    let mut taken = ids(&first);
    taken.extend(ids(&second));
    taken.sort();
    assert_eq!((first.len(), taken), (1, vec!["resp_p".to_owned(), "resp_q".to_owned()]));
    clear(store).await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Newest,
    Oldest,
}

fn page(after: Option<String>, limit: u32, order: Order) -> Page {
    Page { after, limit, ascending: order == Order::Oldest, before: None }
}

/// Ids over all pages of `limit` rows; fails when `has_more` is wrong.
async fn walk(store: &dyn Responses, limit: u32, order: Order) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    loop {
        let listed = store.list(&page(seen.last().cloned(), limit, order), None, None).await.expect("list");
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
