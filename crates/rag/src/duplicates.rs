//! Past claims that look like the one at hand told a second time.

use jiff::civil::Date;
use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::records::text;
use crate::words::fold;

/// Why a past claim may be the same claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) enum Reason {
    /// The same invoice number of the same provider.
    #[serde(rename = "same_invoice")]
    Invoice,
    /// The same user, peril and day of incident.
    #[serde(rename = "same_loss")]
    Loss,
    /// The same story, word for word, whoever told it.
    #[serde(rename = "same_story")]
    Story,
}

/// A past claim that may be the same claim, with every reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Duplicate {
    pub claim_number: String,
    pub reasons: Vec<Reason>,
    /// True when another user claimed it; who that is is not told.
    pub other_user: bool,
    pub outcome: String,
}

/// What the claim at hand says of itself.
pub(crate) struct Loss<'a> {
    pub user_id: Option<&'a str>,
    pub peril: Option<&'a str>,
    pub incident_date: Option<Date>,
    pub story: &'a str,
}

impl Loss<'_> {
    /// Reasons that a past claim of this user gives by itself.
    pub(crate) fn same_loss(&self, past: &Value) -> bool {
        let field = |name: &str| past.get(name).and_then(Value::as_str);
        let day = self.incident_date.map(|day| day.to_string());
        self.user_id.is_some()
            && field("user_id") == self.user_id
            && self.peril.is_some()
            && field("peril") == self.peril
            && day.is_some()
            && field("incident_date") == day.as_deref()
    }

    /// Stories of a few words only are alike by chance.
    pub(crate) fn same_story(&self, told: &str) -> bool {
        let (own, told) = (fold(self.story), fold(told));
        let (own, told) = (own.trim(), told.trim());
        own.split(' ').count() >= 8 && told.len() >= own.len() && told.starts_with(own)
    }

    /// Adds a reason to the past claim's entry, or the entry itself.
    pub(crate) fn note(&self, found: &mut Vec<Duplicate>, past: &Value, reason: Reason) {
        let Some(fields) = past.as_object() else { return };
        let Some(claim_number) = text(fields, "claim_number") else { return };
        if let Some(known) = found.iter_mut().find(|known| known.claim_number == claim_number) {
            if !known.reasons.contains(&reason) {
                known.reasons.push(reason);
            }
            return;
        }
        found.push(Duplicate {
            claim_number,
            reasons: vec![reason],
            other_user: self.user_id.is_some() && text(fields, "user_id").as_deref() != self.user_id,
            outcome: text(fields, "decision").unwrap_or_default(),
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_loss_is_the_same_only_when_user_peril_and_day_are() {
        let day = Some(date(2026, 5, 3));
        let loss = Loss { user_id: Some("U-1"), peril: Some("theft"), incident_date: day, story: "" };
        let past = |user: &str, peril: &str, day: &str| json!({"user_id": user, "peril": peril, "incident_date": day});
        for (past, expected) in [
            (past("U-1", "theft", "2026-05-03"), true),
            (past("U-2", "theft", "2026-05-03"), false),
            (past("U-1", "fire", "2026-05-03"), false),
            (past("U-1", "theft", "2026-05-04"), false),
        ] {
            assert_eq!(loss.same_loss(&past), expected, "{past}");
        }
        assert!(!Loss { incident_date: None, ..loss }.same_loss(&json!({"user_id": "U-1", "peril": "theft"})));
    }

    #[test]
    fn a_story_is_the_same_whatever_case_and_accents_but_not_when_short() {
        let story = "J'ai retrouvé ma vitre brisée et mon sac avait disparu";
        let loss = Loss { user_id: None, peril: None, incident_date: None, story };
        assert!(loss.same_story("j'ai RETROUVE ma vitre brisee et mon sac avait disparu. Réclamé 40 €."));
        assert!(!loss.same_story("Ma vitre a été brisée et mon sac a disparu"));
        let short = Loss { story: "vol de sac", ..loss };
        assert!(!short.same_story("vol de sac"));
    }
}
