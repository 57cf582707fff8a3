//! Questions to the agent about one claim.

use std::convert::Infallible;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::review::{named, reviewer};
use super::{ApiError, App, ErrorKind, JsonBody};
use crate::access::Caller;
use crate::asking::{Answering, AskError, Asked, Passage, Sentence, Told};
use crate::domain::{Language, Question};

const LONGEST_QUESTION: usize = 1000;

#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct QuestionRequest {
    /// 1 to 1,000 characters.
    #[serde(default)]
    question: String,
    /// `en` or `fr`, of the answer; the policyholder's when absent.
    #[serde(default)]
    language: Option<String>,
    /// Sentences as they are found, as server-sent events; the same as `Accept: text/event-stream`.
    #[serde(default)]
    stream: bool,
    /// Who asks, where nobody is asked to sign in; else the token says so.
    #[serde(default)]
    reviewer_id: Option<String>,
    #[serde(default)]
    reviewer_name: Option<String>,
}

/// A question with its answer. Every sentence cites passages of the claim's evidence.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionView {
    success: bool,
    claim_id: String,
    question_id: String,
    question: String,
    answer: String,
    #[schema(value_type = Vec<Sentence>)]
    sentences: Value,
    /// The passages that are cited.
    #[schema(value_type = Vec<Passage>)]
    citations: Value,
    /// The evidence does not answer.
    refused: bool,
    /// Sentences of the model that no evidence bears out, and that nobody is shown.
    withheld: i64,
    asked_by: String,
    asker_name: Option<String>,
    model: String,
    timestamp: String,
}

impl QuestionView {
    fn new(claim: &str, asked: Question) -> Self {
        let ground = |name: &str| asked.grounds.get(name).cloned().unwrap_or_else(|| json!([]));
        Self {
            success: true,
            claim_id: claim.to_owned(),
            sentences: ground("sentences"),
            citations: ground("citations"),
            question_id: asked.question_id,
            question: asked.question,
            answer: asked.answer,
            refused: asked.refused,
            withheld: asked.withheld,
            asked_by: asked.asked_by,
            asker_name: asked.asker_name,
            model: asked.model,
            timestamp: asked.asked_at.to_string(),
        }
    }
}

/// Asks the agent. The answer stands in the claim's evidence, sentence by sentence, or says that it is not there.
///
/// Streamed: `sentence` with its citations, `withheld` for one that no evidence bears out, `done` with the whole, or
/// `error`.
#[utoipa::path(post, path = "/api/v1/claims/{id}/questions", params(("id" = String, Path)), request_body = QuestionRequest, responses((status = 200, body = QuestionView), (status = 400), (status = 404), (status = 409), (status = 429), (status = 503)))]
pub async fn ask(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(asked): JsonBody<QuestionRequest>,
) -> Result<Response, ApiError> {
    let question = asked.question.trim();
    if question.is_empty() || question.chars().count() > LONGEST_QUESTION {
        return Err(ApiError::invalid("question", "must be 1 to 1000 characters"));
    }
    let claim = app.existing_claim(&id).await?;
    let language = match asked.language.as_deref() {
        None => app.language_of(&claim).await?,
        Some("en") => Language::En,
        Some("fr") => Language::Fr,
        Some(_) => return Err(ApiError::invalid("language", "must be en or fr")),
    };
    let name = asked.reviewer_name.as_deref().map(|name| named("reviewer_name", name)).transpose()?;
    let who = reviewer(&app, &caller, asked.reviewer_id.as_deref(), name)?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let streamed = asked.stream || accept.contains("text/event-stream");
    let asked = Asked { question: question.to_owned(), by: who.subject, name: who.name, language };
    let mut answering = app.asker.ask(&claim, asked).await?;
    let id = claim.claim_id.to_string();
    if streamed {
        return Ok(told_as_it_comes(answering, id));
    }
    while let Some(told) = answering.next().await {
        if let Told::Done(question) = told? {
            return Ok(Json(QuestionView::new(&id, *question)).into_response());
        }
    }
    Err(ApiError::new(ErrorKind::Unavailable, "the agent does not answer"))
}

fn told_as_it_comes(answering: Answering, claim: String) -> Response {
    let events = stream::unfold((answering, claim), |(mut answering, claim)| async move {
        let (name, data) = match answering.next().await? {
            Ok(Told::Sentence(sentence)) => ("sentence", json!(sentence)),
            Ok(Told::Withheld) => ("withheld", json!({})),
            Ok(Told::Done(question)) => ("done", json!(QuestionView::new(&claim, *question))),
            Err(error) => ("error", ApiError::from(error).into_json()),
        };
        let event = Event::default().event(name).data(data.to_string());
        Some((Ok::<_, Infallible>(event), (answering, claim)))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    response.headers_mut().insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    response
}

#[derive(Debug, Serialize, ToSchema)]
pub struct QuestionList {
    claim_id: String,
    /// Latest first, at most 200.
    questions: Vec<QuestionView>,
}

/// What was asked about the claim, and answered.
#[utoipa::path(get, path = "/api/v1/claims/{id}/questions", params(("id" = String, Path)), responses((status = 200, body = QuestionList), (status = 404)))]
pub async fn questions(State(app): State<App>, Path(id): Path<String>) -> Result<Json<QuestionList>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let id = claim.claim_id.to_string();
    let found = app.store.questions(&claim.claim_id).await?;
    let questions = found.into_iter().map(|question| QuestionView::new(&id, question)).collect();
    Ok(Json(QuestionList { claim_id: id, questions }))
}

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::NoEvidence(_) => Self::new(ErrorKind::Conflict, error.to_string()),
            AskError::Busy => Self::new(ErrorKind::RateLimited, error.to_string()),
            AskError::Model(_) => Self::new(ErrorKind::Unavailable, error.to_string()),
            AskError::Store(error) => error.into(),
        }
    }
}
