//! Everything that is searched, as of one moment.

use std::collections::HashMap;

use serde_json::Value;

use crate::records::{Article, PastClaim, Policyholder};
use crate::redact::Redactor;
use crate::shelf::Shelf;
use crate::vocabulary::words_of;

#[derive(Debug, Clone)]
pub(crate) struct Corpus {
    pub claims: Shelf<PastClaim>,
    pub articles: Shelf<Article>,
}

impl Corpus {
    pub(crate) fn empty() -> Self {
        Self { claims: shelf_of_claims(Vec::new()), articles: shelf_of_articles(Vec::new()) }
    }
}

pub(crate) fn shelf_of_claims(claims: Vec<PastClaim>) -> Shelf<PastClaim> {
    Shelf::new(claims, |claim| claim.story.clone(), |claim| words_of(&claim.peril))
}

/// What looks personal is taken out of an article too: nobody checks who wrote them.
pub(crate) fn shelf_of_articles(articles: Vec<Article>) -> Shelf<Article> {
    let forms = Redactor::default();
    Shelf::new(
        articles,
        |article| forms.redact(&format!("{}. {}", article.title, article.content)),
        |article| article.tags.join(" "),
    )
}

/// Reads past claims, newest first, at most `limit`. Names of the policyholders at hand are taken out of their texts.
pub(crate) fn past_claims(records: &[Value], holders: &[Policyholder], limit: usize) -> Vec<PastClaim> {
    let redactors: HashMap<&str, Redactor> =
        holders.iter().map(|holder| (holder.profile.user_id.as_str(), holder.redactor())).collect();
    let unknown = Redactor::default();
    let read = |record: &Value| {
        let owner = record.get("user_id").and_then(Value::as_str).unwrap_or_default();
        PastClaim::read(record, redactors.get(owner).unwrap_or(&unknown))
    };
    let mut claims: Vec<PastClaim> = records.iter().filter_map(read).collect();
    if claims.len() < records.len() {
        tracing::warn!(left_out = records.len() - claims.len(), "past claims without number or decision");
    }
    claims.sort_by(|a, b| b.decided_on.cmp(&a.decided_on).then_with(|| a.claim_number.cmp(&b.claim_number)));
    claims.truncate(limit);
    claims
}
