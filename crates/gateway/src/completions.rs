//! Stored chat completions: `GET /v1/chat/completions` and below.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use engine::completions::CompletionLog;
use ports::CallContext;
use ports::completions::StoredCompletion;
use ports::fold::Folded;
use ports::inference::ChatDelta;
use serde::Serialize;
use serde_json::{Value, json};
use wire::openai::chat::{ChatCompletion, ChatMessage, ChatRequest};
use wire::openai::conversations::ListPage;

use crate::app::App;
use crate::choices;
use crate::errors::ApiError;
use crate::extract::Context;
use crate::paging::{Asked, Paging, cut};

#[derive(Serialize)]
pub struct Shown {
    #[serde(flatten)]
    completion: ChatCompletion,
    input_messages: Vec<ChatMessage>,
}

pub async fn list(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Asked(paging): Asked<Paging>,
) -> Result<Json<ListPage<Shown>>, ApiError> {
    let page = paging.page(20)?;
    app.completions.settled().await;
    let store = &app.completions.store;
    let listed = store.completions(&page, paging.model.as_deref(), cx.caller.as_deref()).await?;
    let data = listed.rows.into_iter().map(shown).collect();
    Ok(Json(ListPage::new(data, listed.has_more, |row: &Shown| row.completion.id.clone())))
}

pub async fn get(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Shown>, ApiError> {
    Ok(Json(shown(known(&app, &id, &cx).await?)))
}

pub async fn messages(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<ListPage<Value>>, ApiError> {
    let page = paging.page(20)?;
    let stored = known(&app, &id, &cx).await?;
    let numbered = stored.input_messages.iter().enumerate().map(|(index, message)| {
        let mut value = serde_json::to_value(message).unwrap_or_default();
        value["id"] = json!(format!("{id}-{index}"));
        value
    });
    let id_of = |message: &Value| message["id"].as_str().map(str::to_owned);
    let (data, has_more) = cut(numbered.collect(), &page, id_of)
        .ok_or_else(|| ApiError::invalid("after", "after and before must name messages of this completion"))?;
    Ok(Json(ListPage::new(data, has_more, |message| id_of(message).unwrap_or_default())))
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    app.completions.settled().await;
    if !app.completions.store.remove_completion(&id, cx.caller.as_deref()).await? {
        return Err(unknown(&id));
    }
    Ok(Json(json!({"id": id, "object": "chat.completion.deleted", "deleted": true})))
}

async fn known(app: &App, id: &str, cx: &CallContext) -> Result<StoredCompletion, ApiError> {
    app.completions.settled().await;
    app.completions.store.completion(id, cx.caller.as_deref()).await?.ok_or_else(|| unknown(id))
}

fn shown(stored: StoredCompletion) -> Shown {
    Shown { completion: stored.completion, input_messages: stored.input_messages }
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("Chat completion '{id}' not found."))
}

/// Takes one completion down while it is answered. Streamed ones are kept once they have come to their end; one that
/// the caller or the model broke off is not.
pub struct Taken {
    log: Arc<CompletionLog>,
    /// Everything but the choices and usage; `None` once kept, or when the caller wants nothing stored.
    open: Option<StoredCompletion>,
    /// One a choice.
    folded: Vec<Folded>,
    finished: usize,
}

impl Taken {
    /// Every completion is stored, as the Python servers do, unless the request says `store: false`.
    pub fn new(app: &App, request: &ChatRequest, completion: ChatCompletion, cx: &CallContext) -> Self {
        let wanted = request.extra.get("store") != Some(&Value::Bool(false));
        let open = wanted.then(|| StoredCompletion {
            completion,
            input_messages: request.messages.clone(),
            owner: cx.caller.clone(),
        });
        Self { log: app.completions.clone(), open, folded: Vec::new(), finished: 0 }
    }

    pub fn whole(mut self, completion: ChatCompletion) {
        if let Some(mut open) = self.open.take() {
            open.completion = completion;
            self.log.keep(open);
        }
    }

    pub fn delta(&mut self, choice: u32, delta: &ChatDelta) {
        if self.open.is_some() {
            let choice = choice as usize;
            if self.folded.len() <= choice {
                self.folded.resize_with(choice + 1, Folded::default);
            }
            self.finished += usize::from(matches!(delta, ChatDelta::Finish(_)));
            self.folded[choice].push(delta);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let all = self.finished > 0 && self.finished == self.folded.len();
        let Some(mut open) = self.open.take().filter(|_| all) else { return };
        let (choices, usage) = choices::counted(std::mem::take(&mut self.folded));
        open.completion.choices = choices;
        open.completion.usage = (usage.total_tokens > 0).then_some(usage);
        self.log.keep(open);
    }
}
