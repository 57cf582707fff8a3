//! The events of a streamed response.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;
use serde_json::Value;
use wire::openai::events::{EventKind, ResponseEvent};

use crate::error::{ClientError, StreamError};
use crate::sse::SseDecoder;
use crate::{body, normal};

/// Events in the order the server sent them.
///
/// Ends after the last event (`completed`, `incomplete`, `failed` or `error`). A stream that ends earlier, or
/// goes silent, gives one `Err` and then ends. Dropping it closes the connection, which cancels the response.
pub struct EventStream {
    events: BoxStream<'static, Result<ResponseEvent, ClientError>>,
}

impl Stream for EventStream {
    type Item = Result<ResponseEvent, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

impl EventStream {
    pub(crate) fn new(response: reqwest::Response, idle: Duration, max_event_bytes: usize) -> Self {
        let reader = Reader { response, decoder: SseDecoder::new(max_event_bytes), idle, max_event_bytes, position: 0 };
        let events = futures::stream::unfold(Some(reader), |reader| async move {
            let mut reader = reader?;
            match reader.next().await {
                Ok(event) => {
                    let rest = (!is_last(&event.kind)).then_some(reader);
                    Some((Ok(event), rest))
                }
                Err(error) => Some((Err(error), None)),
            }
        });
        Self { events: Box::pin(events) }
    }

    /// A server that ignored `stream:true` and answered with the whole object.
    pub(crate) fn of_one(kind: EventKind) -> Self {
        let event = ResponseEvent { sequence_number: 0, kind };
        Self { events: Box::pin(futures::stream::iter([Ok(event)])) }
    }
}

fn is_last(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Completed { .. } | EventKind::Incomplete { .. } | EventKind::Failed { .. } | EventKind::Error { .. }
    )
}

struct Reader {
    response: reqwest::Response,
    decoder: SseDecoder,
    idle: Duration,
    max_event_bytes: usize,
    position: u64,
}

impl Reader {
    async fn next(&mut self) -> Result<ResponseEvent, ClientError> {
        loop {
            let too_large = |_| StreamError::EventTooLarge { limit: self.max_event_bytes };
            while let Some(data) = self.decoder.event().map_err(too_large)? {
                if !is_noise(&data) {
                    return self.decode(&data);
                }
            }
            match self.chunk().await? {
                Some(chunk) => self.decoder.push(&chunk),
                None => return self.leftover(),
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, ClientError> {
        match tokio::time::timeout(self.idle, self.response.chunk()).await {
            Err(_) => Err(StreamError::Idle.into()),
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => {
                tracing::debug!(error = %body::lost(error), "stream lost");
                Err(StreamError::Cut.into())
            }
        }
    }

    /// The last event may lack its blank line; half an event is a cut.
    fn leftover(&mut self) -> Result<ResponseEvent, ClientError> {
        let decoder = std::mem::replace(&mut self.decoder, SseDecoder::new(0));
        match decoder.finish() {
            Some(data) if !is_noise(&data) => self.decode(&data).map_err(|_| StreamError::Cut.into()),
            _ => Err(StreamError::Cut.into()),
        }
    }

    fn decode(&mut self, data: &[u8]) -> Result<ResponseEvent, ClientError> {
        let mut value: Value = serde_json::from_slice(data).map_err(|_| StreamError::NotJson)?;
        normal::event(&mut value, self.position);
        self.position += 1;
        body::typed(value, "an event")
    }
}

/// `[DONE]` says nothing a response stream does not say better; an empty frame is a keep-alive.
fn is_noise(data: &[u8]) -> bool {
    let data = data.trim_ascii();
    data.is_empty() || data == b"[DONE]"
}
