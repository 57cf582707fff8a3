//! What every store of prompts keeps.

use ports::prompts::{Prompts, Revised};
use wire::llama::prompts::Prompt;

use super::{ann, bob};

fn prompt(id: &str) -> Prompt {
    Prompt {
        prompt: "Bonjour {{name}}".into(),
        version: 1,
        prompt_id: id.into(),
        variables: vec!["name".into()],
        is_default: true,
    }
}

/// Runs the whole contract on a store, which must be empty.
pub async fn keeps_the_contract(store: &dyn Prompts) {
    let first = prompt("pmpt_b");
    store.create_prompt(&first, 1, None).await.expect("create");
    store.create_prompt(&prompt("pmpt_a"), 2, None).await.expect("create");
    assert_eq!(store.prompt("pmpt_b", None, None).await.expect("get"), Some(first.clone()));
    assert_eq!(store.prompt("pmpt_b", Some(2), None).await.expect("get"), None);

    let revise = |follows, default| store.revise_prompt("pmpt_b", follows, "Salut", &[], default, None);
    let second = Prompt { prompt: "Salut".into(), version: 2, variables: vec![], ..first.clone() };
    assert_eq!(revise(1, true).await.expect("revise"), Revised::Done(second.clone()));
    assert_eq!(revise(1, true).await.expect("revise"), Revised::Stale(2));
    assert!(matches!(revise(2, false).await.expect("revise"), Revised::Done(Prompt { is_default: false, .. })));
    let unknown = store.revise_prompt("pmpt_none", 1, "x", &[], true, None).await.expect("revise");
    assert_eq!(unknown, Revised::Unknown);
    assert_eq!(store.prompt("pmpt_b", None, None).await.expect("get"), Some(second));

    let versions = store.prompt_versions("pmpt_b", None).await.expect("versions");
    let defaults: Vec<(u32, bool)> = versions.iter().map(|one| (one.version, one.is_default)).collect();
    assert_eq!(defaults, [(1, false), (2, true), (3, false)]);
    let back = store.set_default_version("pmpt_b", 1, None).await.expect("default");
    assert_eq!(back, Some(first));
    assert_eq!(store.set_default_version("pmpt_b", 9, None).await.expect("default"), None);
    let all = store.prompts(None).await.expect("list");
    let listed: Vec<(&str, u32)> = all.iter().map(|one| (one.prompt_id.as_str(), one.version)).collect();
    assert_eq!(listed, [("pmpt_b", 1), ("pmpt_a", 1)], "oldest first, each in its default version");

    let (ann, bob) = (ann(), bob());
    let (ann, bob) = (Some(&*ann), Some(&*bob));
    store.create_prompt(&prompt("pmpt_ann"), 9, ann).await.expect("create");
    assert_eq!(store.prompt("pmpt_ann", None, bob).await.expect("get"), None);
    assert_eq!(store.set_default_version("pmpt_ann", 1, bob).await.expect("default"), None);
    assert_eq!(store.revise_prompt("pmpt_ann", 1, "his", &[], true, bob).await.expect("revise"), Revised::Unknown);
    assert_eq!((store.prompts(bob).await.expect("list").len(), store.prompts(ann).await.expect("list").len()), (2, 3));
    assert!(!store.remove_prompt("pmpt_ann", bob).await.expect("remove"));
    assert!(store.remove_prompt("pmpt_ann", ann).await.expect("remove"));
    assert!(store.remove_prompt("pmpt_b", None).await.expect("remove"));
    assert!(!store.remove_prompt("pmpt_b", None).await.expect("remove again"));
    assert!(store.prompt_versions("pmpt_b", None).await.expect("versions").is_empty());
    assert!(store.remove_prompt("pmpt_a", None).await.expect("remove"));
}
