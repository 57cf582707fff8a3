//! Word lists kept as text: `key: entry | entry`, a key may go on over several lines, `#` starts a remark.

/// The entries of a list with their keys, in order.
pub fn entries(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(key, list)| list.split(" | ").map(move |entry| (key.trim(), entry)))
        .filter(|(_, entry)| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_go_on_over_lines() {
        let got: Vec<_> = entries("# remark\na: one | two words\na: three\nb c: four\n").collect();
        assert_eq!(got, [("a", "one"), ("a", "two words"), ("a", "three"), ("b c", "four")]);
    }
}
