//! Server-sent events, read with a limit.

use bytes::{Buf, Bytes, BytesMut};
use futures::{StreamExt, stream::BoxStream};

use super::failure::Failure;

/// What can go wrong on a legacy stream.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", .0.describe())]
pub(super) struct SseError(pub(super) Failure);

impl From<SseError> for Failure {
    fn from(error: SseError) -> Self {
        error.0
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Empty means `message`.
    pub(super) name: String,
    pub(super) data: String,
}

/// Events of one response body. Memory is bounded by `limit` per event.
pub(super) struct Events {
    body: BoxStream<'static, Result<Bytes, reqwest::Error>>,
    buffer: BytesMut,
    /// How far `buffer` has been searched for a line end.
    searched: usize,
    event: Event,
    limit: usize,
}

impl Events {
    pub(super) fn new(response: reqwest::Response, limit: usize) -> Self {
        Self::over(response.bytes_stream().boxed(), limit)
    }

    fn over(body: BoxStream<'static, Result<Bytes, reqwest::Error>>, limit: usize) -> Self {
        Self { body, buffer: BytesMut::new(), searched: 0, event: Event::default(), limit }
    }

    /// The next event that has data; `None` when the stream has ended.
    ///
    /// May be dropped while it waits without losing anything.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, SseError> {
        loop {
            while let Some(line) = self.line() {
                if let Some(event) = self.take_line(&line) {
                    return Ok(Some(event));
                }
            }
            if self.buffer.len() + self.event.data.len() > self.limit {
                let limit = self.limit;
                return Err(SseError(Failure::Protocol(format!("an event is larger than {limit} bytes"))));
            }
            match self.body.next().await {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(error)) => return Err(SseError((&error).into())),
                None => return Ok(None),
            }
        }
    }

    fn line(&mut self) -> Option<Bytes> {
        let found = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(found) = found else {
            self.searched = self.buffer.len();
            return None;
        };
        let mut line = self.buffer.split_to(self.searched + found + 1).freeze();
        self.searched = 0;
        line.truncate(line.len() - 1);
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        Some(line)
    }

    fn take_line(&mut self, line: &[u8]) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (!event.data.is_empty()).then_some(event);
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let mut value = &line[colon..];
        if value.first() == Some(&b':') {
            value.advance(1);
        }
        if value.first() == Some(&b' ') {
            value.advance(1);
        }
        let value = String::from_utf8_lossy(value);
        match &line[..colon] {
            b"event" => self.event.name = value.into_owned(),
            b"data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(&value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    async fn read(chunks: &[&'static str], limit: usize) -> Result<Vec<(String, String)>, SseError> {
        let chunks: Vec<_> = chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))).collect();
        let mut events = Events::over(stream::iter(chunks).boxed(), limit);
        let mut read = Vec::new();
        while let Some(event) = events.next().await? {
            read.push((event.name, event.data));
        }
        Ok(read)
    }

    #[tokio::test]
    async fn events_arrive_whole_however_they_are_cut() {
        let chunks = ["event: endp", "oint\r\nda", "ta: /m?x=1\r\n\r", "\n: ping\n\ndata:a\ndata: b\n\nid: 3\n\n"];
        let expected = [("endpoint", "/m?x=1"), ("", "a\nb")];
        let read = read(&chunks, 1000).await.expect("events");
        let read: Vec<_> = read.iter().map(|(name, data)| (name.as_str(), data.as_str())).collect();
        assert_eq!(read, expected);
    }

    #[tokio::test]
    async fn endless_lines_and_endless_events_are_refused() {
        assert!(read(&["data: ", "xxxxxxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxxxxxxxxx"], 30).await.is_err());
        assert!(read(&["data: xxxxxxxxxx\n", "data: xxxxxxxxxx\n", "data: xxxxxxxxxx\n", "d"], 30).await.is_err());
    }
}
