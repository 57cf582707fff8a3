//! Which crate may know which: the law that keeps claims a client and the engine free of I/O.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::Finding;

/// Crates of the control plane and of the claims application. No arrow joins the two sides.
const ALLOWED: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("host", &[]),
    ("run-config", &[]),
    ("identity", &[]),
    ("privacy", &[]),
    ("ports", &["wire"]),
    ("client", &["wire"]),
    ("engine", &["ports", "wire"]),
    ("providers", &["identity", "ports", "wire"]),
    ("llama", &["ports", "wire"]),
    ("storage", &["ports", "wire"]),
    ("gateway", &["engine", "ports", "wire", "host"]),
    ("mcp-server", &["host"]),
    ("ocr", &["mcp-server", "client", "wire", "host"]),
    ("decision", &["mcp-server", "host"]),
    ("rag", &["mcp-server", "client", "privacy", "wire", "host"]),
    ("claims", &["client", "wire", "host", "identity", "privacy"]),
    ("testkit", &["ports", "wire", "client"]),
    ("openshift", &[]),
    ("xtask", &[]),
    (
        "stack",
        &[
            "wire",
            "host",
            "run-config",
            "ports",
            "client",
            "engine",
            "providers",
            "llama",
            "storage",
            "gateway",
            "mcp-server",
            "ocr",
            "decision",
            "rag",
            "claims",
        ],
    ),
];

/// Tests may also stand on `testkit`, and on these: the MCP client is tried against our own MCP shell, and the edge
/// against real rooms.
const ALLOWED_IN_TESTS: &[(&str, &[&str])] =
    &[("providers", &["mcp-server", "host"]), ("gateway", &["client", "storage", "providers"])];

/// The executable and the house keeping may use the error type that says nothing; a library may not.
const ANYHOW: &[&str] = &["stack", "xtask"];

#[derive(Debug, Deserialize)]
pub struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// `None` is a normal dependency.
    kind: Option<String>,
    path: Option<PathBuf>,
}

/// The members of the workspace at `root`.
pub fn packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    Ok(metadata.packages)
}

pub fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let place = format!("crate {}", package.name);
        let finding = |rule: String| Finding { place: place.clone(), rule };
        let folder = package.manifest_path.parent().and_then(Path::file_name);
        if folder.is_none_or(|folder| folder != package.name.as_str()) {
            findings.push(finding("a crate is named after its folder".into()));
        }
        let Some(allowed) = row(ALLOWED, &package.name) else {
            findings.push(finding("is not in the list of arrows; add a row for it and say why in the design".into()));
            continue;
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let in_tests = dependency.kind.as_deref() == Some("dev");
            if name == "anyhow" && !in_tests && !ANYHOW.contains(&package.name.as_str()) {
                findings.push(finding("anyhow is for the executable; a library has its own error enum".into()));
            }
            let tests_may =
                name == "testkit" || row(ALLOWED_IN_TESTS, &package.name).is_some_and(|row| row.contains(&name));
            if dependency.path.is_none() || allowed.contains(&name) || (in_tests && tests_may) {
                continue;
            }
            let kind = if in_tests { "in its tests " } else { "" };
            findings.push(finding(format!("may not depend {kind}on {name}")));
        }
    }
    findings
}

fn row<'a>(table: &'a [(&str, &'a [&'a str])], name: &str) -> Option<&'a [&'a str]> {
    table.iter().find(|(known, _)| *known == name).map(|(_, allowed)| *allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(name: &str, dependencies: &[(&str, Option<&str>, bool)]) -> Vec<String> {
        let dependencies = dependencies
            .iter()
            .map(|(name, kind, ours)| Dependency {
                name: (*name).into(),
                kind: kind.map(str::to_owned),
                path: ours.then(PathBuf::new),
            })
            .collect();
        let manifest_path = Path::new("crates").join(name).join("Cargo.toml");
        let package = Package { name: name.into(), manifest_path, dependencies };
        check(&[package]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn an_arrow_that_is_not_listed_is_found() {
        assert_eq!(rules("claims", &[("client", None, true), ("serde", None, false)]), Vec::<String>::new());
        assert_eq!(rules("claims", &[("engine", None, true)]), ["may not depend on engine"]);
        assert_eq!(rules("engine", &[("storage", None, true)]), ["may not depend on storage"]);
        assert_eq!(rules("engine", &[("storage", Some("build"), true)]), ["may not depend on storage"]);
    }

    #[test]
    fn tests_may_use_the_testkit_and_little_else() {
        assert_eq!(rules("engine", &[("testkit", Some("dev"), true)]), Vec::<String>::new());
        assert_eq!(rules("engine", &[("testkit", None, true)]), ["may not depend on testkit"]);
        assert_eq!(rules("claims", &[("gateway", Some("dev"), true)]), ["may not depend in its tests on gateway"]);
        assert_eq!(rules("providers", &[("mcp-server", Some("dev"), true)]), Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_a_row_and_anyhow_in_a_library_are_found() {
        assert!(rules("utils", &[])[0].contains("not in the list"));
        assert!(rules("wire", &[("anyhow", None, false)])[0].contains("anyhow"));
        assert_eq!(rules("xtask", &[("anyhow", None, false)]), Vec::<String>::new());
    }
}
