//! The door: tokens, paths, quotas and the access policy, as a caller meets them.

use std::sync::Arc;

use async_trait::async_trait;
use ports::access::{Attributes, Caller, Principal};
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};
use serde_json::{Value, json};

use crate::harness::{Plane, Setup, answered};

/// Knows `ann` and `root`, by those tokens; cannot say anything of `away`.
struct Provider;

#[async_trait]
impl Authenticator for Provider {
    async fn authenticate(&self, token: &str, with: &AskedWith) -> Result<Verified, AuthError> {
        assert!(!with.headers.contains_key("authorization") && !with.headers.contains_key("x-api-key"));
        let caller: Caller = match token {
            "ann" => Caller::named("ann"),
            "root" => {
                let roles = Attributes::from([("roles".to_owned(), vec!["admin".to_owned()])]);
                Principal::new("root", roles).unwrap().into()
            }
            "away" => return Err(AuthError::Unavailable("no connection".into())),
            _ => return Err(AuthError::Rejected("not known".into())),
        };
        Ok(Verified { caller: Some(caller), until: None })
    }

    fn challenge(&self) -> String {
        "bring a token".into()
    }

    fn decides_by_request(&self) -> bool {
        true
    }
}

fn provider() -> Option<Arc<dyn Authenticator>> {
    Some(Arc::new(Provider))
}

#[tokio::test]
async fn a_token_is_asked_for_everywhere_but_where_operators_look() {
    let plane = Plane::with(Setup { authenticator: provider(), ..Setup::default() }).await;
    for path in ["/v1/health", "/v1/version", "/openapi.json"] {
        assert_eq!(plane.http.get(plane.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
    let routes = ["/v1/models", "/v1/providers", "/v1alpha/agents", "/v1/openai/v1/files", "/v1alpha/admin/providers"];
    for path in routes {
        let refused = plane.http.get(plane.url(path)).send().await.unwrap();
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["www-authenticate"]),
            (401, &"Bearer".parse().unwrap())
        );
        let body: Value = refused.json().await.unwrap();
        assert_eq!(
            (&body["error"]["type"], &body["error"]["code"]),
            (&json!("authentication_error"), &json!("unauthorized"))
        );
        assert_eq!(body["detail"], "bring a token", "{path}");
    }
    let get = |token: &str| plane.http.get(plane.url("/v1/models")).bearer_auth(token);
    let refused = get("stranger").send().await.unwrap();
    assert_eq!(refused.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
    let away = get("away").send().await.unwrap();
    assert_eq!((away.status().as_u16(), away.headers()["retry-after"].to_str().unwrap()), (503, "5"));
    assert_eq!(answered(get("ann")).await.0, 200);
    assert_eq!(answered(plane.http.get(plane.url("/v1/models")).header("x-api-key", "ann")).await.0, 200);
    assert_eq!(answered(plane.http.get(plane.url("/v1/models")).header("authorization", "Basic ann")).await.0, 401);
}

#[tokio::test]
async fn anthropics_clients_find_the_refusal_where_they_look() {
    let plane = Plane::with(Setup { authenticator: provider(), ..Setup::default() }).await;
    let body = json!({"model": "vllm/fake-model", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]});
    let ask = |key: &str| plane.http.post(plane.url("/v1/messages")).header("x-api-key", key).json(&body);
    let (status, refused) = answered(ask("stranger")).await;
    assert_eq!(
        (status, &refused["type"], &refused["error"]["type"]),
        (401, &json!("error"), &json!("authentication_error"))
    );
    assert_eq!(answered(ask("ann")).await.0, 200);
}

#[tokio::test]
async fn paths_are_open_to_those_the_rules_name() {
    let routes = serde_json::from_value(json!([
        {"permit": {"paths": "/v1/models*"}},
        {"permit": {"paths": "*"}, "when": "user with admin in roles"},
    ]));
    let plane = Plane::with(Setup { authenticator: provider(), routes: routes.unwrap(), ..Setup::default() }).await;
    let get = |path: &str, token: &str| answered(plane.http.get(plane.url(path)).bearer_auth(token));
    assert_eq!(get("/v1/models", "ann").await.0, 200);
    let (status, refused) = get("/v1/files", "ann").await;
    assert_eq!((status, &refused["error"]["type"]), (403, &json!("permission_error")));
    assert_eq!(get("/v1/openai/v1/files", "ann").await.0, 403);
    assert_eq!(get("/v1/files", "root").await.0, 200);
}

#[tokio::test]
async fn the_policy_closes_models_tools_and_shields_and_what_may_be_made() {
    let policy = serde_json::from_value(json!([
        {"permit": {"actions": ["create", "read", "update", "delete"]}, "when": "user with admin in roles"},
        {"permit": {"actions": "read", "resource": "model::embed/*"}},
        {"permit": {"actions": "read", "resource": "regex:model::embed/.*"}},
        {"permit": {"actions": ["read"], "resource": "vector_store::*"}},
    ]));
    let connectors = vec![("claims".to_owned(), "http://127.0.0.1:9/mcp".to_owned())];
    let setup = Setup { authenticator: provider(), policy: policy.unwrap(), connectors, ..Setup::default() };
    let plane = Plane::with(setup).await;
    let get = |path: &str, token: &str| answered(plane.http.get(plane.url(path)).bearer_auth(token));
    let post = |path: &str, token: &str, body: Value| {
        answered(plane.http.post(plane.url(path)).bearer_auth(token).json(&body))
    };
    let ids = |list: &Value| list["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    let (_, all) = get("/v1/models", "root").await;
    let (_, hers) = get("/v1/models", "ann").await;
    assert!(ids(&all).contains(&json!("vllm/fake-model")) && !ids(&hers).contains(&json!("vllm/fake-model")), "{hers}");
    let chat = json!({"model": "vllm/fake-model", "messages": [{"role": "user", "content": "x"}]});
    assert_eq!(post("/v1/chat/completions", "root", chat.clone()).await.0, 200);
    let (status, refused) = post("/v1/chat/completions", "ann", chat).await;
    assert_eq!((status, &refused["error"]["code"]), (404, &json!("model_not_found")), "a closed model does not exist");
    for (path, shown) in [("/v1/shields", 2), ("/v1beta/connectors", 1), ("/v1/toolgroups", 2)] {
        let rows = |list: &Value| list["data"].as_array().unwrap().len();
        let (all, hers) = (get(path, "root").await.1, get(path, "ann").await.1);
        assert_eq!((rows(&all), rows(&hers)), (shown, 0), "{path}");
    }
    let search = json!({"tool_name": "knowledge_search", "kwargs": {"query": "q", "vector_db_ids": ["v"]}});
    let (_, refused) = post("/v1/tool-runtime/invoke", "ann", search).await;
    assert_eq!(refused["error"]["param"], "tool_name", "a closed group has no tools: {refused}");
    for tool in [json!({"connector_id": "claims"}), json!({"server_url": "http://127.0.0.1:9/mcp"})] {
        let mut tool = tool;
        (tool["type"], tool["server_label"]) = (json!("mcp"), json!("x"));
        let body = json!({"model": "embed/any", "input": "x", "tools": [tool]});
        let (status, refused) = post("/v1/responses", "ann", body).await;
        assert_eq!(status, 404, "{refused}");
        assert!(refused["detail"].as_str().unwrap().starts_with("Connector"), "{refused}");
    }
    assert_eq!(post("/v1/shields", "ann", json!({"shield_id": "s", "provider_id": "pii"})).await.0, 403);
    assert_eq!(post("/v1/vector_stores", "ann", json!({"name": "s"})).await.0, 403);
    let (_, store) = post("/v1/vector_stores", "root", json!({"name": "s"})).await;
    let path = format!("/v1/vector_stores/{}", store["id"].as_str().unwrap());
    assert_eq!(get(&path, "ann").await.0, 200, "may read");
    assert_eq!(post(&path, "ann", json!({"name": "hers"})).await.0, 403, "may not change");
    let delete = plane.http.delete(plane.url(&path)).bearer_auth("ann");
    assert_eq!(answered(delete).await.0, 403, "may not remove");
}

#[tokio::test]
async fn a_quota_ends_with_the_time_to_wait() {
    let plane = Plane::with(Setup { quota: Some((3, 5)), ..Setup::default() }).await;
    for _ in 0..3 {
        assert_eq!(answered(plane.http.get(plane.url("/v1/models"))).await.0, 200);
    }
    for _ in 0..2 {
        let refused = plane.http.get(plane.url("/v1/models")).send().await.unwrap();
        assert_eq!(refused.status(), 429);
        let wait: i64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=86_400).contains(&wait), "{wait}");
        let body: Value = refused.json().await.unwrap();
        assert_eq!(
            (&body["error"]["code"], &body["detail"]),
            (&json!("rate_limit_exceeded"), &json!("Quota exceeded"))
        );
    }
    assert_eq!(answered(plane.http.get(plane.url("/v1/health"))).await.0, 200, "health is not counted");
    let known = Plane::with(Setup { quota: Some((3, 5)), authenticator: provider(), ..Setup::default() }).await;
    let get = |token: &str| answered(known.http.get(known.url("/v1/models")).bearer_auth(token));
    for _ in 0..5 {
        assert_eq!(get("ann").await.0, 200);
    }
    assert_eq!((get("ann").await.0, get("root").await.0), (429, 200), "each caller for itself");
}
