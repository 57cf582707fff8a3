//! The only place that knows every room: turns configuration into services.

mod auth;
mod chat_model;
mod claims;
#[cfg(feature = "ocr")]
mod documents;
mod gateway;
mod ocr;
mod providers;
mod tools;

pub use chat_model::{cache, first_file};
pub use claims::config as claims_config;
pub use gateway::migrate;
pub use gateway::service as gateway;
pub use ocr::service as ocr;
pub use ocr::{read_file, stdio as ocr_stdio, worker as ocr_worker};
pub use tools::{decision, decision_stdio, policy_text, rag, rag_config, rag_stdio};
