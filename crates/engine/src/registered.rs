//! Models that callers register: another name for what a provider serves, or a model that it does not list.

use ports::access::Principal;
use ports::inference::{InferenceError, ModelKind};
use ports::registrations::Registrations;
use ports::responses::StoreError;
use serde_json::{Value, json};
use wire::JsonObject;

/// Kind of the registrations that hold models.
pub const KIND: &str = "model";

#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredModel {
    /// The caller's own name for it; `provider/resource` holds as well.
    pub alias: String,
    pub provider_id: String,
    /// The model's name at its provider.
    pub resource: String,
    pub kind: ModelKind,
    pub metadata: JsonObject,
}

impl RegisteredModel {
    /// `provider/resource`, as Llama Stack names models since 0.3.
    pub fn identifier(&self) -> String {
        format!("{}/{}", self.provider_id, self.resource)
    }

    pub fn answers_to(&self, name: &str) -> bool {
        self.alias == name || self.identifier() == name
    }

    pub fn body(&self) -> Value {
        json!({
            "alias": self.alias, "provider_id": self.provider_id, "provider_resource_id": self.resource,
            "model_type": self.kind.name(), "metadata": self.metadata,
        })
    }

    fn stored(body: &Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            alias: text("alias")?,
            provider_id: text("provider_id")?,
            resource: text("provider_resource_id")?,
            kind: ModelKind::named(&text("model_type")?)?,
            metadata: body.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
        })
    }
}

/// In order of registration.
pub async fn all(store: &dyn Registrations, owner: Option<&Principal>) -> Result<Vec<RegisteredModel>, StoreError> {
    let stored = store.all_registered(KIND, owner).await?;
    Ok(stored.iter().filter_map(|(_, body)| RegisteredModel::stored(body)).collect())
}

pub async fn known(
    store: &dyn Registrations,
    name: &str,
    owner: Option<&Principal>,
) -> Result<Option<RegisteredModel>, InferenceError> {
    let models = all(store, owner).await.map_err(|error| InferenceError::Internal(error.to_string()))?;
    Ok(models.into_iter().find(|model| model.answers_to(name)))
}
