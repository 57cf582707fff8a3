//! The table a demonstration prints.

use crate::domain::{ClaimStatus, Money, Outcome};
use crate::store::{ClaimFilter, ClaimOrder, ClaimStore, Direction, StoreError};

/// One line: claim, decision, amount, reason, seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultRow {
    pub claim_id: String,
    pub claim_number: String,
    pub status: ClaimStatus,
    /// `None` until decided.
    pub decision: Option<Outcome>,
    /// With its currency, e.g. `1430.50 EUR`; only for an approval.
    pub amount: Option<String>,
    /// First reason code.
    pub reason: Option<String>,
    pub seconds: Option<f64>,
}

/// Every claim in the order of claim number.
pub async fn result_rows(store: &dyn ClaimStore) -> Result<Vec<ResultRow>, StoreError> {
    let mut rows = Vec::new();
    let mut filter = ClaimFilter {
        order: ClaimOrder::ClaimNumber,
        direction: Direction::Ascending,
        page: 1,
        page_size: 100,
        ..ClaimFilter::default()
    };
    loop {
        let page = store.list(&filter).await?;
        for claim in page.claims {
            let brief = claim.decision;
            let amount = brief.as_ref().and_then(|brief| {
                let amount = brief.payable.filter(|amount: &Money| amount.is_positive())?;
                Some(format!("{amount} {}", brief.currency.as_deref().unwrap_or_default()).trim().to_owned())
            });
            rows.push(ResultRow {
                claim_id: claim.claim_id.to_string(),
                claim_number: claim.claim_number,
                status: claim.status,
                decision: brief.as_ref().map(|brief| brief.outcome),
                amount,
                reason: brief.map(|brief| brief.first_reason),
                seconds: claim.total_processing_time_ms.map(|ms| ms as f64 / 1000.0),
            });
        }
        match page.next {
            Some(mark) => filter.after = Some(mark),
            None => return Ok(rows),
        }
    }
}
