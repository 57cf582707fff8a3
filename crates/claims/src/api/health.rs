//! Probes. None of them calls another service.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;

/// The process answers.
#[utoipa::path(get, path = "/health/live", responses((status = 200)))]
pub async fn live() -> Response {
    Json(json!({"status": "alive", "service": "claims", "version": env!("CARGO_PKG_VERSION")})).into_response()
}

/// The database answers.
#[utoipa::path(get, path = "/health/ready", responses((status = 200), (status = 503)))]
pub async fn ready(State(app): State<App>) -> Response {
    let reason = match app.store.ping().await {
        _ if app.stop.is_cancelled() => "the service is stopping",
        Ok(()) => return Json(json!({"status": "ready", "service": "claims"})).into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            "the database does not answer"
        }
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "not_ready", "reason": reason}))).into_response()
}
