//! The executable as its users run it: real processes, real sockets, real files. Only the model is a fake.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

mod bad_input;
mod claim;
mod control_plane;
mod process;
