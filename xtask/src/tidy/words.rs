//! Words that have no place in the checkout: hosts of package registries (packages come through the package managers,
//! which know where to go), paths of somebody's machine, and notes to self.

use super::{Finding, Text};

/// Assembled from halves, so that this file does not hold what it looks for.
const HOSTS: &[&str] = &[
    concat!("pypi", ".org"),
    concat!("files.python", "hosted.org"),
    concat!("registry.npm", "js.org"),
    concat!("index.cra", "tes.io"),
    concat!("static.cra", "tes.io"),
    concat!("proxy.go", "lang.org"),
];
const PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("../sha", "red")];
const NOTES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

pub fn check(text: &Text) -> Vec<Finding> {
    let lock = text.path.file_name().is_some_and(|name| name == "Cargo.lock" || name == "package-lock.json");
    if lock {
        return Vec::new();
    }
    let source = text.has_extension(&["rs", "ts", "tsx", "css", "js", "mjs", "py", "sh", "yaml", "toml", "sql"]);
    let mut findings = Vec::new();
    for (at, line) in text.text.lines().enumerate() {
        let mut found = |word: &str, why: &str| {
            findings.push(Finding {
                place: format!("{}:{}", text.path.display(), at + 1),
                rule: format!("holds '{word}': {why}"),
            });
        };
        for word in HOSTS.iter().filter(|word| line.contains(**word)) {
            found(word, "packages come through their package manager");
        }
        for word in PATHS.iter().filter(|word| begins_a_path(line, word)) {
            found(word, "a path of one machine");
        }
        for word in NOTES.iter().filter(|word| source && stands_alone(line, word)) {
            found(word, "open work belongs in the issue tracker");
        }
    }
    findings
}

/// Whether `word` begins a path there, rather than standing inside a longer one.
fn begins_a_path(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_' | '/' | '}' | ')' | '*'))
    })
}

fn stands_alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !letter(line[..at].chars().next_back()) && !letter(line[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, line: &str) -> bool {
        !check(&Text { path: path.into(), text: line.into() }).is_empty()
    }

    #[test]
    fn forbidden_words_are_found_where_they_are_meant() {
        let (host, path, note) = (HOSTS[0], PATHS[0], NOTES[0]);
        assert!(found("README.md", &format!("from https://{host}/simple")));
        assert!(!found("Cargo.lock", &format!("from https://{host}/simple")));
        assert!(found("src/a.rs", &format!("open(\"{path}data\")")));
        assert!(!found("src/a.rs", &format!("open(\"frame{path}data\")")));
        assert!(found("src/a.rs", &format!("// {note}: later")));
        assert!(!found("src/a.rs", &format!("// {note}S_BY_OWNER")));
        assert!(!found("samples/rows.jsonl", &format!("{note}: fix the roof")));
    }
}
