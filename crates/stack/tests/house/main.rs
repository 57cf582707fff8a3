//! The executable as its users run it: real processes, real sockets, real files. Only the model is a fake.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail loudly, and shows what its process said")]

mod adversaries;
mod audit;
mod bad_input;
mod claim;
mod control_plane;
mod documents;
mod other_tools;
mod process;
