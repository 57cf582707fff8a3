//! Decoder of server-sent events, fed with bytes as they come.

/// Joins bytes into events. Only `data` is kept: every server of ours writes the type into the JSON, and some
/// write no `event:` line at all.
#[derive(Debug)]
pub(crate) struct SseDecoder {
    bytes: Vec<u8>,
    /// Where the unread part of `bytes` begins.
    start: usize,
    /// Up to where `bytes` was searched for a line end.
    searched: usize,
    data: Vec<u8>,
    has_data: bool,
    first_line: bool,
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl SseDecoder {
    /// `limit`: most bytes one event, or one line, may have.
    pub(crate) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, searched: 0, data: Vec::new(), has_data: false, first_line: true, limit }
    }

    pub(crate) fn push(&mut self, chunk: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.bytes.extend_from_slice(chunk);
    }

    /// The next whole event; `None` when more bytes are needed.
    pub(crate) fn event(&mut self) -> Result<Option<Vec<u8>>, TooLarge> {
        while let Some((line, next)) = self.line() {
            let blank = line.is_empty();
            let line = line.start..line.end;
            self.start = next;
            self.searched = next;
            if blank {
                if std::mem::take(&mut self.has_data) {
                    return Ok(Some(std::mem::take(&mut self.data)));
                }
                continue;
            }
            self.field(line)?;
        }
        if self.bytes.len() - self.start > self.limit {
            return Err(TooLarge);
        }
        Ok(None)
    }

    /// What is left when the bytes are over: an event whose blank line never came.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        self.push(b"\n\n");
        self.event().ok().flatten()
    }

    /// The next line without its end, and where the one after it begins.
    fn line(&mut self) -> Option<(std::ops::Range<usize>, usize)> {
        let found = self.bytes[self.searched..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let Some(at) = found.map(|offset| self.searched + offset) else {
            self.searched = self.bytes.len();
            return None;
        };
        let after = match (self.bytes[at], self.bytes.get(at + 1)) {
            // A lone CR may be half of a CRLF whose LF is still on its way.
            (b'\r', None) => {
                self.searched = at;
                return None;
            }
            (b'\r', Some(b'\n')) => at + 2,
            _ => at + 1,
        };
        Some((self.start..at, after))
    }

    fn field(&mut self, line: std::ops::Range<usize>) -> Result<(), TooLarge> {
        let mut line = &self.bytes[line];
        if std::mem::take(&mut self.first_line) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => &[],
            Some([b':', b' ', value @ ..]) | Some([b':', value @ ..]) => value,
            _ => return Ok(()),
        };
        if self.data.len() + value.len() > self.limit {
            return Err(TooLarge);
        }
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&[u8]]) -> Vec<String> {
        let mut decoder = SseDecoder::new(1_000);
        let mut found = Vec::new();
        for chunk in chunks {
            decoder.push(chunk);
            while let Some(event) = decoder.event().expect("within the limit") {
                found.push(String::from_utf8(event).expect("text"));
            }
        }
        found.extend(decoder.finish().map(|event| String::from_utf8(event).expect("text")));
        found
    }

    #[test]
    fn events_come_out_the_same_however_the_bytes_are_cut() {
        let text = "\u{feff}: hello\r\nevent: x\r\ndata: {\"a\":\"é\"}\r\n\r\ndata:one\ndata: two\n\nid: 4\n\ndata\rdata: z\r\r";
        let whole = events(&[text.as_bytes()]);
        assert_eq!(whole, ["{\"a\":\"é\"}", "one\ntwo", "\nz"]);
        for size in 1..text.len() {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            assert_eq!(events(&chunks), whole, "cut every {size} bytes");
        }
    }

    #[test]
    fn an_event_without_its_blank_line_is_given_at_the_end() {
        assert_eq!(events(&[b"data: a\n\ndata: b"]), ["a", "b"]);
        assert_eq!(events(&[b": only a comment"]), Vec::<String>::new());
    }

    #[test]
    fn a_line_and_an_event_of_many_lines_are_both_limited() {
        let mut decoder = SseDecoder::new(10);
        decoder.push(b"data: 012345678901234");
        assert_eq!(decoder.event(), Err(TooLarge));
        let mut decoder = SseDecoder::new(10);
        decoder.push(b"data: 012345\ndata: 012345\n");
        assert_eq!(decoder.event(), Err(TooLarge));
    }
}
