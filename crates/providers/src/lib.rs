//! Rooms that stand outside the process or carry a model of their own. One folder a provider; each implements a
//! trait of `ports` and is chosen by the executable.

pub mod auth;
mod late_client;
pub mod mcp;
pub mod openai;
#[cfg(feature = "sentence-transformers")]
pub mod sentence_transformers;
pub mod web_search;
