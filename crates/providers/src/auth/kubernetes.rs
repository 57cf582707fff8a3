//! Tokens of a Kubernetes cluster: the API server says whose they are, asked with the token itself, so that this
//! process needs no rights of its own.

use async_trait::async_trait;
use identity::Door;
use ports::auth::{AskedWith, AuthError, Authenticator, Verified};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::config::KubernetesConfig;
use super::{claims, refused};

const REVIEWS: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

pub struct Cluster {
    config: KubernetesConfig,
    door: Door,
}

impl Cluster {
    pub fn new(config: KubernetesConfig) -> Self {
        Self { door: Door::new(config.tls.clone()), config }
    }
}

#[async_trait]
impl Authenticator for Cluster {
    async fn authenticate(&self, token: &str, _: &AskedWith) -> Result<Verified, AuthError> {
        let url = format!("{}{REVIEWS}", self.config.api_server_url.trim_end_matches('/'));
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let request = self.door.client().map_err(refused)?.post(url).bearer_auth(token).json(&review);
        let (status, body) = self.door.ask(request).await.map_err(refused)?;
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(AuthError::Rejected("the cluster does not know this token".into()));
        }
        let user = body.pointer("/status/userInfo").and_then(Value::as_object).filter(|_| status.is_success());
        let Some(user) = user else {
            return Err(AuthError::Unavailable(format!("it answered {} and no user", status.as_u16())));
        };
        let name = user.get("username").and_then(Value::as_str).unwrap_or_default();
        let caller = claims::caller(name, user, &self.config.mapping)?;
        Ok(Verified { caller: Some(caller), until: None })
    }

    fn challenge(&self) -> String {
        "Authentication required. Please provide a valid Kubernetes token in the Authorization header (Bearer <token>)"
            .into()
    }
}
