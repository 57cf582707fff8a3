//! Whole characters out of bytes that come in pieces: one token may end in the middle of a character.

#[derive(Debug, Default)]
pub struct Utf8 {
    held: Vec<u8>,
}

impl Utf8 {
    /// Everything up to the last whole character; bytes that can never be text become U+FFFD.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.held) {
            Ok(_) => self.held.len(),
            Err(error) => self.whole(error),
        };
        let rest = self.held.split_off(whole);
        let text = String::from_utf8_lossy(&self.held).into_owned();
        self.held = rest;
        text
    }

    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }

    /// Where an unfinished character at the very end begins.
    fn whole(&self, mut error: std::str::Utf8Error) -> usize {
        let mut start = 0;
        loop {
            let valid = start + error.valid_up_to();
            let Some(broken) = error.error_len() else { return valid };
            start = valid + broken;
            match std::str::from_utf8(&self.held[start..]) {
                Ok(_) => return self.held.len(),
                Err(next) => error = next,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_come_out_whole() {
        let cases = [
            (vec![&b"abc"[..]], vec!["abc"], ""),
            (vec![b"\xC3", b"\xA9"], vec!["", "é"], ""),
            (vec![b"a\xF0\x9F", b"\x98", b"\x80b"], vec!["a", "", "😀b"], ""),
            (vec![b"a\xFFb\xE2\x82"], vec!["a\u{FFFD}b"], "\u{FFFD}"),
            (vec![b"\xFF\xFF", b"x"], vec!["\u{FFFD}\u{FFFD}", "x"], ""),
        ];
        for (input, expected, tail) in cases {
            let mut utf8 = Utf8::default();
            let found: Vec<String> = input.into_iter().map(|bytes| utf8.push(bytes)).collect();
            assert_eq!(found, expected);
            assert_eq!(utf8.finish(), tail);
        }
    }
}
