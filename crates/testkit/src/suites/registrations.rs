//! What every store of registrations and of file records keeps.

use ports::access::Caller;
use ports::files::{Files, StoredFile};
use ports::registrations::{Registration, Registrations};
use ports::responses::Page;
use serde_json::json;

use super::ann;

pub async fn keeps_the_contract(store: &dyn Registrations) {
    let one = |id: &str, created_at, owner: Option<&Caller>, uri: &str| Registration {
        kind: "tool_group",
        id: id.into(),
        body: json!({"uri": uri}),
        created_at,
        owner: owner.cloned(),
    };
    for registration in [one("b", 1, None, "u"), one("a", 2, None, "u"), one("b", 3, Some(&ann()), "hers")] {
        store.register(&registration).await.expect("registered");
    }
    store.register(&one("b", 9, None, "new")).await.expect("registered again");
    let all = store.all_registered("tool_group", None).await.expect("list");
    assert_eq!(all, [("b".to_owned(), json!({"uri": "new"})), ("a".to_owned(), json!({"uri": "u"}))], "in order");
    assert_eq!(store.registered("tool_group", "b", Some(&ann())).await.expect("get"), Some(json!({"uri": "hers"})));
    assert_eq!(store.registered("shield", "b", None).await.expect("get"), None, "a kind has its own names");
    assert!(store.unregister("tool_group", "b", None).await.expect("removed"));
    assert!(!store.unregister("tool_group", "b", None).await.expect("gone"));
    assert!(store.registered("tool_group", "b", Some(&ann())).await.expect("get").is_some());
}

pub async fn keeps_file_records(store: &dyn Files) {
    let file = |id: &str, created_at, expires_at, owner: Option<&Caller>| StoredFile {
        id: id.into(),
        filename: "é.txt".into(),
        purpose: "assistants".into(),
        bytes: 3,
        created_at,
        expires_at,
        owner: owner.cloned(),
    };
    for file in [file("f1", 1, 100, None), file("f2", 1, 100, None), file("f3", 2, 10, None)] {
        store.put_file(&file).await.expect("put");
    }
    store.put_file(&file("hers", 1, 100, Some(&ann()))).await.expect("put");
    assert_eq!(store.file("f1", None).await.expect("get"), Some(file("f1", 1, 100, None)));
    assert_eq!(store.file("hers", None).await.expect("get"), None);
    let page =
        |after: Option<&str>, ascending| Page { after: after.map(str::to_owned), before: None, limit: 1, ascending };
    let listed = store.files(&page(None, false), None, 50, None).await.expect("list");
    assert_eq!((listed.rows[0].id.as_str(), listed.has_more), ("f2", true), "an expired file is not listed");
    let listed = store.files(&page(Some("f2"), false), Some("assistants"), 50, None).await.expect("list");
    assert_eq!((listed.rows[0].id.as_str(), listed.has_more), ("f1", false));
    let before = Page { before: Some("f1".into()), ..page(None, false) };
    let listed = store.files(&before, None, 50, None).await.expect("list");
    assert_eq!((listed.rows[0].id.as_str(), listed.has_more), ("f2", false), "the rows before it");
    let listed = store.files(&page(None, true), Some("batch"), 50, None).await.expect("list");
    assert!(listed.rows.is_empty());
    assert_eq!(store.expired_files(50).await.expect("swept"), ["f3"]);
    assert!(!store.remove_file("hers", None).await.expect("remove"));
    assert!(store.remove_file("f1", None).await.expect("remove"));
}
