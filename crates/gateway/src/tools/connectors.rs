//! `/v1beta/connectors`: the same servers in the words of 0.7.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use ports::CallContext;
use serde_json::{Value, json};
use wire::llama::inspect::DataList;

use super::groups::{Group, all, label};
use super::runtime;
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::Context;

fn shown(group: &Group) -> Value {
    let name = label(&group.id);
    json!({
        "connector_type": "mcp", "connector_id": name, "url": group.uri().unwrap_or_default(), "server_label": name,
        "server_name": null, "server_description": null, "server_version": null,
    })
}

pub async fn list(State(app): State<Arc<App>>, Context(cx): Context) -> Result<Json<DataList<Value>>, ApiError> {
    let groups = all(&app, cx.caller.as_deref()).await?;
    Ok(Json(DataList { data: groups.iter().map(shown).collect() }))
}

async fn connector(app: &App, id: &str, cx: &CallContext) -> Result<Group, ApiError> {
    let found = all(app, cx.caller.as_deref()).await?.into_iter().find(|group| label(&group.id) == id);
    found.ok_or_else(|| {
        ApiError::not_found(format!(
            "Connector '{id}' not found. Use 'client.connectors.list()' to list available Connectors."
        ))
    })
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&connector(&app, &id, &cx).await?)))
}

pub async fn tools(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<DataList<Value>>, ApiError> {
    let group = connector(&app, &id, &cx).await?;
    let (_, tools) = group.tools(&app, &cx).await?;
    Ok(Json(DataList { data: tools.iter().map(|tool| runtime::shown(&group, tool)).collect() }))
}

pub async fn tool(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path((id, name)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let group = connector(&app, &id, &cx).await?;
    let (_, tools) = group.tools(&app, &cx).await?;
    let found = tools.iter().find(|tool| tool.name == name).map(|tool| runtime::shown(&group, tool));
    found.map(Json).ok_or_else(|| ApiError::not_found(format!("Tool '{name}' not found in connector '{id}'.")))
}
