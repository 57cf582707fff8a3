//! Search on the web: SearXNG of one's own, Brave or Tavily. One request, one bounded answer, read by its own shape.

mod shapes;

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use ports::CallContext;
use ports::tools::ToolError;
use ports::web::{WebPage, WebQuery, WebSearch};
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::late_client::LateClient;

const TIME_LIMIT: Duration = Duration::from_secs(20);
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Characters of one page that are passed on.
const EXCERPT: usize = 2_000;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Searxng,
    Brave,
    Tavily,
}

impl Engine {
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("remote::").unwrap_or(name) {
            "searxng" => Some(Self::Searxng),
            "brave" | "brave-search" => Some(Self::Brave),
            "tavily" | "tavily-search" => Some(Self::Tavily),
            _ => None,
        }
    }

    /// Where it is when nothing else is configured; one's own SearXNG is nowhere known.
    fn home(self) -> Option<&'static str> {
        match self {
            Self::Searxng => None,
            Self::Brave => Some("https://api.search.brave.com/res/v1/web/search"),
            Self::Tavily => Some("https://api.tavily.com/search"),
        }
    }

    /// The key of a caller's own, in `X-LlamaStack-Provider-Data`.
    fn callers_key(self) -> Option<&'static str> {
        match self {
            Self::Searxng => None,
            Self::Brave => Some("brave_search_api_key"),
            Self::Tavily => Some("tavily_search_api_key"),
        }
    }
}

#[derive(Clone)]
pub struct WebSearchConfig {
    pub engine: Engine,
    /// SearXNG: the base URL. The others: the address of the search itself, if it is not the public one.
    pub url: Option<String>,
    pub api_key: Option<SecretString>,
}

pub struct RemoteWebSearch {
    engine: Engine,
    url: String,
    api_key: Option<SecretString>,
    http: LateClient,
}

impl RemoteWebSearch {
    /// `None` when the engine has no public address and none is configured.
    pub fn new(config: WebSearchConfig) -> Option<Self> {
        let url = config.url.or_else(|| config.engine.home().map(str::to_owned))?;
        // A search service that answers elsewhere would be handed the key.
        let redirects = reqwest::redirect::Policy::none;
        let http = LateClient::new(move || Client::builder().timeout(TIME_LIMIT).redirect(redirects()));
        Some(Self { engine: config.engine, url, api_key: config.api_key, http })
    }

    fn request(&self, client: &Client, query: &WebQuery, key: &str) -> Result<RequestBuilder, ToolError> {
        let words = narrowed(query);
        let limit = query.limit.to_string();
        let at = |url: &str, pairs: &[(&str, &str)]| {
            reqwest::Url::parse_with_params(url, pairs).map_err(|_| protocol("the configured url is not a URL".into()))
        };
        Ok(match self.engine {
            Engine::Searxng => {
                let url = format!("{}/search", self.url.trim_end_matches('/'));
                client.get(at(&url, &[("q", words.as_str()), ("format", "json")])?)
            }
            Engine::Brave => client
                .get(at(&self.url, &[("q", words.as_str()), ("count", limit.as_str())])?)
                .header("X-Subscription-Token", key),
            Engine::Tavily => client
                .post(&self.url)
                .bearer_auth(key)
                .json(&json!({"query": query.words, "max_results": query.limit, "include_domains": query.domains})),
        })
    }

    fn key(&self, cx: &CallContext) -> Result<String, ToolError> {
        let Some(name) = self.engine.callers_key() else { return Ok(String::new()) };
        let given = cx.provider_data.get(name).and_then(Value::as_str).map(str::to_owned);
        let own = || self.api_key.as_ref().map(|key| key.expose_secret().to_owned());
        given.or_else(own).ok_or_else(|| ToolError::Unauthorized { server: SERVER.into() })
    }
}

const SERVER: &str = "web_search";

#[async_trait]
impl WebSearch for RemoteWebSearch {
    async fn search(&self, query: &WebQuery, cx: &CallContext) -> Result<Vec<WebPage>, ToolError> {
        let key = self.key(cx)?;
        let client = self.http.get().map_err(|error| unreachable("client", &error))?;
        let request = self.request(&client, query, &key)?.timeout(TIME_LIMIT.min(cx.left()));
        let response = tokio::select! {
            () = cx.cancel.cancelled() => return Err(ToolError::Cancelled),
            response = request.send() => response.map_err(|error| unreachable("request", &error))?,
        };
        let status = response.status();
        if status == 401 || status == 403 {
            return Err(ToolError::Unauthorized { server: SERVER.into() });
        }
        if !status.is_success() {
            return Err(protocol(format!("answered {status}")));
        }
        let body: Value =
            serde_json::from_slice(&whole(response).await?).map_err(|error| protocol(error.to_string()))?;
        let mut pages = match self.engine {
            Engine::Searxng => shapes::searxng(&body),
            Engine::Brave => shapes::brave(&body),
            Engine::Tavily => shapes::tavily(&body),
        };
        // Not every engine keeps to the domains it is asked for.
        pages.retain(|page| query.domains.is_empty() || query.domains.iter().any(|domain| within(&page.url, domain)));
        pages.truncate(query.limit);
        for page in &mut pages {
            page.text = page.text.chars().take(EXCERPT).collect();
        }
        Ok(pages)
    }
}

/// The words with the domains, as search engines write it.
fn narrowed(query: &WebQuery) -> String {
    let sites: Vec<String> = query.domains.iter().map(|domain| format!("site:{domain}")).collect();
    match sites.is_empty() {
        true => query.words.clone(),
        false => format!("{} {}", query.words, sites.join(" OR ")),
    }
}

/// Whether the page is of that host or of one below it.
fn within(url: &str, domain: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default();
    let domain = domain.trim_start_matches("*.").trim_end_matches('/');
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

async fn whole(response: Response) -> Result<Vec<u8>, ToolError> {
    let (mut body, mut stream) = (Vec::new(), response.bytes_stream());
    while let Some(bytes) = stream.next().await {
        body.extend_from_slice(&bytes.map_err(|error| unreachable("answer", &error))?);
        if body.len() > MOST_BYTES {
            return Err(protocol(format!("answered with more than {MOST_BYTES} bytes")));
        }
    }
    Ok(body)
}

/// Without the address: it may carry the words that were searched for.
fn unreachable(phase: &str, error: &reqwest::Error) -> ToolError {
    let message = match (error.is_timeout(), error.is_connect()) {
        (true, _) => "no answer in time",
        (_, true) => "no connection",
        _ => "the exchange failed",
    };
    ToolError::Unreachable { server: SERVER.into(), phase: phase.into(), message: message.into() }
}

fn protocol(message: String) -> ToolError {
    ToolError::Protocol { server: SERVER.into(), phase: "search".into(), message }
}
