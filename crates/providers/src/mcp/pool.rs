//! Sessions, shared by everybody who speaks to the same server in the same name.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ports::{
    CallContext,
    tools::{Place, ToolError, ToolServer, ToolServers, ToolSource},
};
use sha2::{Digest, Sha256};

use super::{McpConfig, connect::Connector, session::Session, source::McpSource};

/// A digest of everything that makes two requests for a server the same. Holds no secret.
pub(super) type Key = [u8; 32];

/// Another caller's cancelled attempt is repeated this often on our own account.
const ATTEMPTS: usize = 3;

/// The MCP servers this process can reach. Cheap to clone.
#[derive(Clone)]
pub struct McpServers {
    pool: Arc<Pool>,
}

impl McpServers {
    /// Nothing is contacted before the first [`ToolServers::open`].
    pub fn new(config: McpConfig) -> Self {
        let sessions = moka::future::Cache::builder()
            .max_capacity(config.max_sessions.max(1))
            .time_to_idle(Duration::from_secs(config.idle_seconds.max(1)))
            .build();
        let connector = Connector::new(config);
        Self { pool: Arc::new(Pool { connector, sessions }) }
    }
}

#[async_trait]
impl ToolServers for McpServers {
    async fn open(&self, server: &ToolServer, cx: &CallContext) -> Result<Arc<dyn ToolSource>, ToolError> {
        let source = McpSource::new(self.pool.clone(), server.clone());
        self.pool.session(server, cx).await?;
        Ok(Arc::new(source))
    }
}

pub(super) struct Pool {
    connector: Connector,
    sessions: moka::future::Cache<Key, Arc<Session>>,
}

impl Pool {
    pub(super) fn config(&self) -> &McpConfig {
        &self.connector.config
    }

    /// The open session for `server`, or a new one. Callers who ask at the same time share the attempt.
    pub(super) async fn session(&self, server: &ToolServer, cx: &CallContext) -> Result<Arc<Session>, ToolError> {
        let key = key(server);
        let mut last = ToolError::Cancelled;
        for _ in 0..ATTEMPTS {
            if let Some(session) = self.sessions.get(&key).await {
                if !session.is_closed() {
                    return Ok(session);
                }
                self.sessions.invalidate(&key).await;
            }
            let connecting = async {
                let connected = self.connector.connect(server, cx).await;
                let (service, way) = connected.map_err(|failure| failure.into_error(&server.label, "initialize"))?;
                Ok(Arc::new(Session::new(service, way)))
            };
            match self.sessions.try_get_with::<_, ToolError>(key, connecting).await {
                Ok(session) => return Ok(session),
                Err(error) => match error.as_ref() {
                    ToolError::Cancelled if !cx.cancel.is_cancelled() => last = ToolError::Cancelled,
                    error => return Err(error.clone()),
                },
            }
        }
        Err(last)
    }

    pub(super) async fn forget(&self, server: &ToolServer) {
        self.sessions.invalidate(&key(server)).await;
    }
}

fn key(server: &ToolServer) -> Key {
    let mut digest = Sha256::new();
    let mut add = |part: &str| {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    };
    add(if server.configured { "configured" } else { "given" });
    match &server.place {
        Place::Http { url, headers, authorization } => {
            add("http");
            add(url);
            add(authorization.as_deref().unwrap_or_default());
            headers.iter().for_each(|(name, value)| {
                add(name);
                add(value);
            });
        }
        Place::Stdio { command, args, env } => {
            add("stdio");
            add(command);
            add(&args.len().to_string());
            args.iter().for_each(|arg| add(arg));
            env.iter().for_each(|(name, value)| {
                add(name);
                add(value);
            });
        }
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn server(url: &str, header: &str, token: Option<&str>) -> ToolServer {
        let headers = BTreeMap::from([("x-claim-run".to_owned(), header.to_owned())]);
        let authorization = token.map(str::to_owned);
        let place = Place::Http { url: url.to_owned(), headers, authorization };
        ToolServer { label: "ocr".into(), place, configured: true }
    }

    #[test]
    fn sessions_are_shared_only_in_the_same_name() {
        let base = key(&server("http://a/", "1", None));
        assert_eq!(base, key(&ToolServer { label: "other".into(), ..server("http://a/", "1", None) }));
        assert_ne!(base, key(&server("http://b/", "1", None)));
        assert_ne!(base, key(&server("http://a/", "2", None)));
        assert_ne!(base, key(&server("http://a/", "1", Some("t"))));
        assert_ne!(base, key(&ToolServer { configured: false, ..server("http://a/", "1", None) }));
    }
}
