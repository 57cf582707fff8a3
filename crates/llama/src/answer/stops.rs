//! Ends the text at the first stop string, which itself is never given out.

#[derive(Debug, Default)]
pub struct Stops {
    stops: Vec<String>,
    held: String,
    reached: bool,
}

impl Stops {
    pub fn new(stops: Vec<String>) -> Self {
        Self { stops: stops.into_iter().filter(|stop| !stop.is_empty()).collect(), ..Self::default() }
    }

    pub fn reached(&self) -> bool {
        self.reached
    }

    /// Text that is certainly before any stop string; what may be the beginning of one is held back.
    pub fn push(&mut self, text: &str) -> String {
        if self.reached {
            return String::new();
        }
        self.held.push_str(text);
        if let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.reached = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let longest = self.stops.iter().map(|stop| open_tail(&self.held, stop)).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - longest);
        std::mem::replace(&mut self.held, rest)
    }

    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// Bytes at the end of `text` that are a beginning of `mark`, but not all of it.
pub fn open_tail(text: &str, mark: &str) -> usize {
    let mut beginnings = mark.char_indices().map(|(at, _)| at).rev();
    beginnings.find(|at| text.ends_with(&mark[..*at])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_tails_by_table() {
        let cases =
            [("abc", "cd", 1), ("abc", "x", 0), ("ab", "ab", 0), ("aab", "abab", 2), ("é", "éa", 2), ("", "a", 0)];
        for (text, mark, expected) in cases {
            assert_eq!(open_tail(text, mark), expected, "{text} {mark}");
        }
    }

    #[test]
    fn the_first_of_several_stops_wins() {
        let mut stops = Stops::new(vec!["two".into(), "one".into(), String::new()]);
        assert_eq!(stops.push("zero on"), "zero ");
        assert_eq!(stops.push("e two"), "");
        assert!(stops.reached());
        assert_eq!(stops.push("more"), "");
        assert_eq!(stops.finish(), "");
    }
}
