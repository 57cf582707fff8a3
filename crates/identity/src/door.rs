//! The way to an identity provider: few requests at a time, each bounded in time and size.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Certificate, Client, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::Refused;

const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(3);
const LONGEST_ANSWER: usize = 1024 * 1024;
/// Questions under way at one time; further ones wait, and give up when they have waited as long as one may take.
const AT_A_TIME: usize = 16;

/// How the provider's own certificate is judged.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// Any certificate will do. For trials only.
    pub unverified: bool,
    /// Authorities beside those that the machine trusts.
    pub cafile: Option<PathBuf>,
}

pub struct Door {
    tls: Tls,
    client: OnceLock<Client>,
    room: Semaphore,
}

impl Door {
    pub fn new(tls: Tls) -> Self {
        Self { tls, client: OnceLock::new(), room: Semaphore::new(AT_A_TIME) }
    }

    /// The client, built when the first token needs it: reading the machine's certificates takes a while.
    pub fn client(&self) -> Result<Client, Refused> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(self.tls.unverified);
        if let Some(path) = &self.tls.cafile {
            let unreadable = |error: String| unavailable(format!("{}: {error}", path.display()));
            let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(error.to_string()))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(|error| unavailable(error.to_string()))?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// Status and body, which is null where it is no JSON. A provider that fails by itself (5xx, 429) is not there.
    pub async fn ask(&self, request: RequestBuilder) -> Result<(StatusCode, Value), Refused> {
        let work = async {
            let _room = self.room.acquire().await.map_err(|_| unavailable("closed".into()))?;
            let mut response = request.send().await.map_err(|error| failed(&error))?;
            let status = response.status();
            if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                return Err(unavailable(format!("it answered {}", status.as_u16())));
            }
            let mut body = Vec::new();
            while let Some(bytes) = response.chunk().await.map_err(|error| failed(&error))? {
                body.extend_from_slice(&bytes);
                if body.len() > LONGEST_ANSWER {
                    return Err(unavailable("its answer is too long".into()));
                }
            }
            Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(answer) => answer,
            Err(_) => Err(unavailable("it took too long".into())),
        }
    }
}

/// Why, in words without the address, which may hold a secret in its query.
fn failed(error: &reqwest::Error) -> Refused {
    let why = match () {
        () if error.is_timeout() => "it took too long",
        () if error.is_connect() => "no connection",
        () => "the connection broke",
    };
    unavailable(why.into())
}

pub(crate) fn unavailable(why: String) -> Refused {
    tracing::warn!(why, "the identity provider cannot be asked");
    Refused::Unavailable(why)
}
