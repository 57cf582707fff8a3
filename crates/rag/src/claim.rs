//! What is known of the claim a tool is called for.

use jiff::civil::Date;
use mcp_server::evidence::{EvidenceClient, EvidenceError, EvidenceSet, Intake};
use serde_json::Value;

use crate::records::{JsonObject, text};

/// The story that a search starts from is cut here.
const MAX_STORY: usize = 700;

/// A claim's intake, and what was read from its document if that has been done.
#[derive(Debug)]
pub(crate) struct Claim {
    pub intake: Intake,
    pub document: Option<DocumentFacts>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct DocumentFacts {
    pub product: Option<String>,
    pub peril: Option<String>,
    pub incident_date: Option<Date>,
    pub contract_number: Option<String>,
    pub invoice_number: Option<String>,
    pub provider_name: Option<String>,
    pub circumstances: Vec<String>,
    /// The sentences of the document that tell what happened; empty when nothing could be read.
    pub story: String,
}

impl Claim {
    pub(crate) async fn read(client: &EvidenceClient, claim_id: &str) -> Result<Self, EvidenceError> {
        let (intake, evidence) = tokio::try_join!(client.intake(claim_id), client.evidence(claim_id))?;
        let document = document(&evidence);
        Ok(Self { intake, document })
    }

    /// The day whose contracts count: of the incident, else of receipt.
    pub(crate) fn day(&self) -> Option<Date> {
        let received = || self.intake.received_date.as_deref()?.get(..10)?.parse().ok();
        self.document.as_ref().and_then(|document| document.incident_date).or_else(received)
    }
}

fn document(evidence: &EvidenceSet) -> Option<DocumentFacts> {
    let payload = evidence.latest("document")?.payload.as_object()?;
    Some(DocumentFacts::read(payload))
}

impl DocumentFacts {
    fn read(payload: &JsonObject) -> Self {
        let fields = payload.get("fields").and_then(Value::as_object);
        let field = |name: &str| match fields?.get(name)? {
            Value::Object(found) => text(found, "value"),
            Value::String(found) => Some(found.clone()),
            _ => None,
        };
        let list = |name: &str| payload.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let codes = [list("stated_circumstances"), list("suspected_circumstances")].concat();
        let code = |code: &Value| match code {
            Value::String(code) => Some(code.clone()),
            Value::Object(code) => text(code, "code"),
            _ => None,
        };
        let told = ["circumstances", "description", "narrative"].iter().find_map(|name| field(name));
        let raw = payload.get("raw_text").and_then(Value::as_str).unwrap_or_default();
        Self {
            product: field("product"),
            peril: field("peril"),
            incident_date: field("incident_date").and_then(|date| date.get(..10)?.parse().ok()),
            contract_number: field("contract_number"),
            invoice_number: field("invoice_number"),
            provider_name: field("provider_name"),
            circumstances: codes.iter().filter_map(code).collect(),
            story: told.unwrap_or_else(|| story(raw)),
        }
    }
}

/// The lines that read like prose: forms, tables, addresses and amounts have few small words and many digits.
fn story(raw: &str) -> String {
    let prose: Vec<&str> = raw.lines().map(str::trim).filter(|line| is_prose(line)).collect();
    let told = match prose.is_empty() {
        true => raw.split_whitespace().collect::<Vec<_>>().join(" "),
        false => prose.join(" "),
    };
    told.chars().take(MAX_STORY).collect()
}

fn is_prose(line: &str) -> bool {
    let letters = line.chars().filter(|letter| letter.is_alphabetic()).count();
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let small = line.chars().filter(|letter| letter.is_lowercase()).count();
    line.split_whitespace().count() >= 5 && digits * 6 <= letters && small * 2 > letters
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn facts_come_from_fields_and_the_story_from_prose() {
        let payload = json!({
            "fields": {"product": {"value": "auto", "confidence": 1.0}, "peril": {"value": "storm"},
                       "incident_date": {"value": "2026-04-27"}, "contract_number": {"value": null}},
            "stated_circumstances": [{"code": "ALCOHOL", "text": "1.1 g/l"}], "suspected_circumstances": ["RACING"],
            "raw_text": "CLAIM FORM\nPolicy no. AZ-AU-25-003237\nDate 27/04/2026\nHailstones dented the bonnet and the \
                         roof of my car\nduring the storm in Cork.\nTOTAL EUR 3,786.68\n"
        });
        let facts = DocumentFacts::read(payload.as_object().expect("an object"));
        assert_eq!((facts.product.as_deref(), facts.peril.as_deref()), (Some("auto"), Some("storm")));
        assert_eq!(facts.incident_date.map(|day| day.to_string()).as_deref(), Some("2026-04-27"));
        assert_eq!((facts.contract_number, facts.circumstances), (None, vec!["ALCOHOL".into(), "RACING".into()]));
        assert_eq!(facts.story, "Hailstones dented the bonnet and the roof of my car during the storm in Cork.");
    }

    #[test]
    fn a_document_without_prose_is_taken_whole_and_an_empty_one_is_empty() {
        assert_eq!(story("GLASS\n12  EUR"), "GLASS 12 EUR");
        assert_eq!(DocumentFacts::read(&JsonObject::new()), DocumentFacts::default());
    }
}
