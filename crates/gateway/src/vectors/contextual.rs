//! Contextual chunks: a model says in a few words what a chunk is about within its document, so that a search finds a
//! chunk by words that stand elsewhere in the document.

use std::time::Duration;

use futures::{StreamExt, stream};
use ports::CallContext;
use ports::inference::ChatCall;
use wire::openai::chat::{ChatMessage, ChatRequest, Role};
use wire::openai::vector_stores::Contextual;

use crate::app::App;
use crate::errors::ApiError;

/// The document goes to the model once for each of its chunks.
const LONGEST_DOCUMENT: usize = 400_000;
const MOST_AT_ONCE: usize = 16;
const AT_ONCE: usize = 3;
const PATIENCE: Duration = Duration::from_secs(120);
const WORDS: u32 = 200;
const DOCUMENT: &str = "{{WHOLE_DOCUMENT}}";
const CHUNK: &str = "{{CHUNK_CONTENT}}";
const PROMPT: &str = "<document>\n{{WHOLE_DOCUMENT}}\n</document>\n\nThis is a part of the document:\n<part>\n\
    {{CHUNK_CONTENT}}\n</part>\n\nSay in one or two sentences what this part is about within the document, with the names \
    a search would use. Answer with these sentences only.";

pub fn check(contextual: &Contextual) -> Result<(), ApiError> {
    let field = |name: &str| format!("chunking_strategy.contextual.{name}");
    if contextual.model_id.as_deref().is_none_or(|model| model.trim().is_empty()) {
        let at = field("model_id");
        return Err(ApiError::invalid(&at, format!("{at} must name a chat model")));
    }
    for (name, value) in
        [("timeout_seconds", contextual.timeout_seconds), ("max_concurrency", contextual.max_concurrency)]
    {
        if value == Some(0) {
            let at = field(name);
            return Err(ApiError::invalid(&at, format!("{at} must be at least 1")));
        }
    }
    let prompt = contextual.context_prompt.as_deref().unwrap_or(PROMPT);
    if !prompt.contains(CHUNK) {
        let at = field("context_prompt");
        return Err(ApiError::invalid(&at, format!("{at} must hold the place {CHUNK}")));
    }
    Ok(())
}

/// Each piece with its context before it. A piece whose context cannot be had stays bare; none at all is an error.
pub async fn situated(
    app: &App,
    contextual: &Contextual,
    document: &str,
    pieces: Vec<String>,
    cx: &CallContext,
) -> Result<Vec<String>, ApiError> {
    if document.len() > LONGEST_DOCUMENT {
        let message = format!("a document of more than {LONGEST_DOCUMENT} bytes is not chunked with contexts");
        return Err(ApiError::invalid("chunking_strategy", message));
    }
    let route = app.responder.registry.chat(contextual.model_id.as_deref().unwrap_or_default(), cx).await?;
    let prompt = contextual.context_prompt.as_deref().unwrap_or(PROMPT).replace(DOCUMENT, document);
    let patience = contextual.timeout_seconds.map_or(PATIENCE, |seconds| Duration::from_secs(seconds.into()));
    let at_once = contextual.max_concurrency.map_or(AT_ONCE, |most| (most as usize).min(MOST_AT_ONCE));
    let ask = |piece: String| {
        let messages = vec![ChatMessage::text(Role::User, prompt.replace(CHUNK, &piece))];
        let request =
            ChatRequest { model: route.model.clone(), messages, max_tokens: Some(WORDS), ..ChatRequest::default() };
        let answer = route.inference.complete(ChatCall::from(request), cx);
        async move {
            match tokio::time::timeout(patience.min(cx.left()), answer).await {
                Ok(Ok(answer)) if !answer.text.trim().is_empty() => {
                    (format!("{}\n\n{piece}", answer.text.trim()), None)
                }
                Ok(Ok(_)) => (piece, Some("the model said nothing".to_owned())),
                Ok(Err(error)) => (piece, Some(error.to_string())),
                Err(_) => (piece, Some(format!("no answer in {} seconds", patience.as_secs()))),
            }
        }
    };
    let asked = pieces.len();
    let done: Vec<(String, Option<String>)> = stream::iter(pieces).map(ask).buffered(at_once).collect().await;
    let failed: Vec<&String> = done.iter().filter_map(|(_, failed)| failed.as_ref()).collect();
    if let (true, Some(why)) = (failed.len() == asked, failed.first()) {
        let message = format!("no chunk could be given its context: {why}");
        return Err(ApiError::new(axum::http::StatusCode::BAD_GATEWAY, message));
    }
    if !failed.is_empty() {
        tracing::warn!(failed = failed.len(), asked, "chunks without context");
    }
    Ok(done.into_iter().map(|(text, _)| text).collect())
}
