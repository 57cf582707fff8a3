//! Request bodies and headers, with errors that name the field.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use host::telemetry::RequestTrace;
use ports::CallContext;
use ports::access::Caller;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::errors::ApiError;

/// A JSON body. Its error names the path inside the body: `messages[0].role: unknown variant …`.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, app).await.map_err(too_large)?;
        if bytes.is_empty() {
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "the body is empty; a JSON object is required"));
        }
        Ok(Self(parsed(&bytes)?))
    }
}

/// A value from JSON text, whole.
pub fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // Following the path costs as much as reading: it is done only where there is an error to explain.
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        // A body that is no JSON has no path; what is before its first key has one without a name.
        if matches!(path.as_str(), "." | "?") {
            ApiError::new(StatusCode::BAD_REQUEST, message)
        } else {
            ApiError::invalid(&path, format!("{path}: {message}"))
        }
    })?;
    json.end().map_err(|error| ApiError::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok(value)
}

fn too_large(rejection: BytesRejection) -> ApiError {
    ApiError::new(rejection.status(), rejection.body_text())
}

/// The context of a call: fresh request id, deadline, the caller's provider data.
pub struct Context(pub CallContext);

impl FromRequestParts<Arc<App>> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let header =
            ["x-llamastack-provider-data", "x-ogx-provider-data"].iter().find_map(|name| parts.headers.get(*name));
        let provider_data = match header {
            None => wire::JsonObject::new(),
            Some(value) => serde_json::from_slice(value.as_bytes()).map_err(|_| {
                ApiError::invalid("X-LlamaStack-Provider-Data", "X-LlamaStack-Provider-Data must be a JSON object")
            })?,
        };
        let mut cx = app.context(provider_data);
        cx.caller = parts.extensions.get::<Caller>().cloned();
        if let Some(RequestTrace(trace)) = parts.extensions.get() {
            cx.trace = trace.clone().into();
        }
        Ok(Self(cx))
    }
}

/// Whether a stream ends with `[DONE]`. OpenAI's clients wait for it; llama-stack-client 0.3 takes it for a chunk and
/// fails, and no Llama Stack server sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndsWithDone(pub bool);

impl FromRequestParts<Arc<App>> for EndsWithDone {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        let names = ["x-llamastack-client-version", "x-ogx-client-version"];
        Ok(Self(!names.iter().any(|name| parts.headers.contains_key(*name))))
    }
}
