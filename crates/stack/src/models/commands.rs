//! `claimstack models list|pull|verify`, without the flags: text goes to `out`, progress to standard error.

use std::io::Write;

use super::cache::sha256_of;
use super::progress::size;
use super::{Cache, Catalogue, ModelError, Progress, PullOptions, path_of};

/// One line a model: name, purpose, size, licence, whether it is here.
pub fn list(catalogue: &Catalogue, cache: &Cache, out: &mut dyn Write) -> std::io::Result<()> {
    let width = catalogue.models.iter().map(|model| model.name.len()).max().unwrap_or(0);
    for model in &catalogue.models {
        let here = model.files.iter().filter(|file| path_of(catalogue, cache, &model.name, &file.name).is_ok()).count();
        let state = match here {
            0 => "not here",
            n if n == model.files.len() => "here",
            _ => "partly here",
        };
        let mark = if model.default { "*" } else { " " };
        let (name, purpose, bytes, licence) =
            (&model.name, model.purpose.to_string(), size(model.bytes()), &model.licence);
        writeln!(out, "{mark} {name:width$}  {purpose:10}  {bytes:>8}  {licence:10}  {state}")?;
        writeln!(out, "  {:width$}  {}", "", model.about)?;
        writeln!(out, "  {:width$}  {}", "", model.home)?;
    }
    writeln!(out, "* fetched by default. Models in {}", cache.dir().display())
}

/// Fetches the named models, or the default ones.
pub async fn pull(
    catalogue: &Catalogue,
    names: &[String],
    cache: &Cache,
    options: &PullOptions,
) -> Result<(), ModelError> {
    super::pull(catalogue, names, cache, options, &Progress::stderr()).await
}

/// What `verify` found out about one file.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    pub model: String,
    pub file: String,
    pub verdict: Verdict,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    Absent,
    Wrong { expected: String, got: String },
}

impl std::fmt::Display for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}: ", self.model, self.file)?;
        match &self.verdict {
            Verdict::Right => f.write_str("right"),
            Verdict::Absent => f.write_str("not here"),
            Verdict::Wrong { expected, got } => write!(f, "WRONG: expected SHA-256 {expected}, got {got}"),
        }
    }
}

/// Reads every file of the named models (or of the default ones) and compares its checksum. Changes nothing.
pub fn verify(
    catalogue: &Catalogue,
    names: &[String],
    cache: &Cache,
    progress: &Progress,
) -> Result<Vec<Verified>, ModelError> {
    let mut found = Vec::new();
    for model in catalogue.choose(names)? {
        for file in &model.files {
            let path = cache.path(model, file);
            let verdict = if path.is_file() {
                let got = sha256_of(&path, &progress.bar(&file.name, file.bytes))?;
                if got == file.sha256 {
                    cache.mark(model, file);
                    Verdict::Right
                } else {
                    cache.unmark(model, file);
                    Verdict::Wrong { expected: file.sha256.clone(), got }
                }
            } else {
                Verdict::Absent
            };
            found.push(Verified { model: model.name.clone(), file: file.name.clone(), verdict });
        }
    }
    Ok(found)
}
