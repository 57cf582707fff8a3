//! HTTP client for the claims service's internal API.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Document, EvidenceConfig, EvidenceError, EvidenceRef, EvidenceSet, History, HistoryQuery, Intake, NewEvidence,
    StoredDecision,
};
use crate::CLAIM_RUN_HEADER;

/// Reads intakes and reference data, and writes evidence. Cheap to clone; all
/// clones share one connection pool.
#[derive(Clone)]
pub struct EvidenceClient {
    http: reqwest::Client,
    base: Url,
    token: Option<SecretString>,
    max_document_bytes: usize,
    max_answer_bytes: usize,
}

impl EvidenceClient {
    /// Checks the settings; no request is made before the first call.
    pub fn new(config: EvidenceConfig) -> Result<Self, EvidenceError> {
        let base =
            Url::parse(&config.url).map_err(|error| EvidenceError::Config(format!("url is not a URL: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(EvidenceError::Config("url must start with http:// or https://".into()));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(config.connect_timeout_seconds.max(1)))
            .timeout(Duration::from_secs(config.timeout_seconds.max(1)))
            // The token must not follow a redirect.
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(16)
            .no_proxy()
            .build()
            .map_err(|error| EvidenceError::Config(format!("http client: {error}")))?;
        Ok(Self {
            http,
            base,
            token: config.token,
            max_document_bytes: config.max_document_bytes,
            max_answer_bytes: config.max_answer_bytes,
        })
    }

    pub async fn intake(&self, claim_id: &str) -> Result<Intake, EvidenceError> {
        let request = self.request(Method::GET, &["claims", claim_id])?;
        self.json(request, claim_id, "an intake").await
    }

    pub async fn document(&self, claim_id: &str) -> Result<Document, EvidenceError> {
        let request = self.request(Method::GET, &["claims", claim_id, "document"])?;
        let response = self.send(request, claim_id).await?;
        let text = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let (filename, media_type) = (text("x-filename"), text("content-type"));
        let bytes = read_limited(response, self.max_document_bytes).await?;
        Ok(Document { bytes, filename, media_type })
    }

    /// Stores one finding of `run`. The same finding again gives the same receipt.
    pub async fn record(
        &self,
        claim_id: &str,
        run: &str,
        evidence: &NewEvidence<'_>,
    ) -> Result<EvidenceRef, EvidenceError> {
        let request =
            self.request(Method::POST, &["claims", claim_id, "evidence"])?.header(CLAIM_RUN_HEADER, run).json(evidence);
        self.json(request, claim_id, "an evidence receipt").await
    }

    pub async fn evidence(&self, claim_id: &str) -> Result<EvidenceSet, EvidenceError> {
        let request = self.request(Method::GET, &["claims", claim_id, "evidence"])?;
        self.json(request, claim_id, "evidence").await
    }

    /// Stores the decision taken on the run's evidence.
    pub async fn record_decision(
        &self,
        claim_id: &str,
        run: &str,
        body: &Value,
    ) -> Result<StoredDecision, EvidenceError> {
        let request =
            self.request(Method::POST, &["claims", claim_id, "decision"])?.header(CLAIM_RUN_HEADER, run).json(body);
        let response = self.send(request, claim_id).await?;
        let created = response.status() == StatusCode::CREATED;
        let body = parse(read_limited(response, self.max_answer_bytes).await?, "a decision")?;
        Ok(StoredDecision { created, body })
    }

    /// The user with `contracts` and `past_claims`.
    pub async fn user(&self, user_id: &str) -> Result<Value, EvidenceError> {
        let request = self.request(Method::GET, &["reference", "users", user_id])?;
        self.json(request, user_id, "a user").await
    }

    /// All past decided claims, unless `etag` is still the current one.
    pub async fn history(&self, etag: Option<&str>) -> Result<History, EvidenceError> {
        let mut request = self.request(Method::GET, &["reference", "history"])?;
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let response = self.send(request, "history").await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(History::Unchanged);
        }
        let etag = response.headers().get(header::ETAG);
        let etag = etag.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = read_limited(response, self.max_answer_bytes).await?;
        let records = json_lines(&body, "past claims")?;
        Ok(History::Records { etag, records })
    }

    /// Every user with `contracts`.
    pub async fn policyholders(&self) -> Result<Vec<Value>, EvidenceError> {
        self.lines(&["reference", "policyholders"], "policyholders").await
    }

    /// Every article of the knowledge base.
    pub async fn articles(&self) -> Result<Vec<Value>, EvidenceError> {
        self.lines(&["reference", "articles"], "articles").await
    }

    async fn lines(&self, path: &[&str], what: &'static str) -> Result<Vec<Value>, EvidenceError> {
        let response = self.send(self.request(Method::GET, path)?, what).await?;
        json_lines(&read_limited(response, self.max_answer_bytes).await?, what)
    }

    /// Past claims by key. A query without any key is refused by the service.
    pub async fn history_lookup(&self, query: &HistoryQuery) -> Result<Vec<Value>, EvidenceError> {
        let mut url = self.url(&["reference", "history", "lookup"])?;
        url.query_pairs_mut().extend_pairs(query.pairs());
        let request = self.authorized(Method::GET, url);
        let body: Value = self.json(request, "history", "past claims").await?;
        match body {
            Value::Array(records) => Ok(records),
            Value::Object(mut fields) => ["records", "data", "claims"]
                .iter()
                .find_map(|name| match fields.remove(*name) {
                    Some(Value::Array(records)) => Some(records),
                    _ => None,
                })
                .ok_or(EvidenceError::Malformed { what: "past claims" }),
            _ => Err(EvidenceError::Malformed { what: "past claims" }),
        }
    }

    /// Exchange rates, watched providers and public holidays.
    pub async fn parameters(&self) -> Result<Value, EvidenceError> {
        let request = self.request(Method::GET, &["reference", "parameters"])?;
        self.json(request, "parameters", "parameters").await
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, EvidenceError> {
        Ok(self.authorized(method, self.url(path)?))
    }

    fn url(&self, path: &[&str]) -> Result<Url, EvidenceError> {
        let mut url = self.base.clone();
        {
            let mut segments =
                url.path_segments_mut().map_err(|()| EvidenceError::Config("url cannot be a base".into()))?;
            segments.pop_if_empty().extend(["internal", "v1"]);
            for segment in path {
                // A dot segment would walk to another resource, an empty one to the list.
                if segment.is_empty() || *segment == "." || *segment == ".." {
                    return Err(EvidenceError::NotFound { what: format!("{segment:?}") });
                }
                segments.push(segment);
            }
        }
        Ok(url)
    }

    fn authorized(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    async fn json<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        subject: &str,
        what: &'static str,
    ) -> Result<T, EvidenceError> {
        let response = self.send(request, subject).await?;
        parse(read_limited(response, self.max_answer_bytes).await?, what)
    }

    async fn send(&self, request: RequestBuilder, subject: &str) -> Result<Response, EvidenceError> {
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let body = read_limited(response, MAX_ERROR_BYTES).await.unwrap_or_default();
        let (code, message) = error_text(&body);
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => EvidenceError::Unauthorized,
            StatusCode::NOT_FOUND => EvidenceError::NotFound { what: subject.to_owned() },
            StatusCode::CONFLICT if code.as_deref().is_none_or(|code| code == "stale_run") => {
                EvidenceError::StaleRun { claim_id: subject.to_owned() }
            }
            _ => EvidenceError::Rejected { status: status.as_u16(), message },
        })
    }
}

const MAX_ERROR_BYTES: usize = 16 * 1024;

fn json_lines(body: &[u8], what: &'static str) -> Result<Vec<Value>, EvidenceError> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(serde_json::from_slice).collect::<Result<_, _>>().map_err(|_| EvidenceError::Malformed { what })
}

fn parse<T: DeserializeOwned>(body: Bytes, what: &'static str) -> Result<T, EvidenceError> {
    serde_json::from_slice(&body).map_err(|_| EvidenceError::Malformed { what })
}

async fn read_limited(response: Response, limit: usize) -> Result<Bytes, EvidenceError> {
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(EvidenceError::TooLarge { limit });
    }
    let mut body = BytesMut::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(unreachable)?;
        if chunk.len() > limit - body.len() {
            return Err(EvidenceError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Says which phase failed; the URL is left out because it names the claim.
fn unreachable(error: reqwest::Error) -> EvidenceError {
    let reason = if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        "connection refused or not possible".to_owned()
    } else {
        error.without_url().to_string()
    };
    EvidenceError::Unreachable { reason }
}

/// Code and message of an error body: `{error:{code,message}}`, `{error:"code"}`
/// or `{detail}`.
fn error_text(body: &[u8]) -> (Option<String>, String) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let error = body.get("error");
    let code =
        text(error.and_then(|error| error.get("code"))).or_else(|| text(error)).or_else(|| text(body.get("code")));
    let message = text(error.and_then(|error| error.get("message")))
        .or_else(|| text(body.get("message")))
        .or_else(|| text(body.get("detail")))
        .or_else(|| code.clone())
        .unwrap_or_else(|| "no explanation given".to_owned());
    (code, message)
}
