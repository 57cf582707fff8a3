//! The caller's sampling settings, checked.

use ports::inference::InferenceError;
use wire::openai::chat::{ChatRequest, Stop};

use crate::error::invalid;
use crate::sampling::Sampler;

const STOPS_AT_MOST: usize = 16;

pub fn sampler(request: &ChatRequest) -> Result<Sampler, InferenceError> {
    let temperature = request.temperature.unwrap_or(0.0);
    if !(0.0..=2.0).contains(&temperature) {
        return Err(invalid("temperature", format!("temperature: must be between 0 and 2, not {temperature}")));
    }
    let top_p = request.top_p.unwrap_or(1.0);
    if !(top_p > 0.0 && top_p <= 1.0) {
        return Err(invalid("top_p", format!("top_p: must be above 0 and at most 1, not {top_p}")));
    }
    Ok(Sampler::new(temperature, top_p, request.seed))
}

pub fn stops(request: &ChatRequest) -> Result<Vec<String>, InferenceError> {
    let stops = match &request.stop {
        None => Vec::new(),
        Some(Stop::One(stop)) => vec![stop.clone()],
        Some(Stop::Many(stops)) => stops.clone(),
    };
    if stops.len() > STOPS_AT_MOST {
        return Err(invalid("stop", format!("stop: at most {STOPS_AT_MOST} stop strings, not {}", stops.len())));
    }
    Ok(stops)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(extra: Value) -> ChatRequest {
        let mut body = json!({"model": "local", "messages": []});
        extra.as_object().expect("an object").iter().for_each(|(key, value)| body[key] = value.clone());
        serde_json::from_value(body).expect("a request")
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let cases = [
            (json!({"temperature": -0.1}), Some("temperature")),
            (json!({"temperature": 2.5}), Some("temperature")),
            (json!({"top_p": 0}), Some("top_p")),
            (json!({"top_p": 1.1}), Some("top_p")),
            (json!({"stop": vec!["x"; 17]}), Some("stop")),
            (json!({"temperature": 2, "top_p": 1, "stop": "x"}), None),
            (json!({}), None),
        ];
        for (body, expected) in cases {
            let request = request(body);
            let refused = sampler(&request).err().or(stops(&request).err());
            let named = refused.and_then(|error| match error {
                InferenceError::Invalid { param, .. } => param,
                other => panic!("{other:?}"),
            });
            assert_eq!(named.as_deref(), expected);
        }
    }
}
