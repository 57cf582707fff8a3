//! Rules of the house that no compiler checks. Each module holds one kind of rule and says what breaks it.

mod arrows;
mod links;
mod sizes;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// One broken rule, with the place to look at.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub place: String,
    pub rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.rule)
    }
}

/// A text file of the checkout, with its path from the root.
pub struct Text {
    pub path: PathBuf,
    pub text: String,
}

impl Text {
    pub fn has_extension(&self, wanted: &[&str]) -> bool {
        self.path.extension().is_some_and(|extension| wanted.iter().any(|&known| extension == known))
    }
}

/// Everything that is wrong in the checkout at `root`, in a stable order.
pub fn findings(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let files = listed(root)?;
    let texts = read(root, &files)?;
    let mut findings = arrows::check(&arrows::packages(root)?);
    findings.extend(texts.iter().flat_map(sizes::check));
    findings.extend(texts.iter().flat_map(|text| links::check(text, |path| root.join(path).exists())));
    findings.extend(texts.iter().flat_map(words::check));
    Ok(findings)
}

/// Files that git tracks or would track.
fn listed(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .context("tidy asks git which files belong to the checkout")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut files: Vec<PathBuf> = output
        .stdout
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned()))
        .collect();
    files.sort();
    Ok(files)
}

/// The text files among them; a deleted file that git still lists is passed over.
fn read(root: &Path, files: &[PathBuf]) -> anyhow::Result<Vec<Text>> {
    let mut texts = Vec::new();
    for path in files {
        match std::fs::read(root.join(path)) {
            Ok(bytes) => {
                if let Ok(text) = String::from_utf8(bytes) {
                    texts.push(Text { path: path.clone(), text });
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let findings = findings(&crate::root()).expect("tidy runs");
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
