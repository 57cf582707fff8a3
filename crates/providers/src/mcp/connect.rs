//! From an address to a session: which transports are tried, and in which order.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::HeaderMap;
use ports::{
    CallContext,
    tools::{Place, ToolServer},
};
use reqwest::Url;
use rmcp::{
    ClientHandler, RoleClient,
    model::{ClientCapabilities, ClientConfig, Implementation, ProtocolVersion},
    service::{ClientInitializeError, ClientLifecycleMode, NotificationContext, RunningService},
    transport::{IntoTransport, StreamableHttpClientTransport, TokioChildProcess},
};
use tokio::process::Command;

use super::{
    McpConfig,
    address::AddressRules,
    failure::Failure,
    http::{Clients, LastFailure, NotingClient, SessionName, headers, settings},
    legacy::LegacyTransport,
};

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Streamable HTTP, each request by itself.
    Stateless,
    /// Streamable HTTP after an `initialize` handshake.
    Handshake,
    LegacySse,
    Stdio,
}

impl Way {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stateless | Self::Handshake => "streamable HTTP",
            Self::LegacySse => "legacy HTTP+SSE",
            Self::Stdio => "stdio",
        }
    }
}

/// What a server may tell us outside an answer.
#[derive(Clone, Default)]
pub(super) struct Notices {
    list_changes: Arc<AtomicU64>,
    session: SessionName,
}

impl Notices {
    /// Grows whenever the server says that its tools have changed.
    pub(super) fn list_changes(&self) -> u64 {
        self.list_changes.load(Ordering::Acquire)
    }

    /// The session as the server names it; `None` where it keeps none.
    pub(super) fn session(&self) -> Option<Arc<str>> {
        self.session.get()
    }
}

impl ClientHandler for Notices {
    fn get_info(&self) -> ClientConfig {
        // Nothing is offered: no sampling, no questions to a user, no roots.
        let name = Implementation::new("claimstack", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(ClientCapabilities::default(), name)
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.list_changes.fetch_add(1, Ordering::AcqRel);
    }
}

pub(super) type Running = RunningService<RoleClient, Notices>;

/// Ends `work` with its caller, its deadline or `limit`, whichever is first.
pub(super) async fn within<T>(
    cx: &CallContext,
    limit: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = cx.cancel.cancelled() => Err(Failure::Cancelled),
        outcome = tokio::time::timeout(limit.min(cx.left()), work) => outcome.unwrap_or(Err(Failure::Timeout)),
    }
}

/// Opens sessions. Holds what all of them share.
pub(super) struct Connector {
    pub(super) config: McpConfig,
    rules: AddressRules,
    clients: Clients,
    /// What worked last at an address.
    ways: moka::future::Cache<String, Way>,
}

const REMEMBERED_FOR: Duration = Duration::from_secs(3600);
const REMEMBERED: u64 = 1024;

impl Connector {
    pub(super) fn new(config: McpConfig) -> Self {
        let rules = AddressRules::new(&config);
        let clients = Clients::new(&config, &rules);
        let ways = moka::future::Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        Self { config, rules, clients, ways }
    }

    pub(super) async fn connect(&self, server: &ToolServer, cx: &CallContext) -> Result<(Running, Way), Failure> {
        match &server.place {
            Place::Http { url, headers: given, authorization } => {
                let url =
                    self.rules.check(url, server.configured).map_err(|error| Failure::NotAllowed(error.to_string()))?;
                let door = Door {
                    connector: self,
                    http: self.clients.of(server.configured)?,
                    url,
                    headers: headers(given)?,
                    authorization: authorization.as_deref(),
                };
                door.open(cx).await
            }
            Place::Stdio { .. } if !server.configured => {
                Err(Failure::NotAllowed("only configured servers may be commands".into()))
            }
            Place::Stdio { command, args, env } => {
                let mut child = Command::new(command);
                // Our own environment holds secrets that are no business of a tool server.
                child.args(args).env_clear().envs(inherited()).envs(env).kill_on_drop(true);
                let spawned = TokioChildProcess::builder(child).stderr(Stdio::null()).spawn();
                let (transport, _) = spawned
                    .map_err(|error| Failure::Refused(format!("the command cannot be started: {}", error.kind())))?;
                let limit = self.config.initialize_timeout();
                let service = within(cx, limit, handshake(transport, both_eras(), None, Notices::default())).await?;
                Ok((service, Way::Stdio))
            }
        }
    }
}

fn inherited() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    ["PATH", "HOME", "LANG", "TMPDIR"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)))
}

/// Asks with the newest protocol first and falls back to `initialize`.
fn both_eras() -> ClientLifecycleMode {
    ClientLifecycleMode::Auto { preferred_versions: vec![ProtocolVersion::V_2026_07_28], legacy_version: None }
}

async fn handshake<T, E, A>(
    transport: T,
    lifecycle: ClientLifecycleMode,
    last: Option<LastFailure>,
    notices: Notices,
) -> Result<Running, Failure>
where
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let started = rmcp::service::serve_client_with_lifecycle(notices, transport, lifecycle).await;
    started.map_err(|error: ClientInitializeError| {
        let noted = last.and_then(|last| last.take());
        match (Failure::from(&error), noted) {
            // rmcp only saw the transport close; the client saw why.
            (Failure::Broken(_), Some(noted)) => noted,
            (failure, _) => failure,
        }
    })
}

/// One address, ready to be tried.
struct Door<'a> {
    connector: &'a Connector,
    http: reqwest::Client,
    url: Url,
    headers: HeaderMap,
    authorization: Option<&'a str>,
}

impl Door<'_> {
    async fn open(&self, cx: &CallContext) -> Result<(Running, Way), Failure> {
        let known = self.connector.ways.get(self.url.as_str()).await;
        let order: &[Way] = match known {
            Some(Way::LegacySse) => &[Way::LegacySse, Way::Stateless],
            Some(Way::Handshake) => &[Way::Handshake, Way::LegacySse],
            _ => &[Way::Stateless, Way::Handshake, Way::LegacySse],
        };
        let mut failures: Vec<(Way, Failure)> = Vec::new();
        for way in order {
            // Worth a try by itself only where the server did answer, but not to the question of the newest protocol.
            if *way == Way::Handshake && !matches!(failures.last(), None | Some((_, Failure::Protocol(_)))) {
                continue;
            }
            match self.try_one(*way, cx).await {
                Ok((service, way)) => {
                    self.connector.ways.insert(self.url.to_string(), way).await;
                    return Ok((service, way));
                }
                Err(failure) if failure.other_transport_may_work() && !cx.left().is_zero() => {
                    tracing::debug!(transport = way.name(), reason = failure.describe(), "transport did not work");
                    failures.push((*way, failure));
                }
                Err(failure) => return Err(failure),
            }
        }
        self.connector.ways.invalidate(self.url.as_str()).await;
        Err(summary(failures))
    }

    async fn try_one(&self, way: Way, cx: &CallContext) -> Result<(Running, Way), Failure> {
        let limit = self.connector.config.initialize_timeout();
        match way {
            Way::LegacySse => Ok((within(cx, limit, self.legacy()).await?, Way::LegacySse)),
            _ => {
                let service = within(cx, limit, self.streamable(way)).await?;
                let stateless = service
                    .peer()
                    .peer_info()
                    .is_some_and(|peer| peer.protocol_version >= ProtocolVersion::V_2026_07_28);
                Ok((service, if stateless { Way::Stateless } else { Way::Handshake }))
            }
        }
    }

    async fn streamable(&self, way: Way) -> Result<Running, Failure> {
        let last = LastFailure::default();
        let notices = Notices::default();
        let session = notices.session.clone();
        let client = NotingClient { http: self.http.clone(), last: last.clone(), session };
        let settings = settings(&self.url, &self.headers, self.authorization, &self.connector.config);
        let transport = StreamableHttpClientTransport::with_client(client, settings);
        let lifecycle = match way {
            Way::Handshake => ClientLifecycleMode::Initialize,
            _ => both_eras(),
        };
        handshake(transport, lifecycle, Some(last), notices).await
    }

    async fn legacy(&self) -> Result<Running, Failure> {
        let limit = self.connector.config.max_answer_bytes;
        let (http, url, headers) = (self.http.clone(), self.url.clone(), self.headers.clone());
        let transport = LegacyTransport::open(http, url, headers, self.authorization, limit).await?;
        // This transport is older than anything but the handshake.
        handshake(transport, ClientLifecycleMode::Initialize, None, Notices::default()).await
    }
}

/// All reasons in one; the kind is that of the first transport, which is the one to repair.
fn summary(failures: Vec<(Way, Failure)>) -> Failure {
    let reasons: Vec<String> =
        failures.iter().map(|(way, failure)| format!("{}: {}", way.name(), failure.describe())).collect();
    let reasons = reasons.join("; ");
    if failures.iter().all(|(_, failure)| *failure == Failure::Timeout) {
        return Failure::Timeout;
    }
    match failures.into_iter().next() {
        Some((_, Failure::Protocol(_))) => Failure::Protocol(reasons),
        _ => Failure::Broken(reasons),
    }
}
