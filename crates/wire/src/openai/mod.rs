//! OpenAI's vocabulary. Its chat messages and response items are also the words `ports` and `engine` speak.

pub mod chat;
pub mod compaction;
pub mod completions;
pub mod conversations;
pub mod embeddings;
pub mod error;
pub mod events;
pub mod items;
pub mod models;
pub mod responses;
pub mod tools;
pub mod vector_stores;
