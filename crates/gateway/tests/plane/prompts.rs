//! Prompts in versions, and responses that use them.

use serde_json::{Value, json};

use crate::harness::{Plane, refused};

async fn made(plane: &Plane) -> String {
    let (status, prompt) = plane
        .post("/v1/prompts", json!({"prompt": "Greet {{name}} in {{ tongue }}.", "variables": ["name", "tongue"]}))
        .await;
    assert_eq!((status, &prompt["version"]), (200, &json!(1)));
    prompt["prompt_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn versions_follow_one_another_and_one_is_the_default() {
    let plane = Plane::start().await;
    assert_eq!(plane.get("/v1/prompts").await, (200, json!({"data": []})));
    let id = made(&plane).await;
    assert!(id.starts_with("pmpt_") && id.len() == 53, "{id}");
    let path = format!("/v1/prompts/{id}");
    let (status, second) =
        plane.put(&path, json!({"prompt": "Hi {{name}}", "version": 1, "variables": ["name"]})).await;
    let expected =
        json!({"prompt": "Hi {{name}}", "version": 2, "prompt_id": id, "variables": ["name"], "is_default": true});
    assert_eq!((status, &second), (200, &expected));
    let body = json!({"prompt": "Yo", "version": 2, "set_as_default": false});
    assert_eq!(plane.post(&path, body).await.1["version"], 3, "0.3 posts where 0.7 puts");
    assert_eq!(plane.get(&path).await, (200, second.clone()));
    assert_eq!(plane.get(&format!("{path}?version=3")).await.1["prompt"], "Yo");
    for (method, version) in [("put", 1), ("post", 3)] {
        let target = format!("{path}/set-default-version");
        let body = json!({"version": version});
        let answer = if method == "put" { plane.put(&target, body).await } else { plane.post(&target, body).await };
        assert_eq!((answer.0, &answer.1["version"], &answer.1["is_default"]), (200, &json!(version), &json!(true)));
    }
    let (_, versions) = plane.get(&format!("{path}/versions")).await;
    let defaults: Vec<&Value> = versions["data"].as_array().unwrap().iter().map(|one| &one["is_default"]).collect();
    assert_eq!(defaults, [&json!(false), &json!(false), &json!(true)]);
    assert_eq!(plane.get("/v1/prompts").await.1["data"][0]["version"], 3);
    assert_eq!(plane.delete(&path).await, (200, Value::Null));
    assert_eq!(refused(&plane.get(&path).await).0, 404);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let plane = Plane::start().await;
    let id = made(&plane).await;
    let (path, none) = (format!("/v1/prompts/{id}"), format!("/v1/prompts/pmpt_{}", "0".repeat(48)));
    let create = |body: Value| plane.post("/v1/prompts", body);
    for (answer, expected) in [
        (create(json!({})).await, (400, "")),
        (create(json!({"prompt": " "})).await, (400, "prompt")),
        (create(json!({"prompt": "Hi {{name}}"})).await, (400, "variables")),
        (create(json!({"prompt": "Hi", "variables": ["a b"]})).await, (400, "variables[0]")),
        (create(json!({"prompt": "Hi", "variables": ["a", "a"]})).await, (400, "variables[1]")),
        (plane.put(&path, json!({"prompt": "x", "version": 7})).await, (400, "version")),
        (plane.get(&format!("{path}?version=0")).await, (400, "version")),
        (plane.get(&format!("{path}?version=9")).await, (404, "")),
        (plane.put(&format!("{path}/set-default-version"), json!({"version": 9})).await, (404, "")),
        (plane.get("/v1/prompts/pmpt_short").await, (400, "prompt_id")),
        (plane.get(&none).await, (404, "")),
        (plane.get(&format!("{none}/versions")).await, (404, "")),
        (plane.delete(&none).await, (404, "")),
    ] {
        assert_eq!(refused(&answer), expected, "{}", answer.1);
    }
}

#[tokio::test]
async fn a_response_is_asked_with_the_filled_prompt() {
    let plane = Plane::start().await;
    let id = made(&plane).await;
    let variables = json!({"name": {"type": "input_text", "text": "Bo {{tongue}}"}, "tongue": "French"});
    let prompt = json!({"id": id, "version": "1", "variables": variables});
    let response = plane.respond(json!({"input": "go", "prompt": prompt, "instructions": "Be brief."})).await;
    assert_eq!((&response["prompt"], &response["instructions"]), (&prompt, &json!("Be brief.")));
    let asked = plane.asked();
    assert_eq!(asked[0]["role"], "system");
    assert_eq!(asked[0]["content"], "Greet Bo {{tongue}} in French.\n\nBe brief.", "values are no templates");
    for (prompt, expected) in [
        (json!({"id": format!("pmpt_{}", "0".repeat(48))}), (400, "prompt.id")),
        (json!({"id": id, "version": 4}), (400, "prompt.id")),
        (json!({"id": id, "version": "x"}), (400, "prompt.version")),
        (json!({"id": id, "variables": {"name": "Bo"}}), (400, "prompt.variables")),
        (json!({"id": id, "variables": {"age": "7"}}), (400, "prompt.variables.age")),
        (json!({"id": id, "variables": {"name": 7, "tongue": "x"}}), (400, "prompt.variables.name")),
        (json!({"version": 1}), (400, "prompt")),
    ] {
        let body = json!({"model": "vllm/fake-model", "input": "x", "prompt": prompt});
        let answer = plane.post("/v1/responses", body).await;
        assert_eq!(refused(&answer), expected, "{}", answer.1);
    }
}
