//! Every failure as a status and one JSON body, in one place.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use wire::openai::error::ErrorBody;

use crate::store::{DocumentStoreError, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    Invalid,
    Unauthorized,
    Forbidden,
    RateLimited,
    NotFound,
    Conflict,
    StaleRun,
    TooLarge,
    TooSlow,
    UnsupportedMedia,
    MethodNotAllowed,
    TooMany,
    Unavailable,
    RangeNotSatisfiable,
    Internal,
}

impl ErrorKind {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Invalid => (StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_request"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "authentication_error", "unauthorized"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "permission_error", "forbidden"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "rate_limited"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found_error", "not_found"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict_error", "conflict"),
            Self::StaleRun => (StatusCode::CONFLICT, "conflict_error", "stale_run"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request_error", "too_large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "invalid_request_error", "too_slow"),
            Self::UnsupportedMedia => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request_error", "unsupported_media_type")
            }
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "invalid_request_error", "method_not_allowed"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "queue_full"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "server_error", "unavailable"),
            Self::RangeNotSatisfiable => {
                (StatusCode::RANGE_NOT_SATISFIABLE, "invalid_request_error", "range_not_satisfiable")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "internal_error"),
        }
    }
}

/// What a handler answers when it cannot do what was asked. `message` is for the caller; causes are logged here.
#[derive(Debug)]
pub struct ApiError {
    kind: ErrorKind,
    message: String,
    param: Option<String>,
}

impl ApiError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), param: None }
    }

    /// Bad input: the field and the rule it breaks.
    pub fn invalid(field: &str, rule: impl std::fmt::Display) -> Self {
        Self { kind: ErrorKind::Invalid, message: format!("{field}: {rule}"), param: Some(field.to_owned()) }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::NotFound { .. } => ErrorKind::NotFound,
            StoreError::ClaimNumberTaken(_)
            | StoreError::ClaimIdTaken(_)
            | StoreError::AlreadyProcessing(_)
            | StoreError::NotProcessing(_)
            | StoreError::KeyTaken(_)
            | StoreError::ReviewChanged(_) => ErrorKind::Conflict,
            StoreError::QueueFull(_) | StoreError::RunFull(_) => ErrorKind::TooMany,
            StoreError::StaleRun(_) => ErrorKind::StaleRun,
            StoreError::Database(_) | StoreError::Migration(_) | StoreError::Unreadable { .. } => {
                tracing::error!(%error, "storage failed");
                return Self::new(ErrorKind::Internal, "the claims service cannot read or write its data now");
            }
        };
        Self::new(kind, error.to_string())
    }
}

impl From<DocumentStoreError> for ApiError {
    fn from(error: DocumentStoreError) -> Self {
        match error {
            DocumentStoreError::Io(cause) => {
                tracing::error!(error = %cause, "document storage failed");
                Self::new(ErrorKind::Internal, "the document cannot be read or written now")
            }
            DocumentStoreError::TooLarge { .. } => Self::new(ErrorKind::TooLarge, error.to_string()),
            DocumentStoreError::OutsideRoots | DocumentStoreError::Missing => {
                Self { kind: ErrorKind::Invalid, message: error.to_string(), param: Some("document_path".into()) }
            }
        }
    }
}

impl ApiError {
    fn into_body(self) -> ErrorBody {
        let (_, kind, code) = self.kind.parts();
        ErrorBody::new(kind, self.message, self.param, Some(code.to_owned()))
    }

    /// As the last event of a stream whose status is told already.
    pub fn into_json(self) -> serde_json::Value {
        serde_json::to_value(self.into_body()).unwrap_or_default()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let kind = self.kind;
        let mut response = (kind.parts().0, Json(self.into_body())).into_response();
        if matches!(kind, ErrorKind::TooMany | ErrorKind::Unavailable) {
            response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("5"));
        }
        response
    }
}

pub async fn no_such_route() -> ApiError {
    ApiError::not_found("no such route")
}

pub async fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorKind::MethodNotAllowed, "this route does not take that method")
}

/// A JSON body; the error names the field. An empty body reads as `{}`.
pub struct JsonBody<T>(pub T);

impl<S, T> FromRequest<S> for JsonBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(ErrorKind::TooLarge, "the body is too large"),
            _ => ApiError::new(ErrorKind::Invalid, "the body could not be read"),
        })?;
        let text: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { &body };
        let mut reader = serde_json::Deserializer::from_slice(text);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." { "body" } else { &path };
            ApiError::invalid(field, rule_of(error.inner()))
        })?;
        reader.end().map_err(|_| ApiError::invalid("body", "must be one JSON value"))?;
        Ok(Self(value))
    }
}

/// Query parameters, refused in our own words.
pub struct ApiQuery<T>(pub T);

impl<S, T> FromRequestParts<S> for ApiQuery<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(error) => Err(ApiError::invalid("query", error.body_text())),
        }
    }
}

/// Serde's own words for a wrong type or a missing field, never what was written there nor the text around a syntax
/// error.
fn rule_of(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => {
            let text = error.to_string();
            without_value(text.rsplit_once(" at line ").map_or(text.as_str(), |(rule, _)| rule))
        }
        _ => format!("is not JSON (line {}, column {})", error.line(), error.column()),
    }
}

/// `invalid type: string "…", expected a map` without the string. A name of a field is told: it is the rule.
fn without_value(rule: &str) -> String {
    let named = |name: &str| name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let Some(at) = rule.rfind(", expected").filter(|_| !rule.starts_with("missing field")) else {
        return rule.to_owned();
    };
    let (told, expected) = rule.split_at(at);
    let field = told.strip_prefix("unknown field `").and_then(|rest| rest.strip_suffix('`'));
    match field.filter(|field| named(field)) {
        Some(_) => rule.to_owned(),
        None => format!("{}{expected}", told.split(['"', '`']).next().unwrap_or_default().trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_told_without_what_was_written() {
        for (rule, told) in [
            ("unknown variant `Jane, expected`, expected one of `a`, `b`", "unknown variant, expected one of `a`, `b`"),
            ("invalid type: string \"Jane \\\" Roe\", expected u64", "invalid type: string, expected u64"),
            ("invalid value: integer `4970101234567890`, expected u8", "invalid value: integer, expected u8"),
            ("missing field `user_id`", "missing field `user_id`"),
            ("unknown field `ammount`, expected `amount`", "unknown field `ammount`, expected `amount`"),
            ("unknown field `Jane Roe`, expected `amount`", "unknown field, expected `amount`"),
            ("invalid length 3, expected 2 elements", "invalid length 3, expected 2 elements"),
        ] {
            assert_eq!(without_value(rule), told, "{rule}");
        }
    }
}
