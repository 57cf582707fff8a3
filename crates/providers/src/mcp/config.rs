//! Limits of the MCP client.

use std::time::Duration;

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct McpConfig {
    pub connect_timeout_seconds: u64,
    /// For the handshake of each transport that is tried.
    pub initialize_timeout_seconds: u64,
    pub list_timeout_seconds: u64,
    /// For one tool call; the caller's own deadline may be shorter.
    pub call_timeout_seconds: u64,
    /// Largest answer, and largest event of a stream, in bytes.
    pub max_answer_bytes: usize,
    /// Tools taken from one server; a longer list is a protocol error.
    pub max_tools: usize,
    /// How long a list of tools is believed. A `list_changed` notice ends it sooner.
    pub tools_ttl_seconds: u64,
    /// Unused sessions are closed after this.
    pub idle_seconds: u64,
    pub max_sessions: u64,
    /// Whether an address given by a caller may be on loopback.
    pub allow_loopback: bool,
    /// Host names or addresses that callers may give although they are private.
    pub allowed_hosts: Vec<String>,
}

impl Default for McpConfig {
    fn default() -> Self {
        Self {
            connect_timeout_seconds: 5,
            initialize_timeout_seconds: 10,
            list_timeout_seconds: 10,
            call_timeout_seconds: 300,
            max_answer_bytes: 16 * 1024 * 1024,
            max_tools: 512,
            tools_ttl_seconds: 60,
            idle_seconds: 60,
            max_sessions: 256,
            allow_loopback: true,
            allowed_hosts: Vec::new(),
        }
    }
}

impl McpConfig {
    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_seconds.max(1))
    }

    pub(super) fn initialize_timeout(&self) -> Duration {
        Duration::from_secs(self.initialize_timeout_seconds.max(1))
    }

    pub(super) fn list_timeout(&self) -> Duration {
        Duration::from_secs(self.list_timeout_seconds.max(1))
    }

    pub(super) fn call_timeout(&self) -> Duration {
        Duration::from_secs(self.call_timeout_seconds.max(1))
    }

    pub(super) fn tools_ttl(&self) -> Duration {
        Duration::from_secs(self.tools_ttl_seconds)
    }
}
