//! Builds the service.

use std::sync::Arc;

use host::Service;
use mcp_server::evidence::EvidenceClient;
use rmcp::ServerHandler;
use tokio_util::sync::CancellationToken;

use crate::config::{RagConfig, StartError};
use crate::indexer::Library;
use crate::reference::Reference;
use crate::tools::Retrieval;

/// The retrieval server. Records are read and texts embedded by its background task, once the host runs it.
pub fn service(config: RagConfig) -> Result<Service, StartError> {
    let (library, retrieval) = build(&config)?;
    let background = library.clone();
    let handler = move || retrieval.clone();
    Ok(mcp_server::service("rag", handler, config.mcp, library).with_task(move |stop| background.run(stop)))
}

/// The tools alone, for a server on standard input and output. Their background work ends when the last clone of
/// them is dropped.
pub async fn tools(config: RagConfig) -> Result<impl ServerHandler, StartError> {
    let (library, retrieval) = build(&config)?;
    let stop = CancellationToken::new();
    tokio::spawn(library.run(stop.clone()));
    Ok(retrieval.ending(stop.drop_guard()))
}

/// Where records come from, and the claims service if there is one.
pub(crate) fn reference(config: &RagConfig) -> Result<(Reference, Option<EvidenceClient>), StartError> {
    let claims = config.claims.clone().map(EvidenceClient::new).transpose()?;
    let reference = match (&claims, &config.reference_dir) {
        (Some(client), _) => Reference::Service(client.clone()),
        (None, Some(folder)) => Reference::files(folder.clone()),
        (None, None) => return Err(StartError::NoReference),
    };
    Ok((reference, claims))
}

fn build(config: &RagConfig) -> Result<(Arc<Library>, Retrieval), StartError> {
    config.check()?;
    let (reference, claims) = reference(config)?;
    let library = Arc::new(Library::new(reference, config)?);
    Ok((library.clone(), Retrieval::new(library, claims)))
}
