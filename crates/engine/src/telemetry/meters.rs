//! The numbers of this process, for `/metrics`. Labels come from bounded sets: a name that has never worked, or one too
//! many, is counted as `other`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{LazyLock, Once, PoisonError, RwLock};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Names of one kind that get a series of their own.
const MOST_NAMES: usize = 200;
const OTHER: &str = "other";

pub static METERS: LazyLock<Meters> = LazyLock::new(Meters::new);

type Times<L> = Family<L, Histogram, fn() -> Histogram>;

pub struct Meters {
    models: Names,
    tools: Names,
    servers: Names,
    agents: Names,
    model_calls: Times<ModelCall>,
    first_chunk: Times<Model>,
    tokens: Times<Tokens>,
    tool_calls: Times<ToolCall>,
    unknown_tools: Family<Model, Counter>,
    store: Times<StoreCall>,
    gauges: Gauges,
}

/// What is under way just now.
#[derive(Clone, Default)]
pub struct Gauges {
    pub running: Gauge<i64, AtomicI64>,
    pub queued: Gauge<i64, AtomicI64>,
    pub completions_waiting: Gauge<i64, AtomicI64>,
    pub completions_lost: Counter<u64, AtomicU64>,
}

/// As OpenTelemetry names them, in Prometheus' spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Model {
    pub gen_ai_provider_name: String,
    pub gen_ai_request_model: String,
    pub gen_ai_agent_name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelCall {
    gen_ai_operation_name: &'static str,
    gen_ai_provider_name: String,
    gen_ai_request_model: String,
    gen_ai_agent_name: String,
    /// Empty when it went well.
    error_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tokens {
    gen_ai_token_type: &'static str,
    gen_ai_provider_name: String,
    gen_ai_request_model: String,
    gen_ai_agent_name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolCall {
    server: String,
    gen_ai_tool_name: String,
    error_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StoreCall {
    operation: &'static str,
}

/// Adds the numbers to a registry, the first time it is called.
pub fn register(registry: &mut Registry) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| METERS.add_to(registry));
}

impl Meters {
    fn new() -> Self {
        let seconds =
            || Histogram::new([0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]);
        let short = || Histogram::new([0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0]);
        let counts = || Histogram::new([1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0]);
        Self {
            models: Names::default(),
            tools: Names::default(),
            servers: Names::default(),
            agents: Names::default(),
            model_calls: Family::new_with_constructor(seconds),
            first_chunk: Family::new_with_constructor(seconds),
            tokens: Family::new_with_constructor(counts),
            tool_calls: Family::new_with_constructor(short),
            unknown_tools: Family::default(),
            store: Family::new_with_constructor(short),
            gauges: Gauges::default(),
        }
    }

    fn add_to(&self, r: &mut Registry) {
        r.register("gen_ai_client_operation_duration_seconds", "Calls of models", self.model_calls.clone());
        let help = "From the question to the first piece of a streamed answer";
        r.register("gen_ai_client_operation_time_to_first_chunk_seconds", help, self.first_chunk.clone());
        r.register("gen_ai_client_token_usage", "Tokens read and written by models", self.tokens.clone());
        r.register("claimstack_tool_call_duration_seconds", "Calls of tools", self.tool_calls.clone());
        r.register("claimstack_unknown_tool_calls", "Calls of tools that do not exist", self.unknown_tools.clone());
        r.register("claimstack_store_duration_seconds", "Reads and writes on the way of an answer", self.store.clone());
        let now = &self.gauges;
        r.register("claimstack_responses_running", "Responses under way", now.running.clone());
        r.register("claimstack_responses_queued", "Background responses that wait", now.queued.clone());
        let help = "Chat completions that wait to be stored";
        r.register("claimstack_completions_waiting", help, now.completions_waiting.clone());
        let help = "Chat completions that were answered but not stored";
        r.register("claimstack_completions_lost", help, now.completions_lost.clone());
    }
}

impl Gauges {
    pub fn get() -> &'static Self {
        &METERS.gauges
    }
}

/// One of what a gauge counts, until it is dropped.
pub struct Counted(Gauge<i64, AtomicI64>);

impl Counted {
    pub fn in_(gauge: &Gauge<i64, AtomicI64>) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Names seen to work, up to [`MOST_NAMES`].
#[derive(Default)]
struct Names(RwLock<HashSet<String>>);

impl Names {
    /// `name` if it is known, or becomes known because it worked just now.
    fn label(&self, name: &str, worked: bool) -> String {
        if self.0.read().unwrap_or_else(PoisonError::into_inner).contains(name) {
            return name.to_owned();
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !worked || known.len() >= MOST_NAMES {
            return OTHER.to_owned();
        }
        known.insert(name.to_owned());
        name.to_owned()
    }
}

/// Labels of one model's numbers.
pub fn model(provider: &str, model: &str, agent: Option<&str>, worked: bool) -> Model {
    Model {
        gen_ai_provider_name: provider.to_owned(),
        gen_ai_request_model: METERS.models.label(model, worked),
        gen_ai_agent_name: agent.map_or_else(String::new, |agent| METERS.agents.label(agent, worked)),
    }
}

pub fn model_called(operation: &'static str, model: &Model, error_type: &'static str, took: Duration) {
    let labels = ModelCall {
        gen_ai_operation_name: operation,
        gen_ai_provider_name: model.gen_ai_provider_name.clone(),
        gen_ai_request_model: model.gen_ai_request_model.clone(),
        gen_ai_agent_name: model.gen_ai_agent_name.clone(),
        error_type,
    };
    METERS.model_calls.get_or_create(&labels).observe(took.as_secs_f64());
}

pub fn first_chunk(model: &Model, took: Duration) {
    METERS.first_chunk.get_or_create(model).observe(took.as_secs_f64());
}

pub fn tokens(model: &Model, input: u64, output: u64) {
    for (kind, count) in [("input", input), ("output", output)] {
        if count > 0 {
            let labels = Tokens {
                gen_ai_token_type: kind,
                gen_ai_provider_name: model.gen_ai_provider_name.clone(),
                gen_ai_request_model: model.gen_ai_request_model.clone(),
                gen_ai_agent_name: model.gen_ai_agent_name.clone(),
            };
            METERS.tokens.get_or_create(&labels).observe(count as f64);
        }
    }
}

pub fn tool_called(server: &str, tool: &str, error_type: &'static str, took: Duration) {
    let ran = matches!(error_type, "" | "tool_error");
    let labels = ToolCall {
        server: METERS.servers.label(server, ran),
        gen_ai_tool_name: METERS.tools.label(tool, ran),
        error_type,
    };
    METERS.tool_calls.get_or_create(&labels).observe(took.as_secs_f64());
}

/// The model called tools that do not exist.
pub fn unknown_tools(provider: &str, name: &str, agent: Option<&str>, count: usize) {
    if count > 0 {
        METERS.unknown_tools.get_or_create(&model(provider, name, agent, false)).inc_by(count as u64);
    }
}

/// Measures one reading or writing of the store.
pub async fn timed<T>(operation: &'static str, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let outcome = work.await;
    METERS.store.get_or_create(&StoreCall { operation }).observe(began.elapsed().as_secs_f64());
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_never_worked_or_are_too_many_are_other() {
        let names = Names::default();
        assert_eq!(names.label("made-up", false), OTHER);
        assert_eq!(names.label("real", true), "real");
        assert_eq!(names.label("real", false), "real", "it worked before");
        for more in 1..MOST_NAMES {
            assert_eq!(names.label(&format!("m{more}"), true), format!("m{more}"));
        }
        assert_eq!(names.label("one too many", true), OTHER);
    }
}
