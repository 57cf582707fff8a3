//! The recipe that makes a small model dependable.
//!
//! A 1.5-billion-parameter model asked freely for tool calls gets the values wrong: it sends the id of a similar
//! claim, an amount from a list, an invented path. So before each step this module works out, from the conversation
//! alone, which tools can be called now and which values their arguments can honestly take, and hands the provider
//! closed schemas. It names no tool and no field of claims: ids, paths and numbers are told by schema and shape.
//!
//! - [`conversation`]: what was said, called and answered.
//! - [`values`]: the values in it, with the keys they travelled under.
//! - [`arguments`]: closed schemas for one tool, or `None` while a required value is unknown.
//! - [`held`]: the same for a model elsewhere, after the call: its decoding cannot be constrained.
//! - [`plan`]: which tools to offer at this step, and whether plain text is an answer yet.
//! - [`answer`]: keeps the model's last sentence only if every fact in it stands in the conversation.

pub mod answer;
pub mod arguments;
pub mod conversation;
pub mod held;
pub mod numerals;
pub mod plan;
pub mod values;

pub use conversation::{Conversation, Turn};
pub use held::held;
pub use plan::narrow;
