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
    /// The models of one kind, of a server that may have both: chat models, and those that embed.
    pub(super) async fn served_as(
        &self,
        kind: ModelKind,
        cx: &CallContext,
    ) -> Result<Vec<ServedModel>, InferenceError> {
        let mut models = self.served(cx).await?;
        if self.config.embedding_models.is_some() {
            models.retain(|model| self.embeds(&model.name) == (kind == ModelKind::Embedding));
        }
        models.iter_mut().for_each(|model| model.kind = kind);
        Ok(models)
    }

    /// No list of a server says what a model is for: those with `embed` in their names embed, and those named so.
    fn embeds(&self, name: &str) -> bool {
        let named = self.config.embedding_models.iter().flatten().any(|embedding| embedding == name);
        named || name.to_lowercase().contains("embed")
    }

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
