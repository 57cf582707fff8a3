//! Our own searches, citations and refusals, as a response shows them.

use serde_json::Value;
use wire::openai::chat::Role;
use wire::openai::events::EventKind;
use wire::openai::items::{
    FileSearchCallItem, Item, ItemStatus, MessageContent, MessageItem, MessagePart, SearchStatus, WebSearchAction,
    WebSearchCallItem,
};

use super::Recorder;
use crate::event::{CallOutput, CallRef};
use crate::own::{self, Ours};

impl Recorder {
    pub(super) fn search_started(&mut self, call: CallRef) -> Vec<EventKind> {
        let query = query(&call);
        let (item_id, item) = match call.ours {
            Some(Ours::WebSearch) => {
                let id = self.ids.fresh("ws");
                let action = Some(WebSearchAction { kind: "search".into(), query, sources: None });
                (id.clone(), Item::WebSearchCall(WebSearchCallItem { id, status: SearchStatus::InProgress, action }))
            }
            _ => {
                let (id, queries) = (self.ids.fresh("fs"), vec![query]);
                let status = SearchStatus::InProgress;
                (id.clone(), Item::FileSearchCall(FileSearchCallItem { id, queries, status, results: None }))
            }
        };
        let web = matches!(item, Item::WebSearchCall(_));
        let (output_index, added) = self.add(item);
        self.calling.push((call.id, output_index));
        let arguments = call.arguments;
        let told = [
            EventKind::StackArgumentsDelta { item_id: item_id.clone(), output_index, delta: arguments.clone() },
            EventKind::StackArgumentsDone { item_id: item_id.clone(), output_index, arguments },
        ];
        let steps = match web {
            true => [
                EventKind::WebSearchInProgress { item_id: item_id.clone(), output_index },
                EventKind::WebSearchSearching { item_id, output_index },
            ],
            false => [
                EventKind::FileSearchInProgress { item_id: item_id.clone(), output_index },
                EventKind::FileSearchSearching { item_id, output_index },
            ],
        };
        std::iter::once(added).chain(told).chain(steps).collect()
    }

    pub(super) fn search_done(&mut self, call: &CallRef, output: CallOutput) -> Vec<EventKind> {
        let Some(at) = self.calling.iter().position(|(id, _)| *id == call.id) else { return Vec::new() };
        let (_, output_index) = self.calling.swap_remove(at);
        let (found, reached) = match output {
            CallOutput::Ran { found, .. } => (found, SearchStatus::Completed),
            CallOutput::Failed { .. } => (None, SearchStatus::Failed),
        };
        let Some(item) = self.response.output.get_mut(output_index) else { return Vec::new() };
        let ended = match item {
            Item::FileSearchCall(item) => {
                let results = own::results(found.as_ref());
                self.citations.know(results.iter().map(|it| (it.file_id.clone(), it.filename.clone())));
                item.status = reached;
                item.results = Some(results);
                EventKind::FileSearchCompleted { item_id: item.id.clone(), output_index }
            }
            Item::WebSearchCall(item) => {
                item.status = reached;
                if let Some(action) = &mut item.action {
                    action.sources = Some(own::sources(found.as_ref()));
                }
                EventKind::WebSearchCompleted { item_id: item.id.clone(), output_index }
            }
            _ => return Vec::new(),
        };
        [Some(ended), self.done(output_index)].into_iter().flatten().collect()
    }

    pub(super) fn annotated(&mut self, annotation: Value) -> Option<EventKind> {
        let (output_index, _) = self.open.as_ref()?;
        let (output_index, annotation_index) = (*output_index, self.cited.len());
        self.cited.push(annotation.clone());
        let item_id = self.item_id(output_index);
        Some(EventKind::AnnotationAdded { item_id, output_index, content_index: 0, annotation_index, annotation })
    }

    /// A message that holds a refusal and nothing else.
    pub(super) fn refused(&mut self, words: String) -> Vec<EventKind> {
        let mut kinds = self.message_done();
        let (item_id, content_index) = (self.ids.fresh("msg"), 0);
        let message = MessageItem {
            id: Some(item_id.clone()),
            role: Role::Assistant,
            status: Some(ItemStatus::InProgress),
            ..MessageItem::default()
        };
        let (output_index, added) = self.add(Item::Message(message));
        let part = MessagePart::refusal(words.clone());
        if let Some(Item::Message(message)) = self.response.output.get_mut(output_index) {
            message.content = MessageContent::Parts(vec![part.clone()]);
            message.status = Some(ItemStatus::Completed);
        }
        let response_id = self.response.id.clone();
        kinds.extend([
            added,
            EventKind::PartAdded {
                response_id: response_id.clone(),
                item_id: item_id.clone(),
                output_index,
                content_index,
                part: MessagePart::refusal(""),
            },
            EventKind::RefusalDelta { item_id: item_id.clone(), output_index, content_index, delta: words.clone() },
            EventKind::RefusalDone { item_id: item_id.clone(), output_index, content_index, refusal: words },
            EventKind::PartDone { response_id, item_id, output_index, content_index, part },
        ]);
        kinds.extend(self.done(output_index));
        kinds
    }
}

/// A search that was under way when the response was stopped.
pub(super) fn cut_off(status: &mut SearchStatus) {
    if matches!(status, SearchStatus::InProgress | SearchStatus::Searching) {
        *status = SearchStatus::Incomplete;
    }
}

fn query(call: &CallRef) -> String {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
    arguments.get("query").and_then(Value::as_str).unwrap_or_default().to_owned()
}
