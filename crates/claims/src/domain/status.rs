//! Where a claim stands, and the steps that are legal.

use serde::{Deserialize, Serialize};

use super::Outcome;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimStatus {
    Pending,
    Processing,
    /// Approved.
    Completed,
    Denied,
    /// A person must look: the policy says so, or processing failed and says why.
    ManualReview,
    /// A person asked the policyholder for something.
    PendingInfo,
    /// Not even the failure could be written down. Never an outcome of the policy.
    Failed,
}

/// What can happen to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimEvent {
    ProcessingAccepted,
    /// The run was cut short; another one takes over.
    RunReplaced,
    Decided(Outcome),
    /// Called off before its end: the claim stands where its last decision left it.
    Cancelled(Option<Outcome>),
    /// A person looked: the claim is where they put it.
    Reviewed(ClaimStatus),
    Broken,
}

impl ClaimStatus {
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Processing,
        Self::Completed,
        Self::Denied,
        Self::ManualReview,
        Self::PendingInfo,
        Self::Failed,
    ];

    /// The status after `event`, or `None` when the event is not legal now.
    pub fn after(self, event: ClaimEvent) -> Option<Self> {
        match (self, event) {
            (Self::Processing, ClaimEvent::ProcessingAccepted) => None,
            (_, ClaimEvent::ProcessingAccepted) => Some(Self::Processing),
            (Self::Processing, ClaimEvent::RunReplaced) => Some(Self::Processing),
            (Self::Processing, ClaimEvent::Decided(Outcome::Approve)) => Some(Self::Completed),
            (Self::Processing, ClaimEvent::Decided(Outcome::Deny)) => Some(Self::Denied),
            (Self::Processing, ClaimEvent::Decided(Outcome::ManualReview)) => Some(Self::ManualReview),
            (Self::Processing, ClaimEvent::Cancelled(None)) => Some(Self::Pending),
            (Self::Processing, ClaimEvent::Cancelled(Some(before))) => self.after(ClaimEvent::Decided(before)),
            (Self::Processing, ClaimEvent::Broken) => Some(Self::Failed),
            (Self::Processing | Self::Pending, ClaimEvent::Reviewed(_)) => None,
            (
                _,
                ClaimEvent::Reviewed(put @ (Self::Completed | Self::Denied | Self::ManualReview | Self::PendingInfo)),
            ) => Some(put),
            (_, ClaimEvent::Reviewed(_)) => None,
            (_, ClaimEvent::RunReplaced | ClaimEvent::Decided(_) | ClaimEvent::Cancelled(_) | ClaimEvent::Broken) => {
                None
            }
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Denied => "denied",
            Self::ManualReview => "manual_review",
            Self::PendingInfo => "pending_info",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_claim_in_processing_is_decided_and_any_other_may_be_processed() {
        for status in ClaimStatus::ALL {
            let processing = status == ClaimStatus::Processing;
            assert_eq!(status.after(ClaimEvent::ProcessingAccepted).is_some(), !processing, "{status:?}");
            assert_eq!(status.after(ClaimEvent::RunReplaced).is_some(), processing, "{status:?}");
            assert_eq!(status.after(ClaimEvent::Cancelled(None)).is_some(), processing, "{status:?}");
            for outcome in [Outcome::Approve, Outcome::Deny, Outcome::ManualReview] {
                assert_eq!(status.after(ClaimEvent::Decided(outcome)).is_some(), processing, "{status:?}");
            }
        }
        let denied = ClaimStatus::Processing.after(ClaimEvent::Decided(Outcome::Deny));
        assert_eq!(denied, Some(ClaimStatus::Denied), "a refusal is not a failure");
    }

    #[test]
    fn every_status_reads_back() {
        for status in ClaimStatus::ALL {
            assert_eq!(ClaimStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(ClaimStatus::parse("done"), None);
    }
}
