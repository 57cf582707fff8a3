//! The shell every MCP server of ours runs in.
//!
//! A tool server brings an [`rmcp::ServerHandler`]; [`service`] puts it on the
//! wire so that every MCP client can reach it: streamable HTTP (`/mcp`), the
//! legacy HTTP+SSE pair (`/sse`, `/messages/`), and [`stdio`]. The shell owns
//! what a tool should not have to think about: body limits, deadlines, the
//! Host and Origin rules, cancelled calls, health.
//!
//! Tools that work for a claim find the run they were called for with
//! [`claim_run`] and write what they found with [`evidence::EvidenceClient`].

mod bounded;
mod config;
mod debug_call;
pub mod evidence;
mod gate;
mod legacy;
mod request_id;
mod run;
mod shell;
mod stdio;

pub use config::McpServerConfig;
pub use run::{CLAIM_RUN_HEADER, claim_run};
pub use shell::service;
pub use stdio::{StdioError, stdio};
