//! What a process tells about itself: log lines, spans, metrics.

mod export;
mod http;
mod logs;
mod metrics;

pub use export::{ExportConfig, ExportError, Exporting, export};
pub use http::{RequestTrace, watched};
pub use logs::{LogFormat, start};
pub use metrics::{MetricsConfig, configure_metrics, register};
