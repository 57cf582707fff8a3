//! What lies under `deploy/`, held to what a cluster accepts and to what the migration document says.

mod base;
mod document;
mod overlays;
mod refusals;
mod wiring;

use std::path::{Path, PathBuf};

use openshift::{Catalogue, Manifest};

/// The files of the base, in the order in which the migration document applies them.
const BASE: [&str; 10] = [
    "namespace.yaml",
    "llamastack/distribution.yaml",
    "llamastack/service.yaml",
    "llamastack/route.yaml",
    "mcp-servers/ocr-mcp-deployment.yaml",
    "mcp-servers/rag-mcp-deployment.yaml",
    "mcp-servers/decision-mcp-deployment.yaml",
    "deployments/backend-deployment.yaml",
    "policies/network-policies.yaml",
    "policies/service-monitor.yaml",
];

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

fn file(path: &str) -> Vec<Manifest> {
    let path = deploy().join("openshift").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Manifest::read_all(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn base() -> Vec<Manifest> {
    BASE.iter().flat_map(|path| file(path)).collect()
}

fn findings(objects: &[Manifest]) -> Vec<String> {
    let catalogue = Catalogue::new().expect("our schemas are schemas");
    objects.iter().flat_map(|object| catalogue.check(object)).map(|finding| finding.to_string()).collect()
}

fn one<'a>(objects: &'a [Manifest], kind: &str, name: &str) -> &'a Manifest {
    let found: Vec<_> = objects.iter().filter(|object| object.kind() == kind && object.name() == name).collect();
    assert_eq!(found.len(), 1, "{kind}/{name}");
    found[0]
}

fn of_kind<'a>(objects: &'a [Manifest], kind: &'a str) -> impl Iterator<Item = &'a Manifest> {
    objects.iter().filter(move |object| object.kind() == kind)
}
