//! The shields there are: two that need no model, Llama Guard with whichever model it was registered with, and detectors
//! behind an orchestrator.

use std::sync::Arc;

use ports::CallContext;
use ports::access::{Action, Principal, Resource, kind};
use ports::detectors::Detectors;
use ports::inference::ChatCall;
use ports::registrations::Registrations;
use ports::responses::StoreError;
use serde_json::{Value, json};
use wire::openai::chat::{ChatMessage, ChatRequest};

use super::detectors::Params;
use super::{Violation, detectors, guard, injection, pii};
use crate::registry::Registry;
use crate::request::{RequestError, invalid};

/// Kind of the registrations that hold shields.
pub const KIND: &str = "shield";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Pii,
    Injection,
    LlamaGuard,
    /// Detectors of a guardrails orchestrator.
    Fms,
}

impl Provider {
    const ALL: [Self; 4] = [Self::Pii, Self::Injection, Self::LlamaGuard, Self::Fms];
    /// Those that are there without being registered.
    const BUILT_IN: [Self; 2] = [Self::Injection, Self::Pii];

    pub fn id(self) -> &'static str {
        match self {
            Self::Pii => "pii",
            Self::Injection => "injection",
            Self::LlamaGuard => "llama-guard",
            Self::Fms => "trustyai_fms",
        }
    }

    /// By its id, with or without `inline::` or `remote::`.
    pub fn named(name: &str) -> Option<Self> {
        let bare = name.rsplit("::").next().unwrap_or(name);
        Self::ALL.into_iter().find(|provider| provider.id() == bare)
    }
}

#[derive(Debug, Clone)]
pub struct Shield {
    pub id: String,
    pub provider: Provider,
    /// A chat model for Llama Guard, the provider's own name otherwise.
    pub resource: String,
    pub params: Value,
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

    /// As Llama Stack shows and we store it.
    pub fn shown(&self) -> Value {
        json!({
            "identifier": self.id, "provider_resource_id": self.resource, "provider_id": self.provider.id(),
            "type": "shield", "params": self.params,
        })
    }
}

#[derive(Clone)]
pub struct Shields {
    pub registry: Arc<Registry>,
    pub registrations: Arc<dyn Registrations>,
    /// The guardrails orchestrator, where one is configured.
    pub detectors: Option<Arc<dyn Detectors>>,
}

impl Shields {
    pub async fn all(&self, owner: Option<&Principal>) -> Result<Vec<Shield>, StoreError> {
        let stored = self.registrations.all_registered(KIND, owner).await?;
        let mut shields: Vec<Shield> = stored.into_iter().filter_map(|(id, body)| Shield::stored(id, &body)).collect();
        for provider in Provider::BUILT_IN.into_iter().filter(|provider| self.opens(*provider, owner)) {
            if !shields.iter().any(|shield| shield.id == provider.id()) {
                shields.insert(0, Shield::built_in(provider));
            }
        }
        Ok(shields)
    }

    fn opens(&self, built_in: Provider, caller: Option<&Principal>) -> bool {
        self.registry.policy().permits(caller, Action::Read, Resource::unowned(kind::SHIELD, built_in.id()))
    }

    pub async fn known(&self, id: &str, owner: Option<&Principal>) -> Result<Shield, RequestError> {
        if let Some(body) = self.registrations.registered(KIND, id, owner).await?
            && let Some(shield) = Shield::stored(id.to_owned(), &body)
        {
            return Ok(shield);
        }
        let open = |provider: &Provider| provider.id() == id && self.opens(*provider, owner);
        let built_in = Provider::BUILT_IN.into_iter().find(open);
        built_in.map(Shield::built_in).ok_or_else(|| RequestError::NotFound {
            param: "shield_id".into(),
            message: format!("Shield '{id}' not found. Use 'client.shields.list()' to list available Shields."),
        })
    }

    /// What the shield says of the last of `messages`, or of all of them where it has detectors.
    pub async fn judge(
        &self,
        shield: &Shield,
        messages: &[ChatMessage],
        cx: &CallContext,
    ) -> Result<Option<Violation>, RequestError> {
        let Some(last) = messages.last() else {
            return Err(invalid("messages", "messages must hold at least one message"));
        };
        match shield.provider {
            Provider::Pii => Ok(pii::check(&last.plain_text())),
            Provider::Injection => Ok(injection::check(&last.plain_text())),
            Provider::LlamaGuard => {
                let route = self.registry.chat(&shield.resource, cx).await?;
                let request = ChatRequest {
                    model: route.model,
                    messages: vec![guard::prompt(messages)],
                    temperature: Some(0.0),
                    max_tokens: Some(64),
                    ..ChatRequest::default()
                };
                let answer = route.inference.complete(ChatCall::from(request), cx).await?;
                guard::verdict(&answer.text).map_err(|error| invalid("shield_id", error))
            }
            Provider::Fms => {
                let orchestrator = self.detectors.as_ref().ok_or_else(|| {
                    invalid("shield_id", "no guardrails orchestrator is configured (gateway.detectors.url)")
                })?;
                detectors::judge(orchestrator, &shield.id, &Params::read(&shield.params)?, messages, cx).await
            }
        }
    }

    /// The first violation that any of `shields` finds.
    pub async fn first(
        &self,
        shields: &[Shield],
        messages: &[ChatMessage],
        cx: &CallContext,
    ) -> Result<Option<Violation>, RequestError> {
        for shield in shields {
            if let Some(violation) = self.judge(shield, messages, cx).await? {
                return Ok(Some(violation));
            }
        }
        Ok(None)
    }
}
