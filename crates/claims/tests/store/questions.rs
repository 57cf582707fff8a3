//! What was asked about a claim stays with it.

use claims::domain::Question;
use claims::store::ClaimStore;
use serde_json::json;

use super::{at, id, new_claim};

pub async fn questions(store: &dyn ClaimStore) {
    store.submit(new_claim("ASK-1", "USR-Q"), at(0)).await.unwrap();
    let claim = id("ASK-1");
    assert!(store.questions(&claim).await.unwrap().is_empty());
    for second in [1, 2] {
        let question = Question {
            question_id: format!("ask_{second}"),
            asked_by: "anna".into(),
            asker_name: Some("Anna".into()),
            question: "Quel prestataire ?".into(),
            answer: "Atelier Sud.".into(),
            refused: false,
            withheld: 1,
            grounds: json!({"sentences": [{"text": "Atelier Sud.", "citations": ["E1"]}], "citations": []}),
            model: "m".into(),
            asked_at: at(second),
        };
        store.record_question(&claim, &question, at(second)).await.unwrap();
    }
    let kept = store.questions(&claim).await.unwrap();
    assert_eq!(kept.iter().map(|asked| asked.question_id.as_str()).collect::<Vec<_>>(), ["ask_2", "ask_1"]);
    assert_eq!((kept[0].withheld, kept[0].refused, kept[0].asked_at), (1, false, at(2)));
    assert_eq!(kept[0].grounds["sentences"][0]["citations"], json!(["E1"]));
    let history = store.events(&claim, 0, 10).await.unwrap();
    let asked: Vec<_> = history.iter().filter(|event| event.kind == "asked").collect();
    assert_eq!(asked.len(), 2);
    assert!(!asked[0].payload.to_string().contains("Atelier"), "texts are not in the chain");
    assert_eq!(store.audit(&claim).await.unwrap().unwrap().problems(), Vec::<String>::new());
}
