//! Recorded questions and answers, and the search among them.
//!
//! A file is `{"test_id", "request": {"endpoint", "body"}, "response": {"body", "is_exception", …}}`; a streamed body is
//! a list of chunks, each wrapped in `__data__`.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::matching::{KINDS, Keys, keys};
use crate::playing::{Played, play};

/// Unmatched requests kept for `GET /stats`.
const KEPT: usize = 40;

pub struct Recording {
    pub body: Value,
    /// Status and message of a recorded error.
    pub refused: Option<(u16, String)>,
    /// The ids that the recorded request names.
    pub ids: Vec<String>,
    model: String,
    /// What it says, however it is cut into chunks.
    says: String,
}

#[derive(Default)]
pub struct Recordings {
    all: Vec<Recording>,
    by_key: [HashMap<String, Vec<usize>>; KINDS.len()],
    /// What a guard model found unsafe.
    unsafe_texts: Vec<String>,
    hits: [AtomicU64; KINDS.len()],
    /// What web searches found, by their words.
    searches: HashMap<String, Value>,
    missed: AtomicU64,
    last_missed: Mutex<VecDeque<Value>>,
}

impl Recordings {
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Loads what lies below `folder`, in the order of the names.
    pub fn load(&mut self, folder: &Path) -> std::io::Result<()> {
        let mut entries = std::fs::read_dir(folder)?.map(|it| Ok(it?.path())).collect::<std::io::Result<Vec<_>>>()?;
        entries.sort();
        for entry in entries {
            if entry.is_dir() {
                self.load(&entry)?;
            } else if folder.ends_with("recordings") && entry.extension().is_some_and(|kind| kind == "json") {
                self.add(&serde_json::from_slice(&std::fs::read(&entry)?)?);
            }
        }
        Ok(())
    }

    /// Recordings of other calls than chat, completions, embeddings and web searches are left out.
    fn add(&mut self, recorded: &Value) {
        if recorded.pointer("/request/tool_name") == Some(&json!("web_search")) {
            self.add_search(recorded);
        }
        let endpoint = recorded.pointer("/request/endpoint").and_then(Value::as_str).unwrap_or_default();
        let kind = match endpoint.trim_start_matches('/').trim_start_matches("v1/") {
            "chat/completions" => "chat",
            "completions" => "completion",
            "embeddings" => "embedding",
            _ => return,
        };
        let Some(request) = recorded.pointer("/request/body").filter(|body| body.is_object()) else { return };
        let bare = |value: &Value| value.get("__data__").unwrap_or(value).clone();
        let response = &recorded["response"];
        let body = match &response["body"] {
            Value::Array(chunks) => chunks.iter().map(bare).collect(),
            whole => bare(whole),
        };
        let refused = (response["is_exception"] == true).then(|| {
            let status = response.pointer("/exception_data/status_code").and_then(Value::as_u64);
            let message = response["exception_message"].as_str().unwrap_or("recorded error").to_owned();
            (status.and_then(|status| u16::try_from(status).ok()).unwrap_or(400), message)
        });
        let Keys { all, ids } = keys(kind, request);
        for (by_key, key) in self.by_key.iter_mut().zip(all) {
            by_key.entry(key).or_default().push(self.all.len());
        }
        let model = request["model"].as_str().unwrap_or_default().to_owned();
        let says = said(&body);
        if let Some(text) = guarded(request).filter(|_| says.starts_with("unsafe")) {
            self.unsafe_texts.push(text.to_owned());
        }
        self.all.push(Recording { body, refused, ids, model, says });
    }

    fn add_search(&mut self, recorded: &Value) {
        let words = recorded.pointer("/request/kwargs/query").and_then(Value::as_str);
        let found = recorded.pointer("/response/body/__data__/content").and_then(Value::as_str);
        let pages = found.and_then(|found| serde_json::from_str::<Value>(found).ok());
        if let (Some(words), Some(pages)) = (words, pages) {
            self.searches.insert(words.to_owned(), pages["top_k"].clone());
        }
    }

    /// The pages found for these words, or any that were found.
    pub fn search(&self, words: &str) -> Value {
        let any = || self.searches.iter().min_by_key(|(words, _)| *words).map(|(_, pages)| pages);
        self.searches.get(words).or_else(any).cloned().unwrap_or_else(|| json!([]))
    }

    /// The names of all recorded models.
    pub fn models(&self) -> BTreeSet<String> {
        self.all.iter().map(|recording| recording.model.clone()).filter(|model| !model.is_empty()).collect()
    }

    pub fn answer(&self, kind: &str, request: &Value) -> Option<Played> {
        let Keys { all, ids } = keys(kind, request);
        let found = all.iter().enumerate().find_map(|(at, key)| Some((at, self.by_key[at].get(key)?)));
        let Some((at, same)) = found else {
            self.miss(request);
            return None;
        };
        self.hits[at].fetch_add(1, Ordering::Relaxed);
        Some(play(self.most_said(same, request["stream"] == true)?, request, &ids))
    }

    /// Of several recordings with one key the answer that was recorded most often, else the first; one recorded in the
    /// mode that is asked for, where there is one.
    fn most_said(&self, same: &[usize], streamed: bool) -> Option<&Recording> {
        let all: Vec<&Recording> = same.iter().map(|at| &self.all[*at]).collect();
        let often = |one: &Recording| all.iter().filter(|other| other.says == one.says).count();
        let in_this_mode = |one: &Recording| one.body.is_array() == streamed;
        all.iter().rev().copied().max_by_key(|one| (in_this_mode(one), often(one)))
    }

    /// Whether a guard model was recorded to find the beginning of this text unsafe.
    pub fn is_unsafe(&self, request: &Value) -> bool {
        guarded(request).is_some_and(|text| self.unsafe_texts.iter().any(|known| text.starts_with(known.as_str())))
    }

    fn miss(&self, request: &Value) {
        self.missed.fetch_add(1, Ordering::Relaxed);
        let mut last = self.last_missed.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == KEPT {
            last.pop_front();
        }
        last.push_back(request.clone());
    }

    pub fn stats(&self) -> Value {
        let mut stats = json!({"recordings": self.all.len(), "missed": self.missed.load(Ordering::Relaxed)});
        for (name, hits) in KINDS.iter().zip(&self.hits) {
            stats[*name] = hits.load(Ordering::Relaxed).into();
        }
        stats["last_missed"] =
            self.last_missed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        stats
    }
}

/// The words and calls of an answer, whole or in chunks.
fn said(body: &Value) -> String {
    let one = std::slice::from_ref(body);
    let parts = body.as_array().map_or(one, Vec::as_slice).iter().filter_map(|part| {
        let choice = part.pointer("/choices/0")?;
        let spoken = choice.get("message").or_else(|| choice.get("delta"))?;
        let calls = spoken["tool_calls"].as_array().into_iter().flatten().map(|call| {
            let text = |name: &str| call["function"][name].as_str().unwrap_or_default().to_owned();
            text("name") + &text("arguments")
        });
        Some(spoken["content"].as_str().unwrap_or_default().to_owned() + &calls.collect::<String>())
    });
    parts.collect()
}

/// The last message of the conversation that a guard model is asked about.
fn guarded(request: &Value) -> Option<&str> {
    let asked = request.pointer("/messages/0/content")?.as_str()?;
    let talk = asked.split("<BEGIN CONVERSATION>").nth(1)?.split("<END CONVERSATION>").next()?;
    let last = talk.trim().rsplit("\n\nUser: ").next()?;
    let text = last.trim_start_matches("User: ").trim_start_matches("Agent: ").trim();
    (text.len() > 20).then_some(text)
}
