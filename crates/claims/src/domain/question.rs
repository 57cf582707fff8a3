//! What a person asked of a claim's evidence, and what was answered.

use jiff::Timestamp;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Question {
    pub question_id: String,
    pub asked_by: String,
    pub asker_name: Option<String>,
    pub question: String,
    /// Sentences that stand in the evidence, one after the other; a refusal when there are none.
    pub answer: String,
    /// Nothing in the evidence answers.
    pub refused: bool,
    /// Sentences of the model that no evidence bears out; they are not kept.
    pub withheld: i64,
    /// `sentences` with their citations, and the passages that they cite.
    pub grounds: Value,
    pub model: String,
    pub asked_at: Timestamp,
}
