//! The public HTTP API, `/api/v1`, and the web page.

mod ask;
mod audit;
mod browse;
mod claims;
mod contracts;
mod cursor;
mod decision;
mod documents;
mod error;
mod events;
mod guardrails;
mod health;
mod jobs;
mod letter;
mod me;
mod openapi;
mod process;
mod progress;
mod review;
mod submit;
mod upload;
mod web;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::asking::Asker;
use crate::clock::Clock;
use crate::config::ClaimsConfig;
use crate::domain::{Claim, ClaimId, Language};
use crate::store::{ClaimStore, DocumentStore, ReferenceStore};
use crate::workflow::Workflow;

pub use error::ApiError;
pub(crate) use error::{ApiQuery, ErrorKind, JsonBody};
pub use openapi::openapi_json;

/// Long-lived parts, shared by every handler.
#[derive(Clone)]
pub struct App {
    pub store: Arc<dyn ClaimStore>,
    pub reference: Arc<dyn ReferenceStore>,
    pub documents: DocumentStore,
    pub workflow: Arc<Workflow>,
    pub asker: Arc<Asker>,
    pub clock: Arc<dyn Clock>,
    pub config: Arc<ClaimsConfig>,
    pub event_streams: Arc<Semaphore>,
    pub uploads: Arc<Semaphore>,
    /// Cancelled when the service stops: open event streams and waits end.
    pub stop: CancellationToken,
}

impl App {
    pub(crate) async fn existing_claim(&self, id: &str) -> Result<Claim, ApiError> {
        let not_found = || ApiError::not_found(format!("claim {} not found", shown(id)));
        let id = ClaimId::parse(id).map_err(|_| not_found())?;
        self.store.claim(&id).await?.ok_or_else(not_found)
    }

    /// The policyholder's language, or the service's own for somebody unknown.
    pub(crate) async fn language_of(&self, claim: &Claim) -> Result<Language, ApiError> {
        let tag = self.reference.user_language(&claim.user_id).await?;
        Ok(tag.map_or(self.config.default_language, |tag| Language::of_tag(&tag)))
    }
}

/// A caller's own text in an error: shortened, without control characters.
pub(crate) fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

const MAX_JSON_BYTES: usize = 1024 * 1024;
/// Room for the other fields and the boundaries of a multipart body.
const MULTIPART_ROOM: u64 = 256 * 1024;

pub fn router(app: App) -> Router {
    let upload_limit = usize::try_from(app.config.max_document_bytes + MULTIPART_ROOM).unwrap_or(usize::MAX);
    let submit = Router::new()
        .route("/claims", get(claims::list).post(submit::create))
        .route("/claims/", get(claims::list).post(submit::create))
        .layer(DefaultBodyLimit::max(upload_limit));
    let api = Router::new()
        .route("/claims/statistics/overview", get(claims::statistics))
        .route("/me", get(me::me))
        .route("/claims/{id}", get(claims::one))
        .route("/claims/{id}/process", post(process::process))
        .route("/claims/{id}/cancel", post(jobs::cancel))
        .route("/claims/{id}/review", get(review::show).post(review::act))
        .route("/claims/{id}/review/assign", post(review::assign))
        .route("/review/{id}/action", post(review::act))
        .route("/review/{id}/messages", get(review::messages))
        .route("/review/{id}/ask-agent", post(ask::ask))
        .route("/claims/{id}/questions", get(ask::questions).post(ask::ask))
        .route("/review/statistics", get(review::statistics))
        .route("/batches", post(jobs::submit))
        .route("/batches/{id}", get(jobs::batch))
        .route("/jobs", get(jobs::list))
        .route("/claims/{id}/status", get(progress::status))
        .route("/claims/{id}/logs", get(progress::logs))
        .route("/claims/{id}/steps", get(progress::logs))
        .route("/claims/{id}/decision", get(decision::latest))
        .route("/claims/{id}/decisions", get(decision::all))
        .route("/claims/{id}/contracts", get(contracts::of_claim))
        .route("/claims/{id}/letter", get(letter::letter))
        .route("/claims/{id}/evidence", get(decision::evidence))
        .route("/claims/{id}/audit", get(audit::export))
        .route("/claims/{id}/guardrails", get(guardrails::guardrails))
        .route("/claims/{id}/events", get(events::of_claim))
        .route("/claims/documents/{id}/view", get(documents::view))
        .route("/documents/{id}/view", get(documents::view))
        .route("/events", get(events::of_all))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
        .merge(submit);
    Router::new()
        .nest("/api/v1", api)
        .route("/api/{*rest}", axum::routing::any(error::no_such_route))
        .route("/health", get(health::live))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/openapi.json", get(openapi::serve))
        .route("/docs", get(browse::start))
        .route("/docs/", get(browse::index))
        .route("/docs/{*file}", get(browse::file))
        .fallback(web::serve)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(app)
}
