//! Llama Stack's own shapes: what OpenAI has no word for.

pub mod agents;
pub mod inspect;
pub mod prompts;
pub mod turns;
