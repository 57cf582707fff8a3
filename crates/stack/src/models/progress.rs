//! What the person at the terminal sees: bars there, plain lines anywhere else.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where progress goes. Cheap to clone.
#[derive(Clone)]
pub struct Progress {
    to: Arc<To>,
}

enum To {
    Terminal(MultiProgress),
    Lines(Mutex<Box<dyn Write + Send>>),
}

/// One thing under way, counted in bytes. Dropping it takes it off the screen.
pub struct Bar {
    progress: Progress,
    what: String,
    total: u64,
    drawn: Option<ProgressBar>,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    bytes: u64,
    /// Quarters already told on plain lines.
    quarters: u64,
}

/// Below this a plain log says only that the thing was done.
const WORTH_TELLING: u64 = 100_000_000;

impl Progress {
    /// Bars on a terminal, lines when standard error is a file or a pipe.
    pub fn stderr() -> Self {
        if std::io::stderr().is_terminal() {
            let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
            return Self { to: Arc::new(To::Terminal(bars)) };
        }
        Self::lines(std::io::stderr())
    }

    pub fn lines(to: impl Write + Send + 'static) -> Self {
        Self { to: Arc::new(To::Lines(Mutex::new(Box::new(to)))) }
    }

    /// One line, above the bars. A line that cannot be written is lost: progress never fails the work.
    pub fn say(&self, line: &str) {
        match &*self.to {
            To::Terminal(bars) => drop(bars.println(line)),
            To::Lines(to) => {
                let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = writeln!(to, "{line}").and_then(|()| to.flush());
            }
        }
    }

    pub(super) fn bar(&self, what: &str, total: u64) -> Bar {
        let drawn = match &*self.to {
            To::Terminal(bars) => {
                let bar = bars.add(ProgressBar::new(total).with_message(what.to_owned()));
                let shape =
                    "{msg:36!} {bar:24} {binary_bytes:>10}/{binary_total_bytes} {binary_bytes_per_sec:>12} {eta:>4}";
                bar.set_style(ProgressStyle::with_template(shape).unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.enable_steady_tick(Duration::from_millis(250));
                Some(bar)
            }
            To::Lines(_) => None,
        };
        Bar { progress: self.clone(), what: what.into(), total, drawn, counted: Mutex::default() }
    }
}

impl Bar {
    pub fn add(&self, bytes: u64) {
        if let Some(bar) = &self.drawn {
            return bar.inc(bytes);
        }
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.bytes += bytes;
        let quarters = (counted.bytes * 4).checked_div(self.total).unwrap_or(4).min(4);
        if quarters > counted.quarters && self.total >= WORTH_TELLING {
            counted.quarters = quarters;
            self.progress.say(&format!("  {}: {} % of {}", self.what, quarters * 25, size(self.total)));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.drawn {
            bar.finish_and_clear();
        }
    }
}

/// A size for people: `1.12 GB`, `438 MB`, `571 B`.
pub fn size(bytes: u64) -> String {
    match bytes {
        1_000_000_000.. => format!("{:.2} GB", bytes as f64 / 1e9),
        1_000_000.. => format!("{:.0} MB", bytes as f64 / 1e6),
        1_000.. => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{bytes} B"),
    }
}
