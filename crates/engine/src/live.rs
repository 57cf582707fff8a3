//! The events of a response that runs on without a reader: kept within bounds, and followed by any number of readers
//! from where each of them left off.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream::BoxStream;
use ports::access::Caller;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wire::openai::events::{EventKind, ResponseEvent};

/// Events kept of one response; the oldest go first.
const EVENTS: usize = 8_192;
/// The same in bytes, roughly.
const BYTES: usize = 4 * 1024 * 1024;
/// Events handed to a reader at a time.
const BATCH: usize = 64;

pub struct Live {
    pub id: String,
    pub owner: Option<Caller>,
    /// Cancelled when somebody asks for the response to stop.
    pub cancel: CancellationToken,
    log: Mutex<Log>,
    grown: watch::Sender<()>,
}

#[derive(Default)]
struct Log {
    events: VecDeque<ResponseEvent>,
    bytes: usize,
    ended: bool,
}

/// Events before this one are no longer kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("events before number {first} are no longer kept")]
pub struct Gap {
    pub first: u64,
}

impl Live {
    pub fn new(id: String, owner: Option<Caller>) -> Arc<Self> {
        let (grown, _) = watch::channel(());
        Arc::new(Self { id, owner, cancel: CancellationToken::new(), log: Mutex::default(), grown })
    }

    pub fn push(&self, event: ResponseEvent) {
        let mut log = self.log();
        log.bytes += weight(&event);
        log.events.push_back(event);
        while log.events.len() > EVENTS || (log.bytes > BYTES && log.events.len() > 1) {
            if let Some(oldest) = log.events.pop_front() {
                log.bytes -= weight(&oldest);
            }
        }
        drop(log);
        self.grown.send_replace(());
    }

    /// Nothing is pushed after this.
    pub fn end(&self) {
        self.log().ended = true;
        self.grown.send_replace(());
    }

    pub fn is_over(&self) -> bool {
        self.log().ended
    }

    /// Resolves when it is over.
    pub async fn over(&self) {
        let mut grown = self.grown.subscribe();
        while !self.is_over() {
            if grown.changed().await.is_err() {
                return;
            }
        }
    }

    /// All events after number `after`, those to come included; ends when the response is over.
    pub fn follow(self: &Arc<Self>, after: Option<u64>) -> Result<BoxStream<'static, ResponseEvent>, Gap> {
        let next = after.map_or(0, |after| after.saturating_add(1));
        if let Some(first) = self.log().events.front().map(|event| event.sequence_number)
            && next < first
        {
            return Err(Gap { first });
        }
        let reader = Reader { live: self.clone(), grown: self.grown.subscribe(), next, batch: VecDeque::new() };
        Ok(Box::pin(futures::stream::unfold(reader, |mut reader| async move {
            let event = reader.next().await?;
            Some((event, reader))
        })))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Reader {
    live: Arc<Live>,
    grown: watch::Receiver<()>,
    next: u64,
    batch: VecDeque<ResponseEvent>,
}

impl Reader {
    async fn next(&mut self) -> Option<ResponseEvent> {
        loop {
            if let Some(event) = self.batch.pop_front() {
                self.next = event.sequence_number + 1;
                return Some(event);
            }
            self.grown.borrow_and_update();
            let ended = {
                let log = self.live.log();
                // Numbers grow by one, so the place of the next event is known.
                let first = log.events.front().map_or(0, |event| event.sequence_number);
                let skip = self.next.saturating_sub(first) as usize;
                self.batch.extend(log.events.iter().skip(skip).take(BATCH).cloned());
                log.ended
            };
            if self.batch.is_empty() && (ended || self.grown.changed().await.is_err()) {
                return None;
            }
        }
    }
}

/// Bytes an event takes, roughly: whole responses and items are counted as large.
fn weight(event: &ResponseEvent) -> usize {
    match &event.kind {
        EventKind::TextDelta { delta, .. }
        | EventKind::ArgumentsDelta { delta, .. }
        | EventKind::McpArgumentsDelta { delta, .. } => 200 + delta.len(),
        EventKind::TextDone { text, .. } => 200 + text.len(),
        EventKind::PartAdded { .. } | EventKind::McpCallInProgress { .. } => 300,
        _ => 4_096,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;
    use serde_json::json;

    fn event(sequence_number: u64) -> ResponseEvent {
        ResponseEvent { sequence_number, kind: EventKind::Other(json!({"type": "x"})) }
    }

    #[tokio::test]
    async fn readers_follow_from_where_they_left_off() {
        let live = Live::new("resp_1".into(), None);
        (0..100).for_each(|number| live.push(event(number)));
        let late = live.follow(Some(97)).unwrap();
        let all = live.follow(None).unwrap();
        let writer = live.clone();
        let writing = async move {
            tokio::task::yield_now().await;
            (100..300).for_each(|number| writer.push(event(number)));
            writer.end();
        };
        let numbers =
            |stream: BoxStream<'static, ResponseEvent>| stream.map(|event| event.sequence_number).collect::<Vec<_>>();
        let (late, all, ()) = futures::join!(numbers(late), numbers(all), writing);
        assert_eq!(late, (98..300).collect::<Vec<_>>());
        assert_eq!(all, (0..300).collect::<Vec<_>>());
        live.over().await;
        assert_eq!(numbers(live.follow(Some(299)).unwrap()).await, Vec::<u64>::new());
    }

    #[test]
    fn what_is_no_longer_kept_is_said() {
        let live = Live::new("resp_1".into(), None);
        (0..10_000).for_each(|number| live.push(event(number)));
        let gap = live.follow(None).err().unwrap();
        assert!(gap.first >= 10_000 - EVENTS as u64);
        assert!(live.follow(Some(gap.first - 1)).is_ok());
    }
}
