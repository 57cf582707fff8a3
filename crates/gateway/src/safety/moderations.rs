//! `/v1/moderations`: a shield in OpenAI's words. `model` names a shield, or what stands behind one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::safety::shields::Provider;
use engine::safety::{Shield, Violation, guard};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use wire::openai::chat::{ChatMessage, Role};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

const MOST_INPUTS: usize = 128;

#[derive(Deserialize, JsonSchema)]
pub struct Moderate {
    input: Input,
    #[serde(default)]
    model: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<Moderate>,
) -> Result<Json<Value>, ApiError> {
    let safety = &app.responder.own.shields;
    let all = safety.all(cx.caller.as_deref()).await?;
    let shields: Vec<&Shield> = match &request.model {
        Some(model) => all.iter().filter(|shield| shield.resource == *model || shield.id == *model).take(1).collect(),
        None => all.iter().collect(),
    };
    if shields.is_empty() {
        let model = request.model.unwrap_or_default();
        return Err(ApiError::invalid("model", format!("No shield associated with provider_resource id {model}")));
    }
    let inputs = match request.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    if inputs.is_empty() || inputs.len() > MOST_INPUTS {
        return Err(ApiError::invalid("input", format!("input must hold 1 to {MOST_INPUTS} texts")));
    }
    let mut results = Vec::with_capacity(inputs.len());
    for text in &inputs {
        let mut found: Vec<(Provider, Violation)> = Vec::new();
        // Nothing was said, so nothing is wrong with it, whatever a model makes of an empty prompt.
        let asked = if text.trim().is_empty() { &[][..] } else { &shields[..] };
        for shield in asked {
            let message = ChatMessage::text(Role::User, text.as_str());
            let violation = safety.judge(shield, &[message], &cx).await?;
            found.extend(violation.map(|violation| (shield.provider, violation)));
        }
        results.push(result(&found));
    }
    let model = request.model.unwrap_or_else(|| "all".into());
    let id = app.responder.ids.fresh("modr").replacen('_', "-", 1);
    Ok(Json(json!({"id": id, "model": model, "results": results})))
}

fn result(found: &[(Provider, Violation)]) -> Value {
    let (mut categories, mut scores, mut types) = (Map::new(), Map::new(), Map::new());
    for (provider, violation) in found {
        for kind in violation.kinds() {
            let name = if *provider == Provider::LlamaGuard { guard::category(&kind) } else { kind };
            categories.insert(name.clone(), json!(true));
            scores.insert(name.clone(), json!(1.0));
            types.insert(name, json!(["text"]));
        }
    }
    let words = found.first().map(|(_, violation)| violation.user_message.clone());
    json!({
        "flagged": !found.is_empty(), "categories": categories, "category_scores": scores,
        "category_applied_input_types": types, "user_message": words, "metadata": {},
    })
}
