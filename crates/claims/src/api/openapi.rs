//! The OpenAPI document of the public API.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "claimstack claims service",
        description = "Claims: submit, process, follow, read the decision. Errors are `{error:{message,type,param,code}, detail}`."
    ),
    paths(
        super::claims::list,
        super::claims::one,
        super::claims::statistics,
        super::submit::create,
        super::process::process,
        super::progress::status,
        super::progress::logs,
        super::decision::latest,
        super::decision::all,
        super::decision::evidence,
        super::decision::guardrails,
        super::contracts::of_claim,
        super::letter::letter,
        super::events::of_claim,
        super::events::of_all,
        super::documents::view,
        super::health::live,
        super::health::ready,
    )
)]
struct Document;

/// The document as pretty JSON.
pub fn openapi_json() -> String {
    serde_json::to_string_pretty(&Document::openapi()).unwrap_or_default()
}

pub async fn serve() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json()).into_response()
}
