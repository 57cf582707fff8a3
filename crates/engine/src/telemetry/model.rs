//! A model, with a span and measurements around each of its calls.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use async_trait::async_trait;
use futures::Stream;
use ports::CallContext;
use ports::embeddings::{Embedded, Embeddings};
use ports::fold::Folded;
use ports::health::ProviderHealth;
use ports::inference::{ChatCall, ChatDelta, ChatStream, Inference, InferenceError, ServedModel};
use ports::trace::{Span, SpanKind, attribute, words};
use wire::openai::chat::{FinishReason, Usage};
use wire::openai::completions::CompletionRequest;

use super::{conversation, kind, meters};

/// Whose model it is, as spans and metrics say it.
#[derive(Clone)]
struct Of {
    /// `vllm`, `llama-cpp`: the provider's type without its place.
    provider: Arc<str>,
    model: Arc<str>,
    /// A model in this process is no call to elsewhere.
    remote: bool,
}

impl Of {
    fn new(kind: &str, model: &str) -> Self {
        let (place, name) = kind.split_once("::").unwrap_or(("remote", kind));
        Self { provider: name.into(), model: model.into(), remote: place != "inline" }
    }

    fn call(&self, operation: &'static str, streamed: bool, cx: &CallContext) -> Call {
        let kind = if self.remote { SpanKind::Client } else { SpanKind::Internal };
        let span = cx.trace.child(kind, || {
            let mut attributes = vec![
                attribute("gen_ai.operation.name", operation),
                attribute("gen_ai.provider.name", self.provider.to_string()),
                attribute("gen_ai.request.model", self.model.to_string()),
            ];
            if streamed {
                attributes.push(attribute("gen_ai.request.stream", true));
            }
            attributes.extend(conversation(cx));
            (format!("{operation} {}", self.model), attributes)
        });
        let agent = cx.agent.as_ref().and_then(|agent| agent.name.clone());
        Call { of: self.clone(), operation, span, agent, began: Instant::now(), first: false, ended: None }
    }
}

/// One call under way. It is measured when it is dropped: at its end, or where its caller has gone.
struct Call {
    of: Of,
    operation: &'static str,
    span: Span,
    agent: Option<Arc<str>>,
    began: Instant,
    /// The first piece has come.
    first: bool,
    /// `Some("")` when it went well.
    ended: Option<&'static str>,
}

impl Call {
    fn below(&self, cx: &CallContext) -> CallContext {
        CallContext { trace: self.span.trace().clone(), ..cx.clone() }
    }

    fn labels(&self, worked: bool) -> meters::Model {
        meters::model(&self.of.provider, &self.of.model, self.agent.as_deref(), worked)
    }

    fn failed(&mut self, error: &InferenceError) {
        let kind = kind(error);
        self.ended = Some(kind);
        self.span.fail(kind);
    }

    fn delta(&mut self, delta: &Result<ChatDelta, InferenceError>) {
        if !self.first && delta.is_ok() {
            self.first = true;
            meters::first_chunk(&self.labels(true), self.began.elapsed());
        }
        match delta {
            Ok(ChatDelta::Finish(reason)) => self.finished(*reason),
            Ok(ChatDelta::Usage(usage)) => self.used(usage),
            Ok(_) => {}
            Err(error) => self.failed(error),
        }
    }

    fn finished(&mut self, reason: FinishReason) {
        self.ended = Some("");
        let word = match reason {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Other => "other",
        };
        if self.span.trace().is_recording() {
            self.span.note("gen_ai.response.finish_reasons", words([word]));
        }
    }

    fn used(&self, usage: &Usage) {
        self.span.note("gen_ai.usage.input_tokens", usage.prompt_tokens as i64);
        if self.operation != "embeddings" {
            self.span.note("gen_ai.usage.output_tokens", usage.completion_tokens as i64);
        }
        meters::tokens(&self.labels(true), usage.prompt_tokens, usage.completion_tokens);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let error_type = self.ended.unwrap_or_else(|| {
            self.span.fail("cancelled");
            "cancelled"
        });
        let labels = self.labels(error_type.is_empty());
        meters::model_called(self.operation, &labels, error_type, self.began.elapsed());
    }
}

struct Watched<T: ?Sized> {
    of: Of,
    inner: Arc<T>,
}

/// `inner`, which serves `model` for a provider of this `kind` (`remote::vllm`).
pub(crate) fn watched_chat(inner: Arc<dyn Inference>, kind: &str, model: &str) -> Arc<dyn Inference> {
    Arc::new(Watched { of: Of::new(kind, model), inner })
}

pub(crate) fn watched_embeddings(inner: Arc<dyn Embeddings>, kind: &str, model: &str) -> Arc<dyn Embeddings> {
    Arc::new(Watched { of: Of::new(kind, model), inner })
}

#[async_trait]
impl Inference for Watched<dyn Inference> {
    async fn chat(&self, call: ChatCall, cx: &CallContext) -> Result<ChatStream, InferenceError> {
        let watching = self.of.call("chat", true, cx);
        let below = watching.below(cx);
        streamed(watching, self.inner.chat(call, &below).await)
    }

    async fn complete(&self, call: ChatCall, cx: &CallContext) -> Result<Folded, InferenceError> {
        let mut watching = self.of.call("chat", false, cx);
        let folded =
            self.inner.complete(call, &watching.below(cx)).await.inspect_err(|error| watching.failed(error))?;
        watching.finished(folded.finish);
        watching.used(&folded.usage);
        Ok(folded)
    }

    async fn text(&self, request: CompletionRequest, cx: &CallContext) -> Result<ChatStream, InferenceError> {
        let watching = self.of.call("text_completion", true, cx);
        let below = watching.below(cx);
        streamed(watching, self.inner.text(request, &below).await)
    }

    async fn models(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        self.inner.models(cx).await
    }

    async fn health(&self) -> ProviderHealth {
        self.inner.health().await
    }
}

#[async_trait]
impl Embeddings for Watched<dyn Embeddings> {
    async fn embed(&self, model: &str, texts: Vec<String>, cx: &CallContext) -> Result<Embedded, InferenceError> {
        let mut watching = self.of.call("embeddings", false, cx);
        let embedded = self.inner.embed(model, texts, &watching.below(cx)).await;
        let embedded = embedded.inspect_err(|error| watching.failed(error))?;
        watching.ended = Some("");
        if let Some(vector) = embedded.vectors.first() {
            watching.span.note("gen_ai.embeddings.dimension.count", vector.len() as i64);
        }
        watching.used(&Usage { prompt_tokens: embedded.tokens, ..Usage::default() });
        Ok(embedded)
    }

    async fn models(&self, cx: &CallContext) -> Result<Vec<ServedModel>, InferenceError> {
        self.inner.models(cx).await
    }

    async fn health(&self) -> ProviderHealth {
        self.inner.health().await
    }
}

fn streamed(mut call: Call, begun: Result<ChatStream, InferenceError>) -> Result<ChatStream, InferenceError> {
    let deltas = begun.inspect_err(|error| call.failed(error))?;
    Ok(Box::pin(Deltas { deltas, call }))
}

struct Deltas {
    deltas: ChatStream,
    call: Call,
}

impl Stream for Deltas {
    type Item = Result<ChatDelta, InferenceError>;

    fn poll_next(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.deltas.as_mut().poll_next(waker);
        if let Poll::Ready(Some(delta)) = &polled {
            self.call.delta(delta);
        }
        polled
    }
}
