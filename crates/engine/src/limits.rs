//! The bounds every run keeps.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Model calls at most.
    pub iterations: u32,
    /// Tool calls at most.
    pub tool_calls: u32,
    /// Tool servers a request may name.
    pub servers: usize,
    /// Tools offered to the model at most, over all servers.
    pub tools: usize,
    /// One tool call.
    pub tool_time: Duration,
    /// The whole run.
    pub run_time: Duration,
    /// Characters of one tool result that a later caller can read back.
    pub stored_output: usize,
    /// Background responses that run at the same time.
    pub background: usize,
    /// Background responses that wait for those.
    pub queued: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            iterations: 10,
            tool_calls: 64,
            servers: 16,
            tools: 128,
            tool_time: Duration::from_secs(120),
            run_time: Duration::from_secs(600),
            stored_output: 400_000,
            background: 32,
            queued: 1_024,
        }
    }
}
