//! The control plane: providers, connectors, store and edge.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::providers::mcp::{McpConfig, McpServers};
use ::providers::web_search::{Engine, RemoteWebSearch, WebSearchConfig};
use anyhow::{Context, Result, bail};
use engine::own::SearchWords;
use engine::registry::Serves;
use engine::respond::Connectors;
use engine::vectors::{EmbeddedSearch, Settings};
use engine::{Background, Limits, Own, Registry, Responder};
use gateway::{Admission, App, Edge, Quota, Stores};
use ports::Ids;
use ports::context::{SystemClock, UuidIds};
use ports::tools::{Place, ToolServer};
use ports::vectors::VectorSearch;
use ports::web::WebSearch;
use secrecy::ExposeSecret;

use crate::config::{ConnectorConfig, GatewayConfig, StackConfig};

use super::{auth, providers};

/// The period of a quota.
const DAY: Duration = Duration::from_secs(86_400);

/// `warm`: load the chat model now rather than at the first question.
pub async fn service(config: &StackConfig, warm: bool) -> Result<host::Service> {
    let folder = config.data_dir.join("gateway");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (store, later) = store(config)?;
    if !later {
        store.bring_up().await?;
    }
    let policy = Arc::new(config.gateway.auth.access_policy.clone());
    let entries = providers::entries(config, warm);
    let first_chat = config.gateway.providers.iter().find_map(|provider| {
        let entry = entries.iter().find(|entry| entry.id == provider.id)?;
        let model = provider.models.first().or(provider.model.as_ref())?;
        matches!(entry.serves, Serves::Chat(..)).then(|| format!("{}/{model}", entry.id))
    });
    let limits = Limits { run_time: Duration::from_secs(config.gateway.time_limit_seconds), ..Limits::default() };
    let stores = Stores {
        batches: Arc::new(store.clone()),
        completions: Arc::new(store.clone()),
        agents: Arc::new(store.clone()),
        registrations: Arc::new(store.clone()),
        files: Arc::new(store.clone()),
        blobs: Arc::new(storage::DiskBlobs::new(folder.join("files"))),
        vectors: Arc::new(store.clone()),
        search: vector_search(&store, &folder, later),
    };
    let registry = Registry::new(entries).with_policy(policy).with_registrations(stores.registrations.clone());
    let registry = Arc::new(registry);
    let own = Own::new(&registry, stores.kept(), Arc::new(SystemClock))
        .with_web(web_search(&config.gateway)?)
        .with_detectors(providers::detectors(config.gateway.detectors.as_ref()))
        .with_documents(super::ocr::documents(config)?)
        .with_words(search_words(&config.gateway));
    let responder = Arc::new(Responder {
        registry,
        servers: Arc::new(McpServers::new(McpConfig::default())),
        connectors: connectors(&config.gateway)?,
        responses: Arc::new(store.clone()),
        conversations: Arc::new(store.clone()),
        prompts: Arc::new(store.clone()),
        own,
        background: Background::new(UuidIds.fresh("runner"), &limits),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        limits,
    });
    let edge = Edge {
        allowed: config.gateway.allowed.clone(),
        admission: Admission {
            authenticator: auth::authenticator(&config.gateway)?,
            routes: config.gateway.auth.route_policy.clone(),
            quota: config.gateway.quota.as_ref().map(|quota| {
                let (anonymous, known) = (quota.anonymous_max_requests, quota.authenticated_max_requests);
                Quota::new(Arc::new(store.clone()), anonymous, known, DAY)
            }),
        },
        max_body_bytes: config.gateway.max_body_bytes,
        max_running: config.gateway.max_running,
        time_limit: Duration::from_secs(config.gateway.time_limit_seconds),
        version: config.gateway.version.clone(),
        default_model: config.gateway.default_model.clone().or(first_chat),
        default_embedding_model: config.gateway.default_embedding_model.clone(),
        max_file_bytes: config.gateway.max_file_bytes.unwrap_or(Edge::default().max_file_bytes),
        ..Edge::default()
    };
    let app = App::new(responder, Arc::new(store.clone()), Arc::new(store.clone()), stores, edge);
    let service = gateway::service(app);
    Ok(if later { service.with_task(move |stop| store.come_up(stop)) } else { service })
}

/// The database of the configuration, not spoken to yet, and whether that may wait: a server that is down must not
/// keep the control plane from starting.
fn store(config: &StackConfig) -> Result<(storage::Store, bool)> {
    let own = &config.gateway;
    let policy = Arc::new(own.auth.access_policy.clone());
    let settings = storage::Settings { policy, connections: own.database_connections };
    let file = config.data_dir.join("gateway").join("gateway.db");
    let given = own.database_url.as_ref().map(|url| url.expose_secret().to_owned());
    let url = given.unwrap_or_else(|| format!("sqlite://{}", file.display()));
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    if !known {
        bail!("gateway.database_url must begin with postgres:// or sqlite://");
    }
    Ok((storage::Store::prepare(&url, settings)?, !url.starts_with("sqlite:")))
}

/// By PostgreSQL where the rows are there, otherwise in this process.
fn vector_search(store: &storage::Store, folder: &Path, postgres: bool) -> Arc<dyn VectorSearch> {
    let settings = Settings { folder: Some(folder.join("vectors")), ..Settings::default() };
    let embedded = Arc::new(EmbeddedSearch::new(Arc::new(store.clone()), settings));
    match postgres {
        true => Arc::new(storage::PgVectorSearch::new(store.clone(), embedded)),
        false => embedded,
    }
}

/// Brings the control plane's database up to date, or says why it cannot.
pub async fn migrate(config: &StackConfig) -> Result<()> {
    std::fs::create_dir_all(config.data_dir.join("gateway"))?;
    Ok(store(config)?.0.bring_up().await?)
}

fn web_search(config: &GatewayConfig) -> Result<Option<Arc<dyn WebSearch>>> {
    let Some(web) = &config.web_search else { return Ok(None) };
    let Some(provider) = &web.provider else { return Ok(None) };
    let engine = Engine::named(provider)
        .with_context(|| format!("gateway.web_search.provider: '{provider}' is not searxng, brave or tavily"))?;
    let settings = WebSearchConfig { engine, url: web.url.clone(), api_key: web.api_key.clone() };
    let search = RemoteWebSearch::new(settings).context("gateway.web_search.url: a SearXNG needs its address")?;
    Ok(Some(Arc::new(search)))
}

/// Templates that are not configured stay as they are.
fn search_words(config: &GatewayConfig) -> SearchWords {
    let given = config.file_search.clone();
    let own = SearchWords::default();
    SearchWords {
        before: given.before.unwrap_or(own.before),
        passage: given.passage.unwrap_or(own.passage),
        after: given.after.unwrap_or(own.after),
        instruction: given.instruction.unwrap_or(own.instruction),
    }
}

fn connectors(config: &GatewayConfig) -> Result<Connectors> {
    let mut connectors = HashMap::new();
    for (label, connector) in &config.connectors {
        let place = place(label, connector)?;
        connectors.insert(label.clone(), ToolServer { label: label.clone(), place, configured: true });
    }
    Ok(connectors)
}

fn place(label: &str, connector: &ConnectorConfig) -> Result<Place> {
    match (&connector.url, &connector.command) {
        (Some(url), None) => Ok(Place::Http {
            url: url.clone(),
            headers: Default::default(),
            authorization: connector.authorization.as_ref().map(|token| token.expose_secret().to_owned()),
        }),
        (None, Some(command)) => {
            Ok(Place::Stdio { command: command.clone(), args: connector.args.clone(), env: Default::default() })
        }
        _ => bail!("gateway.connectors.{label}: give either url or command"),
    }
}
