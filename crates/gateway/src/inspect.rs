//! Health, version, providers and routes. Health asks nobody: it is up while everything else is down.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use ports::health::ProviderHealth;
use wire::llama::inspect::{DataList, Health, Provider, Route, Version};

use crate::app::App;
use crate::errors::ApiError;
use crate::{router, vectors};

/// API, id and type of what this process does by itself, under the names that Llama Stack's clients look for.
const BUILT_IN: &[(&str, &str, &str)] = &[
    ("agents", "meta-reference", "inline::meta-reference"),
    ("responses", "builtin", "inline::builtin"),
    ("batches", "reference", "inline::reference"),
    ("files", "meta-reference-files", "inline::localfs"),
    ("safety", "llama-guard", "inline::llama-guard"),
    ("safety", "pii", "inline::pii"),
    ("safety", "injection", "inline::injection"),
    ("tool_runtime", "model-context-protocol", "remote::model-context-protocol"),
    ("tool_runtime", "rag-runtime", "inline::rag-runtime"),
    ("vector_io", vectors::PROVIDER, vectors::PROVIDER_TYPE),
];

pub async fn health() -> Json<Health> {
    Json(Health { status: "OK".into(), message: None })
}

pub async fn version(State(app): State<Arc<App>>) -> Json<Version> {
    Json(Version { version: app.edge.version.clone() })
}

pub async fn providers(State(app): State<Arc<App>>) -> Json<DataList<Provider>> {
    Json(DataList { data: all(&app).await })
}

pub async fn provider(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<Provider>, ApiError> {
    let found = all(&app).await.into_iter().find(|provider| provider.provider_id == id);
    found.map(Json).ok_or_else(|| ApiError::not_found(format!("Provider '{id}' not found.")))
}

async fn all(app: &App) -> Vec<Provider> {
    let mut data: Vec<Provider> = Vec::new();
    for entry in app.responder.registry.providers() {
        // One that serves models of several kinds is still one provider.
        if data.iter().any(|known| known.provider_id == entry.id) {
            continue;
        }
        let (status, message) = match entry.health().await {
            ProviderHealth::Ok => ("OK", None),
            ProviderHealth::Error(message) => ("Error", Some(message)),
            ProviderHealth::NotImplemented => ("Not Implemented", None),
        };
        data.push(Provider {
            api: "inference".into(),
            provider_id: entry.id.clone(),
            provider_type: entry.kind.clone(),
            config: entry.shown_config.clone(),
            health: Health { status: status.into(), message },
        });
    }
    let web = app.responder.own.web.iter().map(|_| ("tool_runtime", "web-search", "remote::web-search"));
    data.extend(BUILT_IN.iter().copied().chain(web).map(|(api, id, kind)| Provider {
        api: api.into(),
        provider_id: id.into(),
        provider_type: kind.into(),
        config: serde_json::json!({}),
        health: Health { status: "OK".into(), message: None },
    }));
    data
}

pub async fn routes() -> Json<DataList<Route>> {
    let route = |(method, route): (&str, String)| Route { route, method: method.into(), provider_types: Vec::new() };
    Json(DataList { data: router::routes().map(route).collect() })
}
