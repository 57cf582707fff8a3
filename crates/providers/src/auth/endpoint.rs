//! Providers that are asked by one plain request: an endpoint of one's own, and GitHub.

use async_trait::async_trait;
use identity::Door;
use ports::access::Attributes;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::{CustomConfig, GithubConfig};
use super::{claims, refused};

/// An endpoint that is told the key and the request, and answers whose key it is.
pub struct Custom {
    config: CustomConfig,
    door: Door,
}

impl Custom {
    pub fn new(config: CustomConfig) -> Self {
        Self { door: Door::new(config.tls.clone()), config }
    }
}

#[derive(Deserialize)]
struct Answer {
    principal: String,
    #[serde(default, alias = "access_attributes")]
    attributes: Option<Attributes>,
}

#[async_trait]
impl Authenticator for Custom {
    async fn authenticate(&self, token: &str, with: &AskedWith) -> Result<Verified, AuthError> {
        let request = json!({"path": with.path, "headers": with.headers, "params": with.params});
        let body = json!({"api_key": token, "request": request});
        let (status, body) = self
            .door
            .ask(self.door.client().map_err(refused)?.post(&self.config.endpoint).json(&body))
            .await
            .map_err(refused)?;
        if status != StatusCode::OK {
            return Err(AuthError::Rejected(format!("Authentication failed: {}", status.as_u16())));
        }
        let answer: Answer = serde_json::from_value(body)
            .map_err(|_| AuthError::Unavailable("it answered in a way that says nothing of a principal".into()))?;
        let caller = claims::named(&answer.principal, answer.attributes.unwrap_or_default())?;
        Ok(Verified { caller: Some(caller), until: None })
    }

    fn challenge(&self) -> String {
        "Authentication required. Please provide your API key as a Bearer token in the Authorization header".into()
    }

    fn decides_by_request(&self) -> bool {
        true
    }
}

/// GitHub's own access tokens: the login is the caller.
pub struct Github {
    config: GithubConfig,
    door: Door,
}

impl Github {
    pub fn new(config: GithubConfig) -> Self {
        Self { door: Door::new(config.tls.clone()), config }
    }
}

#[async_trait]
impl Authenticator for Github {
    async fn authenticate(&self, token: &str, _: &AskedWith) -> Result<Verified, AuthError> {
        let url = format!("{}/user", self.config.api_base_url.trim_end_matches('/'));
        let request = self.door.client().map_err(refused)?.get(url).bearer_auth(token);
        let request = request.header("accept", "application/vnd.github+json").header("user-agent", "claimstack");
        let (status, user) = self.door.ask(request).await.map_err(refused)?;
        let user = user.as_object().filter(|_| status == StatusCode::OK);
        let rejected = || AuthError::Rejected("GitHub does not know this token".into());
        let user = user.ok_or_else(rejected)?;
        let login = user.get("login").and_then(Value::as_str).ok_or_else(rejected)?;
        Ok(Verified { caller: Some(claims::caller(login, user, &self.config.mapping)?), until: None })
    }

    fn challenge(&self) -> String {
        "Authentication required. Please provide a valid GitHub access token in the Authorization header".into()
    }
}
