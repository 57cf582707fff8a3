//! Builds the OCR server.

use std::sync::Arc;

use async_trait::async_trait;
use host::{NotReady, Readiness, Service};
use mcp_server::evidence::EvidenceClient;

use crate::config::{OcrConfig, StartError};
use crate::documents::Roots;
use crate::free_text::ChatFreeText;
use crate::server::OcrTools;
use crate::worker::Pool;

/// The OCR server. Paths are checked here; the worker starts with the first document.
///
/// # Errors
/// When a folder or model file does not exist or the claims service's URL is wrong.
pub fn service(config: OcrConfig) -> Result<Service, StartError> {
    let (tools, pool) = build(&config)?;
    let handler = move || tools.clone();
    Ok(mcp_server::service("ocr", handler, config.mcp, Arc::new(Queue(pool, config.worker.queue))))
}

/// The tools alone, for a server on standard input and output.
///
/// # Errors
/// As [`service`].
pub fn tools(config: &OcrConfig) -> Result<OcrTools, StartError> {
    build(config).map(|(tools, _)| tools)
}

fn build(config: &OcrConfig) -> Result<(OcrTools, Arc<Pool>), StartError> {
    let roots = Roots::new(&config.document_roots)?;
    if let Some(models) = &config.models {
        let files = [Some(&models.detector), Some(&models.recogniser), models.dictionary.as_ref()];
        if let Some(missing) = files.into_iter().flatten().find(|path| !path.is_file()) {
            return Err(StartError::Model { path: missing.clone() });
        }
    }
    let claims = config.claims.clone().map(EvidenceClient::new).transpose()?;
    let pool = Arc::new(Pool::new(config.worker.clone(), config.limits, config.models.clone()));
    let mut tools = OcrTools::new(Arc::clone(&pool), roots, claims, config.limits);
    if let Some(free_text) = &config.free_text {
        tools = tools.with_free_text(Arc::new(ChatFreeText::new(free_text)?), free_text.deadline());
    }
    Ok((tools, pool))
}

/// Not ready while the queue is full: other replicas may have room.
struct Queue(Arc<Pool>, usize);

#[async_trait]
impl Readiness for Queue {
    async fn ready(&self) -> Result<(), NotReady> {
        let load = self.0.load();
        if load > self.1 {
            return Err(NotReady { reason: format!("{load} documents are waiting") });
        }
        Ok(())
    }
}
