//! What the server serves.

use ports::CallContext;
use ports::inference::{InferenceError, ModelKind, ServedModel};
use serde::Deserialize;

use super::transport::OpenAiCompatible;

#[derive(Deserialize)]
struct Models {
    data: Vec<Listed>,
}

/// vLLM adds the context length to OpenAI's object.
#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    max_model_len: Option<u32>,
}

impl OpenAiCompatible {
    /// The configured names if there are any, else what the server lists.
    pub(super) async fn served(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        let model = |name: &str, context_tokens| ServedModel {
            name: name.to_owned(),
            kind: ModelKind::Llm,
            context_tokens,
            embedding_dimension: None,
        };
        if !self.config.models.is_empty() {
            return Ok(self.config.models.iter().map(|name| model(name, None)).collect());
        }
        let response = self.get("models", cx).await?;
        let listed: Models = response
            .json()
            .await
            .map_err(|error| InferenceError::Upstream { status: 502, message: format!("not a model list: {error}") })?;
        Ok(listed.data.iter().map(|it| model(&it.id, it.max_model_len)).collect())
    }
}
