//! What the commands print. The only place that writes to standard output.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

use crate::house::Addresses;

pub fn line(text: &str) {
    println!("{text}");
}

/// Progress and remarks: not part of a command's result.
pub fn remark(text: &str) {
    eprintln!("{text}");
}

pub fn error(text: &str) {
    eprintln!("claimstack: {text}");
}

pub fn addresses(at: &Addresses) {
    remark(&format!(
        "claims   http://{}\ngateway  http://{}/v1\nocr      http://{}/mcp\nrag      http://{}/mcp\ndecision http://{}/mcp",
        at.claims, at.gateway, at.ocr, at.rag, at.decision
    ));
}
