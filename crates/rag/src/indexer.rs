//! Keeps the corpus fresh and its vectors complete, in the background.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use host::{NotReady, Readiness};
use tokio_util::sync::CancellationToken;

use crate::clauses::clauses;
use crate::config::{RagConfig, StartError};
use crate::corpus::{Corpus, past_claims};
use crate::embedder::Embedder;
use crate::records::Policyholder;
use crate::reference::{Changes, Reference, articles};
use crate::shelf::WORDS_FIRST;
use crate::vectors::{Key, Vectors};
use crate::words::{Language, language};

/// Clauses waiting to be embedded; more are forgotten and queued again by the next call that needs them.
const MAX_QUEUE: usize = 5_000;
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// The records, the corpus made from them, and the vectors of its texts.
pub(crate) struct Library {
    pub(crate) reference: Reference,
    pub(crate) vectors: Vectors,
    pub(crate) embedder: Embedder,
    corpus: RwLock<Arc<Corpus>>,
    /// Why the reference data cannot be used, when it cannot.
    unreadable: RwLock<Option<String>>,
    queue: Mutex<Vec<(Key, String)>>,
    articles_from: Option<PathBuf>,
    languages: Vec<String>,
    batch_size: usize,
    refresh: Duration,
    max_records: usize,
}

impl Library {
    pub(crate) fn new(reference: Reference, config: &RagConfig) -> Result<Self, StartError> {
        let embedder = Embedder::new(config)?;
        let vectors = Vectors::open(embedder.model(), config.data_dir.as_deref());
        Ok(Self {
            corpus: RwLock::new(Arc::new(Corpus::empty(&vectors))),
            unreadable: RwLock::new(Some("the reference data has not been read yet".into())),
            queue: Mutex::default(),
            articles_from: config.reference_dir.clone(),
            languages: config.embedding_languages.clone(),
            batch_size: config.batch_size,
            refresh: Duration::from_secs(config.refresh_seconds),
            max_records: config.max_records,
            reference,
            vectors,
            embedder,
        })
    }

    pub(crate) fn corpus(&self) -> Arc<Corpus> {
        self.corpus.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How much the model's order of results counts for a query in this language.
    pub(crate) fn trust(&self, query: &str) -> f32 {
        let spoken = match language(query) {
            Language::French => "fr",
            Language::English => "en",
            Language::Unknown => return 1.0,
        };
        match self.languages.iter().any(|known| known == spoken) {
            true => 1.0,
            false => WORDS_FIRST,
        }
    }

    pub(crate) fn unreadable(&self) -> Option<String> {
        self.unreadable.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Texts to embed when there is time.
    pub(crate) fn want(&self, texts: Vec<(Key, String)>) {
        if texts.is_empty() {
            return;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_QUEUE.saturating_sub(queue.len());
        queue.extend(texts.into_iter().take(room));
        drop(queue);
        if self.embedder.down().is_none() {
            self.embedder.failed.notify_one();
        }
    }

    /// Works until told to stop.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut tag = None;
        let mut retry = FIRST_RETRY;
        loop {
            let round = tokio::select! {
                () = stop.cancelled() => return,
                round = self.round(&mut tag) => round,
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
                () = self.embedder.failed.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn round(&self, tag: &mut Option<String>) -> Result<(), String> {
        let refreshed = self.refresh(tag).await;
        *self.unreadable.write().unwrap_or_else(PoisonError::into_inner) = refreshed.as_ref().err().cloned();
        // Embeddings of what is known go on even when nothing new can be read.
        let embedded = self.embed_missing().await;
        refreshed.and(embedded)
    }

    async fn refresh(&self, tag: &mut Option<String>) -> Result<(), String> {
        let changes = self.reference.refresh(tag.as_deref()).await.map_err(|error| error.to_string())?;
        let Changes::History { tag: new_tag, records } = changes else { return Ok(()) };
        let holders = self.reference.policyholders();
        let articles = articles(self.articles_from.as_ref()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "no articles");
            Vec::new()
        });
        let claims = past_claims(&records, &holders, self.max_records);
        let corpus = Corpus::new(claims, articles, &self.vectors);
        tracing::info!(claims = corpus.claims.items.len(), articles = corpus.articles.items.len(), "records read");
        *self.corpus.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(corpus);
        for holder in &holders {
            self.want(self.clause_texts(holder));
        }
        *tag = new_tag;
        Ok(())
    }

    fn clause_texts(&self, holder: &Policyholder) -> Vec<(Key, String)> {
        let redactor = holder.redactor();
        let texts = holder.contracts.iter().flat_map(|contract| clauses(&contract.full_text));
        let texts = texts.map(|clause| redactor.redact(&clause.text));
        texts.map(|text| (self.vectors.key(&text), text)).filter(|(key, _)| self.vectors.row(key).is_none()).collect()
    }

    async fn embed_missing(&self) -> Result<(), String> {
        let corpus = self.corpus();
        let mut missing = corpus.articles.missing(&self.vectors);
        missing.extend(corpus.claims.missing(&self.vectors));
        missing.extend(std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner)));
        let mut seen = std::collections::HashSet::new();
        missing.retain(|(key, _)| self.vectors.row(key).is_none() && seen.insert(*key));
        if missing.is_empty() {
            return match self.embedder.down() {
                None => Ok(()),
                Some(_) => self.embedder.batch(vec!["ready".into()]).await.map(drop).map_err(|error| error.to_string()),
            };
        }
        // Texts of like length pad each other least.
        missing.sort_by_key(|(_, text)| text.len());
        let (count, began) = (missing.len(), Instant::now());
        let mut left = missing.as_slice();
        while !left.is_empty() {
            let (batch, rest) = left.split_at(self.batch_size.min(left.len()));
            if let Err(reason) = self.embed(batch).await {
                self.want(left.to_vec());
                return Err(reason);
            }
            left = rest;
        }
        tracing::info!(texts = count, milliseconds = began.elapsed().as_millis() as u64, "texts embedded");
        Ok(())
    }

    async fn embed(&self, batch: &[(Key, String)]) -> Result<(), String> {
        let texts = batch.iter().map(|(_, text)| text.clone()).collect();
        let vectors = self.embedder.batch(texts).await.map_err(|error| error.to_string())?;
        let rows = batch.iter().map(|(key, _)| *key).zip(vectors).collect();
        self.vectors.insert(rows).map_err(|error| {
            self.embedder.refuse(error.to_string());
            error.to_string()
        })
    }
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
