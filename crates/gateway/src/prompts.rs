//! `/v1/prompts`: templates in versions.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use engine::prompt::places;
use ports::prompts::Revised;
use serde::Deserialize;
use serde_json::Value;
use wire::llama::inspect::DataList;
use wire::llama::prompts::{CreatePrompt, DefaultVersion, Prompt, UpdatePrompt};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};
use crate::paging::Asked;

const VARIABLES: usize = 100;

#[derive(Deserialize)]
pub struct Which {
    version: Option<String>,
}

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<CreatePrompt>,
) -> Result<Json<Prompt>, ApiError> {
    let variables = request.variables.unwrap_or_default();
    check(&request.prompt, &variables)?;
    let prompt = Prompt {
        prompt: request.prompt,
        version: 1,
        prompt_id: app.responder.ids.fresh_long("pmpt"),
        variables,
        is_default: true,
    };
    let now = app.responder.clock.unix_seconds();
    app.responder.prompts.create_prompt(&prompt, now, cx.caller.as_deref()).await?;
    Ok(Json(prompt))
}

pub async fn list(State(app): State<Arc<App>>, Context(cx): Context) -> Result<Json<DataList<Prompt>>, ApiError> {
    Ok(Json(DataList { data: app.responder.prompts.prompts(cx.caller.as_deref()).await? }))
}

pub async fn get(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Asked(which): Asked<Which>,
) -> Result<Json<Prompt>, ApiError> {
    check_id(&id)?;
    let version = match which.version.as_deref().map(str::parse) {
        None => None,
        Some(Ok(version)) if version > 0 => Some(version),
        Some(_) => return Err(ApiError::invalid("version", "version must be a whole number from 1")),
    };
    let found = app.responder.prompts.prompt(&id, version, cx.caller.as_deref()).await?;
    found.map(Json).ok_or_else(|| unknown(&id, version))
}

/// POST up to 0.3, PUT from 0.4.
pub async fn update(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<UpdatePrompt>,
) -> Result<Json<Prompt>, ApiError> {
    check_id(&id)?;
    let variables = request.variables.unwrap_or_default();
    check(&request.prompt, &variables)?;
    let (follows, owner) = (request.version, cx.caller.as_deref());
    let store = &app.responder.prompts;
    let revised = store.revise_prompt(&id, follows, &request.prompt, &variables, request.set_as_default, owner);
    match revised.await? {
        Revised::Done(prompt) => Ok(Json(prompt)),
        Revised::Unknown => Err(unknown(&id, None)),
        Revised::Stale(newest) => Err(ApiError::invalid(
            "version",
            format!(
                "'{follows}' is not the latest prompt version for prompt_id='{id}'. Use the latest version '{newest}' \
                 in request."
            ),
        )),
    }
}

pub async fn versions(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<DataList<Prompt>>, ApiError> {
    check_id(&id)?;
    let data = app.responder.prompts.prompt_versions(&id, cx.caller.as_deref()).await?;
    if data.is_empty() {
        return Err(unknown(&id, None));
    }
    Ok(Json(DataList { data }))
}

/// POST up to 0.3, PUT from 0.4.
pub async fn set_default(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
    Body(request): Body<DefaultVersion>,
) -> Result<Json<Prompt>, ApiError> {
    check_id(&id)?;
    let store = &app.responder.prompts;
    let prompt = store.set_default_version(&id, request.version, cx.caller.as_deref()).await?;
    prompt.map(Json).ok_or_else(|| unknown(&id, Some(request.version)))
}

pub async fn remove(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    check_id(&id)?;
    match app.responder.prompts.remove_prompt(&id, cx.caller.as_deref()).await? {
        true => Ok(Json(Value::Null)),
        false => Err(unknown(&id, None)),
    }
}

/// Every place of the template is declared, and every declaration is a name, once.
fn check(template: &str, variables: &[String]) -> Result<(), ApiError> {
    if template.trim().is_empty() {
        return Err(ApiError::invalid("prompt", "prompt must not be empty"));
    }
    if variables.len() > VARIABLES {
        return Err(ApiError::invalid("variables", format!("a prompt has at most {VARIABLES} variables")));
    }
    for (index, name) in variables.iter().enumerate() {
        let at = format!("variables[{index}]");
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(word) {
            return Err(ApiError::invalid(&at, format!("{at} must be made of letters, digits and underscores")));
        }
        if variables[..index].contains(name) {
            return Err(ApiError::invalid(&at, format!("{at} is there twice: '{name}'")));
        }
    }
    let undeclared: Vec<String> = places(template).into_iter().filter(|name| !variables.contains(name)).collect();
    if undeclared.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid("variables", format!("Prompt contains undeclared variables: {}", undeclared.join(", "))))
}

fn check_id(id: &str) -> Result<(), ApiError> {
    let hex = |rest: &str| rest.len() == 48 && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if id.strip_prefix("pmpt_").is_some_and(hex) {
        return Ok(());
    }
    let message = format!(
        "Invalid value for 'prompt_id': {id}. Prompt ID must match format 'pmpt_' followed by 48 lowercase hex \
         characters."
    );
    Err(ApiError::invalid("prompt_id", message))
}

fn unknown(id: &str, version: Option<u32>) -> ApiError {
    match version {
        Some(version) => ApiError::not_found(format!("Prompt '{id}' with version '{version}' not found.")),
        None => ApiError::not_found(format!("Prompt '{id}' not found.")),
    }
}
