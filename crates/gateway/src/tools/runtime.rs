//! `/v1/tools` and `/v1/tool-runtime`: what the tools are, and one call of one of them.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use engine::telemetry;
use ports::CallContext;
use ports::tools::{Place, ToolDef, ToolSource};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::llama::inspect::DataList;

use super::builtin;
use super::groups::{Endpoint, Group, all, at, known, label};
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

/// A server that has not listed its tools by then is left out of a list of all.
const PATIENCE: Duration = Duration::from_secs(5);

pub fn shown(group: &Group, tool: &ToolDef) -> Value {
    json!({
        "toolgroup_id": group.id, "name": tool.name, "description": tool.description,
        "input_schema": tool.input_schema, "output_schema": tool.output_schema,
        "metadata": group.uri().map(|uri| json!({"endpoint": uri})),
    })
}

struct Listed {
    group: Group,
    source: Arc<dyn ToolSource>,
    tools: Vec<ToolDef>,
}

/// The tools of all servers that answer.
async fn everything(app: &App, cx: &CallContext) -> Result<Vec<Listed>, ApiError> {
    let groups = all(app, cx.caller.as_deref()).await?;
    let asked = groups.into_iter().map(|group| async move {
        match tokio::time::timeout(PATIENCE, group.tools(app, cx)).await {
            Ok(Ok((source, tools))) => Some(Listed { group, source, tools }),
            Ok(Err(error)) => {
                tracing::debug!(group = %group.id, %error, "tools not listed");
                None
            }
            Err(_) => None,
        }
    });
    Ok(futures::future::join_all(asked).await.into_iter().flatten().collect())
}

fn all_shown(listed: &[Listed]) -> Vec<Value> {
    listed.iter().flat_map(|listed| listed.tools.iter().map(|tool| shown(&listed.group, tool))).collect()
}

#[derive(Deserialize)]
pub struct ToolsQuery {
    #[serde(alias = "tool_group_id")]
    toolgroup_id: Option<String>,
}

pub async fn tools(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Query(query): Query<ToolsQuery>,
) -> Result<Json<DataList<Value>>, ApiError> {
    of_group(&app, &cx, query.toolgroup_id.as_deref()).await
}

async fn of_group(app: &App, cx: &CallContext, id: Option<&str>) -> Result<Json<DataList<Value>>, ApiError> {
    let Some(id) = id else {
        let mut data = all_shown(&everything(app, cx).await?);
        data.extend(builtin::tools(app, cx.caller.as_deref(), None));
        return Ok(Json(DataList { data }));
    };
    let ours = builtin::tools(app, cx.caller.as_deref(), Some(id));
    if !ours.is_empty() {
        return Ok(Json(DataList { data: ours }));
    }
    let group = known(app, id, cx.caller.as_deref()).await?;
    let (_, tools) = group.tools(app, cx).await?;
    Ok(Json(DataList { data: tools.iter().map(|tool| shown(&group, tool)).collect() }))
}

pub async fn tool(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    axum::extract::Path(name): axum::extract::Path<String>,
) -> Result<Json<Value>, ApiError> {
    let listed = everything(&app, &cx).await?;
    let found = pick(&listed, &name).map(|(listed, tool)| shown(&listed.group, tool));
    let ours = || builtin::tools(&app, cx.caller.as_deref(), None).into_iter().find(|tool| tool["name"] == *name);
    found.or_else(ours).map(Json).ok_or_else(|| {
        ApiError::not_found(format!("Tool '{name}' not found. Use 'client.tools.list()' to list available Tools."))
    })
}

/// A tool by its name, or by `group/name` where two groups have it; the first group wins.
fn pick<'a>(listed: &'a [Listed], name: &str) -> Option<(&'a Listed, &'a ToolDef)> {
    let tools = || listed.iter().flat_map(|listed| listed.tools.iter().map(move |tool| (listed, tool)));
    let qualified = |(listed, tool): &(&Listed, &ToolDef)| {
        [listed.group.id.as_str(), label(&listed.group.id)]
            .iter()
            .any(|group| name.strip_prefix(group).and_then(|rest| rest.strip_prefix('/')) == Some(&tool.name))
    };
    tools().find(|(_, tool)| tool.name == name).or_else(|| tools().find(qualified))
}

#[derive(Deserialize)]
pub struct ListTools {
    #[serde(alias = "toolgroup_id")]
    tool_group_id: Option<String>,
    /// JSON text: `{"uri": "..."}`.
    mcp_endpoint: Option<String>,
    authorization: Option<String>,
}

pub async fn list_tools(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Query(query): Query<ListTools>,
) -> Result<Json<DataList<Value>>, ApiError> {
    let mut group = match (&query.mcp_endpoint, &query.tool_group_id) {
        (None, id) if query.authorization.is_none() => return of_group(&app, &cx, id.as_deref()).await,
        (None, Some(id)) => known(&app, id, cx.caller.as_deref()).await?,
        (None, None) => return of_group(&app, &cx, None).await,
        (Some(endpoint), id) => {
            let endpoint: Endpoint = serde_json::from_str(endpoint)
                .map_err(|error| ApiError::invalid("mcp_endpoint", format!("mcp_endpoint: {error}")))?;
            let id = id.clone().unwrap_or_else(|| "mcp".into());
            Group { server: at(label(&id), &endpoint.uri), id, args: Value::Null }
        }
    };
    authorize(&mut group, query.authorization);
    let (_, tools) = group.tools(&app, &cx).await?;
    Ok(Json(DataList { data: tools.iter().map(|tool| shown(&group, tool)).collect() }))
}

fn authorize(group: &mut Group, token: Option<String>) {
    if let (Place::Http { authorization, .. }, Some(token)) = (&mut group.server.place, token) {
        *authorization = Some(token.strip_prefix("Bearer ").unwrap_or(&token).to_owned());
    }
}

#[derive(Deserialize, JsonSchema)]
pub struct Invoke {
    tool_name: String,
    #[serde(default)]
    kwargs: wire::JsonObject,
    #[serde(default)]
    authorization: Option<String>,
}

/// A tool that ran and failed is an answer too: 200 with `error_code` 1.
pub async fn invoke(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Invoke>,
) -> Result<Json<Value>, ApiError> {
    let _running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let listed = everything(&app, &cx).await?;
    let Some((listed, tool)) = pick(&listed, &request.tool_name) else {
        if let Some(answer) = builtin::invoke(&app, &request.tool_name, &request.kwargs, &cx).await {
            let answer = answer?;
            return Ok(Json(json!({
                "content": answer["content"], "error_message": null, "error_code": 0, "metadata": answer["metadata"],
            })));
        }
        let names: Vec<&str> =
            listed.iter().flat_map(|listed| listed.tools.iter().map(|tool| tool.name.as_str())).collect();
        let message = format!(
            "Invalid value: Tool '{}' is not served by any tool group; the tools are: {}",
            request.tool_name,
            names.join(", ")
        );
        return Err(ApiError::invalid("tool_name", message));
    };
    let source = match request.authorization {
        None => listed.source.clone(),
        token => {
            let mut group = listed.group.clone();
            authorize(&mut group, token);
            group.tools(&app, &cx).await?.0
        }
    };
    let call = async |cx| source.call(&tool.name, request.kwargs, &cx).await;
    let output = telemetry::tool_call(&cx, label(&listed.group.id), &tool.name, None, call).await?;
    Ok(Json(json!({
        "content": [{"type": "text", "text": output.text}], "error_message": null,
        "error_code": u8::from(output.failed), "metadata": null,
    })))
}
