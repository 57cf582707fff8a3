//! Where a call stands in a distributed trace.
//!
//! A [`Trace`] goes with each call, like its deadline: nothing is kept in the thread, so a stream that moves between
//! threads or a task that is spawned stays in its trace. Without an exporter nothing is recorded, and what a caller
//! sent as `traceparent` is still passed on.

use std::sync::LazyLock;

use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{SpanBuilder, Status, TraceContextExt, Tracer};
use opentelemetry::{Array, Context, StringValue};

pub use opentelemetry::trace::SpanKind;
pub use opentelemetry::{KeyValue as Attribute, Value};

/// Found once: the executable installs the exporter before anything is served.
static TRACER: LazyLock<BoxedTracer> = LazyLock::new(|| opentelemetry::global::tracer("claimstack"));

/// The span that a call belongs to. Cheap to clone; empty by default.
///
/// Attributes are for names, counts and kinds. What people wrote, documents, tool arguments and secrets never are.
#[derive(Clone, Default)]
pub struct Trace(Context);

impl From<Context> for Trace {
    fn from(context: Context) -> Self {
        Self(context)
    }
}

impl Trace {
    /// Whether anything that is noted here reaches an exporter. Ask before work that only a trace needs.
    pub fn is_recording(&self) -> bool {
        self.0.span().is_recording()
    }

    /// A span below this one. `describe` gives its name and first attributes, and is called only if it is recorded.
    pub fn child(&self, kind: SpanKind, describe: impl FnOnce() -> (String, Vec<Attribute>)) -> Span {
        if !self.is_recording() {
            return Span { trace: self.clone(), ours: false };
        }
        let (name, attributes) = describe();
        let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
        let span = TRACER.build_with_context(builder, &self.0);
        Span { trace: Self(self.0.with_span(span)), ours: true }
    }

    /// Adds an attribute to the current span.
    pub fn note(&self, key: &'static str, value: impl Into<Value>) {
        let span = self.0.span();
        if span.is_recording() {
            span.set_attribute(Attribute::new(key, value));
        }
    }

    /// W3C `traceparent`, and `tracestate` where there is one. `None` outside of any trace.
    pub fn headers(&self) -> Option<(String, Option<String>)> {
        let span = self.0.span();
        let at = span.span_context();
        if !at.is_valid() {
            return None;
        }
        let flags = u8::from(at.is_sampled());
        let parent = format!("00-{}-{}-{flags:02x}", at.trace_id(), at.span_id());
        let state = at.trace_state().header();
        Some((parent, (!state.is_empty()).then_some(state)))
    }
}

/// A span under way. It ends when it is dropped.
#[must_use = "a span ends when it is dropped"]
pub struct Span {
    trace: Trace,
    ours: bool,
}

impl Span {
    /// What belongs below this span is called with this.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    pub fn note(&self, key: &'static str, value: impl Into<Value>) {
        if self.ours {
            self.trace.note(key, value);
        }
    }

    /// It went wrong; `kind` is a word of a small set, never a message.
    pub fn fail(&self, kind: &'static str) {
        if self.ours {
            self.trace.note("error.type", kind);
            self.trace.0.span().set_status(Status::error(""));
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.ours {
            self.trace.0.span().end();
        }
    }
}

/// An attribute.
pub fn attribute(key: &'static str, value: impl Into<Value>) -> Attribute {
    Attribute::new(key, value)
}

/// A list of words as an attribute's value.
pub fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    Value::Array(Array::String(words.into_iter().map(|word| StringValue::from(word.to_owned())).collect()))
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    use super::*;

    #[test]
    fn a_callers_trace_is_passed_on_without_an_exporter() {
        assert_eq!(Trace::default().headers(), None);
        let state = TraceState::from_key_value([("vendor", "1")]).expect("valid");
        let flags = TraceFlags::SAMPLED;
        let remote = SpanContext::new(TraceId::from(0xabc_u128), SpanId::from(0xde_u64), flags, true, state);
        let trace = Trace::from(Context::new().with_remote_span_context(remote));
        let span = trace.child(SpanKind::Client, || unreachable!("nothing is recorded"));
        let parent = "00-00000000000000000000000000000abc-00000000000000de-01".to_owned();
        assert_eq!(span.trace().headers(), Some((parent, Some("vendor=1".into()))));
    }
}
