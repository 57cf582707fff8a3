//! From an accepted claim to a decided one.
//!
//! The queue is the run table: what was accepted survives a crash. Workers take the next waiting run, hand the
//! claim to the agent in the control plane, write down the steps as they are told, and end the run by the decision
//! that the decision server recorded for it, or by a review that says what failed.

mod attempt;
mod failure;
mod lease;
mod recorder;
mod request;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use client::{ClientOptions, StackClient};
use futures::FutureExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::ClaimsConfig;
use crate::domain::{ClaimId, Run, RunOptions, fresh_id};
use crate::meters::METERS;
use crate::store::{Accepted, ClaimStore, Orphans, ReferenceStore, RunEnd, StoreError};

pub use failure::Failure;
pub use request::TOOLS;

/// How often an idle worker looks at the queue without being told: another process may have filled it.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
const WRITE_TRIES: usize = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

pub struct Workflow {
    store: Arc<dyn ClaimStore>,
    reference: Arc<dyn ReferenceStore>,
    stack: StackClient,
    config: ClaimsConfig,
    clock: Arc<dyn Clock>,
    arrived: Notify,
    /// This process among those that share the database.
    worker: String,
}

impl Workflow {
    pub fn new(
        store: Arc<dyn ClaimStore>,
        reference: Arc<dyn ReferenceStore>,
        config: ClaimsConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, client::ClientError> {
        // A slow model may be silent for long; the run's own limit ends it.
        let patience = Duration::from_secs(config.run_timeout_seconds);
        let options = ClientOptions { request_timeout: patience, idle_timeout: patience, ..ClientOptions::default() };
        let stack = StackClient::new(&config.stack_url, config.stack_token.clone(), options)?;
        Ok(Self { store, reference, stack, config, clock, arrived: Notify::new(), worker: fresh_id("worker") })
    }

    /// Accepts a claim. Once this returns, the claim will be decided, crash or not.
    pub async fn accept(&self, id: &ClaimId, options: &RunOptions) -> Result<Run, StoreError> {
        let run = self.store.enqueue(id, options, self.config.queue_limit, self.clock.now()).await?;
        tracing::info!(claim_id = %id, run_id = short(&run), "claim accepted for processing");
        self.arrived.notify_one();
        Ok(run)
    }

    /// Accepts many claims; those that cannot be are said, and keep no other back.
    pub async fn accept_batch(
        &self,
        batch: &str,
        ids: &[ClaimId],
        options: &RunOptions,
    ) -> Result<Accepted, StoreError> {
        let limit = self.config.queue_limit;
        let accepted = self.store.enqueue_batch(batch, ids, options, limit, self.clock.now()).await?;
        let (taken, refused) = (accepted.runs.len(), accepted.refused.len());
        tracing::info!(batch_id = batch, taken, refused, "batch accepted for processing");
        self.arrived.notify_one();
        Ok(accepted)
    }

    /// Takes up what an earlier process left, then works until `stop`.
    pub async fn work(self: Arc<Self>, stop: CancellationToken) {
        let orphans = if self.store.shared() { Orphans::LeaseOver } else { Orphans::All };
        self.recover(orphans).await;
        let workers = (0..self.config.workers).map(|_| self.clone().worker(stop.clone()));
        futures::future::join(futures::future::join_all(workers), self.take_over(&stop)).await;
    }

    async fn worker(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.store.next_queued(&self.lease(), self.clock.now()).await {
                Ok(Some(run)) => self.process(run, &stop).await,
                Ok(None) => self.idle(&stop).await,
                Err(error) => {
                    tracing::error!(%error, "the queue cannot be read");
                    self.idle(&stop).await;
                }
            }
        }
    }

    async fn idle(&self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.arrived.notified() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }

    async fn process(&self, run: Run, stop: &CancellationToken) {
        // More may wait than one notification told of.
        self.arrived.notify_one();
        let end = tokio::select! {
            end = AssertUnwindSafe(self.attempt(&run)).catch_unwind() => end.unwrap_or_else(|_| internal(&run)),
            () = self.hold(&run) => {
                tracing::info!(claim_id = %run.claim_id, run_id = short(&run), "claim called off or taken over");
                return;
            }
            () = stop.cancelled() => {
                if let Err(error) = self.store.requeue(&run.run_id, self.clock.now()).await {
                    tracing::error!(claim_id = %run.claim_id, %error, "an interrupted claim was not put back; the next start will");
                }
                return;
            }
        };
        let failed = end.failed.clone();
        if let Some(why) = failed.as_deref().filter(|_| end.passing) {
            match self.postponed(&run, why).await {
                Ok(true) => return METERS.retried(),
                Ok(false) => {}
                Err(error) => tracing::error!(claim_id = %run.claim_id, %error, "a failed claim was not put back"),
            }
        }
        let finish = || self.store.finish_run(&run.run_id, end.clone(), self.clock.now());
        match self.persistently(finish).await {
            Ok(claim) => {
                METERS.decided(&claim, failed.as_deref());
                tracing::info!(
                claim_id = %run.claim_id, run_id = short(&run), status = claim.status.as_str(), failed,
                duration_ms = claim.total_processing_time_ms, "claim processed"
                );
            }
            Err(error) => {
                tracing::error!(claim_id = %run.claim_id, %error, "the end of a run was not written; the next start will take it up");
            }
        }
    }

    /// Tries a write again while the database fails, a few times.
    async fn persistently<T, F, Fut>(&self, write: F) -> Result<T, StoreError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, StoreError>>,
    {
        let mut pause = FIRST_PAUSE;
        for _ in 1..WRITE_TRIES {
            match write().await {
                Err(StoreError::Database(error)) => tracing::warn!(%error, "the database failed; trying again"),
                answer => return answer,
            }
            self.clock.pause(pause).await;
            pause *= 2;
        }
        write().await
    }
}

/// The end of a run whose own code failed.
fn internal(run: &Run) -> RunEnd {
    tracing::error!(claim_id = %run.claim_id, "processing panicked");
    RunEnd {
        without_decision: Failure::Internal.document(&run.claim_id),
        retryable: true,
        passing: false,
        failed: Some(Failure::Internal.code().into()),
        agent_text: None,
        evidence: Default::default(),
        response_id: None,
        model: None,
    }
}

/// A run id authorises writing, so logs show its beginning only.
fn short(run: &Run) -> &str {
    run.run_id.as_str().get(..12).unwrap_or_default()
}
