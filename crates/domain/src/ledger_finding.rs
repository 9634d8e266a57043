//! Ledger findings (账目差异): what reconciliation found wrong, and how two persons lay it to rest. Nothing is repaired
//! here: the books are put right by postings, and a finding is closed once they are.

use thiserror::Error;

use crate::code::codes;
use crate::id::{AdminId, FindingId, MemberId, PersonId};
use crate::official::Official;
use crate::time::Instant;

codes! {
    /// How far it is.
    FindingState {
        Open = "open", "待说明";
        Explained = "explained", "待确认";
        Closed = "closed", "已了结";
    }
}

/// What a member reads whose spending is stopped by a finding.
pub const FROZEN_BECAUSE: &str = "账目核对发现差异，正在核查；获得的积分照常入账，核查清楚后即可使用";

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The finding.
    pub id: FindingId,
    /// The invariant that does not hold.
    pub invariant: String,
    /// Whose account is wrong; none if it is the ledger as a whole.
    pub member: Option<MemberId>,
    /// How far it is.
    pub state: FindingState,
    /// When it was found.
    pub found_at: Instant,
    /// When it was last seen to be so.
    pub seen_at: Instant,
    /// What caused it and what was done about it.
    pub explanation: Option<Explanation>,
    /// Who confirmed that it is laid to rest, and when.
    pub closed: Option<(AdminId, Instant)>,
}

/// What caused a finding, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was written.
    pub text: String,
    /// Who wrote it.
    pub by: AdminId,
    /// The person behind the account.
    pub person: PersonId,
    /// When.
    pub at: Instant,
}

/// Why a finding cannot be explained or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FindingError {
    /// It was laid to rest before.
    #[error("这项差异已经了结")]
    Closed,
    /// Nobody has explained it.
    #[error("这项差异还没有人说明原因")]
    NotExplained,
    /// One explains, another confirms, and neither about their own account.
    #[error("说明和确认须由两人办理，且不能办理本人账户的差异")]
    SamePerson,
    /// The books are as wrong as before.
    #[error("账目仍有这项差异，改正之前不能了结")]
    StillWrong,
}

impl Finding {
    /// Something new.
    pub fn new(id: FindingId, invariant: &str, member: Option<MemberId>, now: Instant) -> Self {
        let state = FindingState::Open;
        let (found_at, seen_at) = (now, now);
        Self { id, invariant: invariant.into(), member, state, found_at, seen_at, explanation: None, closed: None }
    }

    /// Writes down what caused it. A later explanation takes the place of an earlier one.
    pub fn explain(&mut self, text: String, by: Official, now: Instant) -> Result<(), FindingError> {
        self.may(by)?;
        self.state = FindingState::Explained;
        self.explanation = Some(Explanation { text, by: by.admin, person: person(by), at: now });
        Ok(())
    }

    /// Lays it to rest, once the books hold again.
    pub fn close(&mut self, by: Official, still_wrong: bool, now: Instant) -> Result<(), FindingError> {
        self.may(by)?;
        let explanation = self.explanation.as_ref().ok_or(FindingError::NotExplained)?;
        if explanation.by == by.admin || explanation.person == person(by) {
            return Err(FindingError::SamePerson);
        }
        if still_wrong {
            return Err(FindingError::StillWrong);
        }
        self.state = FindingState::Closed;
        self.closed = Some((by.admin, now));
        Ok(())
    }

    /// Whether it may stand as far as the last round knows that looked at everything: one that began before it was last seen,
    /// or before anybody said what was done about it, knows nothing.
    pub fn may_stand(&self, last_round_began_at: Option<Instant>) -> bool {
        let told = self.explanation.as_ref().map_or(self.seen_at, |explanation| explanation.at.max(self.seen_at));
        last_round_began_at.is_none_or(|began_at| began_at <= told)
    }

    fn may(&self, by: Official) -> Result<(), FindingError> {
        if self.state == FindingState::Closed {
            return Err(FindingError::Closed);
        }
        if self.member.is_some_and(|member| by.is(member)) {
            return Err(FindingError::SamePerson);
        }
        Ok(())
    }
}

fn person(official: Official) -> PersonId {
    official.member.map_or_else(|| official.admin.into(), PersonId::from)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Instant = chrono::DateTime::UNIX_EPOCH;

    fn official(admin: u128, member: Option<u128>) -> Official {
        let member = member.map(|member| MemberId::new(Uuid::from_u128(member)));
        Official { admin: AdminId::new(Uuid::from_u128(admin)), member }
    }

    fn finding() -> Finding {
        let member = MemberId::new(Uuid::from_u128(7));
        Finding::new(FindingId::new(Uuid::from_u128(1)), "balance", Some(member), NOW)
    }

    #[test]
    fn one_explains_another_confirms_and_only_once_the_books_hold() {
        let (ann, bob) = (official(1, None), official(2, None));
        let mut finding = finding();
        assert_eq!(finding.close(bob, false, NOW), Err(FindingError::NotExplained));
        assert_eq!(finding.explain("误操作".into(), ann, NOW), Ok(()));
        assert_eq!(finding.close(ann, false, NOW), Err(FindingError::SamePerson));
        assert_eq!(finding.close(bob, true, NOW), Err(FindingError::StillWrong));
        assert_eq!(finding.close(bob, false, NOW), Ok(()));
        assert_eq!(finding.close(bob, false, NOW), Err(FindingError::Closed));
        assert_eq!(finding.explain("又".into(), ann, NOW), Err(FindingError::Closed));
    }

    #[test]
    fn only_a_round_after_the_explanation_that_sees_it_no_more_lays_it_to_rest() {
        let at = |minutes| NOW + chrono::Duration::minutes(minutes);
        let mut finding = finding();
        assert!(finding.may_stand(None) && finding.may_stand(Some(at(0))));
        finding.explain("误操作".into(), official(1, None), at(5)).expect("explained");
        assert!(finding.may_stand(Some(at(3))), "nobody had done anything about it");
        assert!(!finding.may_stand(Some(at(6))));
        finding.seen_at = at(7);
        assert!(finding.may_stand(Some(at(6))), "it was seen again");
        assert!(!finding.may_stand(Some(at(8))));
    }

    #[test]
    fn two_accounts_of_one_person_are_one_and_nobody_judges_their_own() {
        let mut finding = finding();
        assert_eq!(finding.explain("误操作".into(), official(1, Some(7)), NOW), Err(FindingError::SamePerson));
        assert_eq!(finding.explain("误操作".into(), official(1, Some(5)), NOW), Ok(()));
        assert_eq!(finding.close(official(2, Some(5)), false, NOW), Err(FindingError::SamePerson));
        assert_eq!(finding.close(official(2, Some(7)), false, NOW), Err(FindingError::SamePerson));
        assert_eq!(finding.close(official(2, Some(6)), false, NOW), Ok(()));
    }
}
