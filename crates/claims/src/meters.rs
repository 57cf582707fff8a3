//! What the claims service counts, for `/metrics`. Labels are words of closed sets: no claim, no person.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, LazyLock, Once};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use crate::domain::{Claim, Review, Step, StepStatus};
use crate::store::ClaimStore;

/// How often the queue is looked at.
const LOOK: Duration = Duration::from_secs(10);

pub static METERS: LazyLock<Meters> = LazyLock::new(Meters::new);

pub struct Meters {
    submitted: Counter,
    decided: Family<Decided, Counter>,
    run: Family<Outcome, Histogram, fn() -> Histogram>,
    step: Family<StepEnd, Histogram, fn() -> Histogram>,
    retried: Counter,
    reviews: Family<Act, Counter>,
    questions: Family<Answered, Counter>,
    withheld: Counter,
    waiting: Gauge<i64, AtomicI64>,
    running: Gauge<i64, AtomicI64>,
    oldest: Gauge<i64, AtomicI64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    decision: &'static str,
    /// What broke the run; empty when it ended in good order.
    failure: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    decision: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepEnd {
    step: &'static str,
    failed: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Act {
    action: &'static str,
    overrides: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    result: &'static str,
}

/// Adds the numbers to a registry, the first time it is called.
pub fn register(registry: &mut Registry) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| METERS.add_to(registry));
}

fn told(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

impl Meters {
    fn new() -> Self {
        let seconds = || Histogram::new([0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0]);
        Self {
            submitted: Counter::default(),
            decided: Family::default(),
            run: Family::new_with_constructor(seconds),
            step: Family::new_with_constructor(seconds),
            retried: Counter::default(),
            reviews: Family::default(),
            questions: Family::default(),
            withheld: Counter::default(),
            waiting: Gauge::default(),
            running: Gauge::default(),
            oldest: Gauge::default(),
        }
    }

    fn add_to(&self, r: &mut Registry) {
        r.register("claimstack_claims_submitted", "Claims handed in", self.submitted.clone());
        r.register("claimstack_claims_decided", "Runs that ended with a decision", self.decided.clone());
        r.register("claimstack_claim_run_duration_seconds", "From accepted to decided", self.run.clone());
        r.register("claimstack_claim_step_duration_seconds", "Steps of the agent", self.step.clone());
        r.register("claimstack_claim_retries", "Runs put back to be tried again", self.retried.clone());
        r.register("claimstack_claim_reviews", "What people did with claims", self.reviews.clone());
        r.register("claimstack_claim_questions", "Questions to the agent", self.questions.clone());
        r.register("claimstack_sentences_withheld", "Sentences that no evidence bears out", self.withheld.clone());
        r.register("claimstack_queue_waiting", "Claims that wait for a worker", self.waiting.clone());
        r.register("claimstack_queue_running", "Claims being processed", self.running.clone());
        r.register("claimstack_queue_oldest_seconds", "How long the oldest has waited", self.oldest.clone());
    }

    pub fn submitted(&self) {
        self.submitted.inc();
    }

    /// `failure` is one of the workflow's own words.
    pub fn decided(&self, claim: &Claim, failure: Option<&str>) {
        let decision = claim.decision.as_ref().map_or("none", |decision| decision.outcome.as_str());
        let failure = failure.unwrap_or_default().to_owned();
        self.decided.get_or_create(&Decided { decision, failure }).inc();
        if let Some(took) = claim.total_processing_time_ms {
            self.run.get_or_create(&Outcome { decision }).observe(took as f64 / 1000.0);
        }
    }

    /// A step that has ended, under the name that `known` has for it.
    pub fn step(&self, known: &'static str, step: &Step) {
        let Some(ended) = step.completed_at else { return };
        let took = ended.duration_since(step.started_at).as_secs_f64().max(0.0);
        let failed = told(step.status == StepStatus::Failed);
        self.step.get_or_create(&StepEnd { step: known, failed }).observe(took);
    }

    pub fn retried(&self) {
        self.retried.inc();
    }

    pub fn reviewed(&self, review: &Review) {
        let act = Act { action: review.action.as_str(), overrides: told(review.overrides) };
        self.reviews.get_or_create(&act).inc();
    }

    pub fn answered(&self, refused: bool, withheld: i64) {
        let result = if refused { "refused" } else { "answered" };
        self.questions.get_or_create(&Answered { result }).inc();
        self.withheld.inc_by(withheld.unsigned_abs());
    }
}

/// Keeps the figures of the queue until the service stops. A database that does not answer leaves them as they were.
pub async fn watch_queue(store: Arc<dyn ClaimStore>, clock: Arc<dyn crate::clock::Clock>, stop: CancellationToken) {
    loop {
        if let Ok(depth) = store.queue_depth().await {
            METERS.waiting.set(depth.waiting);
            METERS.running.set(depth.running);
            let age = depth.oldest_waiting.map_or(0, |since| clock.now().duration_since(since).as_secs());
            METERS.oldest.set(age.max(0));
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
