//! Where the next page of a list begins, as a word that a caller hands back unread.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ApiError;
use crate::store::{ClaimOrder, Direction, PageMark};

const MAX_LENGTH: usize = 1_000;

fn words(order: ClaimOrder, direction: Direction) -> (&'static str, &'static str) {
    let order = match order {
        ClaimOrder::SubmittedAt => "submitted_at",
        ClaimOrder::ReceivedDate => "received_date",
        ClaimOrder::UpdatedAt => "updated_at",
        ClaimOrder::ClaimNumber => "claim_number",
        ClaimOrder::UserId => "user_id",
        ClaimOrder::Status => "status",
    };
    let direction = match direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    };
    (order, direction)
}

pub(super) fn write(mark: &PageMark, order: ClaimOrder, direction: Direction) -> String {
    let (order, direction) = words(order, direction);
    let text = serde_json::json!([order, direction, mark.key, mark.claim_id]).to_string();
    URL_SAFE_NO_PAD.encode(text)
}

/// Refuses what this list did not give for the same order.
pub(super) fn read(text: &str, order: ClaimOrder, direction: Direction) -> Result<PageMark, ApiError> {
    let refused =
        || ApiError::invalid("cursor", "must be a next_cursor of this list, asked with the same sort and order");
    if text.len() > MAX_LENGTH {
        return Err(refused());
    }
    let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
    let (sort, way, key, claim_id): (String, String, String, String) =
        serde_json::from_slice(&json).map_err(|_| refused())?;
    let in_time = matches!(order, ClaimOrder::SubmittedAt | ClaimOrder::UpdatedAt);
    if (sort.as_str(), way.as_str()) != words(order, direction) || (in_time && key.parse::<i64>().is_err()) {
        return Err(refused());
    }
    Ok(PageMark { key, claim_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_for_the_order_it_was_given_for() {
        let mark = PageMark { key: "1700000000000000".into(), claim_id: "CLM-1".into() };
        let text = write(&mark, ClaimOrder::SubmittedAt, Direction::Descending);
        assert_eq!(read(&text, ClaimOrder::SubmittedAt, Direction::Descending).ok(), Some(mark.clone()));
        assert!(read(&text, ClaimOrder::SubmittedAt, Direction::Ascending).is_err());
        assert!(read(&text, ClaimOrder::UserId, Direction::Descending).is_err());
        let no_time = write(&PageMark { key: "soon".into(), ..mark }, ClaimOrder::UpdatedAt, Direction::Ascending);
        for wrong in ["", "%%", "AAAA", &"A".repeat(2_000), &no_time] {
            assert!(read(wrong, ClaimOrder::UpdatedAt, Direction::Ascending).is_err(), "{wrong}");
        }
    }
}
