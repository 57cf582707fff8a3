//! Conversations, by themselves and under responses.

use serde_json::{Value, json};
use testkit::openai::Answer;

use crate::harness::{Plane, kinds, refused};

const NOBODY: &str = "conv_000000000000000000000000000000000000000000000000";

fn message(text: &str) -> Value {
    json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]})
}

async fn made(plane: &Plane, items: Value) -> String {
    let (status, conversation) = plane.post("/v1/conversations", json!({"items": items})).await;
    assert_eq!(status, 200, "{conversation}");
    conversation["id"].as_str().unwrap().to_owned()
}

async fn item_ids(plane: &Plane, id: &str, query: &str) -> (Vec<String>, Value) {
    let (status, page) = plane.get(&format!("/v1/conversations/{id}/items{query}")).await;
    assert_eq!((status, &page["object"]), (200, &json!("list")), "{page}");
    let ids: Vec<String> =
        page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().into()).collect();
    assert_eq!(page["first_id"], json!(ids.first().cloned().unwrap_or_default()));
    assert_eq!(page["last_id"], json!(ids.last().cloned().unwrap_or_default()));
    (ids, page["has_more"].clone())
}

#[tokio::test]
async fn a_conversation_is_made_changed_and_removed() {
    let plane = Plane::start().await;
    let body = json!({"metadata": {"name": "s1"}, "items": [message("hello")]});
    let (status, made) = plane.post("/v1/conversations", body).await;
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(status, 200);
    assert!(id.len() == 53 && engine::options::is_conversation_id(&id), "{id}");
    assert_eq!(
        (&made["object"], &made["metadata"]["name"], &made["items"]),
        (&json!("conversation"), &json!("s1"), &Value::Null)
    );
    let path = format!("/v1/conversations/{id}");
    assert_eq!(plane.get(&path).await, (200, made.clone()));
    let (status, updated) = plane.post(&path, json!({"metadata": {"name": "s2"}})).await;
    assert_eq!(
        (status, &updated["metadata"]["name"], &updated["created_at"]),
        (200, &json!("s2"), &made["created_at"])
    );
    let gone = json!({"id": id, "object": "conversation.deleted", "deleted": true});
    assert_eq!(plane.delete(&path).await, (200, gone));
    let (status, error) = plane.get(&path).await;
    assert_eq!((status, &error["detail"]), (404, &json!(format!("Conversation '{id}' not found."))));
    assert_eq!(plane.post("/v1/conversations", json!({})).await.0, 200, "nothing has to be given");
}

#[tokio::test]
async fn items_are_paged_and_say_whether_there_are_more() {
    let plane = Plane::start().await;
    let id = made(&plane, json!([message("a"), message("b")])).await;
    let path = format!("/v1/conversations/{id}/items");
    let (status, added) = plane.post(&path, json!({"items": [{"role": "user", "content": "c"}]})).await;
    assert_eq!(
        (status, &added["data"][0]["type"], &added["data"][0]["content"]),
        (200, &json!("message"), &json!("c"))
    );
    let (all, more) = item_ids(&plane, &id, "?order=asc").await;
    assert_eq!((all.len(), &all[2], more), (3, &added["data"][0]["id"].as_str().unwrap().to_owned(), json!(false)));
    let (newest, more) = item_ids(&plane, &id, "?limit=2").await;
    assert_eq!((newest, more), (vec![all[2].clone(), all[1].clone()], json!(true)));
    let (rest, more) = item_ids(&plane, &id, &format!("?limit=2&after={}", all[1])).await;
    assert_eq!((rest, more), (vec![all[0].clone()], json!(false)));
    let (before, _) = item_ids(&plane, &id, &format!("?order=asc&before={}", all[1])).await;
    assert_eq!(before, [all[0].clone()]);

    let item = format!("{path}/{}", all[0]);
    assert_eq!(plane.get(&item).await.1["content"][0]["text"], "a");
    let gone = json!({"id": all[0], "object": "conversation.item.deleted", "deleted": true});
    assert_eq!(plane.delete(&item).await, (200, gone));
    assert_eq!(plane.get(&item).await.0, 404);
    assert_eq!(plane.delete(&item).await.0, 404);
    assert_eq!(item_ids(&plane, &id, "").await.0.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let plane = Plane::start().await;
    let id = made(&plane, json!([])).await;
    let many: Vec<Value> = (0..21).map(|n| message(&n.to_string())).collect();
    let path = format!("/v1/conversations/{id}");
    let items = format!("{path}/items");
    let pairs: serde_json::Map<String, Value> = (0..17).map(|n| (n.to_string(), json!("x"))).collect();
    for (answer, expected) in [
        (plane.get("/v1/conversations/xyz").await, (400, "conversation_id")),
        (plane.get("/v1/conversations/conv_nope").await, (400, "conversation_id")),
        (plane.get(&format!("/v1/conversations/{}", NOBODY.to_uppercase())).await, (400, "conversation_id")),
        (plane.get(&format!("/v1/conversations/{NOBODY}")).await, (404, "")),
        (plane.delete(&format!("/v1/conversations/{NOBODY}")).await, (404, "")),
        (plane.get(&format!("/v1/conversations/{NOBODY}/items")).await, (404, "")),
        (plane.post(&format!("/v1/conversations/{NOBODY}/items"), json!({"items": [message("x")]})).await, (404, "")),
        (plane.post(&format!("/v1/conversations/{NOBODY}"), json!({"metadata": {}})).await, (404, "")),
        (plane.post("/v1/conversations", json!({"items": many})).await, (400, "items")),
        (plane.post("/v1/conversations", json!({"items": [{"text": "x"}]})).await, (400, "items[0]")),
        (plane.post("/v1/conversations", json!({"metadata": {"a": 1}})).await, (400, "metadata.a")),
        (plane.post("/v1/conversations", json!({"metadata": pairs})).await, (400, "metadata")),
        (plane.post(&path, json!({})).await, (400, "")),
        (plane.post(&items, json!({"items": []})).await, (400, "items")),
        (plane.get(&format!("{items}?limit=0")).await, (400, "limit")),
        (plane.get(&format!("{items}?order=up")).await, (400, "order")),
        (plane.get(&format!("{items}?after=msg_none")).await, (400, "after")),
        (plane.get(&format!("{items}/msg_none")).await, (404, "")),
    ] {
        assert_eq!(refused(&answer), expected, "{}", answer.1);
    }
    for (field, conversation, status) in [
        ("conversation", json!("xyz"), 400),
        ("conversation", json!(7), 400),
        ("conversation", json!({"id": "xyz"}), 400),
        ("conversation", json!(NOBODY), 404),
    ] {
        let body = json!({"model": "vllm/fake-model", "input": "x", "conversation": conversation});
        let answer = plane.post("/v1/responses", body).await;
        assert_eq!(refused(&answer), (status, field), "{}", answer.1);
    }
    let both = json!({"model": "vllm/fake-model", "input": "x", "conversation": id, "previous_response_id": "resp_1"});
    assert_eq!(refused(&plane.post("/v1/responses", both).await), (400, "conversation"));
}

#[tokio::test]
async fn a_response_reads_the_conversation_and_goes_on_with_it() {
    let plane = Plane::start().await;
    let id = made(&plane, json!([message("my name is Bo")])).await;
    plane.model.then(Answer::text("hello Bo")).then(Answer::text("you are Bo"));
    let first = plane.respond(json!({"input": "hi", "conversation": id})).await;
    assert_eq!(first["conversation"], json!({"id": id}));
    let texts: Vec<String> = plane.asked().iter().map(|it| it["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, ["my name is Bo", "hi"]);
    let events = plane.streamed(json!({"input": "who am I?", "conversation": {"id": id}, "store": false})).await;
    assert_eq!(events.last().unwrap()["type"], "response.completed");
    let texts: Vec<String> = plane.asked().iter().map(|it| it["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, ["my name is Bo", "hi", "hello Bo", "who am I?"]);

    let (status, items) = plane.get(&format!("/v1/conversations/{id}/items?order=asc")).await;
    assert_eq!((status, kinds(&items["data"])), (200, vec!["message"; 5]));
    let roles: Vec<&str> =
        items["data"].as_array().unwrap().iter().map(|item| item["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "user", "assistant", "user", "assistant"]);
    assert_eq!(items["data"][2], first["output"][0], "ids and contents are kept");
    let (_, input) = plane.get(&format!("/v1/responses/{}/input_items?order=asc", first["id"].as_str().unwrap())).await;
    assert_eq!(input["data"], json!([items["data"][0], items["data"][1]]), "what the model was told");

    plane.model.then(Answer::text("still Bo"));
    let next = json!({"input": "and now?", "previous_response_id": first["id"]});
    plane.respond(next).await;
    let texts: Vec<String> = plane.asked().iter().map(|it| it["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, ["my name is Bo", "hi", "hello Bo", "and now?"], "the conversation as it was then");
}

#[tokio::test]
async fn a_failed_response_leaves_the_conversation_as_it_was() {
    let plane = Plane::start().await;
    let id = made(&plane, json!([])).await;
    plane.model.then(Answer::status(500));
    let failed = plane.respond(json!({"input": "hi", "conversation": id})).await;
    assert_eq!(failed["status"], "failed");
    assert!(item_ids(&plane, &id, "").await.0.is_empty());
}

#[tokio::test]
async fn turns_at_the_same_time_lose_nothing() {
    let plane = Plane::start().await;
    let id = made(&plane, json!([])).await;
    let turns = (0..24).map(|n| plane.respond(json!({"input": format!("question {n}"), "conversation": id})));
    let answers = futures::future::join_all(turns).await;
    let (items, more) = item_ids(&plane, &id, "?limit=100&order=asc").await;
    assert_eq!((items.len(), more), (48, json!(false)));
    for answer in answers {
        let output = answer["output"][0]["id"].as_str().unwrap();
        assert_eq!(items.iter().filter(|item| *item == output).count(), 1, "{output}");
    }
}
