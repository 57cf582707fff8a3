//! The arguments and variables that the manifests under `deploy/` give, as the executable reads them.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

const FILES: [&str; 5] = [
    "openshift/llamastack/service.yaml",
    "openshift/mcp-servers/ocr-mcp-deployment.yaml",
    "openshift/mcp-servers/rag-mcp-deployment.yaml",
    "openshift/mcp-servers/decision-mcp-deployment.yaml",
    "openshift/deployments/backend-deployment.yaml",
];
const OUR_CONTROL_PLANE: &str = "overlays/our-control-plane/distribution.yaml";

fn objects(path: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(path);
    serde_saphyr::from_multiple(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What runs in the one container of `path`: `args` and `env`.
fn container(path: &str) -> Value {
    let found = objects(path).into_iter().find_map(|object| {
        let deployed = object.pointer("/spec/template/spec/containers/0");
        deployed.or_else(|| object.pointer("/spec/server/containerSpec")).cloned()
    });
    found.unwrap_or_else(|| panic!("{path}: no container"))
}

/// `claimstack check`, or whatever `arguments` say, with the container's variables and no others.
fn with_variables(container: &Value, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimstack"));
    command.env_clear().env("HOME", "/nonexistent").args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    for variable in container["env"].as_array().unwrap() {
        let value = variable["value"].as_str().unwrap_or("a-secret");
        command.env(variable["name"].as_str().unwrap(), value);
    }
    command
}

#[tokio::test]
async fn every_container_is_given_settings_that_exist_and_a_role_that_exists() {
    let operated = container("openshift/llamastack/distribution.yaml");
    for path in FILES.into_iter().chain([OUR_CONTROL_PLANE]) {
        let container = container(path);
        let output = with_variables(&container, &["check"]).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{path}: {said}");
        let arguments: Vec<&str> =
            container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        // The overlay leaves the port to the base.
        let deployed = container.pointer("/ports/0/containerPort").cloned();
        let listen = format!("0.0.0.0:{}", deployed.unwrap_or_else(|| operated["port"].clone()));
        assert_eq!(arguments[1..], ["--listen", &listen], "{path}");
        let help = with_variables(&container, &arguments[..1]).arg("--help").output().await.unwrap();
        assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--listen"), "{path}");
    }
}

#[tokio::test]
async fn the_gateway_takes_its_models_from_the_operators_server_and_knows_the_tool_servers() {
    let output = with_variables(&container(FILES[0]), &["check"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("stack (remote::openai): http://claims-llamastack-service:8321/v1"), "{said}");
    for tool in ["ocr", "rag", "decision"] {
        let line = format!("{tool}-server: http://{tool}-mcp-server.claims-demo.svc.cluster.local:8080/sse");
        assert!(said.contains(&line), "{said}");
    }
}

#[tokio::test]
async fn a_misspelt_variable_of_ours_ends_the_start() {
    let mut wrong = with_variables(&container(FILES[4]), &["check"]);
    let output = wrong.env("CLAIMSTACK__CLAIMS__WORKRES", "2").output().await.unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("workres"));
}
