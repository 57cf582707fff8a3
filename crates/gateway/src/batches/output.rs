//! The output and the error file of a batch.

use futures::StreamExt;
use futures::stream;
use ports::batches::{Batch, BatchLine};
use ports::files::StoredFile;

use crate::app::App;
use crate::errors::ApiError;

const LINES_A_READ: u32 = 200;
/// A batch may answer at more length than an upload is allowed.
const MOST_BYTES: u64 = 4 << 30;
const KEPT_SECONDS: i64 = 2_592_000;

/// Writes the answers (`ok`) or the failures into a file of the batch's owner; `None` when there are none.
pub async fn write(app: &App, batch: &Batch, ok: bool) -> Result<Option<String>, ApiError> {
    let name = if ok { "output" } else { "error" };
    // The same name after a restart: a half-written file is replaced, not doubled.
    let id = format!("file-{}_{name}", batch.id);
    if app.stores.batches.lines(&batch.id, ok, 0, 1).await?.is_empty() {
        return Ok(None);
    }
    let lines = stream::try_unfold(0_u64, |after| async move {
        let read = app.stores.batches.lines(&batch.id, ok, after, LINES_A_READ).await;
        let lines = read.map_err(|error| error.to_string())?;
        let Some(last) = lines.last().map(|line| line.line) else { return Ok(None) };
        Ok(Some((text(lines), last)))
    });
    app.stores.blobs.delete(&id).await?;
    let bytes = app.stores.blobs.write(&id, lines.boxed(), MOST_BYTES).await?;
    let created_at = app.responder.clock.unix_seconds();
    let file = StoredFile {
        id: id.clone(),
        filename: format!("{}_{name}.jsonl", batch.id),
        purpose: "batch_output".into(),
        bytes,
        created_at,
        expires_at: created_at + KEPT_SECONDS,
        owner: batch.owner.clone(),
    };
    app.stores.files.remove_file(&id, batch.owner.as_deref()).await?;
    app.stores.files.put_file(&file).await?;
    Ok(Some(id))
}

fn text(lines: Vec<BatchLine>) -> bytes::Bytes {
    let mut text = String::with_capacity(lines.iter().map(|line| line.body.len() + 1).sum());
    for line in lines {
        text.push_str(&line.body);
        text.push('\n');
    }
    text.into()
}
