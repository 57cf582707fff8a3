//! The contracts of the ports, as code. An implementation is done when its suites pass.

pub mod agents;
pub mod batches;
pub mod completions;
pub mod conversations;
pub mod inference;
pub mod prompts;
pub mod registrations;
pub mod responses;
pub mod sessions;
pub mod vectors;
