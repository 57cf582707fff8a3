//! A page that points at a file which is not there.

use std::path::{Component, Path, PathBuf};

use super::{Finding, Text};

/// Checks the relative links of a Markdown page; `exists` answers for paths from the root.
pub fn check(text: &Text, exists: impl Fn(&Path) -> bool) -> Vec<Finding> {
    if !text.has_extension(&["md"]) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in prose(&text.text) {
        for target in targets(line) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains("://") || file.starts_with("mailto:");
            if elsewhere || resolve(&text.path, file).is_some_and(|path| exists(&path)) {
                continue;
            }
            findings.push(Finding {
                place: format!("{}:{number}", text.path.display()),
                rule: format!("links to {target}, which is not there"),
            });
        }
    }
    findings
}

/// Lines outside fenced code, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((at + 1, line))
    })
}

/// What stands in the parentheses of `[words](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter_map(|link| link.split_whitespace().next())
}

/// `None` when the link leaves the checkout.
fn resolve(page: &Path, target: &str) -> Option<PathBuf> {
    let start = if target.starts_with('/') { Path::new("") } else { page.parent().unwrap_or(Path::new("")) };
    let mut path = PathBuf::new();
    for part in start.join(target.trim_start_matches('/')).components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::ParentDir if !path.pop() => return None,
            _ => {}
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_are_found_and_live_ones_are_not() {
        let page = Text {
            path: "docs/page.md".into(),
            text: "[a](here.md) [b](gone.md#x)\n[c](../README.md) [d](https://example.org/x) [e](#top)\n\
                   ```\n[f](in-code.md)\n```\n![g](../../outside.png)\n"
                .into(),
        };
        let there = |path: &Path| path == Path::new("docs/here.md") || path == Path::new("README.md");
        let found: Vec<String> = check(&page, there).iter().map(Finding::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/page.md:1: links to gone.md#x, which is not there",
                "docs/page.md:6: links to ../../outside.png, which is not there"
            ]
        );
    }
}
