//! Models the file names. Servers are asked what they have; the file says which of them embed, and which is the usual.

use serde_json::{Value, json};

use crate::RunConfigError;
use crate::file::Model;
use crate::providers::Known;
use crate::reader::Reader;

/// Embedding models that run in our process.
const IN_PROCESS: [&str; 2] = ["all-mpnet-base-v2", "universal-sentence-encoder-multilingual"];

/// What OpenShift AI 3.0 fills in where nobody named a model.
const NO_MODEL: &str = "dummy";

pub fn models(reader: &mut Reader<'_>, known: &Known, models: Vec<Model>) -> Result<(), RunConfigError> {
    for (at, model) in models.into_iter().enumerate() {
        let path = format!("models[{at}]");
        let provider = reader.text(&format!("{path}.provider_id"), model.provider_id)?;
        let Some(provider) = provider.filter(|provider| known.contains_key(provider)) else {
            // Before its other variables are asked for: INFERENCE_MODEL need not be set without a model server.
            reader.note(format!("model {} is off: its provider is", model.model_id));
            continue;
        };
        let Some(id) = reader.text(&format!("{path}.model_id"), Some(model.model_id))?.filter(|id| id != NO_MODEL)
        else {
            reader.note(format!("{path} names no model: {provider} is asked which it has"));
            continue;
        };
        let served = reader.text(&format!("{path}.provider_model_id"), model.provider_model_id)?;
        let served = served.unwrap_or_else(|| id.clone());
        let kind = reader.text(&format!("{path}.model_type"), model.model_type)?;
        match kind.as_deref() {
            None | Some("llm") => {
                reader.gateway.insert("default_model".into(), json!(served));
            }
            Some("embedding") => embedding(reader, &provider, &served),
            Some("rerank") => reader.note(format!("model {id}: name its server as remote::vllm-rerank to use it")),
            Some(other) => {
                let rule = format!("`{other}` is none of llm, embedding, rerank");
                return Err(reader.rule(&format!("{path}.model_type"), rule));
            }
        }
        if served != id {
            reader.note(format!("model {id} is listed under its server's name for it, {served}"));
        }
    }
    Ok(())
}

fn embedding(reader: &mut Reader<'_>, provider: &str, served: &str) {
    let Some(entry) = reader.provider(provider) else { return };
    let in_process = entry.get("type").is_some_and(|kind| kind == "inline::sentence-transformers");
    if in_process {
        let name = served.strip_prefix("sentence-transformers/").unwrap_or(served);
        if !IN_PROCESS.contains(&name) {
            let line = format!("model {served} does not run in this process; {} serves instead", IN_PROCESS[0]);
            reader.note(line);
            return;
        }
        entry.insert("model".into(), json!(name));
    } else {
        let list = entry.entry("embedding_models").or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(json!(served));
        }
    }
    reader.gateway.insert("default_embedding_model".into(), json!(served));
}
