//! Embeddings of an OpenAI-compatible server.

use async_trait::async_trait;
use ports::CallContext;
use ports::embeddings::{Embedded, Embeddings};
use ports::health::ProviderHealth;
use ports::inference::{InferenceError, ModelKind, ServedModel};
use wire::openai::embeddings::{EmbeddingInput, EmbeddingsRequest, EmbeddingsResponse, EncodingFormat, Vector};

use super::config::OpenAiConfig;
use super::transport::OpenAiCompatible;

pub struct OpenAiEmbeddings {
    server: OpenAiCompatible,
}

impl OpenAiEmbeddings {
    pub fn new(config: OpenAiConfig) -> Self {
        Self { server: OpenAiCompatible::new(config) }
    }
}

#[async_trait]
impl Embeddings for OpenAiEmbeddings {
    async fn embed(&self, model: &str, texts: Vec<String>, cx: &CallContext) -> Result<Embedded, InferenceError> {
        let asked = texts.len();
        let request = EmbeddingsRequest {
            model: model.into(),
            input: EmbeddingInput::Many(texts),
            encoding_format: Some(EncodingFormat::Float),
            dimensions: None,
            extra: wire::JsonObject::new(),
        };
        let response = self.server.post("embeddings", &request, cx).await?;
        let broken = |message: String| InferenceError::Upstream { status: 502, message };
        let mut answer: EmbeddingsResponse =
            response.json().await.map_err(|error| broken(format!("not an embeddings answer: {error}")))?;
        answer.data.sort_by_key(|row| row.index);
        if answer.data.len() != asked {
            return Err(broken(format!("{asked} texts were sent, {} vectors came back", answer.data.len())));
        }
        let vectors = answer.data.into_iter().map(|row| match row.embedding {
            Vector::Floats(floats) => Ok(floats),
            Vector::Base64(_) => Err(broken("floats were asked for, base64 came back".into())),
        });
        Ok(Embedded { vectors: vectors.collect::<Result<_, _>>()?, tokens: answer.usage.prompt_tokens })
    }

    async fn models(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        self.server.served_as(ModelKind::Embedding, cx).await
    }

    async fn health(&self) -> ProviderHealth {
        self.server.last_seen()
    }
}
