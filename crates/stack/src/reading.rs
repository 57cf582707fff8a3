//! `claimstack ocr FILE`: what the reader sees in one document.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::compose;
use crate::config::StackConfig;
use crate::output::line;

/// Prints the text, or everything as JSON, and draws it into `overlay`. Status 1 when the document cannot be read,
/// with the reason.
pub async fn print(config: &StackConfig, file: &Path, json: bool, overlay: Option<&Path>) -> Result<ExitCode> {
    let reading = compose::read_file(config, file, overlay).await?;
    let document = reading.get("document").cloned().unwrap_or_default();
    if json {
        line(&serde_json::to_string_pretty(&reading)?);
    } else {
        line(reading.get("raw_text").and_then(|text| text.as_str()).unwrap_or_default().trim_end());
    }
    if document.get("readable").is_some_and(|readable| readable == false) {
        let reason = document.get("unreadable_reason").and_then(|reason| reason.as_str()).unwrap_or("unknown");
        crate::output::error(&format!("{}: cannot be read: {reason}", file.display()));
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}
