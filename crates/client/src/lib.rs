//! Typed HTTP client of a control plane: ours, or the official Python Llama Stack 0.3 to 0.7.
//!
//! The servers differ in which fields they write out and in their error bodies; [`StackClient`] reads all of
//! them into the types of `wire`. It never retries: a caller that knows whether a request may run twice does.

mod body;
mod client;
mod error;
mod events;
mod normal;
mod sse;

pub use client::{ClientOptions, StackClient};
pub use error::{ClientError, StreamError};
pub use events::EventStream;
