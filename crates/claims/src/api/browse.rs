//! The API as a page: Swagger UI over our own OpenAPI document, from files inside the executable.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::Config;

use super::ApiError;

/// Swagger UI writes styles into its elements; scripts come from files alone.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; \
                      frame-ancestors 'self'; base-uri 'none'; form-action 'self'";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // A token that is typed in stays in the page: nothing is kept in the browser.
    Arc::new(
        Config::from("/openapi.json").validator_url("none").try_it_out_enabled(true).display_request_duration(true),
    )
});

pub async fn start() -> Redirect {
    Redirect::permanent("/docs/")
}

pub async fn index() -> Response {
    file_of("")
}

pub async fn file(Path(path): Path<String>) -> Response {
    file_of(&path)
}

fn file_of(path: &str) -> Response {
    match utoipa_swagger_ui::serve(path, CONFIG.clone()) {
        Ok(Some(file)) => {
            let headers = [
                (header::CONTENT_TYPE, file.content_type),
                (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
                (header::CACHE_CONTROL, "no-cache".to_owned()),
            ];
            (headers, file.bytes.into_owned()).into_response()
        }
        Ok(None) => ApiError::not_found("no such file").into_response(),
        Err(error) => {
            tracing::error!(%error, "the page of the API cannot be served");
            ApiError::new(super::ErrorKind::Internal, "the page of the API cannot be served").into_response()
        }
    }
}
