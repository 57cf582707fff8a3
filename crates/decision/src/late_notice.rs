//! Late notice (déclaration tardive): forfeiture D7 or referral R3.

use jiff::civil::Date;

use crate::calendar::{Holidays, days_between, deadline};
use crate::codes::ReasonCode;
use crate::contract::NoticeStart;
use crate::facts::written;
use crate::findings::Finding;
use crate::selection::{Loss, Terms};

/// Whether the loss was reported in time. A late report forfeits the claim only
/// when the contract says so, the delay passes the hard limit, no excuse is given
/// and the insurer can no longer inspect; else a person decides.
pub fn check(loss: &Loss<'_>, terms: &Terms<'_>, holidays: &Holidays) -> Finding {
    let last_day = last_day(loss, terms, holidays);
    let days_late = days_between(last_day, loss.received_date).max(0);
    let finding = match () {
        () if loss.received_date <= last_day => Finding::passed("late_notice"),
        () if forfeits(loss, terms, days_late) => Finding::fired("D7", ReasonCode::LateNoticeForfeiture),
        () => Finding::fired("R3", ReasonCode::LateNotice),
    };
    finding
        .with("deadline", last_day)
        .with("received_date", loss.received_date)
        .with("days_late", days_late)
        .citing(format!("{}, late_notice, L113-2", terms.cite("notice")))
}

fn last_day(loss: &Loss<'_>, terms: &Terms<'_>, holidays: &Holidays) -> Date {
    let notice = &terms.coverage.notice;
    let start = match notice.from {
        NoticeStart::Decree => loss.claim.decree_date.unwrap_or(loss.incident_date),
        NoticeStart::Incident => loss.incident_date,
    };
    deadline(start, notice.days, notice.basis, holidays)
}

fn forfeits(loss: &Loss<'_>, terms: &Terms<'_>, days_late: i64) -> bool {
    terms.contract.late_notice.as_ref().is_some_and(|late| {
        late.forfeiture_clause
            && days_late > i64::from(late.hard_limit_days)
            && written(&loss.claim.late_excuse).is_none()
            && loss.claim.evidence_disposed
    })
}
