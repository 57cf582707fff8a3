//! What can keep a run from a decision, and the review that says so.

use serde_json::{Map, json};

use crate::domain::{ClaimId, DecisionDocument, Outcome, Reason};

/// Each case knows its words in both languages and whether another try may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The control plane could not be reached, or refused for the moment, at every try.
    StackUnreachable {
        tries: u32,
        detail: String,
    },
    /// The control plane understood and said no.
    StackRefused {
        detail: String,
    },
    /// It serves no language model.
    NoModel,
    /// The stream broke after it had begun.
    StreamBroken {
        detail: String,
    },
    /// The agent gave up: the model server is dead, a tool server cannot be listed, …
    ResponseFailed {
        detail: String,
    },
    /// The agent stopped early, e.g. at its limit of model calls.
    ResponseIncomplete {
        detail: String,
    },
    /// A tool failed and no decision came of it.
    ToolFailed {
        tool: String,
        detail: String,
    },
    /// The agent ended as if all were done, without a recorded decision. The tools that never gave their finding.
    NoDecision {
        left_out: Vec<&'static str>,
    },
    TimeLimit {
        seconds: u64,
    },
    Crashed {
        attempts: i64,
    },
    /// Our own storage failed.
    Internal,
}

const MAX_DETAIL: usize = 300;

impl Failure {
    pub fn code(&self) -> &'static str {
        match self {
            Self::StackUnreachable { .. } => "stack_unreachable",
            Self::StackRefused { .. } => "stack_refused",
            Self::NoModel => "no_model",
            Self::StreamBroken { .. } => "stream_broken",
            Self::ResponseFailed { .. } => "response_failed",
            Self::ResponseIncomplete { .. } => "response_incomplete",
            Self::ToolFailed { .. } => "tool_failed",
            Self::NoDecision { .. } => "no_decision",
            Self::TimeLimit { .. } => "time_limit",
            Self::Crashed { .. } => "crashed",
            Self::Internal => "internal_error",
        }
    }

    /// Whether processing the claim again, unchanged, may end otherwise.
    pub fn retryable(&self) -> bool {
        !matches!(self, Self::StackRefused { .. })
    }

    /// Whether it is likely to pass by itself, so that the claim is tried again before a person is asked.
    pub fn passing(&self) -> bool {
        matches!(self, Self::StackUnreachable { .. } | Self::StreamBroken { .. } | Self::NoModel)
    }

    /// Another program's own words. They may quote a document, so no text for everybody's eyes has them.
    fn detail(&self) -> Option<&str> {
        match self {
            Self::StackUnreachable { detail, .. }
            | Self::StackRefused { detail }
            | Self::StreamBroken { detail }
            | Self::ResponseFailed { detail }
            | Self::ResponseIncomplete { detail }
            | Self::ToolFailed { detail, .. } => Some(detail),
            Self::NoModel
            | Self::NoDecision { .. }
            | Self::TimeLimit { .. }
            | Self::Crashed { .. }
            | Self::Internal => None,
        }
    }

    fn texts(&self) -> (String, String) {
        match self {
            Self::StackUnreachable { tries, .. } => (
                format!("The control plane could not be reached in {tries} tries."),
                format!("Le plan de contrôle n'a pas pu être joint en {tries} essais."),
            ),
            Self::StackRefused { .. } => {
                ("The control plane refused the request.".into(), "Le plan de contrôle a refusé la demande.".into())
            }
            Self::NoModel => (
                "The control plane serves no language model.".into(),
                "Le plan de contrôle ne propose aucun modèle de langue.".into(),
            ),
            Self::StreamBroken { .. } => (
                "The connection to the control plane broke during processing.".into(),
                "La liaison avec le plan de contrôle s'est rompue pendant le traitement.".into(),
            ),
            Self::ResponseFailed { .. } => ("The agent failed.".into(), "L'agent a échoué.".into()),
            Self::ResponseIncomplete { .. } => {
                ("The agent stopped before the end.".into(), "L'agent s'est arrêté avant la fin.".into())
            }
            Self::ToolFailed { tool, .. } => (format!("The tool {tool} failed."), format!("L'outil {tool} a échoué.")),
            Self::NoDecision { left_out } => {
                let tools = left_out.join(", ");
                (
                    format!("The agent ended without recording a decision; it left out: {tools}."),
                    format!("L'agent a terminé sans enregistrer de décision ; il a omis : {tools}."),
                )
            }
            Self::TimeLimit { seconds } => (
                format!("Processing took longer than {seconds} seconds and was stopped."),
                format!("Le traitement a dépassé {seconds} secondes et a été arrêté."),
            ),
            Self::Crashed { attempts } => (
                format!("Processing was cut short {attempts} times by a crash of the service."),
                format!("Le traitement a été interrompu {attempts} fois par un arrêt brutal du service."),
            ),
            Self::Internal => (
                "The claims service could not write down the processing.".into(),
                "Le service des sinistres n'a pas pu enregistrer le traitement.".into(),
            ),
        }
    }

    /// A review with this failure as its one reason.
    pub fn document(&self, id: &ClaimId) -> DecisionDocument {
        let (text_en, text_fr) = self.texts();
        let mut explanation_en = format!("{text_en} A person must look at this claim.");
        let mut explanation_fr = format!("{text_fr} Un gestionnaire doit examiner ce sinistre.");
        if self.retryable() {
            explanation_en.push_str(" It can be processed again.");
            explanation_fr.push_str(" Il peut être traité à nouveau.");
        }
        let inputs = json!({"cause": self.code(), "retryable": self.retryable(), "detail": self.detail()});
        let reason =
            Reason { code: "PROCESSING_FAILED".into(), text_en, text_fr, clause: None, inputs, extra: Map::new() };
        let extra = json!({"success": false, "claim_id": id, "notes": [], "trace": [], "amount_steps": []});
        DecisionDocument {
            decision: Outcome::ManualReview,
            payable_amount: None,
            proposed_amount: None,
            currency: None,
            confidence: 0.0,
            reason_codes: vec!["PROCESSING_FAILED".into()],
            reasons: vec![reason],
            contract_number: None,
            explanation_en,
            explanation_fr,
            policy_version: None,
            extra: extra.as_object().cloned().unwrap_or_default(),
        }
    }
}

/// The first line of an upstream's own words, short enough to show.
pub(super) fn detail(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("no explanation given").trim();
    line.chars().filter(|letter| !letter.is_control()).take(MAX_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_a_valid_review_in_both_languages() {
        let id = ClaimId::parse("C-1").unwrap();
        let detail = || "connection refused".to_owned();
        let all = [
            Failure::StackUnreachable { tries: 5, detail: detail() },
            Failure::StackRefused { detail: detail() },
            Failure::NoModel,
            Failure::StreamBroken { detail: detail() },
            Failure::ResponseFailed { detail: detail() },
            Failure::ResponseIncomplete { detail: detail() },
            Failure::ToolFailed { tool: "ocr_document".into(), detail: detail() },
            Failure::NoDecision { left_out: vec!["make_final_decision"] },
            Failure::TimeLimit { seconds: 300 },
            Failure::Crashed { attempts: 3 },
            Failure::Internal,
        ];
        for failure in all {
            let document = failure.document(&id);
            assert_eq!(document.check(), Ok(()), "{failure:?}");
            assert_ne!(document.explanation_en, document.explanation_fr, "{failure:?}");
            assert_eq!(document.reasons[0].inputs["cause"], failure.code());
            let told = format!("{} {}", document.explanation_en, document.explanation_fr);
            assert!(!told.contains("connection refused"), "{told}");
        }
    }
}
