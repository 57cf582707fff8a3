//! The first handshake with each tool server, in the background: it never holds up the start, and a server that is
//! not there yet is tried until it is.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use ports::CallContext;
use ports::tools::{ToolError, ToolServer};
use tokio_util::sync::CancellationToken;

use super::groups;
use crate::app::App;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// One handshake with its list of tools.
const ATTEMPT: Duration = Duration::from_secs(20);

/// Asks every known server once it answers. Ends when all have, or when told to stop.
pub async fn greet_all(app: Arc<App>, stop: CancellationToken) {
    let work = async {
        let groups = loop {
            match groups::all(&app, None).await {
                Ok(groups) => break groups,
                Err(error) => tracing::warn!(message = %error.message, "tool groups not read; trying again"),
            }
            tokio::time::sleep(LONGEST_PAUSE).await;
        };
        let servers = groups.into_iter().map(|group| group.server);
        let mut greetings: FuturesUnordered<_> = servers.map(|server| greet(&app, server)).collect();
        while greetings.next().await.is_some() {}
    };
    tokio::select! {
        () = work => {}
        () = stop.cancelled() => {}
    }
}

async fn greet(app: &App, server: ToolServer) {
    let mut pause = FIRST_PAUSE;
    loop {
        match try_once(app, &server, ATTEMPT).await {
            Some(Ok(())) => return,
            Some(Err(error @ ToolError::Forbidden { .. })) => {
                return tracing::warn!(name = %server.label, %error, "MCP server refused");
            }
            Some(Err(error)) if pause == FIRST_PAUSE => {
                tracing::warn!(name = %server.label, %error, "MCP server not registered yet; trying again");
            }
            _ => tracing::debug!(name = %server.label, "MCP server still not registered"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// One handshake and list, logged by the client when it succeeds; `None` when it takes longer than `patience`.
pub async fn try_once(app: &App, server: &ToolServer, patience: Duration) -> Option<Result<(), ToolError>> {
    let cx = CallContext::new("register", patience);
    let attempt = async {
        let source = app.responder.servers.open(server, &cx).await?;
        source.list(&cx).await.map(drop)
    };
    tokio::time::timeout(patience, attempt).await.ok()
}
