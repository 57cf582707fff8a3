//! The contracts of the ports, as code. An implementation is done when its suites pass.

pub mod completions;
pub mod conversations;
pub mod inference;
pub mod prompts;
pub mod responses;
pub mod sessions;
