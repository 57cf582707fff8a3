//! `/v1/shields`: two that need no model are always there; Llama Guard is registered with the model it asks.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use ports::access::{Action, Principal, Resource};
use ports::registrations::Registration;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::llama::inspect::DataList;

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

const KIND: &str = "shield";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Pii,
    Injection,
    LlamaGuard,
}

impl Provider {
    const ALL: [Self; 3] = [Self::Pii, Self::Injection, Self::LlamaGuard];

    pub fn id(self) -> &'static str {
        match self {
            Self::Pii => "pii",
            Self::Injection => "injection",
            Self::LlamaGuard => "llama-guard",
        }
    }

    /// By its id, with or without `inline::`.
    fn named(name: &str) -> Option<Self> {
        let bare = name.strip_prefix("inline::").unwrap_or(name);
        Self::ALL.into_iter().find(|provider| provider.id() == bare)
    }
}

#[derive(Debug, Clone)]
pub struct Shield {
    pub id: String,
    pub provider: Provider,
    /// Llama Guard's model; the provider's own name otherwise.
    pub resource: String,
    params: Value,
}

impl Shield {
    fn built_in(provider: Provider) -> Self {
        Self { id: provider.id().into(), provider, resource: provider.id().into(), params: json!({}) }
    }

    fn stored(id: String, body: &Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let (provider, resource) = (Provider::named(text("provider_id")?)?, text("provider_resource_id")?.to_owned());
        Some(Self { id, provider, resource, params: body.get("params").cloned().unwrap_or_else(|| json!({})) })
    }

    fn shown(&self) -> Value {
        json!({
            "identifier": self.id, "provider_resource_id": self.resource, "provider_id": self.provider.id(),
            "type": "shield", "params": self.params,
        })
    }
}

pub async fn all(app: &App, owner: Option<&Principal>) -> Result<Vec<Shield>, ApiError> {
    let stored = app.stores.registrations.all_registered(KIND, owner).await?;
    let mut shields: Vec<Shield> = stored.into_iter().filter_map(|(id, body)| Shield::stored(id, &body)).collect();
    let policy = app.responder.registry.policy();
    let open = |provider: &Provider| policy.permits(owner, Action::Read, Resource::unowned(KIND, provider.id()));
    for provider in [Provider::Injection, Provider::Pii].into_iter().filter(open) {
        if !shields.iter().any(|shield| shield.id == provider.id()) {
            shields.insert(0, Shield::built_in(provider));
        }
    }
    Ok(shields)
}

pub async fn known(app: &App, id: &str, owner: Option<&Principal>) -> Result<Shield, ApiError> {
    let found = all(app, owner).await?.into_iter().find(|shield| shield.id == id);
    found.ok_or_else(|| {
        ApiError::not_found(format!("Shield '{id}' not found. Use 'client.shields.list()' to list available Shields."))
    })
}

#[derive(Deserialize)]
pub struct Register {
    shield_id: String,
    #[serde(default)]
    provider_shield_id: Option<String>,
    #[serde(default)]
    provider_id: Option<String>,
    #[serde(default)]
    params: Option<Value>,
}

pub async fn register(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Register>,
) -> Result<Json<Value>, ApiError> {
    let id = request.shield_id;
    if id.trim().is_empty() || id.len() > 256 {
        return Err(ApiError::invalid("shield_id", "shield_id must be a name of 1 to 256 characters"));
    }
    let named = request.provider_id.as_deref().unwrap_or("llama-guard");
    let provider = Provider::named(named)
        .ok_or_else(|| ApiError::invalid("provider_id", "provider_id must be pii, injection or llama-guard"))?;
    let resource = match (provider, request.provider_shield_id) {
        (Provider::LlamaGuard, None) => {
            return Err(ApiError::invalid("provider_shield_id", "provider_shield_id must name a chat model"));
        }
        (Provider::LlamaGuard, Some(model)) => model,
        (other, resource) => resource.unwrap_or_else(|| other.id().to_owned()),
    };
    let shield = Shield { id: id.clone(), provider, resource, params: request.params.unwrap_or_else(|| json!({})) };
    let body = shield.shown();
    let created_at = app.responder.clock.now().as_microsecond();
    app.permit_new(KIND, &id, &cx)?;
    let registration = Registration { kind: KIND, id, body: body.clone(), created_at, owner: cx.caller };
    app.stores.registrations.register(&registration).await?;
    Ok(Json(body))
}

pub async fn list(State(app): State<Arc<App>>, Context(cx): Context) -> Result<Json<DataList<Value>>, ApiError> {
    let shields = all(&app, cx.caller.as_deref()).await?;
    Ok(Json(DataList { data: shields.iter().map(Shield::shown).collect() }))
}

pub async fn one(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(known(&app, &id, cx.caller.as_deref()).await?.shown()))
}

/// 200 and `null`, as 0.7 answers.
pub async fn unregister(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let owner = cx.caller.as_deref();
    known(&app, &id, owner).await?;
    match app.stores.registrations.unregister(KIND, &id, owner).await? {
        true => Ok(Json(Value::Null)),
        false => Err(ApiError::invalid("identifier", format!("'{id}' is built in"))),
    }
}
