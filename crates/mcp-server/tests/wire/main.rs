//! The shell over real sockets: what each transport answers, and what stops when a client goes.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod evidence;
mod legacy;
mod server;
mod streamable;
