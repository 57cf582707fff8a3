//! What every store of agent sessions keeps.

use ports::sessions::{Session, SessionTool, Sessions};

use super::{ann, bob};

pub async fn keeps_the_contract(store: &dyn Sessions) {
    assert_eq!(store.session("sess_none", None).await.expect("get"), None);
    let mut session = Session {
        id: "sess_1".into(),
        agent_id: "agent_1".into(),
        name: "réclamation".into(),
        model: "m".into(),
        instructions: Some("be exact".into()),
        tools: vec![SessionTool { server_label: "ocr".into(), allowed: Some(vec!["ocr_document".into()]) }],
        max_infer_iters: Some(8),
        last_response_id: None,
        started_at: 1_700_000_000,
        owner: Some(ann()),
    };
    store.put_session(&session).await.expect("put");
    assert_eq!(store.session("sess_1", Some(&ann())).await.expect("get"), Some(session.clone()));
    assert_eq!(store.session("sess_1", Some(&bob())).await.expect("get"), None, "an owner sees only what is theirs");
    session.last_response_id = Some("resp_1".into());
    session.tools.clear();
    store.put_session(&session).await.expect("put again");
    assert_eq!(store.session("sess_1", Some(&ann())).await.expect("get"), Some(session));
}
