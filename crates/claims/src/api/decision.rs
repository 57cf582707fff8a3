//! The decision: the latest, all versions, and what guarded it.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{ApiError, App};
use crate::access::Caller;
use crate::domain::{Claim, DecisionRecord, DecisionSource, Evidence, Language, Outcome, Reason, ReviewTask};

/// A decision, in the older API's field names plus our own. `final_*` stay null until a person decides.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView {
    id: String,
    claim_id: String,
    version: i64,
    source: DecisionSource,
    initial_decision: Outcome,
    initial_confidence: f64,
    initial_reasoning: String,
    initial_decided_at: String,
    final_decision: Option<Outcome>,
    final_decision_by: Option<String>,
    final_decision_by_name: Option<String>,
    final_decision_at: Option<String>,
    final_decision_notes: Option<String>,
    /// Decimal text, when a person approved.
    final_amount: Option<String>,
    final_currency: Option<String>,
    decision: Outcome,
    confidence: f64,
    /// The agent's words where they agree with the decision, else the rendered explanation.
    reasoning: String,
    /// Decimal text; null for a review.
    payable_amount: Option<String>,
    proposed_amount: Option<String>,
    currency: Option<String>,
    reason_codes: Vec<String>,
    reasons: Vec<Reason>,
    contract_number: Option<String>,
    amount_steps: Value,
    trace: Value,
    notes: Value,
    explanation_en: String,
    explanation_fr: String,
    /// What the rules alone said, when the agent's opinion sent the claim to a person; else null.
    rule_result: Value,
    /// What the agent thought, when it said so; else null. It can only make the outcome stricter.
    agent_opinion: Value,
    /// The last words of the agent's run, kept whatever they say.
    agent_text: Option<String>,
    agent_text_agrees: bool,
    policy_version: Option<String>,
    evidence_sha256: String,
    /// Reasons that quote a clause of the contract.
    relevant_policies: Vec<RelevantPolicy>,
    similar_claims: Value,
    user_contract_info: Value,
    /// What the decision rests on; empty for older versions.
    evidence: Vec<EvidenceLink>,
    llm_model: Option<String>,
    requires_manual_review: bool,
    /// Processing failed and may be tried again.
    retryable: bool,
    decided_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RelevantPolicy {
    code: String,
    clause: String,
    text_en: String,
    text_fr: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceLink {
    evidence_id: String,
    kind: String,
    tool: String,
    confidence: Option<f64>,
    sha256: String,
    created_at: String,
}

impl DecisionView {
    fn new(claim: &Claim, record: DecisionRecord, evidence: &[Evidence], language: Language) -> Self {
        let document = record.document;
        let rendered = document.explanation(language);
        let reasoning = match record.agent_text.as_deref() {
            Some(text) if record.agent_agrees => text.to_owned(),
            _ => rendered.clone(),
        };
        let kept = |name: &str| document.extra.get(name).cloned();
        let extra = |name: &str| kept(name).unwrap_or_else(|| json!([]));
        let found = |kind: &str, name: &str| {
            let latest = evidence.iter().find(|found| found.kind == kind);
            latest.and_then(|found| found.payload.get(name)).cloned().unwrap_or_else(|| json!([]))
        };
        let relevant_policies = document.reasons.iter().filter_map(|reason| {
            let (code, clause) = (reason.code.clone(), reason.clause.clone()?);
            Some(RelevantPolicy { code, clause, text_en: reason.text_en.clone(), text_fr: reason.text_fr.clone() })
        });
        let decided_at = record.decided_at.to_string();
        Self {
            id: record.decision_id,
            claim_id: claim.claim_id.to_string(),
            version: record.version,
            source: record.source,
            initial_decision: document.decision,
            initial_confidence: document.confidence,
            initial_reasoning: rendered,
            initial_decided_at: decided_at.clone(),
            final_decision: None,
            final_decision_by: None,
            final_decision_by_name: None,
            final_decision_at: None,
            final_decision_notes: None,
            final_amount: None,
            final_currency: None,
            decision: document.decision,
            confidence: document.confidence,
            reasoning,
            relevant_policies: relevant_policies.collect(),
            similar_claims: found("similar_claims", "similar_claims"),
            user_contract_info: found("policyholder", "contracts"),
            evidence: evidence.iter().map(EvidenceLink::from).collect(),
            amount_steps: extra("amount_steps"),
            trace: extra("trace"),
            notes: extra("notes"),
            rule_result: kept("rule_result").unwrap_or_default(),
            agent_opinion: kept("agent_opinion").unwrap_or_default(),
            explanation_en: document.explanation(Language::En),
            explanation_fr: document.explanation(Language::Fr),
            payable_amount: document.payable_amount,
            proposed_amount: document.proposed_amount,
            currency: document.currency,
            reason_codes: document.reason_codes,
            reasons: document.reasons,
            contract_number: document.contract_number,
            agent_text: record.agent_text,
            agent_text_agrees: record.agent_agrees,
            policy_version: document.policy_version,
            evidence_sha256: record.evidence_sha256,
            llm_model: record.model,
            requires_manual_review: document.decision == Outcome::ManualReview,
            retryable: record.retryable,
            decided_at,
        }
    }
}

impl DecisionView {
    /// With what a person made of it.
    fn reviewed(mut self, task: &ReviewTask) -> Self {
        let Some(review) = task.final_on(self.version) else { return self };
        self.final_decision = review.outcome;
        self.final_decision_by = Some(review.reviewer.clone());
        self.final_decision_by_name.clone_from(&review.reviewer_name);
        self.final_decision_at = Some(review.created_at.to_string());
        self.final_decision_notes = Some(review.reason.clone());
        self.final_amount = review.amount.map(|amount| amount.to_string());
        self.final_currency.clone_from(&review.currency);
        self.requires_manual_review = false;
        self
    }
}

impl DecisionView {
    /// For whoever may not see what was read and written: the outcome, the amounts and the rules, without the texts
    /// they were found in.
    fn shown_to(mut self, caller: &Caller) -> Self {
        if caller.sees_texts() {
            return self;
        }
        self.reasoning.clone_from(&self.initial_reasoning);
        self.agent_text = None;
        self.agent_opinion = Value::Null;
        self.final_decision_notes = None;
        self.similar_claims = json!([]);
        self.user_contract_info = json!([]);
        for reason in &mut self.reasons {
            reason.inputs = Value::Null;
        }
        for check in self.trace.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            check.insert("inputs".into(), json!({}));
        }
        self
    }
}

impl From<&Evidence> for EvidenceLink {
    fn from(found: &Evidence) -> Self {
        Self {
            evidence_id: found.evidence_id.clone(),
            kind: found.kind.clone(),
            tool: found.tool.clone(),
            confidence: found.confidence,
            sha256: found.sha256.clone(),
            created_at: found.created_at.to_string(),
        }
    }
}

/// The latest decision. 404 until there is one.
#[utoipa::path(get, path = "/api/v1/claims/{id}/decision", params(("id" = String, Path)), responses((status = 200, body = DecisionView), (status = 404)))]
pub async fn latest(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DecisionView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let language = app.language_of(&claim).await?;
    let record = app.store.decisions(&claim.claim_id).await?.into_iter().next();
    let record = record.ok_or_else(|| ApiError::not_found(format!("claim {} has no decision yet", claim.claim_id)))?;
    let evidence = app.store.evidence(&claim.claim_id).await?;
    let own: Vec<Evidence> = evidence.into_iter().filter(|found| found.run_id == record.run_id).collect();
    let task = app.store.review(&claim.claim_id).await?;
    Ok(Json(DecisionView::new(&claim, record, &own, language).reviewed(&task).shown_to(&caller)))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionList {
    claim_id: String,
    /// Latest first.
    decisions: Vec<DecisionView>,
}

/// Every decision of the claim, latest first.
#[utoipa::path(get, path = "/api/v1/claims/{id}/decisions", params(("id" = String, Path)), responses((status = 200, body = DecisionList), (status = 404)))]
pub async fn all(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DecisionList>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let language = app.language_of(&claim).await?;
    let records = app.store.decisions(&claim.claim_id).await?;
    let task = app.store.review(&claim.claim_id).await?;
    let view = |record| DecisionView::new(&claim, record, &[], language).reviewed(&task).shown_to(&caller);
    let decisions = records.into_iter().map(view).collect();
    Ok(Json(DecisionList { claim_id: claim.claim_id.to_string(), decisions }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceView {
    claim_id: String,
    /// Of the latest run, latest first.
    evidence: Vec<Finding>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Finding {
    #[serde(flatten)]
    link: EvidenceLink,
    /// The tool's own document.
    payload: Value,
}

/// What the tools found in the latest run, whole.
#[utoipa::path(get, path = "/api/v1/claims/{id}/evidence", params(("id" = String, Path)), responses((status = 200, body = EvidenceView), (status = 404)))]
pub async fn evidence(State(app): State<App>, Path(id): Path<String>) -> Result<Json<EvidenceView>, ApiError> {
    let claim = app.existing_claim(&id).await?;
    let found = app.store.evidence(&claim.claim_id).await?;
    let evidence = found.into_iter().map(|found| Finding { link: EvidenceLink::from(&found), payload: found.payload });
    Ok(Json(EvidenceView { claim_id: claim.claim_id.to_string(), evidence: evidence.collect() }))
}
