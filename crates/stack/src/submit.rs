//! A claims service as a command sees it: submit a document, process it, read the decision.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

#[derive(Clone)]
pub struct ClaimsApi {
    base: String,
    http: reqwest::Client,
}

impl ClaimsApi {
    pub fn new(base: &str) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(900)).tcp_nodelay(true).build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), http })
    }

    pub async fn submit(&self, file: &Path, user: &str, received: Option<&str>) -> Result<String> {
        let bytes = tokio::fs::read(file).await.with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_name().map_or_else(|| "document".into(), |name| name.to_string_lossy().into_owned());
        let mut form = reqwest::multipart::Form::new()
            .text("user_id", user.to_owned())
            .part("file", reqwest::multipart::Part::bytes(bytes).file_name(name));
        if let Some(received) = received {
            form = form.text("received_date", received.to_owned());
        }
        let claim = self.answer(self.http.post(self.url("/claims")).multipart(form)).await?;
        ["claim_id", "id"]
            .iter()
            .find_map(|key| claim.get(*key)?.as_str())
            .map(str::to_owned)
            .context("the claims service gave the claim no id")
    }

    /// Processes and waits for the end.
    pub async fn process(&self, claim: &str) -> Result<Value> {
        self.answer(self.http.post(self.url(&format!("/claims/{claim}/process?wait=true")))).await
    }

    pub async fn decision(&self, claim: &str) -> Result<Value> {
        self.answer(self.http.get(self.url(&format!("/claims/{claim}/decision")))).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let response = request.send().await.context("the claims service cannot be reached")?;
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        if !status.is_success() {
            let message = body.pointer("/error/message").and_then(Value::as_str).unwrap_or("no reason given");
            bail!("the claims service answered {}: {message}", status.as_u16());
        }
        Ok(body)
    }
}
