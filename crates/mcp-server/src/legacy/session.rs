//! Open streams: their names, what they wait for, and how they end.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::channel::mpsc;
use rmcp::model::{ClientJsonRpcMessage, ClientNotification, JsonRpcMessage, RequestId, ServerJsonRpcMessage};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

/// Messages from the client, on their way to the server.
pub(crate) type Inbox = mpsc::Sender<ClientJsonRpcMessage>;
/// Messages from the server, on their way to the stream.
pub(crate) type Outbox = mpsc::Sender<ServerJsonRpcMessage>;
/// Starts a server between the two ends of a stream.
pub(crate) type Open = Arc<dyn Fn(Outbox, mpsc::Receiver<ClientJsonRpcMessage>, Life) + Send + Sync>;

/// When a stream's server is to end, and when it has.
#[derive(Clone, Default)]
pub(crate) struct Life {
    pub(crate) stop: CancellationToken,
    /// Cancelled after the last message was put on its way.
    pub(crate) ended: CancellationToken,
}

/// A stream that takes nothing for so long while calls wait is given up.
const STALLED: Duration = Duration::from_secs(60);
const QUEUE: usize = 64;

struct Waiting {
    ids: HashSet<RequestId>,
    last_taken: Instant,
}

pub(crate) struct Session {
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Outbox,
    life: Life,
    waiting: Mutex<Waiting>,
    max_waiting: usize,
}

/// Why a request is not taken by its session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// A request with this id is still being worked on.
    SameId,
    TooMany,
}

impl Session {
    /// Notes what `message` starts or ends.
    pub(crate) fn admit(&self, message: &ClientJsonRpcMessage) -> Result<(), Busy> {
        let mut waiting = lock(&self.waiting);
        match message {
            JsonRpcMessage::Request(request) => {
                if waiting.ids.contains(&request.id) {
                    return Err(Busy::SameId);
                }
                if waiting.ids.len() >= self.max_waiting {
                    if waiting.last_taken.elapsed() > STALLED {
                        self.life.stop.cancel();
                    }
                    return Err(Busy::TooMany);
                }
                if waiting.ids.is_empty() {
                    waiting.last_taken = Instant::now();
                }
                waiting.ids.insert(request.id.clone());
            }
            JsonRpcMessage::Notification(note) => {
                // Nothing will be answered to a cancelled request.
                if let ClientNotification::CancelledNotification(cancelled) = &note.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    waiting.ids.remove(id);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes that the stream has taken `message`.
    pub(crate) fn taken(&self, message: &ServerJsonRpcMessage, draining: bool) {
        let mut waiting = lock(&self.waiting);
        waiting.last_taken = Instant::now();
        match message {
            JsonRpcMessage::Response(response) => {
                waiting.ids.remove(&response.id);
            }
            JsonRpcMessage::Error(error) => {
                if let Some(id) = &error.id {
                    waiting.ids.remove(id);
                }
            }
            _ => {}
        }
        if draining && waiting.ids.is_empty() {
            self.life.stop.cancel();
        }
    }

    /// Ends with the stream's server.
    pub(crate) async fn ended(&self) {
        self.life.ended.cancelled().await;
    }

    fn is_idle(&self) -> bool {
        lock(&self.waiting).ids.is_empty()
    }
}

/// All open streams of one server.
#[derive(Clone)]
pub(crate) struct Sessions {
    open: Open,
    by_name: Arc<Mutex<HashMap<String, Arc<Session>>>>,
    draining: CancellationToken,
    max_sessions: usize,
    max_waiting: usize,
}

/// A new stream, before its response is sent.
pub(crate) struct Opened {
    pub(crate) session: Arc<Session>,
    pub(crate) events: mpsc::Receiver<ServerJsonRpcMessage>,
    /// Ends the session when the stream is dropped.
    pub(crate) end: EndOnDrop,
}

pub(crate) struct EndOnDrop {
    sessions: Sessions,
    pub(crate) name: String,
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Some(session) = lock(&self.sessions.by_name).remove(&self.name) {
            session.life.stop.cancel();
        }
    }
}

impl Sessions {
    pub(crate) fn new(open: Open, max_sessions: usize, max_waiting: usize) -> Self {
        Self {
            open,
            by_name: Arc::default(),
            draining: CancellationToken::new(),
            max_sessions,
            max_waiting: max_waiting.max(1),
        }
    }

    /// `None` when there are too many streams, or the server is stopping.
    pub(crate) fn open(&self) -> Option<Opened> {
        let (inbox, incoming) = mpsc::channel(QUEUE);
        let (outbox, events) = mpsc::channel(QUEUE);
        let life = Life::default();
        let name = fresh_name();
        let session = Arc::new(Session {
            inbox,
            outbox: outbox.clone(),
            life: life.clone(),
            waiting: Mutex::new(Waiting { ids: HashSet::new(), last_taken: Instant::now() }),
            max_waiting: self.max_waiting,
        });
        {
            let mut by_name = lock(&self.by_name);
            if self.draining.is_cancelled() || by_name.len() >= self.max_sessions {
                return None;
            }
            by_name.insert(name.clone(), session.clone());
        }
        (self.open)(outbox, incoming, life);
        let end = EndOnDrop { sessions: self.clone(), name };
        Some(Opened { session, events, end })
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<Session>> {
        lock(&self.by_name).get(name).filter(|session| !session.life.stop.is_cancelled()).cloned()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Takes no new streams, ends idle ones now and the others with their last answer.
    pub(crate) fn drain(&self) {
        self.draining.cancel();
        for session in lock(&self.by_name).values().filter(|session| session.is_idle()) {
            session.life.stop.cancel();
        }
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        lock(&self.by_name).len()
    }
}

/// 128 bits nobody can guess, as 32 hex digits.
fn fresh_name() -> String {
    let mut seed = Sha256::new();
    // A version 4 UUID has 122 random bits; two of them hashed give 128 full ones.
    seed.update(uuid::Uuid::new_v4());
    seed.update(uuid::Uuid::new_v4());
    hex::encode(&seed.finalize()[..16])
}

/// Nothing panics while these locks are held, so poison carries no meaning.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sessions(max_sessions: usize, max_waiting: usize) -> Sessions {
        Sessions::new(Arc::new(|_, _, _| {}), max_sessions, max_waiting)
    }

    fn message(value: Value) -> ClientJsonRpcMessage {
        serde_json::from_value(value).expect("a JSON-RPC message")
    }

    fn request(id: i64) -> ClientJsonRpcMessage {
        message(json!({"jsonrpc": "2.0", "id": id, "method": "tools/list"}))
    }

    #[test]
    fn streams_are_capped_and_freed_when_dropped() {
        let sessions = sessions(2, 4);
        let first = sessions.open().expect("room");
        let second = sessions.open().expect("room");
        assert!(sessions.open().is_none());
        assert_ne!(first.end.name, second.end.name);
        assert_eq!(first.end.name.len(), 32);
        let name = first.end.name.clone();
        drop(first);
        assert!(sessions.find(&name).is_none());
        assert_eq!(sessions.count(), 1);
        assert!(sessions.open().is_some());
    }

    #[test]
    fn waiting_requests_are_unique_and_capped() {
        let sessions = sessions(1, 2);
        let opened = sessions.open().expect("room");
        let session = &opened.session;
        assert_eq!(session.admit(&request(1)), Ok(()));
        assert_eq!(session.admit(&request(1)), Err(Busy::SameId));
        assert_eq!(session.admit(&request(2)), Ok(()));
        assert_eq!(session.admit(&request(3)), Err(Busy::TooMany));
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": {"requestId": 1}});
        assert_eq!(session.admit(&message(cancel)), Ok(()));
        assert_eq!(session.admit(&request(3)), Ok(()));
    }

    #[test]
    fn draining_ends_idle_streams_at_once_and_busy_ones_with_their_answer() {
        let sessions = sessions(3, 2);
        let idle = sessions.open().expect("room");
        let busy = sessions.open().expect("room");
        busy.session.admit(&request(5)).expect("admitted");
        sessions.drain();
        assert!(sessions.open().is_none());
        assert!(idle.session.life.stop.is_cancelled());
        assert!(!busy.session.life.stop.is_cancelled());
        let answer = json!({"jsonrpc": "2.0", "id": 5, "result": {"tools": []}});
        let answer = serde_json::from_value(answer).expect("a response");
        busy.session.taken(&answer, sessions.is_draining());
        assert!(busy.session.life.stop.is_cancelled());
    }
}
