//! Chat with a model: one method, a stream of typed deltas.
//!
//! The contract every provider keeps: deltas in order, exactly one `Finish`, `Usage` (if any) right after it and
//! last; an error ends the stream; dropping the stream stops the work.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;
use wire::JsonObject;
use wire::openai::chat::{ChatRequest, FinishReason, Usage};
use wire::openai::completions::CompletionRequest;

use crate::context::CallContext;
use crate::fold::{Folded, fold};
use crate::health::ProviderHealth;

pub type ChatStream = BoxStream<'static, Result<ChatDelta, InferenceError>>;

#[derive(Debug, Clone, PartialEq)]
pub enum ChatDelta {
    Text(String),
    /// A tool call begins; its arguments follow as fragments under the same index.
    ToolCall {
        index: u32,
        id: String,
        name: String,
    },
    Arguments {
        index: u32,
        fragment: String,
    },
    /// Fields beside the ones above, as the upstream sent them (`logprobs`, `reasoning_content`, …). They belong to
    /// the delta that follows, or stand alone.
    Beside(Box<Beside>),
    Finish(FinishReason),
    Usage(Usage),
}

/// Fields of a chunk that have no delta of their own, by where they stood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beside {
    /// In `choices[0].delta`.
    pub delta: JsonObject,
    /// In `choices[0]`.
    pub choice: JsonObject,
}

/// A chat request, and what the caller already knows about the only answers that make sense.
#[derive(Debug, Clone, Default)]
pub struct ChatCall {
    pub request: ChatRequest,
    pub narrowed: Option<Narrowed>,
}

impl From<ChatRequest> for ChatCall {
    fn from(request: ChatRequest) -> Self {
        Self { request, narrowed: None }
    }
}

/// The tools that can be called now, each with its arguments closed over values the conversation really holds.
///
/// A provider that can constrain decoding must; another may send the closed schemas in place of the open ones.
/// The request's own `tools` stay as they are, so that a prompt prefix keeps its cache.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Narrowed {
    pub tools: Vec<NarrowedTool>,
    /// Whether plain text is an answer too. With neither text nor tools nothing is constrained.
    pub text_allowed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NarrowedTool {
    pub name: String,
    /// JSON Schema of the arguments object; closed values are `enum`s.
    pub arguments: Value,
    /// Free-text arguments that must be literal excerpts of these words.
    pub excerpts: BTreeMap<String, Excerpt>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    pub source: String,
    pub min_chars: usize,
    pub max_chars: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedModel {
    /// The name the provider knows it by.
    pub name: String,
    pub kind: ModelKind,
    /// Tokens of prompt and answer together, when known.
    pub context_tokens: Option<u32>,
    pub embedding_dimension: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelKind {
    Llm,
    Embedding,
    Rerank,
}

impl ModelKind {
    /// Llama Stack's `model_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Embedding => "embedding",
            Self::Rerank => "rerank",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Llm, Self::Embedding, Self::Rerank].into_iter().find(|kind| kind.name() == name)
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum InferenceError {
    #[error("model '{0}' not found")]
    NotFound(String),
    #[error("{message}")]
    Invalid { param: Option<String>, message: String },
    #[error("the model is busy: {0}")]
    Overloaded(String),
    #[error("the model did not answer in time ({0})")]
    Timeout(String),
    #[error("the model server answered {status}: {message}")]
    Upstream { status: u16, message: String },
    #[error("cannot reach the model server: {0}")]
    Unreachable(String),
    #[error("the caller has gone")]
    Cancelled,
    #[error("internal error: {0}")]
    Internal(String),
}

#[async_trait]
pub trait Inference: Send + Sync {
    /// Starts an answer to `call`. The model name in it is the provider's own, without a provider prefix.
    async fn chat(&self, call: ChatCall, cx: &CallContext) -> Result<ChatStream, InferenceError>;

    /// The whole answer at once. Override only when the upstream's plain answer carries more than its stream.
    async fn complete(&self, call: ChatCall, cx: &CallContext) -> Result<Folded, InferenceError> {
        fold(self.chat(call, cx).await?).await
    }

    /// Continues one bare prompt (`prompt` holds one text). The deltas keep the contract of `chat`; there are no tool
    /// calls among them.
    async fn text(&self, _request: CompletionRequest, _cx: &CallContext) -> Result<ChatStream, InferenceError> {
        Err(InferenceError::Invalid {
            param: Some("model".into()),
            message: "model: its provider offers chat, not text completions".into(),
        })
    }

    /// Models served at this moment; may ask the upstream, so callers cache it.
    async fn models(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError>;

    async fn health(&self) -> ProviderHealth;
}
