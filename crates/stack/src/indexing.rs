//! `claimstack rag --backfill`: indexes everything, with a bar, and ends.

use std::io::IsTerminal;
use std::sync::Mutex;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use rag::Progress;

use crate::config::StackConfig;
use crate::{compose, output};

/// A bar for each model on a terminal; a line for each tenth elsewhere.
struct Shown {
    bar: Option<ProgressBar>,
    last: Mutex<(String, usize)>,
}

impl Shown {
    fn new() -> Self {
        let shape = ProgressStyle::with_template("{msg:48!} {bar:24} {pos:>7}/{len} {per_sec:>12} {eta:>4}");
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(0));
        let bar = bar.map(|bar| bar.with_style(shape.unwrap_or_else(|_| ProgressStyle::default_bar())));
        Self { bar, last: Mutex::default() }
    }

    fn show(&self, progress: &Progress) {
        if let Some(bar) = &self.bar {
            bar.set_length(progress.of as u64);
            bar.set_message(progress.model.clone());
            bar.set_position(progress.done as u64);
            return;
        }
        let tenth = progress.done * 10 / progress.of.max(1);
        let now = (progress.model.clone(), tenth);
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last != now {
            output::remark(&format!("  {}: {} of {} texts", progress.model, progress.done, progress.of));
            *last = now;
        }
    }
}

pub async fn run(config: &StackConfig) -> Result<()> {
    let shown = Shown::new();
    let done = rag::backfill(&compose::rag_config(config), &|progress| shown.show(progress)).await?;
    if let Some(bar) = &shown.bar {
        bar.finish_and_clear();
    }
    output::line(&format!("{} past claims, {} articles", done.past_claims, done.articles));
    for (model, vectors) in &done.vectors {
        output::line(&format!("{vectors} vectors of {model}"));
    }
    Ok(())
}
