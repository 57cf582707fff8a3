//! A guardrails orchestrator with two detectors: `regex` is sure of addresses, `temper` half sure of shouting.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::Listening;

pub struct FakeOrchestrator {
    listening: Listening,
}

impl FakeOrchestrator {
    pub async fn start() -> Self {
        let router = Router::new().route("/api/v2/text/detection/content", post(detect));
        Self { listening: Listening::start(router).await }
    }

    pub fn url(&self) -> String {
        self.listening.url()
    }
}

async fn detect(axum::Json(asked): axum::Json<Value>) -> Response {
    let (Some(detectors), Some(text)) = (asked["detectors"].as_object(), asked["content"].as_str()) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(json!({"code": 422, "details": "no"}))).into_response();
    };
    let found = |detector: &str, kind: &str, word: &str, score: f64| {
        let start = text.find(word).unwrap_or_default();
        json!({"start": start, "end": start + word.len(), "text": word, "detection": kind, "detection_type": "pii",
            "detector_id": detector, "score": score})
    };
    let mut detections = Vec::new();
    for word in text.split_whitespace() {
        if word.contains('@') && detectors.get("regex").is_some_and(|it| it["regex"].to_string().contains("email")) {
            detections.push(found("regex", "email", word, 1.0));
        }
        if word.ends_with('!') && detectors.contains_key("temper") {
            detections.push(found("temper", "shouting", word, 0.4));
        }
    }
    axum::Json(json!({"detections": detections})).into_response()
}
