//! The internal API, `/internal/v1`: what tool servers use to read a claim and write what they found.
//!
//! Asks for the service token on every route, and for the run's own id on every write.

mod findings;
mod reference;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use secrecy::SecretString;

use crate::api::App;

/// Room for the whole text of a document and its fields.
const MAX_FINDING_BYTES: usize = 16 * 1024 * 1024;

/// Without a token configured nobody passes: one is made up that nobody knows.
pub fn router(app: App, token: Option<SecretString>) -> Router {
    let token = token.unwrap_or_else(|| {
        tracing::warn!("no service token is configured: tool servers cannot use the internal API");
        let unknown = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        SecretString::from(unknown)
    });
    let routes = Router::new()
        .route("/claims/{id}", get(findings::intake))
        .route("/claims/{id}/document", get(findings::document))
        .route("/claims/{id}/evidence", get(findings::evidence).post(findings::record_evidence))
        .route("/claims/{id}/decision", axum::routing::post(findings::record_decision))
        .route("/reference/users/{id}", get(reference::user))
        .route("/reference/history", get(reference::history))
        .route("/reference/history/lookup", get(reference::lookup))
        .route("/reference/policyholders", get(reference::policyholders))
        .route("/reference/articles", get(reference::articles))
        .route("/reference/parameters", get(reference::parameters))
        .layer(DefaultBodyLimit::max(MAX_FINDING_BYTES))
        .with_state(app);
    Router::new().nest("/internal/v1", host::bearer(routes, Some(token)))
}
