//! Questions about one claim, answered from its evidence alone.
//!
//! Evidence is cut into numbered passages; the model reads those that the question is about, and every sentence it
//! writes is held against them. What no passage bears out is withheld, so an answer is short rather than invented.

mod check;
mod choice;
mod labels;
mod passages;
mod request;
mod sentences;
mod words;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use client::EventStream;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::openai::events::EventKind;
use wire::openai::items::{Item, MessageContent};

use self::check::grounded;
use self::choice::chosen;
use self::request::{NOTHING, question_request};
use self::sentences::Sentences;
use crate::clock::Clock;
use crate::domain::{Claim, Language, Outcome, Question, fresh_id};
use crate::meters::METERS;
use crate::store::{ClaimStore, StoreError};
use crate::workflow::{Failure, Workflow};

pub use check::Sentence;
pub use passages::Passage;

/// Questions answered at one time: each holds the model for seconds.
const AT_ONCE: usize = 4;
const TIME_LIMIT: Duration = Duration::from_secs(120);
const MOST_SENTENCES: usize = 8;

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("claim {0} has no evidence yet: process it first")]
    NoEvidence(String),
    #[error("too many questions are being answered; try again")]
    Busy,
    /// The model or the control plane, in words without anything of the evidence.
    #[error("the agent does not answer: {0}")]
    Model(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who asks what.
pub struct Asked {
    pub question: String,
    pub by: String,
    pub name: Option<String>,
    pub language: Language,
}

/// What a reader is told, in this order: sentences as they are found good, then the end.
pub enum Told {
    Sentence(Sentence),
    /// A sentence of the model that no evidence bears out.
    Withheld,
    Done(Box<Question>),
}

pub struct Asker {
    store: Arc<dyn ClaimStore>,
    workflow: Arc<Workflow>,
    clock: Arc<dyn Clock>,
    places: Arc<Semaphore>,
}

impl Asker {
    pub fn new(store: Arc<dyn ClaimStore>, workflow: Arc<Workflow>, clock: Arc<dyn Clock>) -> Self {
        Self { store, workflow, clock, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Starts an answer. It goes on as it is read, and ends when its reader goes away.
    pub async fn ask(&self, claim: &Claim, asked: Asked) -> Result<Answering, AskError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| AskError::Busy)?;
        let evidence = self.store.evidence(&claim.claim_id).await?;
        let decision = self.store.decisions(&claim.claim_id).await?.into_iter().next();
        if evidence.is_empty() {
            return Err(AskError::NoEvidence(claim.claim_id.to_string()));
        }
        let document = decision.as_ref().map(|decision| &decision.document);
        let all = passages::passages(document, &evidence, asked.language);
        let passages = chosen(&asked.question, &all);
        let model = self.workflow.chosen_model().await.map_err(|failure| unanswered(&failure))?;
        let request = question_request(model.clone(), &asked.question, &passages, asked.language);
        let stream = self.workflow.converse(request).await.map_err(|failure| unanswered(&failure))?;
        Ok(Answering {
            claim: claim.clone(),
            decided: document.map(|document| document.decision),
            passages,
            model,
            stream: Some(stream),
            open: Some(Sentences::default()),
            waiting: VecDeque::new(),
            written: String::new(),
            told: Vec::new(),
            withheld: 0,
            store: self.store.clone(),
            clock: self.clock.clone(),
            asked,
            finished: false,
            began: self.clock.now(),
            _place: place,
        })
    }
}

fn unanswered(failure: &Failure) -> AskError {
    AskError::Model(failure.code().to_owned())
}

/// An answer on its way.
pub struct Answering {
    claim: Claim,
    decided: Option<Outcome>,
    passages: Vec<Passage>,
    model: String,
    stream: Option<EventStream>,
    open: Option<Sentences>,
    waiting: VecDeque<String>,
    /// What came in pieces: a server that only sends whole items is read from those.
    written: String,
    told: Vec<Sentence>,
    withheld: i64,
    store: Arc<dyn ClaimStore>,
    clock: Arc<dyn Clock>,
    asked: Asked,
    finished: bool,
    began: Timestamp,
    _place: OwnedSemaphorePermit,
}

impl Answering {
    /// The next thing to tell; `None` after the end.
    pub async fn next(&mut self) -> Option<Result<Told, AskError>> {
        loop {
            if self.finished {
                return None;
            }
            if let Some(sentence) = self.waiting.pop_front() {
                match self.judged(&sentence) {
                    Some(told) => return Some(Ok(told)),
                    None => continue,
                }
            }
            let Some(mut stream) = self.stream.take() else {
                self.finished = true;
                return Some(self.kept().await);
            };
            let event = tokio::select! {
                event = stream.next() => event,
                () = self.clock.deadline(self.time_left()) => Some(Err(client::StreamError::Idle.into())),
            };
            match event {
                Some(Ok(event)) => match self.take(event.kind) {
                    Ok(true) => self.close(),
                    Ok(false) => self.stream = Some(stream),
                    Err(error) => return Some(self.broken(error)),
                },
                Some(Err(error)) => return Some(self.broken(error.to_string())),
                None => self.close(),
            }
        }
    }

    fn time_left(&self) -> Duration {
        let taken = self.clock.now().duration_since(self.began).unsigned_abs();
        TIME_LIMIT.saturating_sub(taken)
    }

    fn broken(&mut self, why: String) -> Result<Told, AskError> {
        self.finished = true;
        Err(AskError::Model(why))
    }

    /// Whether the answer has ended.
    fn take(&mut self, event: EventKind) -> Result<bool, String> {
        match event {
            EventKind::TextDelta { delta, .. } => self.read(&delta),
            EventKind::ItemDone { item: Item::Message(message), .. } if self.written.is_empty() => {
                let whole = match message.content {
                    MessageContent::Text(text) => text,
                    MessageContent::Parts(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
                };
                self.read(&whole);
            }
            EventKind::Completed { .. } | EventKind::Incomplete { .. } => return Ok(true),
            EventKind::Failed { .. } | EventKind::Error { .. } => return Err("response_failed".into()),
            _ => {}
        }
        Ok(self.told.len() + self.waiting.len() >= MOST_SENTENCES)
    }

    fn read(&mut self, piece: &str) {
        self.written.push_str(piece);
        if let Some(open) = &mut self.open {
            self.waiting.extend(open.push(piece));
        }
    }

    fn close(&mut self) {
        self.waiting.extend(self.open.take().and_then(Sentences::end));
    }

    fn judged(&mut self, sentence: &str) -> Option<Told> {
        if sentence.to_uppercase().contains(NOTHING) {
            return None;
        }
        match grounded(sentence, &self.passages, self.decided) {
            Some(sentence) if self.told.iter().any(|told| told.text == sentence.text) => None,
            Some(sentence) => {
                self.told.push(sentence.clone());
                Some(Told::Sentence(sentence))
            }
            None => {
                self.withheld += 1;
                Some(Told::Withheld)
            }
        }
    }

    async fn kept(&mut self) -> Result<Told, AskError> {
        let refused = self.told.is_empty();
        let answer = match (refused, self.asked.language) {
            (true, Language::En) => "The evidence of this claim does not answer that.".to_owned(),
            (true, Language::Fr) => "Les pièces de ce dossier ne répondent pas à cette question.".to_owned(),
            (false, _) => self.told.iter().map(|sentence| sentence.text.as_str()).collect::<Vec<_>>().join(" "),
        };
        let cited: BTreeSet<&String> = self.told.iter().flat_map(|sentence| &sentence.citations).collect();
        let citations: Vec<&Passage> = self.passages.iter().filter(|passage| cited.contains(&passage.id)).collect();
        let question = Question {
            question_id: fresh_id("ask"),
            asked_by: self.asked.by.clone(),
            asker_name: self.asked.name.clone(),
            question: self.asked.question.clone(),
            answer,
            refused,
            withheld: self.withheld,
            grounds: json!({"sentences": self.told, "citations": citations}),
            model: self.model.clone(),
            asked_at: self.clock.now(),
        };
        self.store.record_question(&self.claim.claim_id, &question, question.asked_at).await?;
        METERS.answered(refused, self.withheld);
        tracing::info!(claim_id = %self.claim.claim_id, refused, withheld = self.withheld, "question answered");
        Ok(Told::Done(Box::new(question)))
    }
}
