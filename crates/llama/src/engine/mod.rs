//! The model, its context and its cache: reads a prompt, writes an answer. Lives on the owner's thread.

mod cache;
mod limits;
mod load;
mod writing;

use std::num::NonZeroU32;
use std::time::Instant;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use ports::inference::{ChatCall, ChatDelta, InferenceError};
use serde_json::{Value, json};
use wire::openai::chat::{ChatRequest, FinishReason};
use wire::openai::completions::{CompletionRequest, Prompt};

use crate::answer::AnswerReader;
use crate::config::LlamaConfig;
use crate::error::{LlamaError, invalid};
use crate::grammar::answer_grammar;
use crate::prefixes::Prefixes;
use crate::prompt::{ChatTemplate, Guard, pieces, turns};
use limits::{sampler, stops};
use load::{control_marks, template};
use writing::{Writing, usage};

pub use load::load_model;

/// Where an answer goes, and who may end it early.
pub trait Listener {
    /// Why the work must stop now, if it must. Asked before every batch and every token.
    fn interrupted(&self) -> Option<InferenceError>;

    fn deliver(&mut self, delta: ChatDelta) -> Result<(), InferenceError>;
}

/// A call that was found valid and turned into tokens.
pub struct Prepared {
    prompt: Vec<LlamaToken>,
    writing: Writing,
}

impl Prepared {
    /// Most tokens, hence about the most deltas, that the answer can have.
    pub fn budget(&self) -> usize {
        self.writing.budget
    }
}

pub struct Engine<'m> {
    model: &'m LlamaModel,
    context: LlamaContext<'m>,
    batch: LlamaBatch<'static>,
    batch_tokens: usize,
    prefixes: Prefixes<LlamaToken>,
    grammars: ParserFactory,
    template: ChatTemplate,
    guard: Guard,
    context_tokens: usize,
    answer_tokens: usize,
}

impl<'m> Engine<'m> {
    pub fn new(backend: &LlamaBackend, model: &'m LlamaModel, config: &LlamaConfig) -> Result<Self, LlamaError> {
        let threads = config.worker_threads();
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(config.context_tokens))
            .with_n_batch(config.batch)
            .with_n_ubatch(config.batch)
            .with_n_seq_max(config.sequences)
            .with_kv_unified(true)
            .with_n_threads(threads)
            .with_n_threads_batch(threads);
        let context = model.new_context(backend, parameters).map_err(|error| LlamaError::Context(error.to_string()))?;
        let tokens = LlamaSampler::llguidance_tok_env(model);
        let mut grammars = ParserFactory::new_simple(&tokens).map_err(|e| LlamaError::Tokens(e.to_string()))?;
        grammars.quiet();
        Ok(Self {
            batch: LlamaBatch::new(config.batch as usize, 1),
            batch_tokens: config.batch as usize,
            prefixes: Prefixes::new(config.sequences as usize),
            grammars,
            template: template(model),
            guard: Guard::new(control_marks(model)),
            context_tokens: context.n_ctx().min(config.context_tokens) as usize,
            answer_tokens: config.answer_tokens as usize,
            model,
            context,
        })
    }

    /// Checks a bare prompt; marks of the chat template in it are plain text.
    pub fn prepare_text(&self, asked: &CompletionRequest) -> Result<Prepared, InferenceError> {
        let Prompt::One(text) = &asked.prompt else {
            return Err(invalid("prompt", "prompt: one text; token ids are not taken"));
        };
        let request = ChatRequest {
            temperature: asked.temperature,
            top_p: asked.top_p,
            seed: asked.seed,
            stop: asked.stop.clone(),
            ..ChatRequest::default()
        };
        let vocabulary = self.model.vocab();
        let mut prompt = vocabulary.tokenize(text.as_bytes(), vocabulary.should_add_bos(), false);
        if prompt.is_empty() {
            prompt.push(vocabulary.bos());
        }
        let room = self.room(&prompt, "prompt")?;
        // OpenAI's default for this route is 16 tokens.
        let budget = asked.max_tokens.map_or(16, |limit| limit as usize).clamp(1, room);
        let reader = AnswerReader::new(stops(&request)?, None);
        Ok(Prepared { prompt, writing: Writing::new(None, sampler(&request)?, reader, budget) })
    }

    /// Tokens left for an answer; an error when there are none.
    fn room(&self, prompt: &[LlamaToken], param: &str) -> Result<usize, InferenceError> {
        match self.context_tokens.saturating_sub(prompt.len()) {
            0 => {
                let (used, limit) = (prompt.len(), self.context_tokens);
                let message = format!("{param}: {used} tokens do not fit the model's context of {limit} tokens");
                Err(invalid(param, message))
            }
            room => Ok(room),
        }
    }

    /// Checks a call and renders it; nothing is decoded yet.
    pub fn prepare(&self, call: &ChatCall) -> Result<Prepared, InferenceError> {
        let request = &call.request;
        let prompt = self.prompt(request)?;
        let room = self.room(&prompt, "messages")?;
        let budget = request.token_limit().map_or(self.answer_tokens, |limit| limit as usize).clamp(1, room);
        let syntax = self.template.syntax();
        let matcher = answer_grammar(call, syntax)?.map(|grammar| self.matcher(grammar, request)).transpose()?;
        let callable = !request.tools.is_empty() || call.narrowed.as_ref().is_some_and(|n| !n.tools.is_empty());
        let reader = AnswerReader::new(stops(request)?, callable.then_some(syntax));
        Ok(Prepared { prompt, writing: Writing::new(matcher, sampler(request)?, reader, budget) })
    }

    /// Reads the prompt and writes the answer, delta by delta, with its one `Finish` and its `Usage`.
    ///
    /// What the grammar forces at the start is read together with the prompt; an answer that is forced as a whole
    /// needs no model at all.
    pub fn answer(&mut self, work: Prepared, listener: &mut dyn Listener) -> Result<(), InferenceError> {
        let Prepared { prompt, mut writing } = work;
        let mut deltas = Vec::new();
        self.force(&mut writing, &mut deltas)?;
        // An answer that is forced as a whole reads nothing anew.
        let mut keep = prompt.len();
        let begun = Instant::now();
        if writing.ended().is_none() {
            let plan = self.prefixes.plan(&prompt);
            keep = self.place(plan)?;
            writing.slot = plan.slot;
            let tokens = [&prompt[keep..], &writing.pending].concat();
            writing.pending.clear();
            writing.scores = self.feed(plan.slot, &tokens, listener)?;
        }
        let read_ms = begun.elapsed().as_millis() as u64;
        let finish = self.write(&mut writing, deltas, listener)?;
        tracing::debug!(
            prompt_tokens = prompt.len(),
            cached_tokens = keep,
            read_ms,
            answer_tokens = writing.written,
            total_ms = begun.elapsed().as_millis() as u64,
            "answered"
        );
        listener.deliver(ChatDelta::Finish(finish))?;
        listener.deliver(ChatDelta::Usage(usage(prompt.len(), keep, writing.written)))
    }

    fn write(
        &mut self,
        writing: &mut Writing,
        mut deltas: Vec<ChatDelta>,
        listener: &mut dyn Listener,
    ) -> Result<FinishReason, InferenceError> {
        let finish = loop {
            for delta in deltas.drain(..) {
                listener.deliver(delta)?;
            }
            if let Some(finish) = writing.ended() {
                break finish;
            }
            if !writing.pending.is_empty() {
                let pending = std::mem::take(&mut writing.pending);
                writing.scores = self.feed(writing.slot, &pending, listener)?;
            }
            if let Some(reason) = listener.interrupted() {
                return Err(reason);
            }
            if !self.choose(writing, &mut deltas)? {
                break FinishReason::Stop;
            }
        };
        writing.reader.finish(&mut deltas);
        for delta in deltas.drain(..) {
            listener.deliver(delta)?;
        }
        let called = writing.reader.called() && finish == FinishReason::Stop;
        Ok(if called { FinishReason::ToolCalls } else { finish })
    }

    /// Chooses the next token, and appends what the grammar forces after it. `false` when the model ends its turn.
    fn choose(&mut self, writing: &mut Writing, out: &mut Vec<ChatDelta>) -> Result<bool, InferenceError> {
        let vocabulary = self.model.vocab();
        let allowed = writing.matcher.as_mut().map(|m| m.compute_mask_or_eos().map_err(grammar_broke)).transpose()?;
        let scores = self.context.get_logits_ith(writing.scores);
        let Some(token) = writing.sampler.pick(scores, allowed.as_ref()) else {
            return Err(InferenceError::Internal("no token is possible at this point of the answer".into()));
        };
        let chosen = LlamaToken(token as i32);
        if vocabulary.is_eog(chosen) || vocabulary.is_control(chosen) {
            return Ok(false);
        }
        if let Some(matcher) = &mut writing.matcher {
            matcher.consume_token(token).map_err(grammar_broke)?;
        }
        writing.accept(chosen, &vocabulary.token_to_piece(chosen, false, None), out);
        if writing.ended().is_none() {
            self.force(writing, out)?;
        }
        Ok(true)
    }

    /// Appends what the grammar leaves no choice about, to be decoded in one batch.
    ///
    /// The last forced token stays open unless the answer may end there: the next free bytes may belong to it.
    fn force(&self, writing: &mut Writing, out: &mut Vec<ChatDelta>) -> Result<(), InferenceError> {
        let Some(matcher) = &mut writing.matcher else { return Ok(()) };
        let bytes = matcher.compute_ff_bytes();
        if bytes.is_empty() {
            return Ok(());
        }
        let vocabulary = self.model.vocab();
        let mut tokens = vocabulary.tokenize(&bytes, false, false);
        tokens.truncate(writing.budget.saturating_sub(writing.written));
        let ids: Vec<u32> = tokens.iter().map(|token| token.0 as u32).collect();
        let taken = matcher.try_consume_tokens(&ids).map_err(grammar_broke)?;
        tokens.truncate(taken);
        let closed = matcher.is_stopped() || matcher.is_accepting().map_err(grammar_broke)?;
        if !closed && tokens.pop().is_some() {
            matcher.rollback(1).map_err(grammar_broke)?;
        }
        for token in &tokens {
            writing.accept(*token, &vocabulary.token_to_piece(*token, false, None), out);
        }
        Ok(())
    }

    fn prompt(&self, request: &ChatRequest) -> Result<Vec<LlamaToken>, InferenceError> {
        let turns = turns(&request.messages, &self.guard)?;
        let tools: Vec<Value> = request.tools.iter().map(|tool| self.guard.json(&json!(tool))).collect();
        let text = self.template.render(&turns, &tools);
        let vocabulary = self.model.vocab();
        let written =
            |text: &str| text.as_bytes().starts_with(&vocabulary.token_to_piece(vocabulary.bos(), true, None));
        let mut add_bos = vocabulary.should_add_bos() && !written(&text);
        let mut tokens = Vec::new();
        for piece in pieces(&text) {
            tokens.extend(vocabulary.tokenize(piece.as_bytes(), add_bos, true));
            add_bos = false;
        }
        Ok(tokens)
    }

    fn matcher(&self, grammar: String, request: &ChatRequest) -> Result<Matcher, InferenceError> {
        let matcher = Matcher::new(self.grammars.create_parser(TopLevelGrammar::from_lark(grammar)));
        match matcher.get_error() {
            None => Ok(matcher),
            Some(error) => {
                let param = if request.tools.is_empty() { "response_format" } else { "tools" };
                let reason = error.lines().next().unwrap_or_default();
                Err(invalid(param, format!("{param}: this schema cannot be held to: {reason}")))
            }
        }
    }
}

fn grammar_broke(error: impl std::fmt::Display) -> InferenceError {
    let text = error.to_string();
    InferenceError::Internal(format!("the answer's grammar failed: {}", text.lines().next().unwrap_or_default()))
}
