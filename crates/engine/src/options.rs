//! The fields of a response request that `wire` does not name: read, checked, and put into the object's echo.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wire::JsonObject;
use wire::openai::responses::{ResponseObject, ResponseRequest};

use crate::own::guardrail_ids;
use crate::prompt::PromptRef;
use crate::request::{RequestError, invalid};

const METADATA_PAIRS: usize = 16;
const METADATA_KEY: usize = 64;
const METADATA_VALUE: usize = 512;
const TOP_LOGPROBS: u32 = 20;
const SHORT_NAME: usize = 64;

const INCLUDES: [&str; 8] = [
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "message.output_text.logprobs",
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
    "web_search_call.results",
];

/// Fields that are answered here. Every other one goes on to the model server as it is: the caller means it to.
const OURS: [&str; 18] = [
    "background",
    "client_metadata",
    "context_management",
    "frequency_penalty",
    "guardrails",
    "include",
    "logprobs",
    "messages",
    "n",
    "presence_penalty",
    "prompt",
    "prompt_cache_retention",
    "reasoning",
    "response_format",
    "shields",
    "stream_options",
    "top_logprobs",
    "truncation",
];

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Truncation {
    /// What does not fit is the model server's error.
    #[default]
    Disabled,
    /// The oldest items are left out until the rest fits.
    Auto,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    pub background: bool,
    pub conversation: Option<String>,
    pub include: Vec<String>,
    pub truncation: Truncation,
    pub top_logprobs: u32,
    pub frequency_penalty: Option<f32>,
    pub presence_penalty: Option<f32>,
    pub reasoning: Option<Value>,
    pub prompt: Option<PromptRef>,
    /// For the model server: sampling that only some know (`top_k`, `guided_choice`), `service_tier` and the like.
    pub passed: JsonObject,
    /// Ids of shields.
    pub guardrails: Vec<String>,
    /// As they came, for the echo.
    echoed: JsonObject,
}

impl Options {
    pub fn read(request: &ResponseRequest) -> Result<Self, RequestError> {
        let extra = &request.extra;
        if request.conversation.as_ref().is_some_and(|it| !it.is_null()) && request.previous_response_id.is_some() {
            return Err(invalid(
                "conversation",
                "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only \
                 providing one of these parameters.",
            ));
        }
        let conversation = request.conversation.as_ref().filter(|it| !it.is_null()).map(conversation_id).transpose()?;
        if let Some(metadata) = &request.metadata {
            check_metadata(metadata)?;
        }
        if let Some(text) = &request.text {
            check_text(text)?;
        }
        let options = Self {
            background: field(extra, "background")?.unwrap_or_default(),
            conversation,
            include: field::<Vec<String>>(extra, "include")?.unwrap_or_default(),
            truncation: field(extra, "truncation")?.unwrap_or_default(),
            top_logprobs: field(extra, "top_logprobs")?.unwrap_or_default(),
            frequency_penalty: penalty(extra, "frequency_penalty")?,
            presence_penalty: penalty(extra, "presence_penalty")?,
            reasoning: field::<JsonObject>(extra, "reasoning")?.map(Value::Object),
            prompt: field(extra, "prompt")?,
            passed: passed(extra)?,
            guardrails: match extra.get("guardrails").filter(|value| !value.is_null()) {
                Some(value) => guardrail_ids(value)?,
                None => Vec::new(),
            },
            echoed: extra.clone(),
        };
        if options.background && request.store == Some(false) {
            return Err(invalid("background", "a background response must be stored: store must not be false"));
        }
        if options.top_logprobs > TOP_LOGPROBS {
            return Err(invalid("top_logprobs", format!("top_logprobs must be between 0 and {TOP_LOGPROBS}")));
        }
        for (index, name) in options.include.iter().enumerate() {
            if !INCLUDES.contains(&name.as_str()) {
                let message = format!("'{name}' cannot be included; these can: {}", INCLUDES.join(", "));
                return Err(invalid(&format!("include[{index}]"), message));
            }
        }
        for name in ["prompt_cache_key", "safety_identifier"] {
            if field::<String>(extra, name)?.is_some_and(|value| value.chars().count() > SHORT_NAME) {
                return Err(invalid(name, format!("{name} must have at most {SHORT_NAME} characters")));
            }
        }
        field::<String>(extra, "service_tier")?;
        Ok(options)
    }

    /// Whether the model is to say how likely its tokens were.
    pub fn logprobs(&self) -> bool {
        self.top_logprobs > 0 || self.include.iter().any(|name| name == "message.output_text.logprobs")
    }

    /// Fills in what the object repeats of the request, with the specification's defaults.
    pub fn echo(&self, response: &mut ResponseObject) {
        response.background = self.background;
        response.truncation = match self.truncation {
            Truncation::Disabled => "disabled",
            Truncation::Auto => "auto",
        }
        .into();
        response.reasoning.clone_from(&self.reasoning);
        let given = |name: &str| self.echoed.get(name).filter(|value| !value.is_null()).cloned();
        let extra = &mut response.extra;
        for (name, default) in [
            ("frequency_penalty", json!(0.0)),
            ("presence_penalty", json!(0.0)),
            ("top_logprobs", json!(0)),
            ("service_tier", json!("default")),
            ("prompt", Value::Null),
            ("prompt_cache_key", Value::Null),
            ("safety_identifier", Value::Null),
        ] {
            extra.insert(name.into(), given(name).unwrap_or(default));
        }
        if extra.get("service_tier").is_some_and(|tier| tier == "auto") {
            extra.insert("service_tier".into(), json!("default"));
        }
        if let Some(id) = &self.conversation {
            extra.insert("conversation".into(), json!({"id": id}));
        }
    }
}

/// At most 16 pairs; keys of at most 64 characters, values texts of at most 512.
pub fn check_metadata(metadata: &JsonObject) -> Result<(), RequestError> {
    if metadata.len() > METADATA_PAIRS {
        return Err(invalid("metadata", format!("metadata may hold at most {METADATA_PAIRS} pairs")));
    }
    for (key, value) in metadata {
        let at = format!("metadata.{key}");
        if key.chars().count() > METADATA_KEY {
            return Err(invalid("metadata", format!("a metadata key may have at most {METADATA_KEY} characters")));
        }
        match value.as_str() {
            None => return Err(invalid(&at, format!("{at} must be a string"))),
            Some(text) if text.chars().count() > METADATA_VALUE => {
                return Err(invalid(&at, format!("{at} may have at most {METADATA_VALUE} characters")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// `conv_` and 48 lowercase hexadecimal digits.
pub fn is_conversation_id(id: &str) -> bool {
    id.strip_prefix("conv_")
        .is_some_and(|rest| rest.len() == 48 && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

fn conversation_id(value: &Value) -> Result<String, RequestError> {
    let id = value.as_str().or_else(|| value.get("id")?.as_str());
    match id {
        Some(id) if is_conversation_id(id) => Ok(id.to_owned()),
        Some(id) => Err(invalid(
            "conversation",
            format!(
                "Invalid value for 'conversation': {id}. Must match format 'conv_' followed by 48 lowercase hex \
                 characters."
            ),
        )),
        None => Err(invalid("conversation", "conversation must be a conversation's id, or an object with its id")),
    }
}

fn check_text(text: &Value) -> Result<(), RequestError> {
    let Some(format) = text.get("format").filter(|format| !format.is_null()) else { return Ok(()) };
    match format.get("type").and_then(Value::as_str) {
        Some("text" | "json_object") => Ok(()),
        Some("json_schema") if !format.get("schema").is_some_and(Value::is_object) => {
            Err(invalid("text.format.schema", "text.format.schema must be a JSON Schema object"))
        }
        Some("json_schema") if format.get("name").is_some_and(|name| !name.is_string()) => {
            Err(invalid("text.format.name", "text.format.name must be a string"))
        }
        Some("json_schema") => Ok(()),
        _ => Err(invalid("text.format.type", "text.format.type must be text, json_object or json_schema")),
    }
}

/// `max_tokens` is the limit of one answer, as small as the caller likes; `max_output_tokens` is OpenAI's.
fn passed(extra: &JsonObject) -> Result<JsonObject, RequestError> {
    field::<u32>(extra, "max_tokens")?;
    field::<u32>(extra, "top_k")?;
    field::<f32>(extra, "repetition_penalty")?;
    let stop = extra.get("stop").filter(|stop| !stop.is_null());
    if stop.is_some_and(|stop| !stop.is_string()) {
        field::<Vec<String>>(extra, "stop")?;
    }
    let given = extra.iter().filter(|(name, value)| !value.is_null() && !OURS.contains(&name.as_str()));
    Ok(given.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn penalty(extra: &JsonObject, name: &str) -> Result<Option<f32>, RequestError> {
    let value: Option<f32> = field(extra, name)?;
    match value {
        Some(value) if !(-2.0..=2.0).contains(&value) => Err(invalid(name, format!("{name} must be between -2 and 2"))),
        value => Ok(value),
    }
}

fn field<T: DeserializeOwned>(extra: &JsonObject, name: &str) -> Result<Option<T>, RequestError> {
    match extra.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => T::deserialize(value).map(Some).map_err(|error| invalid(name, format!("{name}: {error}"))),
    }
}
