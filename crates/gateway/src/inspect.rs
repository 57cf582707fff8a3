//! Health, version, providers and routes. Health asks nobody: it is up while everything else is down.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use ports::health::ProviderHealth;
use wire::llama::inspect::{DataList, Health, Provider, Route, Version};

use crate::app::App;
use crate::errors::ApiError;
use crate::router;

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
    let mut data = Vec::new();
    for entry in app.responder.registry.providers() {
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
    if !app.responder.connectors.is_empty() {
        data.push(Provider {
            api: "tool_runtime".into(),
            provider_id: "model-context-protocol".into(),
            provider_type: "remote::model-context-protocol".into(),
            config: serde_json::json!({}),
            health: Health { status: "Not Implemented".into(), message: None },
        });
    }
    data
}

pub async fn routes() -> Json<DataList<Route>> {
    let route = |(method, route): (&str, String)| Route { route, method: method.into(), provider_types: Vec::new() };
    Json(DataList { data: router::routes().map(route).collect() })
}
