//! Two ways to end: softly (finish what was begun) and hard (now).

use tokio_util::sync::CancellationToken;

#[derive(Clone, Default)]
pub struct Stop {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Stop {
    pub fn new() -> Self {
        Self::default()
    }

    /// The first SIGTERM or SIGINT asks for a soft stop, the second ends at once.
    pub fn on_signals() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let stop = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let on_signal = stop.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if on_signal.soft.is_cancelled() {
                    on_signal.hard.cancel();
                    return;
                }
                tracing::info!("stopping: finishing what was begun; signal again to end at once");
                on_signal.soft.cancel();
            }
        });
        Ok(stop)
    }

    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }
}
