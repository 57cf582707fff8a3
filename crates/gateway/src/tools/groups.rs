//! `/v1/toolgroups`. Registering is idempotent and kept; a configured group cannot be taken away by a caller.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use ports::CallContext;
use ports::access::Principal;
use ports::registrations::Registration;
use ports::tools::{Place, ToolDef, ToolError, ToolServer, ToolSource};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::llama::inspect::DataList;

use super::{builtin, registered};
use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

pub const KIND: &str = "tool_group";
const PROVIDER: &str = "model-context-protocol";
/// How long registering waits for the first handshake; a slower server is tried again in the background.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST_ID: usize = 256;

/// A tool group and the server behind it.
#[derive(Clone)]
pub struct Group {
    pub id: String,
    pub server: ToolServer,
    pub args: Value,
}

impl Group {
    fn configured(label: &str, server: &ToolServer) -> Self {
        Self { id: format!("mcp::{label}"), server: server.clone(), args: Value::Null }
    }

    fn stored(id: &str, body: &Value) -> Option<Self> {
        let uri = body.pointer("/mcp_endpoint/uri")?.as_str()?;
        let args = body.get("args").cloned().unwrap_or_default();
        Some(Self { id: id.to_owned(), server: at(label(id), uri), args })
    }

    /// The server's URL; `None` for a command.
    pub fn uri(&self) -> Option<&str> {
        match &self.server.place {
            Place::Http { url, .. } => Some(url),
            Place::Stdio { .. } => None,
        }
    }

    pub fn is_configured(&self) -> bool {
        self.server.configured
    }

    fn shown(&self) -> Value {
        json!({
            "identifier": self.id, "provider_resource_id": self.id, "provider_id": PROVIDER, "type": "tool_group",
            "owner": null, "source": if self.is_configured() { "listed_from_provider" } else { "via_register_api" },
            "mcp_endpoint": self.uri().map(|uri| json!({"uri": uri})), "args": self.args,
        })
    }

    /// Its tools, asked with the caller's own headers for that address.
    pub async fn tools(&self, app: &App, cx: &CallContext) -> Result<(Arc<dyn ToolSource>, Vec<ToolDef>), ToolError> {
        let mut server = self.server.clone();
        engine::mcp_headers::add(&mut server, &cx.provider_data);
        let source = app.responder.servers.open(&server, cx).await?;
        let tools = source.list(cx).await?;
        Ok((source, tools))
    }
}

/// A server at an address that a caller gave.
pub fn at(label: &str, uri: &str) -> ToolServer {
    let place = Place::Http { url: uri.to_owned(), headers: Default::default(), authorization: None };
    ToolServer { label: label.to_owned(), place, configured: false }
}

/// The group's name without the kind of its provider.
pub fn label(id: &str) -> &str {
    id.strip_prefix("mcp::").unwrap_or(id)
}

/// All groups: the configured ones by name, then the registered ones in their order.
pub async fn all(app: &App, owner: Option<&Principal>) -> Result<Vec<Group>, ApiError> {
    let policy = app.responder.registry.policy();
    let configured = app.responder.connectors.iter().filter(|(label, _)| policy.opens_connector(owner, label));
    let mut groups: Vec<Group> = configured.map(|(label, server)| Group::configured(label, server)).collect();
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    for (id, body) in app.stores.registrations.all_registered(KIND, owner).await? {
        if !groups.iter().any(|group| group.id == id) {
            groups.extend(Group::stored(&id, &body));
        }
    }
    Ok(groups)
}

pub async fn find(app: &App, id: &str, owner: Option<&Principal>) -> Result<Option<Group>, ApiError> {
    if let Some(server) = app.responder.connectors.get(label(id)).filter(|_| id.starts_with("mcp::")) {
        let open = app.responder.registry.policy().opens_connector(owner, label(id));
        return Ok(open.then(|| Group::configured(label(id), server)));
    }
    let stored = app.stores.registrations.registered(KIND, id, owner).await?;
    Ok(stored.and_then(|body| Group::stored(id, &body)))
}

pub async fn known(app: &App, id: &str, owner: Option<&Principal>) -> Result<Group, ApiError> {
    find(app, id, owner).await?.ok_or_else(|| {
        ApiError::not_found(format!(
            "Tool Group '{id}' not found. Use 'client.toolgroups.list()' to list available Tool Groups."
        ))
    })
}

#[derive(Deserialize, JsonSchema)]
pub struct Register {
    toolgroup_id: String,
    #[serde(default)]
    provider_id: Option<String>,
    #[serde(default)]
    mcp_endpoint: Option<Endpoint>,
    #[serde(default)]
    args: Value,
}

#[derive(Deserialize, JsonSchema)]
pub struct Endpoint {
    pub uri: String,
}

pub async fn register(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Register>,
) -> Result<Json<Value>, ApiError> {
    let id = request.toolgroup_id;
    if id.trim().is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Err(ApiError::invalid("toolgroup_id", "toolgroup_id must be a name of 1 to 256 characters"));
    }
    if builtin::opens(&app, &id, cx.caller.as_deref()) {
        return Ok(Json(Value::Null));
    }
    if let Some(provider) = request.provider_id.filter(|provider| provider != PROVIDER) {
        let message = format!("provider_id '{provider}' serves no tool groups; the provider is {PROVIDER}");
        return Err(ApiError::invalid("provider_id", message));
    }
    let known = find(&app, &id, cx.caller.as_deref()).await?;
    let Some(endpoint) = request.mcp_endpoint else {
        return match known {
            Some(_) => Ok(Json(Value::Null)),
            None => Err(ApiError::invalid("mcp_endpoint", "mcp_endpoint must give the uri of an MCP server")),
        };
    };
    if let Some(known) = known.filter(Group::is_configured) {
        return match known.uri() == Some(endpoint.uri.as_str()) {
            true => Ok(Json(Value::Null)),
            false => Err(ApiError::invalid("toolgroup_id", format!("'{id}' is configured with another address"))),
        };
    }
    let server = at(label(&id), &endpoint.uri);
    if let Some(Err(error @ ToolError::Forbidden { .. })) = registered::try_once(&app, &server, PATIENCE).await {
        return Err(ApiError { param: Some("mcp_endpoint.uri".into()), ..error.into() });
    }
    let body = json!({"mcp_endpoint": {"uri": endpoint.uri}, "args": request.args});
    let created_at = app.responder.clock.now().as_microsecond();
    app.permit_new(KIND, &id, &cx)?;
    let registration = Registration { kind: KIND, id, body, created_at, owner: cx.caller };
    app.stores.registrations.register(&registration).await?;
    Ok(Json(Value::Null))
}

pub async fn list(State(app): State<Arc<App>>, Context(cx): Context) -> Result<Json<DataList<Value>>, ApiError> {
    let groups = all(&app, cx.caller.as_deref()).await?;
    Ok(Json(DataList {
        data: groups.iter().map(Group::shown).chain(builtin::groups(&app, cx.caller.as_deref())).collect(),
    }))
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if let Some(ours) = builtin::groups(&app, cx.caller.as_deref()).into_iter().find(|group| group["identifier"] == *id)
    {
        return Ok(Json(ours));
    }
    Ok(Json(known(&app, &id, cx.caller.as_deref()).await?.shown()))
}

pub async fn unregister(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let owner = cx.caller.as_deref();
    if known(&app, &id, owner).await?.is_configured() {
        return Err(ApiError::invalid("toolgroup_id", format!("'{id}' is part of the configuration")));
    }
    app.stores.registrations.unregister(KIND, &id, owner).await?;
    Ok(StatusCode::NO_CONTENT)
}
