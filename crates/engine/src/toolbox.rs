//! The tools of one run: where each comes from, under the one name the model knows it by.

use std::collections::BTreeMap;

use ports::tools::ToolDef;
use serde_json::Value;
use wire::openai::chat::{ChatTool, FunctionDef};
use wire::openai::tools::{AllowedTools, ApprovalMode, ApprovalRule};

use crate::own::Ours;

/// Where a call goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// The caller runs it and comes back with the output.
    Caller,
    /// A tool server runs it, under its own name there.
    Server { label: String, tool: String, read_only: bool, needs_approval: bool },
    /// We run it ourselves.
    Ours(Ours),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    pub parameters: Value,
    pub output_schema: Option<Value>,
    pub origin: Origin,
}

impl Tool {
    pub fn read_only(&self) -> bool {
        matches!(self.origin, Origin::Server { read_only: true, .. } | Origin::Ours(_))
    }
}

/// Tools in the order they were offered. Two servers may export one name: the later one is then offered as
/// `label__name`, so that neither shadows the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Toolbox {
    tools: Vec<Tool>,
    by_name: BTreeMap<String, usize>,
}

impl Toolbox {
    pub fn add(&mut self, mut tool: Tool) {
        if self.by_name.contains_key(&tool.name) {
            let label = match &tool.origin {
                Origin::Caller => "function",
                Origin::Server { label, .. } => label,
                Origin::Ours(_) => "builtin",
            };
            tool.name = format!("{label}__{}", tool.name);
        }
        if self.by_name.insert(tool.name.clone(), self.tools.len()).is_none() {
            self.tools.push(tool);
        }
    }

    pub fn add_server(&mut self, defs: &[ToolDef], approval: Option<&ApprovalRule>) {
        for def in defs {
            let origin = Origin::Server {
                label: def.server_label.clone(),
                tool: def.name.clone(),
                read_only: def.read_only(),
                needs_approval: needs_approval(approval, &def.name),
            };
            self.add(Tool {
                name: def.name.clone(),
                description: def.description.clone(),
                parameters: def.input_schema.clone(),
                output_schema: def.output_schema.clone(),
                origin,
            });
        }
    }

    pub fn get(&self, name: &str) -> Option<&Tool> {
        self.by_name.get(name).and_then(|&index| self.tools.get(index))
    }

    /// Leaves only the tools for which `keep` holds, under the names they had.
    pub fn retain(&mut self, keep: impl FnMut(&Tool) -> bool) {
        self.tools.retain(keep);
        self.by_name = self.tools.iter().enumerate().map(|(index, tool)| (tool.name.clone(), index)).collect();
    }

    pub fn iter(&self) -> impl Iterator<Item = &Tool> {
        self.tools.iter()
    }

    pub fn len(&self) -> usize {
        self.tools.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// As a chat request carries them.
    pub fn chat_tools(&self) -> Vec<ChatTool> {
        let def = |tool: &Tool| FunctionDef {
            name: tool.name.clone(),
            description: tool.description.clone(),
            parameters: Some(tool.parameters.clone()),
            ..FunctionDef::default()
        };
        self.tools.iter().map(|tool| ChatTool::function(def(tool))).collect()
    }

    /// The same in few words, for a model whose decoding is constrained anyway: what each tool is for and which
    /// arguments it needs. Every token of this is read before the first call.
    pub fn brief_tools(&self) -> Vec<ChatTool> {
        let def = |tool: &Tool| FunctionDef {
            name: tool.name.clone(),
            description: tool.description.as_deref().map(first_sentence),
            parameters: Some(needed_arguments(&tool.parameters)),
            ..FunctionDef::default()
        };
        self.tools.iter().map(|tool| ChatTool::function(def(tool))).collect()
    }

    /// Names, for an error the model can learn from.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
        names.join(", ")
    }
}

/// At most 120 characters.
fn first_sentence(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let end = line.find(". ").map_or(line.len(), |at| at + 1);
    line[..end].chars().take(120).collect()
}

fn needed_arguments(schema: &Value) -> Value {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let kind =
        |name: &str| schema.pointer(&format!("/properties/{name}/type")).cloned().unwrap_or_else(|| "string".into());
    let properties: serde_json::Map<String, Value> =
        required.iter().map(|name| ((*name).to_owned(), serde_json::json!({"type": kind(name)}))).collect();
    serde_json::json!({"type": "object", "properties": properties, "required": required})
}

/// Which tools of a server a request lets the model see.
pub fn allowed(defs: Vec<ToolDef>, allowed: Option<&AllowedTools>) -> Vec<ToolDef> {
    match allowed {
        None => defs,
        Some(allowed) => defs.into_iter().filter(|def| allowed.names().contains(&def.name)).collect(),
    }
}

fn needs_approval(rule: Option<&ApprovalRule>, name: &str) -> bool {
    let listed =
        |list: &Option<AllowedTools>| list.as_ref().is_some_and(|list| list.names().iter().any(|it| it == name));
    match rule {
        None | Some(ApprovalRule::All(ApprovalMode::Never)) => false,
        Some(ApprovalRule::All(ApprovalMode::Always)) => true,
        Some(ApprovalRule::ByTool { always, never }) => listed(always) || (never.is_some() && !listed(never)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn def(label: &str, name: &str) -> ToolDef {
        ToolDef {
            server_label: label.into(),
            name: name.into(),
            description: None,
            input_schema: json!({"type": "object"}),
            output_schema: None,
            annotations: None,
        }
    }

    #[test]
    fn a_second_tool_of_the_same_name_is_offered_under_its_label() {
        let mut toolbox = Toolbox::default();
        toolbox.add_server(&[def("ocr", "read")], None);
        toolbox.add_server(&[def("other", "read")], None);
        assert_eq!(toolbox.names(), "read, other__read");
        let Some(Tool { origin: Origin::Server { label, tool, .. }, .. }) = toolbox.get("other__read") else {
            panic!("not found");
        };
        assert_eq!((label.as_str(), tool.as_str()), ("other", "read"));
    }

    #[test]
    fn approval_by_list_names_the_exceptions() {
        let rule: ApprovalRule = serde_json::from_value(json!({"never": ["read"]})).unwrap();
        assert!(!needs_approval(Some(&rule), "read"));
        assert!(needs_approval(Some(&rule), "pay"));
        let rule: ApprovalRule = serde_json::from_value(json!({"always": {"tool_names": ["pay"]}})).unwrap();
        assert!(!needs_approval(Some(&rule), "read"));
        assert!(needs_approval(Some(&rule), "pay"));
        let rule: ApprovalRule = serde_json::from_value(json!("always")).unwrap();
        assert!(needs_approval(Some(&rule), "read"));
    }
}
