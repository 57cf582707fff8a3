//! A running `claimstack`, found by the addresses it prints.

use std::collections::HashMap;
use std::path::Path;
#[cfg(feature = "ocr")]
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use testkit::openai::FakeModel;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const SERVICES: [&str; 5] = ["gateway", "ocr", "rag", "decision", "claims"];
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Running {
    child: Child,
    addresses: HashMap<String, String>,
    pub http: reqwest::Client,
    /// Texts become vectors at a fake of their own, so that they take no scripted chat answer.
    _embeddings: FakeModel,
}

/// The project's sample data.
#[cfg(feature = "ocr")]
pub fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

pub fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimstack"));
    command.arg("--data-dir").arg(data).env_remove("VLLM_URL").kill_on_drop(true);
    command
}

impl Running {
    /// Starts `arguments` on free ports and waits until the last service has said where it listens.
    pub async fn start(data: &Path, model: Option<&FakeModel>, arguments: &[&str]) -> Self {
        let mut command = command(data);
        for service in SERVICES {
            command.arg("--set").arg(format!("{service}.listen=127.0.0.1:0"));
        }
        // No model of the machine is used, whichever this build has and whatever the cache holds.
        command.args(["--set", "gateway.providers.2.model=", "--set", "gateway.providers.3.model="]);
        let embeddings = FakeModel::start().await;
        command.args(["--set", &format!("gateway.providers.1.url={}", embeddings.url())]);
        command.args(["--set", "rag.embedding_model=vllm-embedding/fake-model"]);
        if let Some(model) = model {
            command.args(["--set", &format!("gateway.providers.0.url={}", model.url())]);
            command.args(["--set", "claims.model=vllm/fake-model"]);
        }
        let mut child = command.args(arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let expected = if arguments.contains(&"all") { 5 } else { 1 };
        let mut addresses = HashMap::new();
        let found = tokio::time::timeout(PATIENCE, async {
            while addresses.len() < expected {
                let line = lines.next_line().await.unwrap().expect("it ended before it listened");
                // A log line may hold an address too; these start with the name of a service.
                if let Some((name, rest)) = line.split_once("http://")
                    && SERVICES.contains(&name.trim())
                {
                    let address = rest.split('/').next().unwrap().trim();
                    addresses.insert(name.trim().to_owned(), format!("http://{address}"));
                }
            }
        });
        found.await.expect("it did not say where it listens");
        // Somebody has to go on reading, or the process would stop at a full pipe.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                eprintln!("{line}")
            }
        });
        Self { child, addresses, http: reqwest::Client::new(), _embeddings: embeddings }
    }

    pub fn url(&self, service: &str, path: &str) -> String {
        format!("{}{path}", self.addresses[service])
    }

    pub async fn get(&self, service: &str, path: &str) -> (u16, Value) {
        let response = self.http.get(self.url(service, path)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    pub async fn post(&self, service: &str, path: &str, body: &Value) -> (u16, Value) {
        let response = self.http.post(self.url(service, path)).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    pub async fn ended(&mut self) -> std::process::ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it did not end").unwrap()
    }
}

/// Brings the sample data into the claims service's store.
#[cfg(feature = "ocr")]
pub async fn import(data: &Path) {
    let status = command(data).arg("import").arg(samples()).arg("--claims").stderr(Stdio::null()).status().await;
    assert!(status.unwrap().success());
}
