//! What every store of agents keeps.

use ports::access::Caller;
use ports::agents::{Agent, AgentSession, Agents, Slice, StoredTurn};
use serde_json::json;

use super::ann;

/// Runs the whole contract on a store, which must hold no agents.
pub async fn keeps_the_contract(store: &dyn Agents) {
    keeps_agents(store).await;
    keeps_sessions_and_turns(store).await;
}

const ALL: Slice = Slice { start: 0, limit: 1000 };

fn agent(id: &str, created_at: i64, owner: Option<&Caller>) -> Agent {
    let config = json!({"model": "m", "instructions": "be exact", "toolgroups": ["mcp::ocr"], "unknown_to_us": 1});
    Agent {
        id: id.into(),
        config: serde_json::from_value(config).expect("a configuration"),
        created_at,
        owner: owner.cloned(),
    }
}

async fn keeps_agents(store: &dyn Agents) {
    for (id, at) in [("b", 20), ("a", 20), ("c", 10)] {
        store.put_agent(&agent(id, at, None)).await.expect("put");
    }
    store.put_agent(&agent("ann's", 5, Some(&ann()))).await.expect("put");
    assert_eq!(store.agent("b", None).await.expect("get"), Some(agent("b", 20, None)));
    assert_eq!(store.agent("ann's", None).await.expect("get"), None, "an owner sees only what is theirs");
    let page = store.agents(Slice { start: 0, limit: 2 }, None).await.expect("list");
    let ids: Vec<&str> = page.rows.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!((ids, page.has_more), (vec!["c", "a"], true), "by creation");
    let page = store.agents(Slice { start: 2, limit: 2 }, None).await.expect("list");
    assert_eq!((page.rows.len(), page.has_more), (1, false));
    assert!(!store.remove_agent("ann's", None).await.expect("remove"), "nobody removes what is ann's");
    assert!(store.remove_agent("b", None).await.expect("remove"));
    assert!(!store.remove_agent("b", None).await.expect("remove"), "it was gone");
}

async fn keeps_sessions_and_turns(store: &dyn Agents) {
    let mut session = AgentSession {
        id: "s1".into(),
        agent_id: "a".into(),
        name: "réclamation".into(),
        started_at: 1,
        last_response_id: None,
        owner: None,
    };
    store.put_agent_session(&session).await.expect("put");
    session.last_response_id = Some("resp_1".into());
    store.put_agent_session(&session).await.expect("put again");
    assert_eq!(store.agent_session("a", "s1", None).await.expect("get"), Some(session.clone()));
    assert_eq!(store.agent_session("c", "s1", None).await.expect("get"), None, "a session belongs to its agent");
    assert_eq!(store.agent_sessions("a", ALL, None).await.expect("list").rows, [session]);
    for (id, at) in [("t2", 2), ("t1", 1)] {
        store.put_turn(&turn(id, at)).await.expect("put");
    }
    assert_eq!(store.turn("s1", "t1", None).await.expect("get"), Some(turn("t1", 1)));
    assert_eq!(store.turn("s2", "t1", None).await.expect("get"), None);
    assert_eq!(store.turns("s1", None).await.expect("list"), [turn("t1", 1), turn("t2", 2)], "oldest first");
    assert!(store.remove_agent("a", None).await.expect("remove"));
    assert_eq!(store.agent_session("a", "s1", None).await.expect("get"), None, "sessions go with their agent");
    assert_eq!(store.turns("s1", None).await.expect("list"), [], "and turns with their session");
}

fn turn(id: &str, started_at: i64) -> StoredTurn {
    let message = json!({"role": "assistant", "content": "fait", "stop_reason": "end_of_turn", "tool_calls": []});
    let step = json!({"turn_id": id, "step_id": "x", "started_at": "2026-01-01T00:00:00.000000Z",
        "completed_at": "2026-01-01T00:00:00.000000Z", "step_type": "inference", "model_response": message});
    let turn = json!({"turn_id": id, "session_id": "s1", "input_messages": [{"role": "user", "content": "où ?"}],
        "steps": [step], "output_message": message, "output_attachments": [],
        "started_at": "2026-01-01T00:00:00.000000Z", "completed_at": null});
    StoredTurn {
        turn: serde_json::from_value(turn).expect("a turn"),
        started_at,
        toolgroups: vec![json!("mcp::ocr")],
        awaiting: false,
        owner: None,
    }
}
