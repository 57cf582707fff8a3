//! Tools on MCP servers, reached over streamable HTTP, legacy HTTP+SSE or stdio.
//!
//! One address is tried as streamable HTTP first and as legacy SSE second, as
//! Llama Stack does; what worked is remembered for an hour. Sessions are pooled
//! by address and headers. Everything a server sends is bounded in size and
//! time, and a token never leaves the origin it was given for.

mod address;
mod config;
mod connect;
mod content;
mod failure;
mod http;
mod legacy;
mod pool;
mod session;
mod source;
mod sse;
mod trace;

pub use config::McpConfig;
pub use pool::McpServers;
