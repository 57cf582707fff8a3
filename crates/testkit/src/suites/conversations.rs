//! What every store of conversations keeps.

use std::collections::HashSet;
use std::sync::Arc;

use ports::access::Caller;
use ports::conversations::{Appended, Conversations, MOST_ITEMS, StoredConversation};
use ports::responses::Page;
use serde_json::json;
use wire::JsonObject;
use wire::openai::items::Item;

use super::{ann, bob};

/// Runs the whole contract on a store, which must be empty.
pub async fn keeps_the_contract(store: Arc<dyn Conversations>) {
    lives_and_dies(store.as_ref()).await;
    keeps_items_in_order(store.as_ref()).await;
    keeps_owners_apart(store.as_ref()).await;
    is_bounded(store.as_ref()).await;
    loses_nothing_of_appends_at_once(store).await;
}

fn conversation(id: &str, owner: Option<&Caller>) -> StoredConversation {
    let mut metadata = JsonObject::new();
    metadata.insert("name".into(), "réclamation".into());
    StoredConversation { id: id.into(), created_at: 7, metadata, owner: owner.cloned() }
}

fn item(id: &str) -> Item {
    let value = json!({"type": "message", "id": id, "role": "user", "content": [{"type": "input_text", "text": id}]});
    serde_json::from_value(value).expect("an item")
}

fn ids(items: &[Item]) -> Vec<&str> {
    items.iter().filter_map(Item::id).collect()
}

async fn lives_and_dies(store: &dyn Conversations) {
    assert_eq!(store.conversation("conv_1", None).await.expect("get"), None);
    let mut made = conversation("conv_1", None);
    store.create_conversation(&made, &[item("msg_1")]).await.expect("create");
    assert_eq!(store.conversation("conv_1", None).await.expect("get"), Some(made.clone()));
    made.metadata.insert("name".into(), "other".into());
    let updated = store.update_conversation("conv_1", &made.metadata, None).await.expect("update");
    assert_eq!(updated, Some(made));
    assert_eq!(store.update_conversation("conv_2", &JsonObject::new(), None).await.expect("update"), None);
    assert!(store.remove_conversation("conv_1", None).await.expect("remove"));
    assert!(!store.remove_conversation("conv_1", None).await.expect("remove again"));
    assert!(store.all_items("conv_1", None).await.expect("items").is_empty(), "its items go with it");
    assert_eq!(store.append_items("conv_1", &[item("msg_2")], None).await.expect("append"), Appended::Unknown);
}

async fn keeps_items_in_order(store: &dyn Conversations) {
    store.create_conversation(&conversation("conv_1", None), &[item("msg_z"), item("msg_y")]).await.expect("create");
    let more = [item("msg_x"), item("msg_w"), item("msg_v")];
    assert_eq!(store.append_items("conv_1", &more, None).await.expect("append"), Appended::Done);
    let all = store.all_items("conv_1", None).await.expect("items");
    assert_eq!(ids(&all), ["msg_z", "msg_y", "msg_x", "msg_w", "msg_v"]);
    for ascending in [true, false] {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = Page { after: seen.last().cloned(), before: None, limit: 2, ascending };
            let listed = store.items("conv_1", &page, None).await.expect("page");
            seen.extend(ids(&listed.rows).into_iter().map(str::to_owned));
            if !listed.has_more {
                break;
            }
            assert_eq!(listed.rows.len(), 2);
        }
        if !ascending {
            seen.reverse();
        }
        assert_eq!(seen, ids(&all));
    }
    let mut changed = item("msg_y");
    if let Item::Message(message) = &mut changed {
        message.content = wire::openai::items::MessageContent::Text("new".into());
    }
    let appended = store.append_items("conv_1", &[changed.clone(), item("msg_u")], None).await.expect("append");
    assert_eq!(appended, Appended::Done);
    assert_eq!(store.item("conv_1", "msg_y", None).await.expect("item"), Some(changed), "an id is there once");
    let all = store.all_items("conv_1", None).await.expect("items");
    assert_eq!(ids(&all), ["msg_z", "msg_y", "msg_x", "msg_w", "msg_v", "msg_u"]);
    assert!(store.remove_item("conv_1", "msg_x", None).await.expect("remove"));
    assert!(!store.remove_item("conv_1", "msg_x", None).await.expect("remove again"));
    assert_eq!(store.item("conv_1", "msg_x", None).await.expect("item"), None);
    assert!(store.remove_conversation("conv_1", None).await.expect("remove"));
}

async fn keeps_owners_apart(store: &dyn Conversations) {
    store.create_conversation(&conversation("conv_a", Some(&ann())), &[item("msg_1")]).await.expect("create");
    let bob = bob();
    let bob = Some(&*bob);
    assert_eq!(store.conversation("conv_a", bob).await.expect("get"), None);
    assert_eq!(store.append_items("conv_a", &[item("msg_2")], bob).await.expect("append"), Appended::Unknown);
    assert!(store.all_items("conv_a", bob).await.expect("items").is_empty());
    assert_eq!(store.item("conv_a", "msg_1", bob).await.expect("item"), None);
    assert!(!store.remove_item("conv_a", "msg_1", bob).await.expect("remove"));
    assert!(!store.remove_conversation("conv_a", bob).await.expect("remove"));
    assert_eq!(ids(&store.all_items("conv_a", Some(&ann())).await.expect("items")), ["msg_1"]);
    assert!(store.remove_conversation("conv_a", Some(&ann())).await.expect("remove"));
}

async fn is_bounded(store: &dyn Conversations) {
    let many: Vec<Item> = (0..MOST_ITEMS).map(|n| item(&format!("msg_{n}"))).collect();
    store.create_conversation(&conversation("conv_1", None), &many).await.expect("create");
    assert_eq!(store.append_items("conv_1", &[item("msg_one_more")], None).await.expect("append"), Appended::Full);
    assert_eq!(store.item("conv_1", "msg_one_more", None).await.expect("item"), None, "all or nothing");
    assert_eq!(store.append_items("conv_1", &[item("msg_7")], None).await.expect("append"), Appended::Done);
    assert!(store.remove_conversation("conv_1", None).await.expect("remove"));
}

async fn loses_nothing_of_appends_at_once(store: Arc<dyn Conversations>) {
    store.create_conversation(&conversation("conv_1", None), &[]).await.expect("create");
    let mut turns = tokio::task::JoinSet::new();
    for turn in 0..16 {
        let store = store.clone();
        turns.spawn(async move {
            let items = [item(&format!("msg_{turn}_a")), item(&format!("msg_{turn}_b"))];
            store.append_items("conv_1", &items, None).await.expect("append")
        });
    }
    while let Some(turn) = turns.join_next().await {
        assert_eq!(turn.expect("a turn"), Appended::Done);
    }
    let all = store.all_items("conv_1", None).await.expect("items");
    assert_eq!(ids(&all).iter().collect::<HashSet<_>>().len(), 32, "every item of every turn");
    for pair in ids(&all).chunks(2) {
        assert_eq!(pair[0].trim_end_matches("_a"), pair[1].trim_end_matches("_b"), "a turn's items stay together");
    }
    assert!(store.remove_conversation("conv_1", None).await.expect("remove"));
}
