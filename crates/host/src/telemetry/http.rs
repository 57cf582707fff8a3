//! One span and one measurement for each request, whatever service answers it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::AtomicI64;
use std::task::{Context as Waker, Poll, ready};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::get;
use opentelemetry::global::BoxedTracer;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use pin_project_lite::pin_project;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use tower::{Layer, Service as Answers};
use tracing::instrument::{Instrument, Instrumented};

use super::export::is_exporting;
use super::metrics;

/// Where the request stands in a trace, for handlers; in the request's extensions when it stands in one.
#[derive(Clone)]
pub struct RequestTrace(pub Context);

static TRACER: LazyLock<BoxedTracer> = LazyLock::new(|| opentelemetry::global::tracer("claimstack"));
static NUMBERS: LazyLock<Numbers> = LazyLock::new(Numbers::registered);

struct Numbers {
    duration: Family<Labels, Histogram, fn() -> Histogram>,
    active: Family<Service, Gauge<i64, AtomicI64>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Service {
    service: &'static str,
}

/// As OpenTelemetry names them, in Prometheus' spelling. A path that no route takes is `other`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    service: &'static str,
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u16,
}

impl Numbers {
    fn registered() -> Self {
        let seconds =
            || Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0]);
        let numbers = Self { duration: Family::new_with_constructor(seconds), active: Family::default() };
        metrics::register(|registry| {
            let help = "Requests by route and status, until the last byte of the answer";
            registry.register("http_server_request_duration_seconds", help, numbers.duration.clone());
            registry.register("http_server_active_requests", "Requests under way", numbers.active.clone());
        });
        numbers
    }
}

/// `router` with a span and a measurement around each of its routes, and `/metrics` beside them.
pub fn watched(service: &'static str, router: Router) -> Router {
    router.layer(Watch(service)).route("/metrics", get(|headers: HeaderMap| metrics::show(headers)))
}

/// Written out, where `from_fn` would box a future and clone a route for each request.
#[derive(Clone)]
struct Watch(&'static str);

#[derive(Clone)]
struct Watches<S> {
    service: &'static str,
    inner: S,
}

impl<S> Layer<S> for Watch {
    type Service = Watches<S>;

    fn layer(&self, inner: S) -> Watches<S> {
        Watches { service: self.0, inner }
    }
}

impl<S> Answers<Request> for Watches<S>
where
    S: Answers<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, waker: &mut Waker<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(waker)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let watching = Watching::begin(self.service, &request);
        let span = match &watching.context {
            None => tracing::Span::none(),
            Some(context) => {
                request.extensions_mut().insert(RequestTrace(context.clone()));
                tracing::info_span!("request", trace_id = %context.span().span_context().trace_id())
            }
        };
        Answering { answer: self.inner.call(request).instrument(span), watching: Some(watching) }
    }
}

pin_project! {
    /// What is watched goes on into the body of the answer.
    struct Answering<F> {
        #[pin]
        answer: Instrumented<F>,
        watching: Option<Watching>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answering<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ok(response) = ready!(this.answer.poll(waker));
        Poll::Ready(Ok(match this.watching.take() {
            Some(watching) => watching.over(response),
            None => response,
        }))
    }
}

/// Measures until it is dropped: with the last byte of the answer, or when the caller has gone.
struct Watching {
    labels: (&'static str, String),
    service: &'static str,
    began: Instant,
    status: u16,
    active: Gauge<i64, AtomicI64>,
    /// `None` outside of any trace.
    context: Option<Context>,
    /// Whether the span in `context` is ours to end.
    ours: bool,
}

impl Watching {
    fn begin(service: &'static str, request: &Request) -> Self {
        let method = method(request.method());
        let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
        let active = NUMBERS.active.get_or_create(&Service { service }).clone();
        active.inc();
        let (context, ours) = context(method, &route, request.headers());
        // 499: the caller has gone before there was a status.
        Self { labels: (method, route), service, began: Instant::now(), status: 499, active, context, ours }
    }

    fn over(mut self, response: Response) -> Response {
        self.status = response.status().as_u16();
        response.map(|body| Body::new(Watched { body, _watching: self }))
    }
}

fn context(method: &str, route: &str, headers: &HeaderMap) -> (Option<Context>, bool) {
    let remote = match headers.contains_key("traceparent") {
        true => TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers)),
        false => Context::new(),
    };
    if !is_exporting() {
        return (remote.span().span_context().is_valid().then_some(remote), false);
    }
    let attributes =
        [KeyValue::new("http.request.method", method.to_owned()), KeyValue::new("http.route", route.to_owned())];
    let builder =
        SpanBuilder::from_name(format!("{method} {route}")).with_kind(SpanKind::Server).with_attributes(attributes);
    let span = TRACER.build_with_context(builder, &remote);
    let context = remote.with_span(span);
    (Some(context), true)
}

fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.active.dec();
        let (method, route) = (self.labels.0, std::mem::take(&mut self.labels.1));
        let labels = Labels {
            service: self.service,
            http_request_method: method,
            http_route: route,
            http_response_status_code: self.status,
        };
        NUMBERS.duration.get_or_create(&labels).observe(self.began.elapsed().as_secs_f64());
        if let Some(context) = self.context.take().filter(|_| self.ours) {
            let span = context.span();
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(self.status)));
            if self.status >= 500 {
                span.set_attribute(KeyValue::new("error.type", self.status.to_string()));
                span.set_status(Status::error(""));
            }
            span.end();
        }
    }
}

/// A body that tells when it has ended.
struct Watched {
    body: Body,
    _watching: Watching,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        waker: &mut Waker<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(waker)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
