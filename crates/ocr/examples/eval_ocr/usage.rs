//! What the worker processes of this one have cost: processor time and peak memory, from `/proc`.

use std::fs;

/// Ticks of `/proc/*/stat` in a second; fixed in the kernel's interface.
const TICKS: f64 = 100.0;

/// Processor seconds and peak resident megabytes of the children together; zero where there is no `/proc`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    pub cpu_seconds: f64,
    pub peak_mb: f64,
}

/// Adds up the children that live now.
pub fn children() -> Usage {
    let own = std::process::id().to_string();
    let mut usage = Usage::default();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in brackets may hold spaces; fields are counted after it.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split(' ').collect();
        if fields.get(1) != Some(&own.as_str()) {
            continue;
        }
        let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        usage.cpu_seconds += (ticks(11) + ticks(12)) / TICKS;
        usage.peak_mb += peak(&entry.path().join("status")) / 1024.0;
    }
    usage
}

/// Kilobytes.
fn peak(status: &std::path::Path) -> f64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}
