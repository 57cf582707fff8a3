//! What this process and the ones it started have needed.

/// Sum of the high-water marks of memory, in MB; 0 where the system does not tell.
pub fn peak_memory_mb() -> f64 {
    family().into_iter().map(peak_kb).sum::<u64>() as f64 / 1024.0
}

/// Processor time so far in seconds, in user and kernel mode, ended children included; 0 where the system does not tell.
pub fn processor_seconds() -> f64 {
    let ticks = |pid: u32| -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum()
    };
    // Linux counts in hundredths of a second.
    family().into_iter().map(ticks).sum::<u64>() as f64 / 100.0
}

/// This process and all below it.
fn family() -> Vec<u32> {
    let own = std::process::id();
    let pid = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(pid);
    std::iter::once(own).chain(all.filter(|pid| is_below(*pid, own))).collect()
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
