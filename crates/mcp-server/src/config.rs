//! Limits and names of an MCP server.

use std::time::Duration;

use serde::Deserialize;

/// How an MCP server listens. Every field has a default that suits a server
/// on loopback; a server reached by a Service or Route name must list that name
/// in `allowed_hosts`, or every request is answered 403.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct McpServerConfig {
    /// Host names (`name` or `name:port`) accepted besides loopback.
    pub allowed_hosts: Vec<String>,
    /// Browser origins (`https://name`, with the port unless it is the default) accepted besides loopback.
    pub allowed_origins: Vec<String>,
    /// Largest request body in bytes; more is answered 413.
    pub max_body_bytes: usize,
    /// Open legacy SSE streams at one time; one more is answered 503.
    pub max_sse_sessions: usize,
    /// Calls one legacy SSE stream may have waiting; one more is refused.
    pub max_calls_per_session: usize,
    /// Tool calls worked on at one time, over all clients; others wait their turn.
    pub max_concurrent_calls: usize,
    /// Longest a tool call may take, waiting included.
    pub call_timeout_seconds: u64,
    /// Longest a client may take to send its request body.
    pub body_timeout_seconds: u64,
    /// Silence after which a comment is written to an open stream.
    pub keep_alive_seconds: u64,
    /// Keep a session per legacy streamable client. Only a server that asks its
    /// clients for something in mid-call (sampling, elicitation) needs it: the
    /// price is memory per client, and calls that outlive their connection.
    pub sessions: bool,
    /// Path a reverse proxy strips before requests arrive here, e.g. `/ocr`.
    pub path_prefix: String,
}

impl Default for McpServerConfig {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            max_body_bytes: 4 * 1024 * 1024,
            max_sse_sessions: 1024,
            max_calls_per_session: 256,
            max_concurrent_calls: 64,
            call_timeout_seconds: 300,
            body_timeout_seconds: 30,
            keep_alive_seconds: 15,
            sessions: false,
            path_prefix: String::new(),
        }
    }
}

impl McpServerConfig {
    pub(crate) fn call_timeout(&self) -> Duration {
        Duration::from_secs(self.call_timeout_seconds.max(1))
    }

    pub(crate) fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout_seconds.max(1))
    }

    pub(crate) fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_seconds.max(1))
    }
}
