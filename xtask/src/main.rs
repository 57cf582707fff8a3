//! House keeping: `cargo run -p xtask -- tidy`.

mod tidy;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => {
            let findings = tidy::findings(&root())?;
            for finding in &findings {
                writeln!(out, "{finding}")?;
            }
            match findings.len() {
                0 => writeln!(out, "tidy")?,
                count => writeln!(out, "{count} finding(s); the rules are in xtask/src/tidy and docs/ARCHITECTURE.md")?,
            }
            Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => {
            writeln!(out, "usage: cargo run -p xtask -- tidy")?;
            Ok(ExitCode::from(64))
        }
    }
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
