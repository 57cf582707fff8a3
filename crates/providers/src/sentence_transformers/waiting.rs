//! Calls that wait for the thread that owns the model: those that fit into one lot go first.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ports::embeddings::Embedded;
use ports::inference::InferenceError;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Bytes of text that are computed at once, one long text aside: enough to use the weights well, few enough to stay in
/// the processor's cache.
const LOT_BYTES: usize = 2048;
/// Short calls that may go before a long one that waits.
const AHEAD: usize = 32;

pub struct Job {
    pub texts: Vec<String>,
    pub cancel: CancellationToken,
    pub deadline: Instant,
    pub reply: oneshot::Sender<Result<Embedded, InferenceError>>,
}

pub enum Errand {
    /// Load the model, nothing more.
    Warm,
    Embed(Job),
}

/// The texts in groups that are computed together, in order.
pub fn lots(texts: &[String]) -> impl Iterator<Item = &[String]> {
    let mut rest = texts;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |text: &&String| {
            bytes += text.len();
            bytes <= LOT_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (lot, after) = rest.split_at(count);
        rest = after;
        (!lot.is_empty()).then_some(lot)
    })
}

#[derive(Default)]
struct Calls {
    warm: bool,
    short: VecDeque<Job>,
    long: VecDeque<Job>,
    /// Short calls taken since the last long one.
    ahead: usize,
    closed: bool,
}

/// Room for so many calls; one more is refused at once.
pub struct Waiting {
    calls: Mutex<Calls>,
    arrived: Condvar,
    room: usize,
}

impl Waiting {
    pub fn new(room: usize) -> Self {
        Self { calls: Mutex::default(), arrived: Condvar::new(), room }
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was room.
    pub fn put(&self, errand: Errand) -> bool {
        let mut calls = self.calls();
        match errand {
            Errand::Warm => calls.warm = true,
            Errand::Embed(_) if calls.closed || calls.short.len() + calls.long.len() >= self.room => return false,
            Errand::Embed(job) if lots(&job.texts).nth(1).is_none() => calls.short.push_back(job),
            Errand::Embed(job) => calls.long.push_back(job),
        }
        self.arrived.notify_one();
        true
    }

    /// Waits for the next call; `None` once closed.
    pub fn take(&self) -> Option<Errand> {
        let mut calls = self.calls();
        loop {
            if calls.closed {
                return None;
            }
            if std::mem::take(&mut calls.warm) {
                return Some(Errand::Warm);
            }
            if let Some(job) = calls.next() {
                return Some(Errand::Embed(job));
            }
            calls = self.arrived.wait(calls).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A call that fits into one lot, if one waits.
    pub fn take_short(&self) -> Option<Job> {
        self.calls().short.pop_front()
    }

    /// Nothing is taken any more, and what waits is dropped.
    pub fn close(&self) {
        let mut calls = self.calls();
        calls.closed = true;
        calls.short.clear();
        calls.long.clear();
        self.arrived.notify_all();
    }
}

impl Calls {
    fn next(&mut self) -> Option<Job> {
        if (self.ahead < AHEAD || self.long.is_empty())
            && let Some(short) = self.short.pop_front()
        {
            self.ahead += 1;
            return Some(short);
        }
        self.ahead = 0;
        self.long.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(texts: &[&str]) -> Errand {
        Errand::Embed(Job {
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            cancel: CancellationToken::new(),
            deadline: Instant::now(),
            reply: oneshot::channel().0,
        })
    }

    fn first_word(errand: Option<Errand>) -> String {
        match errand {
            Some(Errand::Embed(job)) => job.texts[0].chars().take(5).collect(),
            Some(Errand::Warm) => "(warm)".into(),
            None => "(closed)".into(),
        }
    }

    #[test]
    fn lots_keep_the_order_and_hold_one_text_at_least() {
        let texts = ["a".repeat(2000), "b".repeat(40), "c".repeat(9), "d".repeat(5000), "e".into()];
        let cut: Vec<usize> = lots(&texts).map(<[String]>::len).collect();
        assert_eq!(cut, [2, 1, 1, 1]);
        assert_eq!(lots(&texts).flatten().collect::<Vec<_>>(), texts.iter().collect::<Vec<_>>());
        assert_eq!(lots(&[]).count(), 0);
    }

    #[test]
    fn a_question_goes_before_a_book_but_not_for_ever() {
        let waiting = Waiting::new(100);
        let book = "book ".repeat(1000);
        assert!(waiting.put(job(&[&book, &book])));
        for _ in 0..40 {
            assert!(waiting.put(job(&["short"])));
        }
        let taken: Vec<String> = (0..41).map(|_| first_word(waiting.take())).collect();
        assert_eq!(taken.iter().position(|word| word == "book "), Some(AHEAD));
    }

    #[test]
    fn one_call_too_many_is_refused_and_closing_drops_those_that_wait() {
        let waiting = Waiting::new(2);
        assert!(waiting.put(Errand::Warm) && waiting.put(job(&["one"])) && waiting.put(job(&["two"])));
        assert!(!waiting.put(job(&["three"])));
        assert_eq!(first_word(waiting.take()), "(warm)");
        assert_eq!(first_word(waiting.take()), "one");
        waiting.close();
        assert_eq!(first_word(waiting.take()), "(closed)");
        assert!(!waiting.put(job(&["late"])) && waiting.take_short().is_none());
    }
}
