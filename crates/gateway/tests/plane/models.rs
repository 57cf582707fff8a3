//! Models that callers register, and models that put texts in order.

use serde_json::json;
use testkit::openai::Answer;

use crate::harness::{Plane, answered, refusal};

#[tokio::test]
async fn a_registered_model_answers_to_both_its_names_until_it_is_taken_away() {
    let plane = Plane::start().await;
    let body = json!({"model_id": "claims-model", "provider_id": "vllm", "provider_model_id": "lora-7",
        "metadata": {"for": "claims"}});
    for _ in 0..2 {
        let (status, model) = plane.post("/v1/models", body.clone()).await;
        assert_eq!((status, &model["identifier"]), (200, &json!("vllm/lora-7")));
        assert_eq!((&model["metadata"]["for"], &model["model_type"]), (&json!("claims"), &json!("llm")));
    }
    let (_, all) = plane.get("/v1/models").await;
    let registered = all["data"].as_array().unwrap().iter().filter(|it| it["id"] == "vllm/lora-7").count();
    assert_eq!(registered, 1);
    assert_eq!(plane.get("/v1/models/claims-model").await.1["provider_resource_id"], "lora-7");
    for name in ["claims-model", "vllm/lora-7"] {
        plane.model.then(Answer::text("yes"));
        let asked = json!({"model": name, "messages": [{"role": "user", "content": "hi"}]});
        assert_eq!(plane.post("/v1/chat/completions", asked).await.0, 200);
        assert_eq!(plane.model.received().last().unwrap().body["model"], "lora-7");
    }
    assert_eq!(plane.delete("/v1/models/claims-model").await.0, 204);
    assert_eq!(plane.get("/v1/models/claims-model").await.0, 404);
    assert_eq!(plane.delete("/v1/models/claims-model").await.0, 404);
    let asked = json!({"model": "claims-model", "input": "hi"});
    assert_eq!(plane.post("/v1/responses", asked).await.0, 404);
}

#[tokio::test]
async fn a_model_is_registered_with_a_provider_of_its_kind() {
    let plane = Plane::start().await;
    for (body, field) in [
        (json!({"model_id": ""}), "model_id"),
        (json!({"model_id": "m", "provider_id": "nobody"}), "provider_id"),
        (json!({"model_id": "m", "provider_id": "embed"}), "provider_id"),
        (json!({"model_id": "m", "model_type": "video"}), "model_type"),
    ] {
        let refused = plane.post("/v1/models", body.clone()).await;
        assert_eq!((refused.0, refusal(&refused).1), (400, field), "{body}");
    }
    let (status, model) = plane.post("/v1/models", json!({"model_id": "m", "model_type": "embedding"})).await;
    assert_eq!((status, &model["provider_id"]), (200, &json!("embed")), "the only provider of its kind");
    let listed = plane.delete("/v1/models/vllm/fake-model").await;
    assert_eq!((listed.0, refusal(&listed).1), (400, "model_id"));
}

#[tokio::test]
async fn texts_are_put_in_order() {
    let plane = Plane::start().await;
    let item = |text: &str| json!({"type": "text", "text": text});
    let asked = json!({"model": "rank/fake-model", "query": "broken window",
        "items": ["a flood", item("the window is broken"), "window"], "max_num_results": 2});
    let (status, ranked) = plane.post("/v1alpha/inference/rerank", asked).await;
    assert_eq!(status, 200, "{ranked}");
    let order: Vec<u64> = ranked["data"].as_array().unwrap().iter().map(|it| it["index"].as_u64().unwrap()).collect();
    assert_eq!(order.len(), 2);
    assert!(!order.contains(&0), "{ranked}");
    assert!(ranked["data"][0]["relevance_score"].as_f64() >= ranked["data"][1]["relevance_score"].as_f64());
    for (body, status, field) in [
        (json!({"model": "rank/fake-model", "query": "x", "items": []}), 400, "items"),
        (
            json!({"model": "rank/fake-model", "query": "x", "items": ["a"], "max_num_results": 0}),
            400,
            "max_num_results",
        ),
        (json!({"model": "vllm/fake-model", "query": "x", "items": ["a"]}), 404, "model"),
    ] {
        let refused = plane.post("/v1alpha/inference/rerank", body).await;
        assert_eq!((refused.0, refusal(&refused).1), (status, field));
    }
}

#[tokio::test]
async fn a_client_of_any_release_is_served() {
    let plane = Plane::start().await;
    for release in ["0.1.0", "0.2.23", "0.7.3", "1.2.2", "soon"] {
        for name in ["X-LlamaStack-Client-Version", "X-OGX-Client-Version"] {
            let asked = plane.http.get(plane.url("/v1/models")).header(name, release);
            assert_eq!(answered(asked).await.0, 200, "{name}: {release}");
        }
    }
}

#[tokio::test]
async fn the_providers_are_those_that_llama_stacks_clients_look_for() {
    let plane = Plane::start().await;
    let (_, listed) = plane.get("/v1/providers").await;
    let of = |api: &str| -> Vec<&str> {
        let all = listed["data"].as_array().unwrap().iter().filter(|provider| provider["api"] == api);
        all.map(|provider| provider["provider_id"].as_str().unwrap()).collect()
    };
    for api in ["agents", "batches", "files", "inference", "responses", "safety", "tool_runtime", "vector_io"] {
        assert!(!of(api).is_empty(), "{api}: {listed}");
    }
    let (_, store) = plane.post("/v1/vector_stores", json!({"name": "s"})).await;
    assert!(of("vector_io").contains(&store["metadata"]["provider_id"].as_str().unwrap()), "{store}");
}
