//! Who works on a run: the lease that says so, kept alive while the work goes on, and what is taken over when it ends.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Failure, Workflow};
use crate::domain::{ClaimId, Run, RunState};
use crate::store::{Lease, Orphans, Recovered, StoreError};

impl Workflow {
    pub(super) fn lease(&self) -> Lease<'_> {
        let length = i64::try_from(self.config.lease_seconds).unwrap_or(i64::MAX);
        let until = self.clock.now().checked_add(jiff::SignedDuration::from_secs(length));
        Lease { worker: &self.worker, until: until.unwrap_or(Timestamp::MAX) }
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(self.config.lease_seconds) / 3
    }

    /// Keeps the lease of a run alive. Returns when the run is somebody else's or nobody's any more: called off, or taken
    /// over because this process was too slow. What still goes on for it is then in vain and must stop.
    pub(super) async fn hold(&self, run: &Run) {
        let mut beats = tokio::time::interval(self.beat());
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changes = self.store.watch();
        let mut held_until = self.lease().until;
        loop {
            let beat = tokio::select! {
                _ = beats.tick() => true,
                changed = changes.recv() => match changed {
                    Ok(changed) if changed != run.claim_id => continue,
                    Ok(_) | Err(RecvError::Lagged(_)) => false,
                    Err(RecvError::Closed) => return std::future::pending().await,
                },
            };
            if !beat {
                match self.store.run(&run.run_id).await {
                    Ok(Some(found)) if found.state != RunState::Running => return,
                    _ => continue,
                }
            }
            let lease = self.lease();
            match self.store.keep(&run.run_id, &lease).await {
                Ok(true) => held_until = lease.until,
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(claim_id = %run.claim_id, %error, "the lease of a run could not be renewed");
                    // On a database of our own nobody takes over; else another replica will, about now.
                    if self.store.shared() && self.clock.now() >= held_until {
                        return;
                    }
                }
            }
        }
    }

    /// At the start, what an earlier process left. Then, where several share a database, what any other leaves.
    pub(super) async fn take_over(&self, stop: &CancellationToken) {
        while self.store.shared() && !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.beat()) => {}
            }
            self.recover(Orphans::LeaseOver).await;
        }
    }

    pub(super) async fn recover(&self, orphans: Orphans) {
        let given_up = |id: &ClaimId, attempts: i64| Failure::Crashed { attempts }.document(id);
        let recover = || self.store.recover(orphans, self.config.max_attempts, &given_up, self.clock.now());
        match self.persistently(recover).await {
            Ok(found) => {
                if !found.is_empty() {
                    self.arrived.notify_one();
                }
                found.into_iter().for_each(tell);
            }
            Err(error) => tracing::error!(%error, "claims that nobody works on were not taken up"),
        }
    }

    /// Whether the run that failed was put back, to be tried again later.
    pub(super) async fn postponed(&self, run: &Run, why: &str) -> Result<bool, StoreError> {
        let first = self.config.retry_backoff_seconds;
        if first == 0 || run.attempt >= self.config.max_attempts {
            return Ok(false);
        }
        let doublings = u32::try_from(2 * (run.attempt - 1).clamp(0, 8)).unwrap_or_default();
        let wait = first.saturating_mul(1 << doublings).min(LONGEST_BACKOFF);
        let now = self.clock.now();
        let wait = jiff::SignedDuration::from_secs(i64::try_from(wait).unwrap_or(i64::MAX));
        let not_before = now.checked_add(wait).unwrap_or(now);
        let again = || self.store.retry(&run.run_id, why, not_before, now);
        let postponed = self.persistently(again).await?;
        if postponed {
            tracing::warn!(claim_id = %run.claim_id, attempt = run.attempt, why, %not_before, "processing will be tried again");
        }
        Ok(postponed)
    }
}

/// Longest time between two tries, in seconds.
const LONGEST_BACKOFF: u64 = 600;

fn tell(found: Recovered) {
    match found {
        Recovered::Requeued { claim_id, .. } => tracing::info!(%claim_id, "claim of an earlier process queued again"),
        Recovered::Decided { claim_id } => tracing::info!(%claim_id, "claim of an earlier process was decided"),
        Recovered::GivenUp { claim_id } => tracing::warn!(%claim_id, "claim crashed too often: a person must look"),
    }
}
