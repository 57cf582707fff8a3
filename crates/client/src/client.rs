//! The calls.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use wire::JsonObject;
use wire::llama::inspect::Health;
use wire::openai::chat::{ChatCompletion, ChatRequest};
use wire::openai::embeddings::{EmbeddingInput, EmbeddingsRequest, EmbeddingsResponse, EncodingFormat, Vector};
use wire::openai::events::EventKind;
use wire::openai::models::ModelObject;
use wire::openai::responses::{ResponseObject, ResponseRequest};

use crate::error::ClientError;
use crate::events::EventStream;
use crate::{body, normal};

#[derive(Debug, Clone)]
pub struct ClientOptions {
    pub connect_timeout: Duration,
    /// Longest a plain call may take, body included, and longest a stream may take to begin.
    pub request_timeout: Duration,
    /// Longest silence inside a stream.
    pub idle_timeout: Duration,
    pub max_body_bytes: usize,
    pub max_event_bytes: usize,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(120),
            idle_timeout: Duration::from_secs(120),
            max_body_bytes: 64 * 1024 * 1024,
            max_event_bytes: 16 * 1024 * 1024,
        }
    }
}

/// Speaks to one control plane. Cheap to clone; all clones share one connection pool.
#[derive(Clone)]
pub struct StackClient {
    http: reqwest::Client,
    /// Ends in `/v1`.
    base: Url,
    token: Option<SecretString>,
    /// `traceparent` of every request.
    trace: Option<String>,
    options: ClientOptions,
}

impl StackClient {
    /// `base_url` may end in `/v1` (or OpenAI's `/v1/openai/v1`) or not. No request is made here.
    pub fn new(base_url: &str, token: Option<SecretString>, options: ClientOptions) -> Result<Self, ClientError> {
        let base = base_of(base_url)?;
        let http = reqwest::Client::builder()
            .connect_timeout(options.connect_timeout)
            // The token must not follow a redirect to another place.
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(16)
            .pool_idle_timeout(Duration::from_secs(60))
            .no_proxy()
            .build()
            .map_err(|error| ClientError::Settings(format!("http client: {error}")))?;
        let token = token.filter(|token| !token.expose_secret().is_empty());
        Ok(Self { http, base, token, trace: None, options })
    }

    /// The same client below a span: what the control plane does for its requests belongs to that trace.
    /// `traceparent` as W3C Trace Context writes it.
    #[must_use]
    pub fn traced(&self, traceparent: String) -> Self {
        Self { trace: Some(traceparent), ..self.clone() }
    }

    pub async fn health(&self) -> Result<Health, ClientError> {
        let request = self.request(Method::GET, &["health"])?;
        body::typed(self.json(request, "health").await?, "health")
    }

    pub async fn models(&self) -> Result<Vec<ModelObject>, ClientError> {
        const WHAT: &str = "models";
        #[derive(Deserialize)]
        struct List {
            data: Vec<Value>,
        }
        let request = self.request(Method::GET, &["models"])?;
        let list: List = body::typed(self.json(request, WHAT).await?, WHAT)?;
        list.data
            .into_iter()
            .map(|mut value| {
                normal::model(&mut value);
                body::typed(value, WHAT)
            })
            .collect()
    }

    /// One whole answer. For a long agent run prefer [`Self::responses_stream`], which cannot time out while
    /// the server still works.
    pub async fn responses(&self, mut request: ResponseRequest) -> Result<ResponseObject, ClientError> {
        request.stream = Some(false);
        let request = self.request(Method::POST, &["responses"])?.json(&request);
        read_response(self.json(request, "a response").await?)
    }

    /// The same, event by event. Dropping the stream cancels the response.
    pub async fn responses_stream(&self, mut request: ResponseRequest) -> Result<EventStream, ClientError> {
        request.stream = Some(true);
        let request = self.request(Method::POST, &["responses"])?.json(&request);
        let sent = tokio::time::timeout(self.options.request_timeout, async {
            body::success(request.send().await.map_err(body::lost)?).await
        });
        let response = sent.await.map_err(|_| ClientError::Timeout)??;
        if !is_json(&response) {
            return Ok(EventStream::new(response, self.options.idle_timeout, self.options.max_event_bytes));
        }
        let read = body::json(response, self.options.max_body_bytes, "a response");
        let value =
            tokio::time::timeout(self.options.request_timeout, read).await.map_err(|_| ClientError::Timeout)??;
        Ok(EventStream::of_one(EventKind::Completed { response: Box::new(read_response(value)?) }))
    }

    /// A stored response.
    pub async fn response(&self, id: &str) -> Result<ResponseObject, ClientError> {
        let request = self.request(Method::GET, &["responses", id])?;
        read_response(self.json(request, "a response").await?)
    }

    pub async fn chat(&self, mut request: ChatRequest) -> Result<ChatCompletion, ClientError> {
        request.stream = Some(false);
        request.stream_options = None;
        let request = self.request(Method::POST, &["chat", "completions"])?.json(&request);
        let mut value = self.json(request, "a chat completion").await?;
        normal::without_nulls(&mut value);
        body::typed(value, "a chat completion")
    }

    /// One vector for each text, in the order of the texts, all of one length.
    pub async fn embeddings(&self, model: &str, texts: Vec<String>) -> Result<Vec<Vec<f32>>, ClientError> {
        const WHAT: &str = "embeddings";
        let expected = texts.len();
        let request = EmbeddingsRequest {
            model: model.to_owned(),
            input: EmbeddingInput::Many(texts),
            encoding_format: Some(EncodingFormat::Float),
            dimensions: None,
            extra: JsonObject::new(),
        };
        let request = self.request(Method::POST, &["embeddings"])?.json(&request);
        let mut answer: EmbeddingsResponse = body::typed(self.json(request, WHAT).await?, WHAT)?;
        answer.data.sort_by_key(|row| row.index);
        let vectors: Option<Vec<Vec<f32>>> = answer
            .data
            .into_iter()
            .map(|row| match row.embedding {
                Vector::Floats(floats) => Some(floats),
                Vector::Base64(_) => None,
            })
            .collect();
        let wrong = |reason: &str| ClientError::Decode { what: WHAT, reason: reason.into() };
        let vectors = vectors.ok_or_else(|| wrong("base64, though floats were asked for"))?;
        let length = vectors.first().map_or(0, Vec::len);
        if vectors.len() != expected {
            return Err(wrong("not as many vectors as texts"));
        }
        let uneven = vectors.iter().any(|vector| vector.len() != length || vector.iter().any(|x| !x.is_finite()));
        match uneven || (expected > 0 && length == 0) {
            true => Err(wrong("vectors empty, of different lengths, or not finite")),
            false => Ok(vectors),
        }
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, ClientError> {
        let mut url = self.base.clone();
        {
            let mut segments =
                url.path_segments_mut().map_err(|()| ClientError::Settings("the URL cannot be a base".into()))?;
            for segment in path {
                // A dot segment would walk to another resource, an empty one to the list.
                if matches!(*segment, "" | "." | "..") {
                    return Err(ClientError::Settings(format!("{segment:?} is not an id")));
                }
                segments.push(segment);
            }
        }
        let request = self.http.request(method, url);
        let request = match &self.trace {
            Some(trace) => request.header("traceparent", trace),
            None => request,
        };
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        })
    }

    async fn json(&self, request: RequestBuilder, what: &'static str) -> Result<Value, ClientError> {
        let request = request.timeout(self.options.request_timeout);
        let response = request.send().await.map_err(body::lost)?;
        body::json(response, self.options.max_body_bytes, what).await
    }
}

fn read_response(mut value: Value) -> Result<ResponseObject, ClientError> {
    normal::without_nulls(&mut value);
    normal::response(&mut value);
    body::typed(value, "a response")
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("application/json"))
}

fn base_of(base_url: &str) -> Result<Url, ClientError> {
    let wrong = |reason: &str| ClientError::Settings(format!("stack_url {reason}"));
    let mut url = Url::parse(base_url.trim()).map_err(|_| wrong("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
        return Err(wrong("must start with http:// or https://"));
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let root = path.strip_suffix("/v1").unwrap_or(path);
    let root = root.strip_suffix("/v1/openai").unwrap_or(root);
    let path = format!("{root}/v1");
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_may_carry_v1_or_not() {
        let cases = [
            ("http://127.0.0.1:8321", "http://127.0.0.1:8321/v1"),
            ("http://127.0.0.1:8321/", "http://127.0.0.1:8321/v1"),
            ("http://127.0.0.1:8321/v1/", "http://127.0.0.1:8321/v1"),
            ("http://stack:8321/v1/openai/v1", "http://stack:8321/v1"),
            ("https://example.org/stack/v1", "https://example.org/stack/v1"),
        ];
        for (given, expected) in cases {
            assert_eq!(base_of(given).expect("a base").as_str(), expected, "{given}");
        }
        for given in ["", "localhost:8321", "ftp://x", "mailto:a@b"] {
            assert!(matches!(base_of(given), Err(ClientError::Settings(_))), "{given}");
        }
    }
}
