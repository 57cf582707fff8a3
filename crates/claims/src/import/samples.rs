//! Claims to start with: `intake.jsonl` and the documents it names.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::ImportError;
use super::tables::{Record, json_lines};
use crate::domain::{ClaimId, NewClaim};
use crate::store::{ClaimStore, DocumentStore, StoreError};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SampleReport {
    /// In the order of the file.
    pub claims: Vec<ClaimId>,
    pub created: usize,
    /// Were there already, from an earlier import; left as they are.
    pub kept: usize,
}

/// Submits each line of `folder/intake.jsonl`. A claim id that exists is kept, so importing twice is harmless.
pub async fn import_samples(
    store: &dyn ClaimStore,
    documents: &DocumentStore,
    folder: &Path,
    now: Timestamp,
) -> Result<SampleReport, ImportError> {
    let file = folder.join("intake.jsonl");
    let records = json_lines(&file)?;
    let records = records.ok_or_else(|| ImportError::NothingThere { folder: folder.to_owned() })?;
    let mut report = SampleReport::default();
    for record in &records {
        let (claim_id, created) = import_one(store, documents, folder, &file, record, now).await?;
        report.claims.push(claim_id);
        report.created += usize::from(created);
        report.kept += usize::from(!created);
    }
    Ok(report)
}

async fn import_one(
    store: &dyn ClaimStore,
    documents: &DocumentStore,
    folder: &Path,
    file: &Path,
    record: &Record,
    now: Timestamp,
) -> Result<(ClaimId, bool), ImportError> {
    let claim_id =
        ClaimId::parse(record.text("claim_id")?).map_err(|error| record.invalid("claim_id", error.to_string()))?;
    if store.claim(&claim_id).await?.is_some() {
        return Ok((claim_id, false));
    }
    let document_path = record.text("document_path")?;
    let received_date: Date =
        record.date("received_date")?.parse().map_err(|_| record.invalid("received_date", "must be a date"))?;
    let roots: [PathBuf; 1] = [folder.to_owned()];
    let named = |source| ImportError::Document {
        file: file.to_owned(),
        line: record.line(),
        document: document_path.clone(),
        source,
    };
    let (bytes, filename) = documents.take_in(&roots, &document_path).await.map_err(named)?;
    let document = documents.put(bytes, &filename).await.map_err(named)?;
    let claim = NewClaim {
        claim_id: claim_id.clone(),
        claim_number: record.text("claim_number")?,
        user_id: record.text("user_id")?,
        claim_type: record.optional_text("claim_type")?,
        received_date,
        document_path,
        document,
        metadata: r#"{"source":"samples"}"#.into(),
    };
    match store.submit(claim, now).await {
        Ok(_) => Ok((claim_id, true)),
        Err(StoreError::ClaimNumberTaken(_)) => Err(record.invalid("claim_number", "is used by another claim")),
        Err(error) => Err(error.into()),
    }
}
