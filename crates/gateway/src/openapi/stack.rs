//! The routes that are Llama Stack's own, and the migration document's.

use schemars::SchemaGenerator as G;
use wire::llama::agents::{AgentTurn, CreateAgent, CreateAgentSession, LegacyTurn, ResumeTurn};
use wire::llama::inspect::{DataList, Health, Provider, Route, Version};
use wire::llama::prompts::{CreatePrompt, DefaultVersion, Prompt, UpdatePrompt};
use wire::llama::turns::{CreateSession, CreateTurn};

use super::Shape::{By, Data, Nothing, Of};
use super::{Operation, op, shapes};
use crate::{rerank, safety, tools, vectors};

const SLICE: &[&str] = &["start_index", "limit"];

#[rustfmt::skip]
pub static OPERATIONS: &[Operation] = &[
    op("GET", "/health", "Up, whatever else is down", Nothing, Of(G::subschema_for::<Health>)),
    op("GET", "/version", "The release whose shapes are served", Nothing, Of(G::subschema_for::<Version>)),
    op("GET", "/providers", "Providers and how they are", Nothing, Of(G::subschema_for::<DataList<Provider>>)),
    op("GET", "/providers/{provider_id}", "One provider", Nothing, Of(G::subschema_for::<Provider>)),
    op("GET", "/inspect/routes", "Every route", Nothing, Of(G::subschema_for::<DataList<Route>>)),
    op("POST", "/inference/rerank", "Put texts in order", Of(G::subschema_for::<rerank::Question>), By(shapes::ranking)),
    op("GET", "/prompts", "Prompts", Nothing, Of(G::subschema_for::<DataList<Prompt>>)),
    op("POST", "/prompts", "Keep a prompt", Of(G::subschema_for::<CreatePrompt>), Of(G::subschema_for::<Prompt>)),
    op("GET", "/prompts/{prompt_id}", "One prompt", Nothing, Of(G::subschema_for::<Prompt>)).query(&["version"]),
    op("POST", "/prompts/{prompt_id}", "A new version, as 0.3 asks for it", Of(G::subschema_for::<UpdatePrompt>), Of(G::subschema_for::<Prompt>)),
    op("PUT", "/prompts/{prompt_id}", "A new version", Of(G::subschema_for::<UpdatePrompt>), Of(G::subschema_for::<Prompt>)),
    op("DELETE", "/prompts/{prompt_id}", "Forget a prompt", Nothing, By(shapes::any)),
    op("GET", "/prompts/{prompt_id}/versions", "Its versions", Nothing, Of(G::subschema_for::<DataList<Prompt>>)),
    op("POST", "/prompts/{prompt_id}/set-default-version", "Choose a version, as 0.3 asks for it", Of(G::subschema_for::<DefaultVersion>), Of(G::subschema_for::<Prompt>)),
    op("PUT", "/prompts/{prompt_id}/set-default-version", "Choose a version", Of(G::subschema_for::<DefaultVersion>), Of(G::subschema_for::<Prompt>)),
    op("POST", "/vector-io/insert", "Put chunks in without a file", Of(G::subschema_for::<vectors::io::Insert>), By(shapes::null)),
    op("POST", "/vector-io/query", "Find chunks", Of(G::subschema_for::<vectors::io::Find>), By(shapes::chunks)),
    op("POST", "/shields", "Register a shield", Of(G::subschema_for::<safety::shields::Register>), By(shapes::shield)),
    op("GET", "/shields", "Shields", Nothing, Data(shapes::shield)),
    op("GET", "/shields/{identifier}", "One shield", Nothing, By(shapes::shield)),
    op("DELETE", "/shields/{identifier}", "Take a shield away", Nothing, By(shapes::null)),
    op("POST", "/safety/run-shield", "Judge messages", Of(G::subschema_for::<safety::RunShield>), By(shapes::shield_verdict)),
    op("POST", "/toolgroups", "Register a tool group", Of(G::subschema_for::<tools::groups::Register>), By(shapes::null)),
    op("GET", "/toolgroups", "Tool groups", Nothing, Data(shapes::tool_group)),
    op("GET", "/toolgroups/{toolgroup_id}", "One tool group", Nothing, By(shapes::tool_group)),
    op("DELETE", "/toolgroups/{toolgroup_id}", "Take a tool group away", Nothing, Nothing).status(204),
    op("GET", "/tools", "Tools", Nothing, Data(shapes::tool)).query(&["toolgroup_id"]),
    op("GET", "/tools/{tool_name}", "One tool", Nothing, By(shapes::tool)),
    op("GET", "/tool-runtime/list-tools", "Tools of a group or of an address", Nothing, Data(shapes::tool)).query(&["tool_group_id", "mcp_endpoint", "authorization"]),
    op("POST", "/tool-runtime/invoke", "Call a tool", Of(G::subschema_for::<tools::runtime::Invoke>), By(shapes::tool_answer)),
    op("POST", "/tool-runtime/rag-tool/insert", "Put documents into a vector store", Of(G::subschema_for::<tools::rag::Insert>), By(shapes::null)),
    op("POST", "/tool-runtime/rag-tool/query", "Find passages", Of(G::subschema_for::<tools::rag::Query>), By(shapes::rag_answer)),
    op("GET", "/connectors", "Tool servers", Nothing, Data(shapes::connector)),
    op("GET", "/connectors/{connector_id}", "One tool server", Nothing, By(shapes::connector)),
    op("GET", "/connectors/{connector_id}/tools", "Its tools", Nothing, Data(shapes::tool)),
    op("GET", "/connectors/{connector_id}/tools/{tool_name}", "One of its tools", Nothing, By(shapes::tool)),
    op("POST", "/agents", "Make an agent", Of(G::subschema_for::<CreateAgent>), By(shapes::agent_id)),
    op("GET", "/agents", "Agents", Nothing, By(shapes::old_page)).query(SLICE),
    op("GET", "/agents/{agent_id}", "One agent", Nothing, By(shapes::agent)),
    op("DELETE", "/agents/{agent_id}", "Delete an agent", Nothing, Nothing).status(204),
    op("POST", "/agents/{agent_id}/session", "Begin a session", Of(G::subschema_for::<CreateAgentSession>), By(shapes::agent_session_id)),
    op("GET", "/agents/{agent_id}/sessions", "Its sessions", Nothing, By(shapes::old_page)).query(SLICE),
    op("GET", "/agents/{agent_id}/session/{session_id}", "One session", Nothing, By(shapes::agent_session)).query(&["turn_ids"]),
    op("DELETE", "/agents/{agent_id}/session/{session_id}", "Delete a session", Nothing, Nothing).status(204),
    op("POST", "/agents/{agent_id}/session/{session_id}/turn", "One turn", Of(G::subschema_for::<AgentTurn>), Of(G::subschema_for::<LegacyTurn>)).streams(),
    op("GET", "/agents/{agent_id}/session/{session_id}/turn/{turn_id}", "A turn as it went", Nothing, Of(G::subschema_for::<LegacyTurn>)),
    op("POST", "/agents/{agent_id}/session/{session_id}/turn/{turn_id}/resume", "Go on with the caller's tool results", Of(G::subschema_for::<ResumeTurn>), Of(G::subschema_for::<LegacyTurn>)).streams(),
    op("GET", "/agents/{agent_id}/session/{session_id}/turn/{turn_id}/step/{step_id}", "One step of a turn", Nothing, By(shapes::step)),
    op("POST", "/agents/sessions/create", "The migration document's session", Of(G::subschema_for::<CreateSession>), By(shapes::session_made)),
    op("POST", "/agents/session/create", "The same", Of(G::subschema_for::<CreateSession>), By(shapes::session_made)),
    op("POST", "/agents/turn/create", "The migration document's turn", Of(G::subschema_for::<CreateTurn>), By(shapes::turn_done)).streams(),
];
