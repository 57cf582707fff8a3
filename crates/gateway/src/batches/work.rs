//! Who works on batches: few at a time, few requests of each at a time, so that people are served beside them.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use ports::batches::{Batch, BatchStatus};
use ports::responses::{Lease, StoreError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::input::{self, Asked, Unusable};
use super::{answer, enter, output};
use crate::app::App;
use crate::errors::ApiError;

const BATCHES: usize = 2;
const REQUESTS: usize = 4;
const LEASE_SECONDS: i64 = 60;
/// How often the lease is put off and abandoned batches are looked for.
const ROUND: Duration = Duration::from_secs(15);
/// How often a batch whose requests take long asks whether it was cancelled.
const GLANCE: Duration = Duration::from_secs(2);

/// Knows when there is something to do.
pub struct Crew {
    runner: String,
    woken: Notify,
}

impl Crew {
    /// `runner` names this process and is fresh at each start.
    pub fn new(runner: String) -> Self {
        Self { runner, woken: Notify::new() }
    }

    pub fn wake(&self) {
        self.woken.notify_one();
    }

    pub fn lease(&self, app: &App) -> Lease {
        Lease { runner: self.runner.clone(), until: app.responder.clock.unix_seconds() + LEASE_SECONDS }
    }
}

/// Works until told to stop. A batch that is left half-way is taken up again, here or by another replica.
pub async fn work_on_all(app: Arc<App>, stop: CancellationToken) {
    let mut working = JoinSet::new();
    loop {
        let free = BATCHES.saturating_sub(working.len());
        let lease = app.crew.lease(&app);
        let now = app.responder.clock.unix_seconds();
        match claim(&app, &lease, now, free).await {
            Ok(claimed) => {
                for batch in claimed {
                    working.spawn(work(app.clone(), batch));
                }
            }
            Err(error) => tracing::warn!(%error, "batches not looked after"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.crew.woken.notified() => {}
            () = tokio::time::sleep(ROUND) => {}
            Some(_) = working.join_next() => {}
        }
    }
}

async fn claim(app: &App, lease: &Lease, now: i64, free: usize) -> Result<Vec<Batch>, StoreError> {
    app.stores.batches.renew_batches(lease).await?;
    match free {
        0 => Ok(Vec::new()),
        free => app.stores.batches.claim_batches(lease, now, free as u32).await,
    }
}

async fn work(app: Arc<App>, mut batch: Batch) {
    // The store may be away for a while: the batch has a day.
    while let Err(error) = steps(&app, batch.clone()).await {
        tracing::warn!(batch = %batch.id, message = %error.message, "batch interrupted");
        tokio::time::sleep(ROUND).await;
        match app.stores.batches.batch_by_id(&batch.id, batch.owner.as_deref()).await {
            Ok(Some(now)) => batch = now,
            Ok(None) => return,
            Err(_) => {}
        }
    }
}

/// From wherever the batch stands to its end.
async fn steps(app: &Arc<App>, mut batch: Batch) -> Result<(), ApiError> {
    if matches!(batch.status, BatchStatus::Validating | BatchStatus::InProgress) {
        match input::read(app, &batch).await {
            Ok(asked) => {
                if begin(app, &mut batch, asked.len()).await? {
                    answer_all(app, &mut batch, asked).await?;
                }
            }
            Err(Unusable::Errors(errors)) => {
                batch.errors = errors;
                let from = batch.status;
                enter(app, &mut batch, BatchStatus::Failed);
                if app.stores.batches.advance_batch(&batch, &[from]).await? {
                    return Ok(());
                }
            }
            Err(Unusable::Later(message)) => {
                return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message));
            }
        }
    }
    finish(app, batch).await
}

/// `false` when somebody cancelled it meanwhile.
async fn begin(app: &App, batch: &mut Batch, total: usize) -> Result<bool, ApiError> {
    if batch.status == BatchStatus::InProgress {
        return Ok(true);
    }
    batch.total = total as u64;
    enter(app, batch, BatchStatus::InProgress);
    Ok(app.stores.batches.advance_batch(batch, &[BatchStatus::Validating]).await?)
}

/// Asks what has not been answered yet. Ends early when the batch is cancelled, or its day is over.
async fn answer_all(app: &Arc<App>, batch: &mut Batch, asked: Vec<Asked>) -> Result<(), ApiError> {
    let done = app.stores.batches.lines_done(&batch.id).await?;
    count(batch, done.values());
    let left: Vec<Asked> = asked.into_iter().filter(|request| !done.contains_key(&request.line)).collect();
    let unchanged = Arc::new(batch.clone());
    let mut left = left.into_iter();
    // Tasks of their own: a request that is only polled now and then could sit on the store's one connection.
    let mut running = JoinSet::new();
    for request in left.by_ref().take(REQUESTS) {
        running.spawn(answer_one(app.clone(), unchanged.clone(), request));
    }
    loop {
        match tokio::time::timeout(GLANCE, running.join_next()).await {
            Ok(None) => break,
            Ok(Some(Ok(ok))) => match ok? {
                true => batch.completed += 1,
                false => batch.failed += 1,
            },
            Ok(Some(Err(error))) => return Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
            Err(_) => {}
        }
        let over = app.responder.clock.unix_seconds() >= batch.expires_at;
        if over || !app.stores.batches.advance_batch(batch, &[BatchStatus::InProgress]).await? {
            break;
        }
        for request in left.by_ref().take(REQUESTS - running.len()) {
            running.spawn(answer_one(app.clone(), unchanged.clone(), request));
        }
    }
    Ok(())
}

async fn answer_one(app: Arc<App>, batch: Arc<Batch>, request: Asked) -> Result<bool, ApiError> {
    let line = answer::to(&app, &batch, &request).await;
    app.stores.batches.put_line(&batch.id, &line).await?;
    Ok(line.ok)
}

/// Writes the files, and what the batch has become.
async fn finish(app: &App, seen: Batch) -> Result<(), ApiError> {
    let owner = seen.owner.clone();
    let Some(mut batch) = app.stores.batches.batch_by_id(&seen.id, owner.as_deref()).await? else { return Ok(()) };
    let end = match batch.status {
        BatchStatus::Cancelling => BatchStatus::Cancelled,
        status if status.over() => return Ok(()),
        _ if app.responder.clock.unix_seconds() >= batch.expires_at => BatchStatus::Expired,
        _ => BatchStatus::Completed,
    };
    if batch.status == BatchStatus::InProgress {
        enter(app, &mut batch, BatchStatus::Finalizing);
        if !app.stores.batches.advance_batch(&batch, &[BatchStatus::InProgress]).await? {
            // Cancelled at the last moment: look again.
            return Box::pin(finish(app, seen)).await;
        }
    }
    let from = batch.status;
    let done = app.stores.batches.lines_done(&batch.id).await?;
    count(&mut batch, done.values());
    batch.output_file_id = output::write(app, &batch, true).await?;
    batch.error_file_id = output::write(app, &batch, false).await?;
    enter(app, &mut batch, end);
    app.stores.batches.advance_batch(&batch, &[from]).await?;
    app.stores.batches.drop_lines(&batch.id).await?;
    Ok(())
}

fn count<'a>(batch: &mut Batch, answers: impl Iterator<Item = &'a bool>) {
    (batch.completed, batch.failed) = (0, 0);
    for ok in answers {
        *if *ok { &mut batch.completed } else { &mut batch.failed } += 1;
    }
}
