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

/// A document and what its sender says of it.
pub struct Submission<'a> {
    pub file: &'a Path,
    pub user: &'a str,
    /// YYYY-MM-DD; today when absent.
    pub received: Option<&'a str>,
    /// Made up by the service when absent.
    pub claim_number: Option<&'a str>,
    pub claim_type: Option<&'a str>,
}

impl ClaimsApi {
    pub fn new(base: &str) -> Result<Self> {
        Self::with_token(base, None)
    }

    /// For a service that asks who calls.
    pub fn with_token(base: &str, token: Option<&str>) -> Result<Self> {
        let mut headers = reqwest::header::HeaderMap::new();
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            let value = reqwest::header::HeaderValue::try_from(format!("Bearer {token}"));
            let mut value = value.map_err(|_| anyhow::anyhow!("--token holds what no header can carry"))?;
            value.set_sensitive(true);
            headers.insert(reqwest::header::AUTHORIZATION, value);
        }
        let http = reqwest::Client::builder().timeout(Duration::from_secs(900)).tcp_nodelay(true);
        let http = http.default_headers(headers).build()?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), http })
    }

    pub async fn submit(&self, submission: &Submission<'_>) -> Result<String> {
        let file = submission.file;
        let bytes = tokio::fs::read(file).await.with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_name().map_or_else(|| "document".into(), |name| name.to_string_lossy().into_owned());
        let mut form = reqwest::multipart::Form::new()
            .text("user_id", submission.user.to_owned())
            .part("file", reqwest::multipart::Part::bytes(bytes).file_name(name));
        let given = [
            ("received_date", submission.received),
            ("claim_number", submission.claim_number),
            ("claim_type", submission.claim_type),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                form = form.text(name, value.to_owned());
            }
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
        self.read(claim, "decision").await
    }

    /// What the service tells about the claim: its `evidence`, its `logs`, …
    pub async fn read(&self, claim: &str, what: &str) -> Result<Value> {
        self.answer(self.http.get(self.url(&format!("/claims/{claim}/{what}")))).await
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
