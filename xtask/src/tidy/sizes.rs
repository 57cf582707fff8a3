//! A source file that does not fit in a head.

use super::{Finding, Text};

const LIMIT: usize = 600;

pub fn check(text: &Text) -> Option<Finding> {
    if !text.has_extension(&["rs", "ts", "tsx", "css"]) {
        return None;
    }
    let lines = text.text.lines().count();
    (lines > LIMIT).then(|| Finding {
        place: text.path.display().to_string(),
        rule: format!("{lines} lines; a source file has at most {LIMIT}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_sources_are_found() {
        let long = "x\n".repeat(LIMIT + 1);
        let file = |path: &str, text: &str| check(&Text { path: path.into(), text: text.into() }).is_some();
        assert!(file("web/src/page.tsx", &long));
        assert!(!file("web/src/page.tsx", &long[2..]));
        assert!(!file("samples/rows.jsonl", &long));
    }
}
