//! What each service answers, as pages.

use ports::web::WebPage;
use serde_json::Value;

pub fn searxng(body: &Value) -> Vec<WebPage> {
    pages(body.get("results"), "content")
}

pub fn tavily(body: &Value) -> Vec<WebPage> {
    pages(body.get("results"), "content")
}

pub fn brave(body: &Value) -> Vec<WebPage> {
    pages(body.pointer("/web/results"), "description")
}

fn pages(results: Option<&Value>, text: &str) -> Vec<WebPage> {
    let results = results.and_then(Value::as_array).into_iter().flatten();
    let of = |result: &Value, name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let page = |result| WebPage { url: of(result, "url"), title: of(result, "title"), text: of(result, text) };
    results.map(page).filter(|page| !page.url.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_shape_gives_the_same_pages() {
        let page = |text: &str| json!({"url": "https://a.example/x", "title": "A", text: "words"});
        let expected = [WebPage { url: "https://a.example/x".into(), title: "A".into(), text: "words".into() }];
        assert_eq!(searxng(&json!({"results": [page("content"), {"title": "no address"}]})), expected);
        assert_eq!(tavily(&json!({"results": [page("content")]})), expected);
        assert_eq!(brave(&json!({"web": {"results": [page("description")]}})), expected);
        assert!(brave(&json!({"results": 3})).is_empty());
    }
}
