//! How much memory this process and the ones it started have needed at most.

/// Sum of the high-water marks, in MB; 0 where the system does not tell.
pub fn peak_memory_mb() -> f64 {
    let own = std::process::id();
    let mut total = peak_kb(own);
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if is_below(pid, own) {
            total += peak_kb(pid);
        }
    }
    total as f64 / 1024.0
}

fn peak_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Whether `pid` was started by `ancestor`, directly or not; a chain of at most eight is followed.
fn is_below(pid: u32, ancestor: u32) -> bool {
    let mut at = pid;
    for _ in 0..8 {
        let stat = std::fs::read_to_string(format!("/proc/{at}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        match parent {
            Some(parent) if parent == ancestor => return true,
            Some(parent) if parent > 1 => at = parent,
            _ => return false,
        }
    }
    false
}
