//! The contracts of the ports, as code. An implementation is done when its suites pass.

pub mod access;
pub mod agents;
pub mod batches;
pub mod completions;
pub mod conversations;
pub mod inference;
pub mod prompts;
pub mod registrations;
pub mod responses;
pub mod search;
pub mod sessions;
pub mod vectors;

use ports::access::Caller;

/// Two callers of whom nothing but their names is known.
pub fn ann() -> Caller {
    Caller::named("ann")
}

pub fn bob() -> Caller {
    Caller::named("bob")
}
