//! The cache of what was read: following a plan, decoding, making room.

use llama_cpp_2::DecodeError;
use llama_cpp_2::token::LlamaToken;
use ports::inference::InferenceError;

use super::{Engine, Listener};
use crate::prefixes::Plan;

impl Engine<'_> {
    /// Makes the cache follow the plan and says how much of the prompt it holds already.
    pub(super) fn place(&mut self, plan: Plan) -> Result<usize, InferenceError> {
        let kept = |keep: usize| u32::try_from(keep).unwrap_or(u32::MAX);
        let cleared = match plan.source {
            Some(source) => {
                self.clear(plan.slot, 0)?;
                let (from, to) = (source as i32, plan.slot as i32);
                self.context.copy_kv_cache_seq(from, to, None, Some(kept(plan.keep))).map_err(cache_broke)?;
                true
            }
            None => self.clear(plan.slot, kept(plan.keep))?,
        };
        self.prefixes.begin(plan);
        if cleared {
            return Ok(plan.keep);
        }
        // Models with a running state cannot forget a tail; they start again.
        self.clear(plan.slot, 0)?;
        self.prefixes.forget(plan.slot);
        Ok(0)
    }

    fn clear(&mut self, slot: usize, from: u32) -> Result<bool, InferenceError> {
        let from = (from > 0).then_some(from);
        self.context.clear_kv_cache_seq(Some(slot as u32), from, None).map_err(cache_broke)
    }

    /// Decodes tokens at the end of a sequence, and says where the scores after the last one lie.
    pub(super) fn feed(
        &mut self,
        slot: usize,
        tokens: &[LlamaToken],
        listener: &dyn Listener,
    ) -> Result<i32, InferenceError> {
        let mut scores = 0;
        let mut left = tokens.len();
        for part in tokens.chunks(self.batch_tokens) {
            if let Some(reason) = listener.interrupted() {
                return Err(reason);
            }
            left -= part.len();
            let start = self.prefixes.len(slot);
            self.batch.clear();
            for (at, token) in part.iter().enumerate() {
                let last = left == 0 && at + 1 == part.len();
                let added = self.batch.add(*token, (start + at) as i32, &[slot as i32], last);
                added.map_err(|error| InferenceError::Internal(format!("batch: {error}")))?;
            }
            self.decode(slot)?;
            self.prefixes.extend(slot, part);
            scores = part.len() as i32 - 1;
        }
        Ok(scores)
    }

    /// Decodes the batch; where the cache is full, the conversations used longest ago give up their place.
    fn decode(&mut self, slot: usize) -> Result<(), InferenceError> {
        loop {
            match self.context.decode(&mut self.batch) {
                Ok(()) => return Ok(()),
                Err(DecodeError::NoKvCacheSlot) => {
                    let Some(oldest) = self.prefixes.evictable(slot) else {
                        return Err(InferenceError::Internal("the model's cache is full".into()));
                    };
                    self.clear(oldest, 0)?;
                    self.prefixes.forget(oldest);
                }
                Err(error) => {
                    self.clear(slot, 0)?;
                    self.prefixes.forget(slot);
                    return Err(InferenceError::Internal(format!("llama.cpp: {error}")));
                }
            }
        }
    }
}

fn cache_broke(error: impl std::fmt::Display) -> InferenceError {
    InferenceError::Internal(format!("the model's cache failed: {error}"))
}
