//! The pages to read: a folder with a `manifest.json`, or the sample claims degraded here.

use std::path::Path;

use ocr::{Limits, Pool};
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::degrade;

/// One file and what it says; without a text it tells only what reading costs.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub language: String,
    pub source: String,
    /// `textlayer` for a file that needs no recognition, `scan` for a real one.
    pub degradation: String,
    pub text: String,
    pub bytes: Vec<u8>,
}

#[derive(Deserialize, Serialize)]
struct Manifest {
    cases: Vec<Entry>,
}

#[derive(Deserialize, Serialize)]
struct Entry {
    id: String,
    path: String,
    language: String,
    source: String,
    degradation: String,
    text: String,
}

/// Reads `manifest.json` and the files it names, relative to its folder.
pub fn of_manifest(folder: &Path) -> Result<Vec<Case>, Failure> {
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(folder.join("manifest.json"))?)?;
    let case = |entry: Entry| -> Result<Case, Failure> {
        let bytes = std::fs::read(folder.join(&entry.path))?;
        let Entry { id, language, source, degradation, text, .. } = entry;
        Ok(Case { id, language, source, degradation, text, bytes })
    };
    manifest.cases.into_iter().map(case).collect()
}

#[derive(Deserialize)]
struct Claim {
    claim_id: String,
    language: String,
    document_path: String,
    document: ClaimDocument,
}

#[derive(Deserialize)]
struct ClaimDocument {
    quality: String,
    special: Option<String>,
}

/// Writes cases as a folder that [`of_manifest`] and the peer's script read.
pub fn write(cases: &[Case], folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    let mut entries = Vec::new();
    for Case { id, language, source, degradation, text, bytes } in cases {
        std::fs::write(folder.join(id), bytes)?;
        entries.push(Entry {
            id: id.clone(),
            path: id.clone(),
            language: language.clone(),
            source: source.clone(),
            degradation: degradation.clone(),
            text: text.clone(),
        });
    }
    let manifest = serde_json::to_vec_pretty(&Manifest { cases: entries })?;
    Ok(std::fs::write(folder.join("manifest.json"), manifest)?)
}

/// Draws the first page of each sample claim that has a text layer, and degrades it one way;
/// the text layer is the truth.
pub async fn of_samples(folder: &Path, pool: &Pool) -> Result<Vec<Case>, Failure> {
    let claims = std::fs::read_to_string(folder.join("ground_truth.jsonl"))?;
    let mut cases = Vec::new();
    for line in claims.lines() {
        let claim: Claim = serde_json::from_str(line)?;
        if claim.document.quality != "text" || claim.document.special.is_some() {
            continue;
        }
        let bytes = std::fs::read(folder.join(&claim.document_path))?;
        let reading = pool.read(&bytes).await?;
        let text = reading.raw_text.split("\n\n").next().unwrap_or_default().to_owned();
        let kind = degrade::KINDS[cases.len() / 2 % degrade::KINDS.len()];
        let pages = ocr::pictures(&bytes, &Limits::default()).map_err(|reason| reason.code())?;
        let degraded = pages.first().and_then(|page| degrade::page(&page.pixels, kind));
        let case = |id: String, degradation: &str, text: &str, bytes: Vec<u8>| Case {
            id,
            language: claim.language.clone(),
            source: "samples".to_owned(),
            degradation: degradation.to_owned(),
            text: text.to_owned(),
            bytes,
        };
        cases.extend(degraded.map(|file| case(format!("{}-{kind}", claim.claim_id), kind, &text, file)));
        // Its own text would be no truth: this one tells only what a text layer costs.
        cases.push(case(claim.claim_id.clone(), "textlayer", "", bytes));
    }
    Ok(cases)
}
