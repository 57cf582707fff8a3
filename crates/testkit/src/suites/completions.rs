//! What every store of chat completions keeps.

use ports::access::Caller;
use ports::completions::{Completions, StoredCompletion};
use ports::responses::Page;
use serde_json::json;

use super::ann;

fn stored(id: &str, created: i64, model: &str, owner: Option<&Caller>) -> StoredCompletion {
    let completion = json!({
        "id": id, "object": "chat.completion", "created": created, "model": model, "unknown_to_us": 1,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "é"}}],
    });
    StoredCompletion {
        completion: serde_json::from_value(completion).expect("a completion"),
        input_messages: serde_json::from_value(json!([{"role": "user", "content": "hi"}])).expect("messages"),
        owner: owner.cloned(),
    }
}

fn ids(rows: &[StoredCompletion]) -> Vec<&str> {
    rows.iter().map(|row| row.completion.id.as_str()).collect()
}

/// Runs the whole contract on a store, which must be empty.
pub async fn keeps_the_contract(store: &dyn Completions) {
    let batch = [
        stored("chatcmpl_2", 5, "a", None),
        stored("chatcmpl_1", 5, "b", None),
        stored("chatcmpl_3", 4, "a", None),
        stored("chatcmpl_4", 9, "a", Some(&ann())),
    ];
    store.put_completions(&batch).await.expect("put");
    store.put_completions(&[]).await.expect("nothing to put");
    let one = store.completion("chatcmpl_2", None).await.expect("get");
    assert_eq!(one.as_ref(), Some(&batch[0]), "every field comes back as it was");
    assert_eq!(store.completion("chatcmpl_4", None).await.expect("get"), None, "ann's");

    let page = |after: Option<&str>, limit, ascending| Page {
        after: after.map(str::to_owned),
        before: None,
        limit,
        ascending,
    };
    let newest = store.completions(&page(None, 2, false), None, None).await.expect("list");
    assert_eq!((ids(&newest.rows), newest.has_more), (vec!["chatcmpl_2", "chatcmpl_1"], true));
    let rest = store.completions(&page(Some("chatcmpl_1"), 2, false), None, None).await.expect("list");
    assert_eq!((ids(&rest.rows), rest.has_more), (vec!["chatcmpl_3"], false));
    let of_a = store.completions(&page(None, 9, true), Some("a"), None).await.expect("list");
    assert_eq!(ids(&of_a.rows), ["chatcmpl_3", "chatcmpl_2"]);

    assert!(!store.remove_completion("chatcmpl_4", None).await.expect("remove"), "ann's");
    assert!(store.remove_completion("chatcmpl_4", Some(&ann())).await.expect("remove"));
    assert!(!store.remove_completion("chatcmpl_4", Some(&ann())).await.expect("remove again"));
}
