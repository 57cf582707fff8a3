//! `POST /v1/embeddings`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use wire::openai::chat::Usage;
use wire::openai::embeddings::{
    EmbeddingInput, EmbeddingRow, EmbeddingsRequest, EmbeddingsResponse, EncodingFormat, Vector,
};

use crate::app::App;
use crate::errors::ApiError;
use crate::extract::{Body, Context};

/// Texts a request at most.
const TEXTS: usize = 2_048;

pub async fn create(
    State(app): State<Arc<App>>,
    Context(cx): Context,
    Body(request): Body<EmbeddingsRequest>,
) -> Result<Json<EmbeddingsResponse>, ApiError> {
    let texts = match request.input {
        EmbeddingInput::One(text) => vec![text],
        EmbeddingInput::Many(texts) => texts,
        EmbeddingInput::Tokens(_) => {
            return Err(ApiError::invalid("input", "input must be a string or a list of strings"));
        }
    };
    if texts.is_empty() || texts.len() > TEXTS {
        return Err(ApiError::invalid("input", format!("input must hold 1 to {TEXTS} texts")));
    }
    if let Some(empty) = texts.iter().position(|text| text.is_empty()) {
        return Err(ApiError::invalid(&format!("input[{empty}]"), "a text to embed must not be empty"));
    }
    let _running = app.running.clone().try_acquire_owned().map_err(|_| ApiError::busy())?;
    let route = app.responder.registry.embeddings(&request.model, &cx).await?;
    let embedded = route.embeddings.embed(&route.model, texts, &cx).await?;
    let format = request.encoding_format.unwrap_or_default();
    let mut data = Vec::with_capacity(embedded.vectors.len());
    for (index, vector) in embedded.vectors.into_iter().enumerate() {
        let vector = shortened(vector, request.dimensions)?;
        data.push(EmbeddingRow { object: "embedding".into(), index: index as u32, embedding: encoded(vector, format) });
    }
    let usage = Usage { prompt_tokens: embedded.tokens, total_tokens: embedded.tokens, ..Usage::default() };
    Ok(Json(EmbeddingsResponse { object: "list".into(), data, model: route.full_id, usage }))
}

/// The first `dimensions` values, scaled back to unit length.
fn shortened(mut vector: Vec<f32>, dimensions: Option<u32>) -> Result<Vec<f32>, ApiError> {
    let Some(wanted) = dimensions.map(|wanted| wanted as usize) else { return Ok(vector) };
    if wanted == 0 || wanted > vector.len() {
        return Err(ApiError::invalid("dimensions", format!("dimensions must be between 1 and {}", vector.len())));
    }
    vector.truncate(wanted);
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    Ok(vector)
}

fn encoded(vector: Vec<f32>, format: EncodingFormat) -> Vector {
    match format {
        EncodingFormat::Float => Vector::Floats(vector),
        EncodingFormat::Base64 => {
            let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
            Vector::Base64(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
    }
}
