//! Logs. They go to stderr, so that stdout stays free for results and for MCP over stdio.
//!
//! A thread of its own writes them: a pipe that nobody reads fills up, and would stop every request that logs. When
//! [`LINES_HELD`] lines wait, newer ones are dropped.

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that wait for a slow reader, at most.
const LINES_HELD: usize = 4_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Starts logging once; a second call changes nothing. `filter` is `info` or `info,claims=debug`.
///
/// Lines still waiting are written when the guard is dropped, so hold it until the program ends.
#[must_use = "logging ends when the guard is dropped"]
pub fn start(filter: &str, format: LogFormat) -> WorkerGuard {
    use std::io::IsTerminal;
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_HELD)
        .lossy(true)
        .thread_name("log")
        .finish(std::io::stderr());
    let colours = std::io::stderr().is_terminal();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(true).with_ansi(colours);
    let outcome = match format {
        LogFormat::Text => builder.compact().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "logging was started before");
    }
    guard
}
