//! `truncation: auto`: leaves the oldest items out until the rest fits the model's context.

use wire::openai::items::Item;

/// Characters a token stands for, on the careful side for prose in Latin script.
const CHARS: usize = 3;
/// What a chat template adds to each message.
const FRAME: usize = 8;

/// The newest of `items` that fit into `tokens`; the last `keep` stay whatever they take.
pub fn newest(items: Vec<Item>, keep: usize, tokens: usize) -> Vec<Item> {
    let sizes: Vec<usize> = items.iter().map(size).collect();
    let must = items.len().saturating_sub(keep);
    let mut total: usize = sizes.iter().sum();
    let mut from = 0;
    while from < must && total > tokens {
        total -= sizes[from];
        from += 1;
    }
    let mut kept: Vec<Item> = items.into_iter().skip(from).collect();
    if from > 0 {
        // An output whose call was left out would be refused by chat templates.
        let calls: Vec<String> = kept
            .iter()
            .filter_map(|item| match item {
                Item::FunctionCall(call) => Some(call.call_id.clone()),
                _ => None,
            })
            .collect();
        kept.retain(|item| match item {
            Item::FunctionCallOutput(output) => calls.contains(&output.call_id),
            _ => true,
        });
    }
    kept
}

fn size(item: &Item) -> usize {
    let chars = match item {
        Item::Message(message) => message.plain_text().chars().count(),
        Item::FunctionCall(call) => call.name.len() + call.arguments.len(),
        Item::FunctionCallOutput(output) => output.text().chars().count(),
        Item::McpCall(call) => {
            let output = call.output.as_deref().or(call.error.as_deref()).unwrap_or_default();
            call.name.len() + call.arguments.len() + output.chars().count()
        }
        Item::FileSearchCall(call) => {
            call.results.iter().flatten().map(|result| result.text.chars().count()).sum::<usize>()
        }
        _ => return 0,
    };
    chars / CHARS + FRAME
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_oldest_go_first_and_the_question_stays() {
        let items: Vec<Item> = serde_json::from_value(json!([
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "x".repeat(30)},
            {"type": "message", "role": "assistant", "content": "y".repeat(300)},
            {"type": "message", "role": "user", "content": "z".repeat(300)},
        ]))
        .unwrap();
        assert_eq!(newest(items.clone(), 1, 10_000), items);
        assert_eq!(newest(items.clone(), 1, 240), items[2..], "an output goes with its call");
        assert_eq!(newest(items.clone(), 1, 5), items[3..], "the new input stays");
    }
}
