//! The tool servers of a request: where they are, and what they offer.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use ports::CallContext;
use ports::tools::{Place, ToolDef, ToolError, ToolServer, ToolSource};
use tokio::sync::mpsc;
use wire::openai::tools::McpTool;

use crate::driver::Gone;
use crate::event::RunEvent;
use crate::recording::Refusal;
use crate::request::{Asked, RequestError};
use crate::respond::Responder;
use crate::toolbox::{Toolbox, allowed};

impl Responder {
    /// Opens the tool servers at once and lists them in the order asked. A server that cannot be asked is reported;
    /// the run goes on with the others.
    pub(crate) async fn gather(
        &self,
        asked: Asked,
        listed: HashMap<String, Vec<ToolDef>>,
        cx: &CallContext,
        events: &mpsc::Sender<RunEvent>,
        refusal: Refusal,
    ) -> Result<(Toolbox, HashMap<String, Arc<dyn ToolSource>>), Gone> {
        let mut toolbox = asked.functions;
        let mut sources = HashMap::new();
        let listed_before = &listed;
        let listing = asked.servers.iter().map(|server| async move {
            let mut place = self.place(server);
            crate::mcp_headers::add(&mut place, &cx.provider_data);
            let source = self.servers.open(&place, cx).await?;
            let defs = match listed_before.get(&server.server_label) {
                Some(known) => known.clone(),
                None => source.list(cx).await?,
            };
            Ok::<_, ToolError>((source, allowed(defs, server.allowed_tools.as_ref())))
        });
        let listed = futures::future::join_all(listing).await;
        for (server, outcome) in asked.servers.iter().zip(listed) {
            let label = server.server_label.clone();
            let known = listed_before.contains_key(&label) && outcome.is_ok();
            if !known {
                events.send(RunEvent::ListingTools { label: label.clone() }).await.map_err(|_| Gone)?;
            }
            let event = match outcome {
                Ok((source, mut defs)) => {
                    defs.iter_mut().for_each(|def| def.server_label.clone_from(&label));
                    defs.truncate(self.limits.tools.saturating_sub(toolbox.len()));
                    toolbox.add_server(&defs, server.require_approval.as_ref());
                    sources.insert(label.clone(), source);
                    match known {
                        true => RunEvent::ReusedTools { label, tools: defs },
                        false => RunEvent::ListedTools { label, tools: defs },
                    }
                }
                Err(error) => {
                    let (url, words) = (self.place(server).url(), error.to_string());
                    let mut refusal = refusal.lock().unwrap_or_else(PoisonError::into_inner);
                    refusal.get_or_insert(RequestError::ToolServer { url, error });
                    RunEvent::ListingFailed { label, error: words }
                }
            };
            events.send(event).await.map_err(|_| Gone)?;
        }
        Ok((toolbox, sources))
    }

    /// A configured server is one the caller may use, whether they name it or its address: it has our credentials.
    pub(crate) fn check_connector(&self, server: &McpTool, cx: &CallContext) -> Result<(), RequestError> {
        let named = server.connector_id.as_deref();
        let open = |label: &str| self.registry.policy().opens_connector(cx.caller.as_deref(), label);
        let closed = match (named, self.connector(server)) {
            (_, Some((label, _))) if !open(label) => label.as_str(),
            (Some(id), None) => id,
            _ => return Ok(()),
        };
        let (param, id) = match named {
            Some(id) => ("tools.connector_id", id),
            None => ("tools.server_url", closed),
        };
        Err(RequestError::NotFound {
            param: param.into(),
            message: format!("Connector '{id}' not found: no connector of this name is configured."),
        })
    }

    /// The configured server that a request names, or whose address it gives.
    fn connector(&self, server: &McpTool) -> Option<(&String, &ToolServer)> {
        match (&server.connector_id, &server.server_url) {
            (Some(id), _) => self.connectors.get_key_value(id),
            (None, Some(url)) => self
                .connectors
                .iter()
                .find(|(_, known)| matches!(&known.place, Place::Http { url: configured, .. } if configured == url)),
            (None, None) => None,
        }
    }

    /// Where a request's tool server is: a connector of the configuration, or the URL given.
    fn place(&self, server: &McpTool) -> ToolServer {
        let headers = server.headers.clone().unwrap_or_default();
        let connector = self.connector(server).map(|(_, known)| known);
        let label = server.server_label.clone();
        let place = match connector.map(|known| &known.place) {
            Some(Place::Http { url, headers: own, authorization }) => {
                let mut all = own.clone();
                all.extend(headers);
                let authorization = server.authorization.clone().or_else(|| authorization.clone());
                Place::Http { url: url.clone(), headers: all, authorization }
            }
            Some(stdio) => stdio.clone(),
            None => Place::Http {
                url: server.server_url.clone().unwrap_or_default(),
                headers,
                authorization: server.authorization.clone(),
            },
        };
        ToolServer { label, place, configured: connector.is_some() }
    }
}
