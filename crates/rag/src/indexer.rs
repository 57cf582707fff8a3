//! Keeps the corpus fresh and its vectors complete, in the background.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use host::{NotReady, Readiness};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clauses::clauses;
use crate::config::{RagConfig, StartError};
use crate::corpus::{Corpus, past_claims, shelf_of_articles, shelf_of_claims};
use crate::generation::{Generation, generations, settle};
use crate::records::{Article, Policyholder};
use crate::reference::{Changes, Reference};
use crate::shelf::Shelf;
use crate::vectors::{Key, Vectors};

/// Clauses known to be in use; what a later start finds in the vector file is not counted.
const MAX_CLAUSES: usize = 200_000;
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// The records, the corpus made from them, and the vectors of its texts.
pub(crate) struct Library {
    pub(crate) reference: Reference,
    /// The first one orders results; at least one.
    pub(crate) generations: Vec<Generation>,
    corpus: RwLock<Arc<Corpus>>,
    /// Why the reference data cannot be used, when it cannot.
    unreadable: RwLock<Option<String>>,
    /// Texts of contract clauses, of every policyholder that is known.
    clauses: Mutex<std::collections::HashMap<Key, String>>,
    data_dir: Option<PathBuf>,
    articles_from: Option<PathBuf>,
    batch_size: usize,
    refresh: Duration,
    max_records: usize,
    /// Rung when there is something to embed, or embeddings went down.
    bell: Arc<Notify>,
}

/// How far the vectors of one model have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub model: String,
    pub done: usize,
    pub of: usize,
}

/// What the last refresh saw, to tell what changed.
#[derive(Default)]
pub(crate) struct Seen {
    tag: Option<String>,
    articles: Option<Vec<Article>>,
}

impl Library {
    pub(crate) fn new(reference: Reference, config: &RagConfig) -> Result<Self, StartError> {
        let bell = Arc::new(Notify::new());
        Ok(Self {
            generations: generations(config, &bell)?,
            corpus: RwLock::new(Arc::new(Corpus::empty())),
            unreadable: RwLock::new(Some("the reference data has not been read yet".into())),
            clauses: Mutex::default(),
            data_dir: config.data_dir.clone(),
            articles_from: config.reference_dir.clone(),
            batch_size: config.batch_size,
            refresh: Duration::from_secs(config.refresh_seconds),
            max_records: config.max_records,
            reference,
            bell,
        })
    }

    pub(crate) fn corpus(&self) -> Arc<Corpus> {
        self.corpus.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn unreadable(&self) -> Option<String> {
        self.unreadable.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Generations that are searched for an item of this shelf: the configured ones that are complete, else the one
    /// that retires. `Err` says why there is none.
    pub(crate) fn searchable<T>(&self, shelf: &Shelf<T>) -> Result<Vec<&Generation>, String> {
        let usable = |one: &&Generation| one.embedder.down().is_none() && shelf.complete(&one.vectors);
        let configured: Vec<&Generation> = self.generations.iter().filter(|one| !one.retiring).filter(usable).collect();
        if !configured.is_empty() {
            return Ok(configured);
        }
        if let Some(retiring) = self.generations.iter().filter(|one| one.retiring).find(usable) {
            return Ok(vec![retiring]);
        }
        let down = self.generations.iter().find_map(|one| one.embedder.down());
        Err(down.unwrap_or_else(|| "the index is being built".into()))
    }

    /// Clauses to embed when there is time, unless they are known.
    pub(crate) fn want<T>(&self, shelf: &Shelf<T>) {
        self.remember(shelf.texts().map(|(key, text)| (key, text.clone())));
        let waits = |one: &Generation| !one.retiring && one.embedder.down().is_none() && !shelf.complete(&one.vectors);
        if self.generations.iter().any(waits) {
            self.bell.notify_one();
        }
    }

    fn remember(&self, texts: impl Iterator<Item = (Key, String)>) {
        let mut clauses = self.clauses.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, text) in texts {
            if clauses.len() >= MAX_CLAUSES {
                return;
            }
            clauses.entry(key).or_insert(text);
        }
    }

    /// Clauses that are known, and those of them that have no vector here yet.
    pub(crate) fn known_clauses(&self, vectors: &Vectors) -> (usize, usize) {
        let clauses = self.clauses.lock().unwrap_or_else(PoisonError::into_inner);
        (clauses.len(), clauses.keys().filter(|key| vectors.row(key).is_none()).count())
    }

    /// Works until told to stop.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut seen = Seen::default();
        let mut retry = FIRST_RETRY;
        loop {
            let round = tokio::select! {
                () = stop.cancelled() => return,
                round = self.round(&mut seen, &log_progress) => round,
            };
            let pause = match round {
                Ok(()) => {
                    retry = FIRST_RETRY;
                    self.refresh
                }
                Err(reason) => {
                    tracing::debug!(%reason, "will be tried again");
                    let pause = retry;
                    retry = (retry * 2).min(LAST_RETRY);
                    pause
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.bell.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Reads what is new and embeds what has no vector yet.
    pub(crate) async fn round(&self, seen: &mut Seen, shown: &(dyn Fn(&Progress) + Sync)) -> Result<(), String> {
        let refreshed = self.refresh(seen).await;
        *self.unreadable.write().unwrap_or_else(PoisonError::into_inner) = refreshed.as_ref().err().cloned();
        // Embeddings of what is known go on even when nothing new can be read.
        let embedded = self.embed_missing(shown).await;
        if refreshed.is_ok() && embedded.is_ok() {
            self.settle();
        }
        refreshed.and(embedded)
    }

    fn settle(&self) {
        if let Some(folder) = &self.data_dir
            && let Err(error) = settle(folder, &self.generations)
        {
            tracing::warn!(%error, "cannot note which embedding models are complete");
        }
    }

    async fn refresh(&self, seen: &mut Seen) -> Result<(), String> {
        let changes = self.reference.refresh(seen.tag.as_deref()).await.map_err(|error| error.to_string())?;
        let articles = self.reference.articles(self.articles_from.as_ref()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the articles known so far are kept");
            seen.articles.clone().unwrap_or_default()
        });
        let mut corpus = self.corpus().as_ref().clone();
        if seen.articles.as_ref() != Some(&articles) {
            corpus.articles = shelf_of_articles(articles.clone());
        }
        let mut tag = seen.tag.clone();
        if let Changes::History { tag: new_tag, records } = changes {
            let holders = self.reference.policyholders().await.map_err(|error| error.to_string())?;
            corpus.claims = shelf_of_claims(past_claims(&records, &holders, self.max_records));
            for holder in &holders {
                self.remember(clause_texts(holder));
            }
            tracing::info!(claims = corpus.claims.items.len(), articles = articles.len(), "records read");
            tag = new_tag;
        }
        *self.corpus.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(corpus);
        *seen = Seen { tag, articles: Some(articles) };
        Ok(())
    }

    /// Every text in use, each once.
    fn texts(&self) -> Vec<(Key, String)> {
        let corpus = self.corpus();
        let mut known = HashSet::new();
        let mut texts: Vec<(Key, String)> =
            corpus.articles.texts().chain(corpus.claims.texts()).map(|(key, text)| (key, text.clone())).collect();
        let clauses = self.clauses.lock().unwrap_or_else(PoisonError::into_inner);
        texts.extend(clauses.iter().map(|(key, text)| (*key, text.clone())));
        texts.retain(|(key, _)| known.insert(*key));
        texts
    }

    async fn embed_missing(&self, shown: &(dyn Fn(&Progress) + Sync)) -> Result<(), String> {
        let texts = self.texts();
        let mut outcome = Ok(());
        for generation in self.generations.iter().filter(|one| !one.retiring) {
            // One model that is down does not keep the others waiting.
            outcome = outcome.and(self.complete(generation, &texts, shown).await);
        }
        for retiring in self.generations.iter().filter(|one| one.retiring && one.embedder.down().is_some()) {
            // Nothing is embedded with it; only a probe tells whether its model is served again.
            let _ = retiring.embedder.batch(vec!["ready".into()]).await;
        }
        outcome
    }

    async fn complete(
        &self,
        generation: &Generation,
        texts: &[(Key, String)],
        shown: &(dyn Fn(&Progress) + Sync),
    ) -> Result<(), String> {
        let embedder = &generation.embedder;
        let mut missing: Vec<&(Key, String)> =
            texts.iter().filter(|(key, _)| generation.vectors.row(key).is_none()).collect();
        if missing.is_empty() {
            return match embedder.down() {
                None => Ok(()),
                Some(_) => embedder.batch(vec!["ready".into()]).await.map(drop).map_err(|error| error.to_string()),
            };
        }
        // Texts of like length pad each other least.
        missing.sort_by_key(|(_, text)| text.len());
        let (count, began) = (missing.len(), Instant::now());
        let mut progress = Progress { model: embedder.model().to_owned(), done: texts.len() - count, of: texts.len() };
        shown(&progress);
        for batch in missing.chunks(self.batch_size) {
            self.embed(generation, batch).await?;
            progress.done += batch.len();
            shown(&progress);
        }
        let milliseconds = began.elapsed().as_millis() as u64;
        tracing::info!(texts = count, milliseconds, model = embedder.model(), "texts embedded");
        Ok(())
    }

    async fn embed(&self, generation: &Generation, batch: &[&(Key, String)]) -> Result<(), String> {
        let texts = batch.iter().map(|(_, text)| text.clone()).collect();
        let vectors = generation.embedder.batch(texts).await.map_err(|error| error.to_string())?;
        let rows = batch.iter().map(|(key, _)| *key).zip(vectors).collect();
        generation.vectors.insert(rows).map_err(|error| {
            generation.embedder.refuse(error.to_string());
            error.to_string()
        })
    }
}

/// A line at each tenth, so that a first start that takes long can be followed.
fn log_progress(progress: &Progress) {
    let tenth = (progress.of / 10).max(1);
    if progress.of >= 200 && progress.done / tenth != progress.done.saturating_sub(1) / tenth {
        tracing::info!(model = progress.model, done = progress.done, of = progress.of, "indexing");
    }
}

fn clause_texts(holder: &Policyholder) -> impl Iterator<Item = (Key, String)> {
    let redactor = holder.redactor();
    let texts = holder.contracts.iter().flat_map(|contract| clauses(&contract.full_text));
    // A clause without a number is never cited.
    texts.filter(|clause| !clause.number.is_empty()).map(move |clause| {
        let text = redactor.redact(&clause.text);
        (Key::of(&text), text)
    })
}

/// Ready when reference data can be read; embeddings are not needed for that.
#[async_trait]
impl Readiness for Library {
    async fn ready(&self) -> Result<(), NotReady> {
        match self.unreadable() {
            None => Ok(()),
            Some(reason) => Err(NotReady { reason }),
        }
    }
}
