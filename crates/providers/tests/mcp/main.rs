//! The MCP client against servers that behave, misbehave and attack. Real sockets, port 0.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod behave;
mod fake;
mod hostile;
