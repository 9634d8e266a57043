//! Complaints and suggestions (投诉建议): anybody may speak up, and is answered once.

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::code::codes;
use crate::id::{ComplaintId, NodeId};
use crate::text::{self, TextError};
use crate::time::{Instant, business_day};

codes! {
    /// What it is about.
    ComplaintCategory {
        Points = "points", "积分";
        Activity = "activity", "活动";
        Mall = "mall", "积分商城";
        Privacy = "privacy", "个人信息";
        Suggestion = "suggestion", "建议";
        Other = "other", "其他";
    }
}

codes! {
    /// Whether it was answered.
    ComplaintState {
        Open = "open", "待答复";
        Answered = "answered", "已答复";
    }
}

/// How many of one person's complaints may wait for an answer.
pub const MOST_OPEN: u64 = 10;

/// A complaint or suggestion.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// The complaint.
    pub id: ComplaintId,
    /// The number by which people ask after it.
    pub number: String,
    /// What it is about.
    pub category: ComplaintCategory,
    /// What was said.
    pub content: String,
    /// Whether it was answered.
    pub state: ComplaintState,
    /// The answer.
    pub answer: Option<String>,
    /// When it was answered.
    pub answered_at: Option<Instant>,
    /// When it came.
    pub created_at: Instant,
}

/// Why a complaint or its answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ComplaintError {
    /// Too many wait already.
    #[error("您有 {MOST_OPEN} 条投诉建议尚待答复，请稍后再提交")]
    TooManyOpen,
    /// It was answered before.
    #[error("该投诉建议已答复")]
    Answered,
}

/// Takes a new complaint from somebody of whose complaints so many are open.
pub fn submit(
    id: ComplaintId,
    category: ComplaintCategory,
    content: String,
    open: u64,
    now: Instant,
) -> Result<Complaint, ComplaintError> {
    if open >= MOST_OPEN {
        return Err(ComplaintError::TooManyOpen);
    }
    Ok(Complaint {
        id,
        number: number(id, now),
        category,
        content,
        state: ComplaintState::Open,
        answer: None,
        answered_at: None,
        created_at: now,
    })
}

/// Answers a complaint.
pub fn answer(complaint: &mut Complaint, answer: String, now: Instant) -> Result<(), ComplaintError> {
    if complaint.state == ComplaintState::Answered {
        return Err(ComplaintError::Answered);
    }
    complaint.state = ComplaintState::Answered;
    complaint.answer = Some(answer);
    complaint.answered_at = Some(now);
    Ok(())
}

/// Where a complaint is answered: in the estate where the person reported, else in the unit, so that the admins above either
/// see it and nobody else does.
pub fn responsible(estate: Option<NodeId>, unit: NodeId) -> NodeId {
    estate.unwrap_or(unit)
}

/// What is said, of up to 1,000 characters.
pub fn content(text: &str) -> Result<String, TextError> {
    text::clean(text, 1000, true)
}

/// A number for the telephone: the day, and eight characters that cannot be mistaken for each other.
fn number(id: ComplaintId, now: Instant) -> String {
    const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digest = Sha256::digest(id.uuid().as_bytes());
    let tail: String = digest.iter().take(8).map(|byte| char::from(CROCKFORD[usize::from(byte % 32)])).collect();
    format!("TS{}-{tail}", business_day(now).format("%Y%m%d"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn complaint(open: u64) -> Result<Complaint, ComplaintError> {
        let now: Instant = "2026-11-23T16:00:00Z".parse().expect("an instant");
        submit(Uuid::from_u128(1).into(), ComplaintCategory::Points, "积分少算了".into(), open, now)
    }

    #[test]
    fn a_number_carries_beijings_day() {
        let taken = complaint(0).expect("the first");
        assert!(taken.number.starts_with("TS20261124-"), "{}", taken.number);
        assert_eq!(taken.number.len(), "TS20261124-".len() + 8);
    }

    #[test]
    fn so_many_may_wait() {
        assert!(complaint(MOST_OPEN - 1).is_ok());
        assert_eq!(complaint(MOST_OPEN).map(|_| ()), Err(ComplaintError::TooManyOpen));
    }

    #[test]
    fn an_answer_is_given_once() {
        let mut taken = complaint(0).expect("the first");
        let now = taken.created_at;
        assert_eq!(answer(&mut taken, "已补记".into(), now), Ok(()));
        assert_eq!(answer(&mut taken, "又".into(), now), Err(ComplaintError::Answered));
        assert_eq!(taken.answer.as_deref(), Some("已补记"));
    }
}
