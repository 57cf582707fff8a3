//! Every failure as one body that both dialects read, with the status OpenAI's clients expect.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::RequestError;
use ports::inference::InferenceError;
use ports::responses::StoreError;
use ports::tools::ToolError;
use wire::openai::error::ErrorBody;

#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub message: String,
    pub param: Option<String>,
    pub code: Option<String>,
}

impl ApiError {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), param: None, code: None }
    }

    pub fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(StatusCode::BAD_REQUEST, message) }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self { code: Some("not_found".into()), ..Self::new(StatusCode::NOT_FOUND, message) }
    }

    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self { code: Some("unauthorized".into()), ..Self::new(StatusCode::UNAUTHORIZED, message) }
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self { code: Some("forbidden".into()), ..Self::new(StatusCode::FORBIDDEN, message) }
    }

    pub fn busy() -> Self {
        Self {
            code: Some("rate_limit_exceeded".into()),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests are running; try again shortly")
        }
    }

    pub fn body(&self) -> ErrorBody {
        let kind = match self.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "server_error",
        };
        ErrorBody::new(kind, self.message.clone(), self.param.clone(), self.code.clone())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::warn!(status = self.status.as_u16(), message = %self.message, "request failed");
        }
        let mut response = (self.status, Json(self.body())).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<InferenceError> for ApiError {
    fn from(error: InferenceError) -> Self {
        let with = |status, code: &str| Self { code: Some(code.into()), ..Self::new(status, error.to_string()) };
        match &error {
            InferenceError::NotFound(name) => Self {
                code: Some("model_not_found".into()),
                param: Some("model".into()),
                ..Self::new(
                    StatusCode::NOT_FOUND,
                    format!("Model '{name}' not found. Use 'client.models.list()' to list available Models."),
                )
            },
            InferenceError::Invalid { param, message } => {
                Self { param: param.clone(), ..Self::new(StatusCode::BAD_REQUEST, message) }
            }
            InferenceError::Overloaded(_) => with(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded"),
            InferenceError::Timeout(_) => with(StatusCode::GATEWAY_TIMEOUT, "timeout"),
            InferenceError::Unreachable(_) => with(StatusCode::BAD_GATEWAY, "model_unreachable"),
            InferenceError::Upstream { status, .. } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
                with(if status.is_client_error() { status } else { StatusCode::BAD_GATEWAY }, "upstream_error")
            }
            InferenceError::Cancelled => with(StatusCode::REQUEST_TIMEOUT, "cancelled"),
            InferenceError::Internal(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Denied(_) => StatusCode::FORBIDDEN,
            StoreError::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            StoreError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
            StoreError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Invalid { param, message } => Self::invalid(&param, message),
            RequestError::NotFound { param, message } if param == "previous_response_id" => {
                let code = Some("previous_response_not_found".into());
                Self { code, param: Some(param), ..Self::not_found(message) }
            }
            RequestError::NotFound { param, message } => Self { param: Some(param), ..Self::not_found(message) },
            RequestError::Model(error) => error.into(),
            RequestError::Store(error) => error.into(),
            RequestError::Busy => Self { message: error.to_string(), ..Self::busy() },
            RequestError::ToolServer { error: ref cause, .. } => {
                let (status, code) = match cause {
                    ToolError::Unauthorized { .. } => (StatusCode::UNAUTHORIZED, "tool_server_unauthorized"),
                    ToolError::Forbidden { .. } => (StatusCode::BAD_REQUEST, "tool_server_forbidden"),
                    ToolError::Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "tool_server_timeout"),
                    _ => (StatusCode::BAD_GATEWAY, "tool_server_unreachable"),
                };
                Self { code: Some(code.into()), ..Self::new(status, error.to_string()) }
            }
        }
    }
}
