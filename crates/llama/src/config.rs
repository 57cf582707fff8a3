//! What an operator chooses about the local model.

use std::path::PathBuf;

use serde::Deserialize;

use crate::error::LlamaError;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LlamaConfig {
    /// The GGUF file.
    pub model_path: PathBuf,
    /// The name clients ask for.
    pub name: String,
    /// Tokens of one prompt and its answer together; also the size of the cache that all sequences share.
    pub context_tokens: u32,
    /// 0 means one thread for each physical core that this process may use.
    pub threads: u32,
    /// Prompt tokens read at a time. A cancelled call stops between two batches, so larger is slower to stop.
    pub batch: u32,
    /// Conversations whose prompts are kept in the cache.
    pub sequences: u32,
    /// Most tokens of an answer when the caller names no limit.
    pub answer_tokens: u32,
    /// Calls that may wait for the one that runs; one more is refused at once.
    pub waiting_calls: usize,
    /// How long a call waits for its turn before it is refused.
    pub wait_seconds: u64,
}

impl Default for LlamaConfig {
    fn default() -> Self {
        Self {
            model_path: PathBuf::new(),
            name: "local".into(),
            context_tokens: 8192,
            threads: 0,
            batch: 256,
            sequences: 4,
            answer_tokens: 1024,
            waiting_calls: 32,
            wait_seconds: 120,
        }
    }
}

impl LlamaConfig {
    pub(crate) fn check(&self) -> Result<(), LlamaError> {
        let in_range = |field, value: u32, low: u32, high: u32| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(LlamaError::Config { field, rule: format!("must be between {low} and {high}, not {value}") })
        };
        if self.model_path.as_os_str().is_empty() {
            return Err(LlamaError::Config { field: "model_path", rule: "must name a GGUF file".into() });
        }
        if self.name.trim().is_empty() {
            return Err(LlamaError::Config { field: "name", rule: "must not be empty".into() });
        }
        in_range("context_tokens", self.context_tokens, 256, 131_072)?;
        in_range("threads", self.threads, 0, 256)?;
        in_range("batch", self.batch, 1, 4096)?;
        in_range("sequences", self.sequences, 1, 64)?;
        in_range("answer_tokens", self.answer_tokens, 1, 131_072)
    }

    pub(crate) fn worker_threads(&self) -> i32 {
        let threads = if self.threads == 0 { physical_cores() } else { self.threads };
        i32::try_from(threads).unwrap_or(1)
    }
}

/// Cores this process may use, counting the two threads of a core once; on up to four every thread still pays.
fn physical_cores() -> u32 {
    let logical = std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
    let paired = std::fs::read_to_string("/sys/devices/system/cpu/smt/active").is_ok_and(|text| text.trim() == "1");
    if paired && logical > 4 { logical.div_ceil(2) } else { logical }
}

/// Environment that OpenMP must find when the process starts and that is not set.
///
/// OpenMP reads it before `main`, so setting it later changes nothing: start the executable again with it. Without
/// it idle workers spin between two layers, which on a shared machine can cost more than the work itself.
pub fn missing_environment() -> Option<(&'static str, &'static str)> {
    const POLICY: &str = "OMP_WAIT_POLICY";
    std::env::var_os(POLICY).is_none().then_some((POLICY, "PASSIVE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid() -> LlamaConfig {
        LlamaConfig { model_path: "model.gguf".into(), ..LlamaConfig::default() }
    }

    #[test]
    fn defaults_with_a_file_are_valid() {
        assert_eq!(valid().check(), Ok(()));
        assert!(valid().worker_threads() >= 1);
    }

    #[test]
    fn a_bad_field_is_named() {
        let cases = [
            (LlamaConfig::default(), "model_path"),
            (LlamaConfig { name: " ".into(), ..valid() }, "name"),
            (LlamaConfig { context_tokens: 1, ..valid() }, "context_tokens"),
            (LlamaConfig { batch: 0, ..valid() }, "batch"),
            (LlamaConfig { sequences: 0, ..valid() }, "sequences"),
            (LlamaConfig { answer_tokens: 0, ..valid() }, "answer_tokens"),
        ];
        for (config, expected) in cases {
            let Err(LlamaError::Config { field, .. }) = config.check() else {
                panic!("{expected} was accepted");
            };
            assert_eq!(field, expected);
        }
    }
}
