//! The document reading server, where this build has it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use ports::documents::DocumentText;
use serde_json::Value;

use crate::config::StackConfig;

#[cfg(feature = "ocr")]
const MODEL: &str = "pp-ocrv6-small";

#[cfg(feature = "ocr")]
fn settings(config: &StackConfig) -> Result<ocr::OcrConfig> {
    use super::tools::{evidence, shell};
    let own = &config.ocr;
    Ok(ocr::OcrConfig {
        claims: evidence(config, own.claims_url.as_ref()),
        document_roots: own.document_roots.clone(),
        models: models(config)?,
        free_text: own.free_text.as_ref().map(|asked| ocr::free_text::FreeTextConfig {
            url: asked.stack_url.clone(),
            model: asked.model.clone(),
            deadline_ms: asked.deadline_ms,
        }),
        mcp: shell(&own.allowed),
        ..ocr::OcrConfig::default()
    })
}

/// `None` while the model has not been fetched: documents with a text layer can be read all the same.
#[cfg(feature = "ocr")]
fn models(config: &StackConfig) -> Result<Option<ocr::ModelFiles>> {
    use super::chat_model::first_file;
    let detector = first_file(config, MODEL, "_det_small.onnx")?;
    let recogniser = first_file(config, MODEL, "_rec_small.onnx")?;
    if detector.is_file() && recogniser.is_file() {
        return Ok(Some(ocr::ModelFiles { detector, recogniser, dictionary: None }));
    }
    tracing::warn!("model {MODEL} is not here: scans cannot be read (run `claimstack models pull`)");
    Ok(None)
}

#[cfg(feature = "ocr")]
pub async fn service(config: &StackConfig) -> Result<host::Service> {
    Ok(ocr::service(settings(config)?)?)
}

#[cfg(feature = "ocr")]
pub async fn stdio(config: &StackConfig) -> Result<()> {
    Ok(mcp_server::stdio(ocr::tools(&settings(config)?)?).await?)
}

/// Reads `file` in a worker, as the server would, and gives what its tool gives. With `overlay`, draws it there.
#[cfg(feature = "ocr")]
pub async fn read_file(config: &StackConfig, file: &Path, overlay: Option<&Path>) -> Result<Value> {
    use anyhow::Context;
    let bytes = tokio::fs::read(file).await.with_context(|| format!("cannot read {}", file.display()))?;
    let settings = settings(config)?;
    let pool = ocr::Pool::new(settings.worker, settings.limits, settings.models);
    let name = file.file_name().map(|name| name.to_string_lossy());
    let result = ocr::read_document(&pool, name.as_deref(), &bytes).await?;
    if let Some(path) = overlay.filter(|_| result.reading.document.readable) {
        let pictures = ocr::pictures(&bytes, &settings.limits).map_err(|reason| anyhow::anyhow!(reason.code()))?;
        let drawn = ocr::overlay(&result.reading, pictures);
        drawn.save(path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(serde_json::to_value(result)?)
}

/// The control plane's reader of what is attached to messages and vector stores.
#[cfg(feature = "ocr")]
pub fn documents(config: &StackConfig) -> Result<Option<Arc<dyn DocumentText>>> {
    Ok(Some(Arc::new(super::documents::Documents::new(models(config)?))))
}

#[cfg(not(feature = "ocr"))]
pub fn documents(_: &StackConfig) -> Result<Option<Arc<dyn DocumentText>>> {
    Ok(None)
}

#[cfg(feature = "ocr")]
pub fn worker() -> Result<()> {
    Ok(ocr::worker::run()?)
}

#[cfg(not(feature = "ocr"))]
pub async fn service(_: &StackConfig) -> Result<host::Service> {
    anyhow::bail!("this build cannot read documents: build with the feature `ocr`")
}

#[cfg(not(feature = "ocr"))]
pub async fn stdio(config: &StackConfig) -> Result<()> {
    service(config).await.map(|_| ())
}

#[cfg(not(feature = "ocr"))]
pub async fn read_file(config: &StackConfig, _: &Path, _: Option<&Path>) -> Result<Value> {
    service(config).await.map(|_| Value::Null)
}

#[cfg(not(feature = "ocr"))]
pub fn worker() -> Result<()> {
    anyhow::bail!("this build cannot read documents: build with the feature `ocr`")
}
