//! The bodies that cross our HTTP edges, in the dialects we serve: OpenAI's and Llama Stack's, and Anthropic's messages.
//!
//! Plain serde structs, no I/O and no rules. A struct names the fields that some part of the house reads and
//! keeps every other one in `extra`, so a field that an upstream invented yesterday survives the trip.

pub mod anthropic;
pub mod llama;
pub mod openai;

mod lenient;
mod open;

/// JSON object, in the order it was written.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;
