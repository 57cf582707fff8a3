//! Tool groups and what is in them: configured connectors (`mcp::<name>`) and the groups that callers register.

pub mod builtin;
mod connectors;
pub mod groups;
pub mod rag;
pub mod registered;
pub mod runtime;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use ports::tools::ToolError;

use crate::app::App;
use crate::errors::ApiError;

pub use groups::find;

/// Routes below `/v1`.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/toolgroups", post(groups::register).get(groups::list))
        .route("/toolgroups/{*toolgroup_id}", get(groups::one).delete(groups::unregister))
        .route("/tools", get(runtime::tools))
        .route("/tools/{*tool_name}", get(runtime::tool))
        .route("/tool-runtime/list-tools", get(runtime::list_tools))
        .route("/tool-runtime/invoke", post(runtime::invoke))
        .route("/tool-runtime/rag-tool/insert", post(rag::insert))
        .route("/tool-runtime/rag-tool/query", post(rag::query))
}

/// Routes below `/v1beta`.
pub fn beta_router() -> Router<Arc<App>> {
    Router::new()
        .route("/connectors", get(connectors::list))
        .route("/connectors/{connector_id}", get(connectors::one))
        .route("/connectors/{connector_id}/tools", get(connectors::tools))
        .route("/connectors/{connector_id}/tools/{tool_name}", get(connectors::tool))
}

pub const ROUTES: &[(&str, &str)] = &[
    ("POST", "/toolgroups"),
    ("GET", "/toolgroups"),
    ("GET", "/toolgroups/{*toolgroup_id}"),
    ("DELETE", "/toolgroups/{*toolgroup_id}"),
    ("GET", "/tools"),
    ("GET", "/tools/{*tool_name}"),
    ("GET", "/tool-runtime/list-tools"),
    ("POST", "/tool-runtime/invoke"),
    ("POST", "/tool-runtime/rag-tool/insert"),
    ("POST", "/tool-runtime/rag-tool/query"),
];

pub const BETA_ROUTES: &[(&str, &str)] = &[
    ("GET", "/connectors"),
    ("GET", "/connectors/{connector_id}"),
    ("GET", "/connectors/{connector_id}/tools"),
    ("GET", "/connectors/{connector_id}/tools/{tool_name}"),
];

impl From<ToolError> for ApiError {
    fn from(error: ToolError) -> Self {
        let (status, code) = match &error {
            ToolError::Unreachable { .. } => (StatusCode::BAD_GATEWAY, "tool_server_unreachable"),
            ToolError::Protocol { .. } => (StatusCode::BAD_GATEWAY, "tool_server_protocol"),
            ToolError::Unauthorized { .. } => (StatusCode::UNAUTHORIZED, "tool_server_unauthorized"),
            ToolError::Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
            ToolError::Forbidden { .. } => (StatusCode::BAD_REQUEST, "address_not_allowed"),
            ToolError::NotFound { .. } => (StatusCode::BAD_REQUEST, "tool_not_found"),
            ToolError::Cancelled => (StatusCode::REQUEST_TIMEOUT, "cancelled"),
        };
        let message = match &error {
            ToolError::Unauthorized { .. } => format!("Authentication required: {error}"),
            ToolError::Unreachable { .. } => format!("Failed to connect to MCP server: {error}"),
            _ => error.to_string(),
        };
        Self { code: Some(code.into()), ..Self::new(status, message) }
    }
}
