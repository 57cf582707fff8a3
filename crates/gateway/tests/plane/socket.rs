//! `/v1/responses` as a WebSocket: turns in order, the connection's memory, what is refused, and who may connect.

use std::sync::Arc;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use testkit::openai::Answer;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::harness::{Plane, Setup};

struct Line(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Line {
    async fn to(plane: &Plane) -> Self {
        Self::at(plane.url("/v1/responses")).await
    }

    async fn at(url: String) -> Self {
        Self(connect_async(url.replacen("http", "ws", 1)).await.unwrap().0)
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Close(_) => panic!("the server has closed"),
                _ => {}
            }
        }
    }

    /// The events of one turn, up to its end or its refusal.
    async fn turn(&mut self, mut body: Value) -> Vec<Value> {
        body["type"] = json!("response.create");
        body["model"] = json!("vllm/fake-model");
        self.say(body).await;
        self.rest().await
    }

    async fn rest(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.hear().await;
            let kind = event["type"].as_str().unwrap().to_owned();
            events.push(event);
            if ["response.completed", "response.failed", "response.incomplete", "error"].contains(&kind.as_str()) {
                return events;
            }
        }
    }
}

fn id(events: &[Value]) -> Value {
    events.last().unwrap()["response"]["id"].clone()
}

fn refusal(events: &[Value]) -> (u64, &str, &str) {
    let [event] = events else { panic!("{events:?}") };
    assert!(event["error"]["message"].is_string(), "{event}");
    let text = |field: &str| event["error"][field].as_str().unwrap_or_default();
    (event["status"].as_u64().unwrap(), text("code"), text("param"))
}

#[tokio::test]
async fn a_turn_has_the_events_of_a_stream() {
    let plane = Plane::start().await;
    let mut line = Line::to(&plane).await;
    let strip = |mut events: Vec<Value>| -> Vec<Value> {
        events.iter_mut().for_each(|event| *event = json!([event["type"], event["sequence_number"], event["delta"]]));
        events
    };
    let over_line = line.turn(json!({"input": "hi"})).await;
    assert_eq!(strip(over_line.clone()), strip(plane.streamed(json!({"input": "hi"})).await));
    let (status, stored) = plane.get(&format!("/v1/responses/{}", id(&over_line).as_str().unwrap())).await;
    assert_eq!((status, &stored["status"]), (200, &json!("completed")));
}

#[tokio::test]
async fn what_is_not_stored_goes_on_here_and_nowhere_else() {
    let plane = Plane::start().await;
    let mut line = Line::to(&plane).await;
    plane.model.then(Answer::text("noted"));
    let first = line.turn(json!({"input": "the word is cobalt", "store": false})).await;
    let next = json!({"input": "which word?", "store": false, "previous_response_id": id(&first)});
    line.turn(next.clone()).await;
    let asked: Vec<Value> = plane.asked().iter().map(|message| message["content"].clone()).collect();
    assert_eq!(asked, [json!("the word is cobalt"), json!("noted"), json!("which word?")]);
    // The newest is remembered, and only on its own connection.
    assert_eq!(refusal(&line.turn(next.clone()).await), (404, "previous_response_not_found", "previous_response_id"));
    let mut other = Line::to(&plane).await;
    assert_eq!(refusal(&other.turn(next).await).1, "previous_response_not_found");
    assert_eq!(other.turn(json!({"input": "start anew"})).await.last().unwrap()["type"], "response.completed");
}

#[tokio::test]
async fn a_failed_turn_forgets_what_it_continued() {
    let plane = Plane::start().await;
    let mut line = Line::to(&plane).await;
    let first = line.turn(json!({"input": "hi", "store": false})).await;
    let output = json!([{"type": "function_call_output", "call_id": "never", "output": "x"}]);
    let wrong = json!({"input": output, "store": false, "previous_response_id": id(&first)});
    assert_eq!(refusal(&line.turn(wrong).await), (400, "invalid_request_error", "input[0].call_id"));
    let again = json!({"input": "hi", "store": false, "previous_response_id": id(&first)});
    assert_eq!(refusal(&line.turn(again).await).1, "previous_response_not_found");
    let second = line.turn(json!({"input": "hi", "store": false})).await;
    plane.model.then(Answer::status(500));
    let failed = line.turn(json!({"input": "hi", "store": false, "previous_response_id": id(&second)})).await;
    assert_eq!(failed.last().unwrap()["type"], "response.failed");
    let again = json!({"input": "hi", "store": false, "previous_response_id": id(&second)});
    assert_eq!(refusal(&line.turn(again).await).1, "previous_response_not_found");
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_the_line_stays_open() {
    let plane = Plane::start().await;
    let mut line = Line::to(&plane).await;
    for (message, param) in [
        (json!({"type": "session.update"}), "type"),
        (json!({"type": "response.create", "model": "vllm/fake-model", "input": "x", "stream": true}), "stream"),
        (
            json!({"type": "response.create", "model": "vllm/fake-model", "input": "x", "background": true}),
            "background",
        ),
        (json!({"type": "response.create", "model": "vllm/fake-model", "input": 3}), "input"),
    ] {
        line.say(message.clone()).await;
        let heard = line.hear().await;
        assert_eq!((&heard["type"], &heard["status"]), (&json!("error"), &json!(400)), "{message}");
        assert_eq!(heard["error"]["param"], param, "{message}");
    }
    line.0.send(Message::text("{not json")).await.unwrap();
    assert_eq!(line.hear().await["status"], 400);
    assert_eq!(line.turn(json!({"input": "hi"})).await.last().unwrap()["type"], "response.completed");
}

#[tokio::test]
async fn turns_follow_each_other_and_a_client_who_leaves_stops_the_model() {
    let plane = Plane::start().await;
    let mut line = Line::to(&plane).await;
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    plane.model.then(Answer::text("one").gated(&gate)).then(Answer::text("two"));
    let body = |input: &str| json!({"type": "response.create", "model": "vllm/fake-model", "input": input});
    line.say(body("a")).await;
    line.say(body("b")).await;
    plane.model.has_received(1).await;
    gate.add_permits(100);
    let text = |events: Vec<Value>| events.last().unwrap()["response"]["output"][0]["content"][0]["text"].clone();
    assert_eq!((text(line.rest().await), text(line.rest().await)), (json!("one"), json!("two")));
    let shut = Arc::new(tokio::sync::Semaphore::new(0));
    plane.model.then(Answer::text("never").gated(&shut));
    line.say(body("c")).await;
    plane.model.has_received(3).await;
    drop(line);
    plane.model.has_cancels(1).await;
}

#[tokio::test]
async fn each_turn_counts_against_the_quota() {
    // The opening is a request too.
    let plane = Plane::with(Setup { quota: Some((2, 2)), ..Setup::default() }).await;
    let mut line = Line::at(plane.url("/v1/responses")).await;
    assert_eq!(line.turn(json!({"input": "hi"})).await.last().unwrap()["type"], "response.completed");
    assert_eq!(refusal(&line.turn(json!({"input": "hi"})).await).0, 429);
}

#[tokio::test]
async fn a_page_from_elsewhere_may_not_connect() {
    let plane = Plane::start().await;
    let address = plane.url("/v1/responses").replacen("http", "ws", 1);
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://elsewhere.example".parse().unwrap());
    match connect_async(request).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{:?}", other.map(|_| "connected")),
    }
    let (status, list) = plane.get("/v1/responses").await;
    assert_eq!((status, &list["object"]), (200, &json!("list")));
}
