use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn somebody(id: &str, attributes: Value) -> Principal {
    Principal::new(id, serde_json::from_value(attributes).expect("attributes")).expect("a caller")
}

fn policy(rules: Value) -> Policy {
    serde_json::from_value(rules).expect("rules")
}

#[test]
fn without_rules_things_belong_to_their_owner_and_to_who_shares_with_them() {
    let ann = somebody("ann", json!({"teams": ["red"], "roles": ["system:authenticated", "user"]}));
    let table = [
        (json!({}), "ann", true, "the owner, whatever the attributes"),
        (json!({"teams": ["red", "blue"]}), "bob", true, "a team in common"),
        (json!({"teams": ["blue"]}), "bob", false, "another team"),
        (json!({"projects": ["red"]}), "bob", false, "the same word in another attribute"),
        (json!({"roles": ["system:authenticated"]}), "bob", false, "a group that everybody has"),
        (json!({"ranks": ["red"]}), "bob", false, "an attribute that the default does not compare"),
    ];
    for (attributes, owner, expected, why) in table {
        let owner = somebody(owner, attributes);
        let thing = Resource { kind: kind::FILE, id: "file-1", owner: Some(&owner) };
        for action in Action::ALL {
            assert_eq!(Policy::default().permits(Some(&ann), action, thing), expected, "{why}");
        }
        assert!(!Policy::default().permits(None, Action::Read, thing), "nobody in particular owns nothing");
    }
    let unowned = Resource::unowned(kind::MODEL, "m");
    assert!(Policy::default().permits(Some(&ann), Action::Read, unowned));
    assert!(Policy::default().permits(None, Action::Read, unowned));
}

#[test]
fn the_first_rule_that_fits_decides() {
    let rules = policy(json!([
        {"forbid": {"actions": "read", "resource": "model::secret"}, "unless": "user with admin in roles"},
        {"permit": {"actions": ["read"], "resource": "model::*"}, "description": "models are for all"},
        {"permit": {"actions": ["create", "delete"], "resource": "regex:vector_store::(a|b)-", "principal": "ann"}},
        {"permit": {"actions": ["update"]}, "when": ["user is owner", "user not in owners teams"]},
    ]));
    let (ann, bob) = (somebody("ann", json!({"roles": ["admin"]})), somebody("bob", json!({"teams": ["red"]})));
    let unowned = |kind, id| Resource::unowned(kind, id);
    let table = [
        (&ann, Action::Read, unowned("model", "secret"), true),
        (&bob, Action::Read, unowned("model", "secret"), false),
        (&bob, Action::Read, unowned("model", "open"), true),
        (&bob, Action::Read, unowned("shield", "pii"), false),
        (&ann, Action::Delete, unowned("vector_store", "a-1"), true),
        (&ann, Action::Delete, unowned("vector_store", "c-a-1"), false),
        (&bob, Action::Delete, unowned("vector_store", "a-1"), false),
        (&ann, Action::Update, Resource { kind: "file", id: "f", owner: Some(&ann) }, true),
        (&bob, Action::Update, Resource { kind: "file", id: "f", owner: Some(&bob) }, false),
        (&ann, Action::Update, Resource { kind: "file", id: "f", owner: Some(&bob) }, false),
    ];
    for (caller, action, thing, expected) in table {
        let told = format!("{} {} {}::{}", caller.id, action.name(), thing.kind, thing.id);
        assert_eq!(rules.permits(Some(caller), action, thing), expected, "{told}");
    }
}

#[test]
fn a_rule_that_cannot_be_meant_is_refused() {
    let table = [
        (json!([{"actions": ["read"]}]), "unknown field"),
        (json!([{"description": "nothing"}]), "either permit or forbid"),
        (json!([{"permit": {"actions": ["read"]}, "forbid": {"actions": ["read"]}}]), "either permit or forbid"),
        (json!([{"permit": {"actions": ["red"]}}]), "did not match"),
        (json!([{"permit": {"actions": "read"}, "when": "user is king"}]), "'user is king' is no condition"),
        (json!([{"permit": {"actions": "read"}, "when": "user is owner", "unless": "user is owner"}]), "exclude"),
        (json!([{"forbid": {"actions": "read", "resource": "regex:("}}]), "cannot be read"),
    ];
    for (rules, told) in table {
        let error = serde_json::from_value::<Policy>(rules).expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn paths_are_closed_once_there_is_a_rule() {
    let rules: RoutePolicy = serde_json::from_value(json!([
        {"permit": {"paths": "/v1/models"}},
        {"forbid": {"paths": ["/v1/files*", "regex:/v1/vector.stores/.*"]}, "unless": "user with editor in roles"},
        {"permit": {"paths": "*"}, "when": "user with user in roles"},
    ]))
    .expect("rules");
    let user = somebody("u", json!({"roles": ["user"]}));
    let editor = somebody("e", json!({"roles": ["user", "editor"]}));
    let table = [
        (None, "/v1/models/", true),
        (None, "/v1/chat/completions", false),
        (Some(&user), "/v1/chat/completions", true),
        (Some(&user), "/v1/files/file-1", false),
        (Some(&user), "/v1/vector_stores/vs_1", false),
        (Some(&editor), "/v1/vector_stores/vs_1", true),
        (Some(&editor), "/v1/files", true),
    ];
    for (caller, path, expected) in table {
        assert_eq!(rules.permits(caller, path), expected, "{path}");
    }
    assert!(RoutePolicy::default().permits(None, "/anything"));
}

#[test]
fn a_principal_is_written_as_a_name_or_with_its_attributes() {
    for caller in [Caller::named("ann"), somebody("bob", json!({"teams": ["red"]})).into()] {
        let text = serde_json::to_string(&caller).expect("text");
        assert_eq!(serde_json::from_str::<Caller>(&text).expect("read"), caller);
    }
    assert_eq!(
        serde_json::to_value(Caller::named("ann")).expect("text"),
        json!("ann"),
        "as before there were attributes"
    );
    assert_eq!(Principal::new(" ", Attributes::new()), Err(BadPrincipal::Nameless));
    let many = Attributes::from([("roles".to_owned(), (0..600).map(|n| n.to_string()).collect())]);
    assert_eq!(Principal::new("ann", many), Err(BadPrincipal::TooLong));
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let values = proptest::sample::subsequence(vec!["red", "blue", "system:authenticated"], 0..=2);
    let values = values.prop_map(|values| values.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let names = proptest::sample::select(vec!["roles", "teams", "ranks"]).prop_map(str::to_owned);
    proptest::collection::btree_map(names, values, 0..3)
}

fn rules() -> impl Strategy<Value = Value> {
    let conditions = proptest::sample::select(vec![
        "user is owner",
        "user is not owner",
        "user in owners teams",
        "user not in owners teams",
        "user in owners ranks",
        "user with red in roles",
        "user with blue not in teams",
        "resource is unowned",
    ]);
    let clause = (
        proptest::option::of(proptest::sample::select(vec!["when", "unless"])),
        proptest::collection::vec(conditions, 1..3),
    );
    let resource = proptest::option::of(proptest::sample::select(vec![
        "file::*",
        "file::f1",
        "file::f*",
        "shield::*",
        "regex:file::f[12]$",
    ]));
    let kind = proptest::sample::select(vec!["permit", "forbid"]);
    let rule = (kind, resource, clause).prop_map(|(kind, resource, (word, conditions))| {
        let mut rule = json!({kind: {"actions": ["read"], "resource": resource}});
        if let Some(word) = word {
            rule[word] = json!(conditions);
        }
        rule
    });
    proptest::collection::vec(rule, 0..5).prop_map(Value::from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A list asks the database for a reach and then each row for itself: what the rules permit must be in the reach.
    #[test]
    fn nothing_permitted_is_out_of_reach(
        rules in rules(),
        caller in attributes(),
        owner in proptest::option::of((proptest::sample::select(vec!["ann", "bob"]), attributes())),
        id in proptest::sample::select(vec!["f1", "f2", "f3"]),
    ) {
        let policy = policy(rules);
        let caller = Principal::new("ann", caller).expect("a caller");
        let owner = owner.map(|(id, attributes)| Principal::new(id, attributes).expect("an owner"));
        let thing = Resource { kind: "file", id, owner: owner.as_ref() };
        let reach = policy.reach(Some(&caller), Action::Read, "file");
        let reached = reach.everyones || match &owner {
            None => reach.unowned,
            Some(owner) => {
                reach.own && owner.id == caller.id || reach.shared.iter().any(|name| caller.shares(name, owner))
            }
        };
        prop_assert!(reached || !policy.permits(Some(&caller), Action::Read, thing), "{reach:?}");
    }
}
