//! A SearXNG that knows three pages, one of them of a host that nobody asked for.

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use serde_json::{Value, json};

use crate::Listening;

pub struct FakeSearxng {
    listening: Listening,
}

impl FakeSearxng {
    pub async fn start() -> Self {
        Self { listening: Listening::start(Router::new().route("/search", get(search))).await }
    }

    pub fn url(&self) -> String {
        self.listening.url()
    }
}

async fn search(Query(query): Query<std::collections::HashMap<String, String>>) -> axum::Json<Value> {
    let page = |url: &str, content: &str| json!({"url": url, "title": query.get("q"), "content": content});
    axum::Json(json!({"results": [
        page("https://weather.example/hail", "Hailstones of 3 cm"),
        page("https://notweather.example/", "buy hail"),
        page("https://www.weather.example/lyon", "Storms"),
    ]}))
}
