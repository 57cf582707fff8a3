//! What every store keeps of the access rules: who sees whose records, one by one and in lists.

use ports::access::{Action, Attributes, Caller, Policy, Principal};
use ports::files::{Files, StoredFile};
use ports::quotas::Quotas;
use ports::responses::{Page, StoreError};
use ports::sessions::{Session, Sessions};
use serde_json::json;

/// Rules for a store that holds more than the default: admins read all but one file, mates read, owners do everything.
pub fn rules() -> Policy {
    let rules = json!([
        {"forbid": {"actions": ["read"], "resource": "sql_record::openai_files::secret"}, "unless": "user is owner"},
        {"permit": {"actions": ["read"]}, "when": "user with admin in roles"},
        {"permit": {"actions": ["read"]}, "when": "user in owners teams"},
        {"permit": {"actions": ["create", "read", "update", "delete"]}, "when": "user is owner"},
    ]);
    serde_json::from_value(rules).expect("rules")
}

fn somebody(id: &str, attribute: &str, values: &[&str]) -> Caller {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Principal::new(id, Attributes::from([(attribute.to_owned(), values)])).expect("a caller").into()
}

fn file(id: &str, created_at: i64, owner: Option<&Caller>) -> StoredFile {
    StoredFile {
        id: id.into(),
        filename: "a.txt".into(),
        purpose: "evals".into(),
        bytes: 1,
        created_at,
        expires_at: 100,
        owner: owner.cloned(),
    }
}

/// Ids of all files the caller sees, two to a page, newest first. A page before the last is full.
async fn walk(store: &dyn Files, caller: &Principal) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = Page { after, before: None, limit: 2, ascending: false };
        let listed = store.files(&page, Some("evals"), 0, Some(caller)).await.expect("list");
        assert!(listed.rows.len() == 2 || !listed.has_more, "a page that has a next one is full");
        ids.extend(listed.rows.iter().map(|file| file.id.clone()));
        after = ids.last().cloned();
        if !listed.has_more {
            return ids;
        }
    }
}

/// With the default rules: mine, my mates', and nobody's.
pub async fn keeps_the_default_rules(store: &dyn Files) {
    let (ann, mate) = (somebody("ann", "teams", &["red", "x"]), somebody("mate", "teams", &["red"]));
    let (blue, alone) = (somebody("blue", "teams", &["blue"]), super::bob());
    let everyones = somebody("pod", "roles", &["system:authenticated"]);
    let other_pod = somebody("other-pod", "roles", &["system:authenticated"]);
    let owners = [Some(&ann), Some(&mate), Some(&blue), Some(&alone), None, Some(&everyones), Some(&other_pod)];
    for (at, owner) in (1..).zip(owners) {
        store.put_file(&file(&format!("of-{at}"), at, owner)).await.expect("put");
    }
    assert_eq!(walk(store, &ann).await, ["of-5", "of-2", "of-1"]);
    assert_eq!(walk(store, &mate).await, ["of-5", "of-2", "of-1"]);
    assert_eq!(walk(store, &blue).await, ["of-5", "of-3"]);
    assert_eq!(walk(store, &alone).await, ["of-5", "of-4"]);
    assert_eq!(walk(store, &everyones).await, ["of-6", "of-5"], "what all have in common makes no mates");
    assert!(store.file("of-1", Some(&mate)).await.expect("get").is_some());
    assert_eq!(store.file("of-1", Some(&blue)).await.expect("get"), None);
    assert!(!store.remove_file("of-1", Some(&blue)).await.expect("remove"));
    for at in 1..=7 {
        let (id, owner) = (format!("of-{at}"), owners[at - 1]);
        assert!(store.remove_file(&id, owner.map(|owner| &**owner)).await.expect("remove"));
    }
}

/// A store under [`rules`].
pub async fn keeps_own_rules(store: &dyn Files) {
    let (ann, mate) = (somebody("ann", "teams", &["red"]), somebody("mate", "teams", &["red"]));
    let admin = somebody("root", "roles", &["admin"]);
    for (at, id) in (1..).zip(["a", "secret", "b", "c", "d"]) {
        store.put_file(&file(id, at, Some(&ann))).await.expect("put");
    }
    assert_eq!(walk(store, &ann).await, ["d", "c", "b", "secret", "a"]);
    assert_eq!(walk(store, &mate).await, ["d", "c", "b", "a"], "a rule about one id leaves no hole in a page");
    assert_eq!(walk(store, &admin).await, ["d", "c", "b", "a"]);
    assert!(walk(store, &super::bob()).await.is_empty());
    let denied = store.remove_file("a", Some(&mate)).await.expect_err("may read, may not remove");
    assert!(matches!(&denied, StoreError::Denied(told) if told.contains("delete")), "{denied}");
    assert!(!store.remove_file("secret", Some(&mate)).await.expect("not even seen"));
    let permitted =
        rules().permits(Some(&ann), Action::Delete, ports::access::Owned::resource(&file("a", 1, Some(&ann))));
    assert!(permitted);
    for id in ["a", "secret", "b", "c", "d"] {
        assert!(store.remove_file(id, Some(&ann)).await.expect("remove"));
    }
}

/// Callers choose the ids of some sessions: the same id is another session for each.
pub async fn keeps_chosen_ids_apart(store: &dyn Sessions) {
    let session = |owner: Option<Caller>, model: &str| Session {
        id: "mine".into(),
        agent_id: "a".into(),
        name: "n".into(),
        model: model.into(),
        instructions: None,
        tools: Vec::new(),
        max_infer_iters: None,
        last_response_id: None,
        started_at: 1,
        owner,
    };
    for (owner, model) in [(Some(super::ann()), "hers"), (Some(super::bob()), "his"), (None, "nobody's")] {
        store.put_session(&session(owner, model)).await.expect("put");
    }
    for (owner, model) in [(Some(super::ann()), "hers"), (Some(super::bob()), "his"), (None, "nobody's")] {
        let found = store.session("mine", owner.as_deref()).await.expect("get").expect("a session");
        assert_eq!(found.model, model);
    }
}

pub async fn counts_requests(store: &dyn Quotas) {
    for expected in 1..=3 {
        assert_eq!(store.count_request("ann", 0).await.expect("count"), expected);
    }
    assert_eq!(store.count_request("bob", 0).await.expect("count"), 1, "each client for itself");
    assert_eq!(store.count_request("ann", 86_400).await.expect("count"), 1, "a new day");
    store.forget_clients(86_400).await.expect("forget");
    assert_eq!(store.count_request("ann", 86_400).await.expect("count"), 2);
    assert_eq!(store.count_request("bob", 86_400).await.expect("count"), 1);
}
