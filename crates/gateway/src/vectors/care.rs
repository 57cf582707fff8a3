//! What vector stores need beside requests: work that a process left behind is taken up, what is over is removed.

use std::sync::Arc;
use std::time::Duration;

use ports::responses::{Page, StoreError};
use ports::vectors::{AttachError, AttachStatus, Attached, AttachedFilter, FileBatch};
use tokio_util::sync::CancellationToken;

use super::batches;
use crate::app::App;

const ROUND: Duration = Duration::from_secs(15);
/// At a time.
const MOST: u32 = 100;
/// An expired store answers that it has expired for this long, then it is gone with its chunks.
const EXPIRED_SECONDS: i64 = 7 * 86_400;

/// Looks after them until told to stop.
pub async fn care(app: Arc<App>, stop: CancellationToken) {
    loop {
        if let Err(error) = round(&app).await {
            tracing::warn!(%error, "vector stores not looked after");
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn round(app: &Arc<App>) -> Result<(), StoreError> {
    let (now, stores) = (app.responder.clock.unix_seconds(), &app.stores.vectors);
    let lease = app.crew.lease(app);
    stores.renew_file_batches(&lease).await?;
    for batch in stores.claim_file_batches(&lease, now, MOST).await? {
        take_up(app, batch).await?;
    }
    // An attachment of its own ends with its request at the latest.
    let longest = app.edge.time_limit.as_secs() as i64 + 60;
    for mut file in stores.left_in_progress(now - longest, MOST).await? {
        file.status = AttachStatus::Failed;
        let message = "the server stopped before the file was attached; attach it again".into();
        file.last_error = Some(AttachError { code: "server_error".into(), message });
        stores.put_attached(&file).await?;
    }
    for id in stores.remove_expired_stores(now - EXPIRED_SECONDS, MOST).await? {
        app.responder.own.lookup.search.forget(&id).await;
        tracing::info!(vector_store = %id, "removed a vector store that had expired");
    }
    Ok(())
}

/// Goes on with the files that are left of a batch, in the name of the store's owner.
async fn take_up(app: &Arc<App>, batch: FileBatch) -> Result<(), StoreError> {
    let stores = &app.stores.vectors;
    let filter = AttachedFilter { batch: Some(batch.id.clone()), status: Some(AttachStatus::InProgress) };
    let mut left: Vec<Attached> = Vec::new();
    loop {
        let after = left.last().map(|file| file.file_id.clone());
        let page = Page { after, before: None, limit: 100, ascending: true };
        let listed = stores.all_attached(&batch.store_id, &page, &filter).await?;
        left.extend(listed.rows);
        if !listed.has_more {
            break;
        }
    }
    let Some(store) = stores.store_of_any(&batch.store_id).await? else { return Ok(()) };
    tracing::info!(batch = %batch.id, files = left.len(), "going on with a batch of files");
    let mut cx = app.context(wire::JsonObject::new());
    cx.caller.clone_from(&store.owner);
    tokio::spawn(batches::work(app.clone(), store, batch, left, cx));
    Ok(())
}
