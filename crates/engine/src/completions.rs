//! Chat completions are stored behind the caller's back: a bounded queue and one writer, so that no request waits for
//! the store, and no crowd of writers fights over it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ports::completions::{Completions, StoredCompletion};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use wire::openai::chat::ChatMessage;

use crate::telemetry::{Gauges, timed};

/// Completions that wait to be written.
const WAITING: usize = 4_096;
/// What they hold together, in KiB.
const WAITING_KIB: u32 = 64 * 1024;
/// Completions written in one transaction.
const BATCH: usize = 512;
/// A completion waits so long for others to be written with it: a transaction costs more than the rows in it.
const LINGER: Duration = Duration::from_millis(20);
/// A reader waits so long for what was queued before it asked.
const SETTLING: Duration = Duration::from_secs(5);
/// Tries to write a batch before it is given up.
const TRIES: u32 = 3;

pub struct CompletionLog {
    pub store: Arc<dyn Completions>,
    sender: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
    lost: Arc<AtomicU64>,
    /// Somebody waits for what is queued.
    hurry: Arc<Notify>,
}

enum Job {
    Store(Box<StoredCompletion>, OwnedSemaphorePermit),
    /// Answered when everything queued before has been written.
    Tell(oneshot::Sender<()>),
}

impl CompletionLog {
    /// Starts the writer; needs a runtime.
    pub fn new(store: Arc<dyn Completions>) -> Arc<Self> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let hurry = Arc::new(Notify::new());
        tokio::spawn(write(store.clone(), receiver, lost.clone(), hurry.clone()));
        Arc::new(Self { store, sender, room: Arc::new(Semaphore::new(WAITING_KIB as usize)), lost, hurry })
    }

    /// Queues it; never waits. What finds no room is left out, counted, and said in the log.
    pub fn keep(&self, stored: StoredCompletion) {
        let size = u32::try_from(weight(&stored) / 1024 + 1).unwrap_or(WAITING_KIB).min(WAITING_KIB);
        let kept = self
            .room
            .clone()
            .try_acquire_many_owned(size)
            .ok()
            .and_then(|room| self.sender.try_send(Job::Store(Box::new(stored), room)).ok());
        if kept.is_some() {
            Gauges::get().completions_waiting.inc();
        } else {
            tell_lost(1, self.lost.fetch_add(1, Ordering::Relaxed) + 1, "the queue is full");
        }
    }

    /// Completions that were left out since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until what was queued before this call is written, so that a reader finds its own.
    pub async fn settled(&self) {
        let (told, hears) = oneshot::channel();
        let wait = async {
            if self.sender.send(Job::Tell(told)).await.is_ok() {
                self.hurry.notify_one();
                hears.await.ok();
            }
        };
        tokio::time::timeout(SETTLING, wait).await.ok();
    }

    /// Writes what is left when the process is told to stop.
    pub async fn until(self: Arc<Self>, stop: CancellationToken) {
        stop.cancelled().await;
        self.settled().await;
    }
}

async fn write(
    store: Arc<dyn Completions>,
    mut receiver: mpsc::Receiver<Job>,
    lost: Arc<AtomicU64>,
    hurry: Arc<Notify>,
) {
    let mut jobs = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut jobs, 1).await > 0 {
        if matches!(jobs[..], [Job::Store(..)]) {
            tokio::time::timeout(LINGER, hurry.notified()).await.ok();
        }
        while jobs.len() < BATCH
            && let Ok(job) = receiver.try_recv()
        {
            jobs.push(job);
        }
        let (mut batch, mut rooms, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs.drain(..) {
            match job {
                Job::Store(stored, room) => {
                    batch.push(*stored);
                    rooms.push(room);
                }
                Job::Tell(told) => waiting.push(told),
            }
        }
        if !batch.is_empty()
            && let Err(error) = put(store.as_ref(), &batch).await
        {
            let count = batch.len() as u64;
            tell_lost(count, lost.fetch_add(count, Ordering::Relaxed) + count, &error.to_string());
        }
        Gauges::get().completions_waiting.dec_by(batch.len() as i64);
        drop(rooms);
        waiting.into_iter().for_each(|told| _ = told.send(()));
    }
}

async fn put(store: &dyn Completions, batch: &[StoredCompletion]) -> Result<(), ports::responses::StoreError> {
    let mut tried = 1;
    loop {
        match timed("put_completions", store.put_completions(batch)).await {
            Err(_) if tried < TRIES => tokio::time::sleep(Duration::from_millis(200 << tried)).await,
            outcome => return outcome,
        }
        tried += 1;
    }
}

/// Told at each power of two: a full disk must not fill the log as well.
fn tell_lost(count: u64, total: u64, why: &str) {
    Gauges::get().completions_lost.inc_by(count);
    if total.is_power_of_two() {
        tracing::warn!(lost = total, why, "chat completions were answered but not stored");
    }
}

/// Bytes it holds, roughly.
fn weight(stored: &StoredCompletion) -> usize {
    let of = |message: &ChatMessage| {
        let calls: usize = message.tool_calls.iter().map(|call| 100 + call.function.arguments.len()).sum();
        let content = match &message.content {
            None => 0,
            Some(wire::openai::chat::Content::Text(text)) => text.len(),
            Some(wire::openai::chat::Content::Parts(parts)) => parts
                .iter()
                .map(|part| {
                    let url = part.extra.get("image_url").and_then(|it| it.get("url")).and_then(|url| url.as_str());
                    100 + part.text.as_deref().map_or(0, str::len) + url.map_or(0, str::len)
                })
                .sum(),
        };
        100 + content + calls
    };
    let answers: usize = stored.completion.choices.iter().map(|choice| of(&choice.message)).sum();
    answers + stored.input_messages.iter().map(of).sum::<usize>() + 300
}
