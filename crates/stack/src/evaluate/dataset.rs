//! What a data set gives the system: `intake.jsonl`, documents and reference data. Never its ground truth.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Debug, Clone, Deserialize)]
pub struct Intake {
    pub claim_id: String,
    pub user_id: String,
    #[serde(default)]
    pub claim_number: Option<String>,
    /// The uploader's hint.
    #[serde(default)]
    pub claim_type: Option<String>,
    #[serde(default)]
    pub received_date: Option<String>,
    /// Below the data set's folder.
    pub document_path: String,
}

pub fn intake(folder: &Path) -> Result<Vec<Intake>> {
    let intake: Vec<Intake> = lines(&folder.join("intake.jsonl"))?;
    if intake.is_empty() {
        bail!("{}: no claim in it", folder.join("intake.jsonl").display());
    }
    Ok(intake)
}

/// A file of JSON lines; its error names the line.
pub fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(index, line): (usize, &str)| {
        serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), index + 1))
    };
    lines.map(read).collect()
}
