//! Tools that run on a server: MCP today. To the loop they all look like this.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::JsonObject;

use crate::context::CallContext;

/// Where a tool server is. `headers` and `authorization` are secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolServer {
    /// The caller's name for it; namespaces its tools.
    pub label: String,
    pub place: Place,
    /// From our own configuration, and so exempt from the rules for addresses that callers give.
    pub configured: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    Http { url: String, headers: BTreeMap<String, String>, authorization: Option<String> },
    Stdio { command: String, args: Vec<String>, env: BTreeMap<String, String> },
}

impl ToolServer {
    /// Its URL, or the command that starts it: what an error may name.
    pub fn url(&self) -> String {
        match &self.place {
            Place::Http { url, .. } => url.clone(),
            Place::Stdio { command, .. } => command.clone(),
        }
    }
}

impl std::fmt::Debug for ToolServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = match &self.place {
            Place::Http { url, .. } => url.as_str(),
            Place::Stdio { command, .. } => command.as_str(),
        };
        f.debug_struct("ToolServer").field("label", &self.label).field("place", &place).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolDef {
    pub server_label: String,
    pub name: String,
    pub description: Option<String>,
    /// JSON Schema of the arguments object.
    pub input_schema: Value,
    pub output_schema: Option<Value>,
    /// The server's own annotations (`readOnlyHint`, ...), as sent.
    pub annotations: Option<Value>,
}

impl ToolDef {
    pub fn read_only(&self) -> bool {
        self.hint("readOnlyHint", false)
    }

    pub fn idempotent(&self) -> bool {
        self.read_only() || self.hint("idempotentHint", false)
    }

    fn hint(&self, name: &str, default: bool) -> bool {
        self.annotations.as_ref().and_then(|hints| hints.get(name)).and_then(Value::as_bool).unwrap_or(default)
    }
}

/// What a tool answered. A tool that ran and failed is an output too: the model may read it and try again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolOutput {
    /// All text parts, joined by newlines.
    pub text: String,
    pub structured: Option<Value>,
    pub failed: bool,
}

/// The tool could not be run at all.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ToolError {
    #[error("tool server '{server}' cannot be reached ({phase}): {message}")]
    Unreachable { server: String, phase: String, message: String },
    #[error("tool server '{server}' asks for credentials")]
    Unauthorized { server: String },
    #[error("tool server '{server}' did not answer in time ({phase})")]
    Timeout { server: String, phase: String },
    #[error("tool server '{server}' broke the protocol ({phase}): {message}")]
    Protocol { server: String, phase: String, message: String },
    #[error("address of tool server '{server}' is not allowed: {message}")]
    Forbidden { server: String, message: String },
    #[error("tool '{name}' not found on server '{server}'")]
    NotFound { server: String, name: String },
    #[error("the caller has gone")]
    Cancelled,
}

/// Opens tool servers; connections are pooled behind it.
#[async_trait]
pub trait ToolServers: Send + Sync {
    async fn open(&self, server: &ToolServer, cx: &CallContext) -> Result<Arc<dyn ToolSource>, ToolError>;
}

#[async_trait]
pub trait ToolSource: Send + Sync {
    async fn list(&self, cx: &CallContext) -> Result<Vec<ToolDef>, ToolError>;

    async fn call(&self, name: &str, arguments: JsonObject, cx: &CallContext) -> Result<ToolOutput, ToolError>;
}
