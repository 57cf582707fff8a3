//! Llama Stack's own shapes: what OpenAI has no word for.

pub mod inspect;
pub mod prompts;
pub mod turns;
