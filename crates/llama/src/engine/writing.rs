//! One answer while it is being written.

use llama_cpp_2::token::LlamaToken;
use llguidance::Matcher;
use ports::inference::ChatDelta;
use serde_json::json;
use wire::openai::chat::{FinishReason, Usage};

use crate::answer::AnswerReader;
use crate::sampling::Sampler;

/// The state of one answer.
pub(super) struct Writing {
    pub slot: usize,
    /// Where in the last batch the scores for the next token lie.
    pub scores: i32,
    pub matcher: Option<Matcher>,
    pub sampler: Sampler,
    pub reader: AnswerReader,
    pub budget: usize,
    pub written: usize,
    /// Chosen, not yet decoded.
    pub pending: Vec<LlamaToken>,
}

impl Writing {
    pub fn new(matcher: Option<Matcher>, sampler: Sampler, reader: AnswerReader, budget: usize) -> Self {
        Self { slot: 0, scores: 0, matcher, sampler, reader, budget, written: 0, pending: Vec::new() }
    }

    pub fn accept(&mut self, token: LlamaToken, piece: &[u8], out: &mut Vec<ChatDelta>) {
        self.written += 1;
        self.pending.push(token);
        self.reader.push(piece, out);
    }

    pub fn ended(&self) -> Option<FinishReason> {
        if self.matcher.as_ref().is_some_and(Matcher::is_stopped) || self.reader.stopped() {
            return Some(FinishReason::Stop);
        }
        (self.written >= self.budget).then_some(FinishReason::Length)
    }
}

pub(super) fn usage(prompt: usize, cached: usize, written: usize) -> Usage {
    let (prompt_tokens, completion_tokens) = (prompt as u64, written as u64);
    let mut usage =
        Usage { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, ..Usage::default() };
    usage.extra.insert("prompt_tokens_details".into(), json!({"cached_tokens": cached}));
    usage
}
