//! Editions (规则版本): a version of the rules on its way from one person's draft to what holds, and to its end.

use thiserror::Error;

use super::{Fault, Rulebook};
use crate::code::{Code, codes};
use crate::id::{NodeId, RulebookId};
use crate::official::Official;
use crate::organisation::NodeKind;
use crate::time::{Instant, business_day};

codes! {
    /// Where a version stands. Being scheduled follows from the clock and is never stored.
    RulebookState {
        Draft = "draft", "草稿";
        Checked = "checked", "待批准";
        Scheduled = "scheduled", "待生效";
        Effective = "effective", "生效中";
        Superseded = "superseded", "已失效";
        Discarded = "discarded", "已作废";
    }
}

/// A version of the rules of one scope, with the time for which it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// The version's id.
    pub id: RulebookId,
    /// Whose rules: the district, a subdistrict or a community.
    pub scope: NodeId,
    /// What the scope is.
    pub scope_kind: NodeKind,
    /// Its number within the scope, from 1.
    pub version: i32,
    /// The stored state; see [`Edition::state_at`].
    pub state: RulebookState,
    /// What it says.
    pub rules: Rulebook,
    /// What is changed and why, in the drafter's words.
    pub note: Option<String>,
    /// The first instant at which it holds.
    pub effective_from: Instant,
    /// The first instant at which it no longer does; none while no successor is known.
    pub effective_to: Option<Instant>,
    /// Who drafted it; nobody drafted what a district starts with.
    pub drafted_by: Option<Official>,
    /// Who made it effective.
    pub approved_by: Option<Official>,
    /// When.
    pub approved_at: Option<Instant>,
}

/// Why a version does not take a step.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditionError {
    /// The step does not follow from where it stands.
    #[error("这版规则当前为“{}”，不能这样操作", .0.label())]
    State(RulebookState),
    /// Somebody else's draft is not changed, or nobody would know whose it is.
    #[error("只有起草人可以修改；您可以以它为底稿另行起草")]
    NotDrafter,
    /// Who drafted it does not make it effective.
    #[error("不能批准自己起草的规则，请由另一人批准")]
    SamePerson,
    /// Something is wrong with the rules.
    #[error("规则有误")]
    Faults(Vec<Fault>),
    /// It would hold from a day that has begun.
    #[error("生效日期已到，请起草人改为明天或以后的日期")]
    TooLate,
    /// Another version holds for the same days.
    #[error("与第 {0} 版规则的生效时间重叠，请调整日期")]
    Overlap(i32),
    /// It would end before it begins.
    #[error("截止日期应晚于生效日期")]
    EndsBeforeStart,
    /// Without an end, because nothing above could hold in its place.
    #[error("区级规则不设截止日期，由下一版接替")]
    DistrictWithEnd,
}

/// Whether such a node may have rules of its own.
pub fn may_have_rules(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::District | NodeKind::Subdistrict | NodeKind::Community)
}

impl Edition {
    /// Where it stands now.
    pub fn state_at(&self, now: Instant) -> RulebookState {
        match self.state {
            RulebookState::Effective | RulebookState::Superseded if now < self.effective_from => {
                RulebookState::Scheduled
            }
            RulebookState::Effective | RulebookState::Superseded if self.effective_to.is_some_and(|end| end <= now) => {
                RulebookState::Superseded
            }
            RulebookState::Effective | RulebookState::Superseded => RulebookState::Effective,
            other => other,
        }
    }

    /// Whether the days for which it is to hold can be asked for.
    pub fn check_days(&self, now: Instant) -> Result<(), EditionError> {
        if self.effective_from <= now {
            return Err(EditionError::TooLate);
        }
        match self.effective_to {
            Some(_) if self.scope_kind == NodeKind::District => Err(EditionError::DistrictWithEnd),
            Some(end) if end <= self.effective_from => Err(EditionError::EndsBeforeStart),
            _ => Ok(()),
        }
    }

    /// Prepares for a change by its drafter; what was checked is a draft again.
    pub fn reopen(&mut self, by: Official) -> Result<(), EditionError> {
        self.must_be_open()?;
        if !self.drafted_by.is_some_and(|drafter| drafter.is_same_person(by)) {
            return Err(EditionError::NotDrafter);
        }
        self.state = RulebookState::Draft;
        Ok(())
    }

    /// Takes over what only the district's rules say, unless it is the district's itself.
    pub fn follow(&mut self, district: &Rulebook) {
        if self.scope_kind != NodeKind::District {
            self.rules.follow(district);
        }
    }

    /// Everything that is wrong with its rules; `district` are those of the district when it begins to hold.
    pub fn faults(&self, district: &Rulebook) -> Vec<Fault> {
        match self.scope_kind {
            NodeKind::District => self.rules.faults(),
            _ => self.rules.faults_below(district),
        }
    }

    /// Declares the draft fit for approval, among the scope's approved versions and below the district's.
    pub fn check(&mut self, approved: &[Self], district: &Rulebook, now: Instant) -> Result<(), EditionError> {
        if self.state != RulebookState::Draft {
            return Err(EditionError::State(self.state_at(now)));
        }
        self.must_be_sound(district, now)?;
        self.predecessor(approved)?;
        self.state = RulebookState::Checked;
        Ok(())
    }

    /// Makes it effective, by another person than its drafter. Answers the version that ends where it begins.
    pub fn approve(
        &mut self,
        by: Official,
        approved: &[Self],
        district: &Rulebook,
        now: Instant,
    ) -> Result<Option<RulebookId>, EditionError> {
        if self.state != RulebookState::Checked {
            return Err(EditionError::State(self.state_at(now)));
        }
        if self.drafted_by.is_none_or(|drafter| drafter.is_same_person(by)) {
            return Err(EditionError::SamePerson);
        }
        self.must_be_sound(district, now)?;
        let predecessor = self.predecessor(approved)?;
        self.state = RulebookState::Effective;
        (self.approved_by, self.approved_at) = (Some(by), Some(now));
        Ok(predecessor)
    }

    /// Gives it up before it ever held.
    pub fn discard(&mut self) -> Result<(), EditionError> {
        self.must_be_open()?;
        self.state = RulebookState::Discarded;
        Ok(())
    }

    fn must_be_open(&self) -> Result<(), EditionError> {
        match self.state {
            RulebookState::Draft | RulebookState::Checked => Ok(()),
            other => Err(EditionError::State(other)),
        }
    }

    fn must_be_sound(&self, district: &Rulebook, now: Instant) -> Result<(), EditionError> {
        let faults = self.faults(district);
        if faults.is_empty() { self.check_days(now) } else { Err(EditionError::Faults(faults)) }
    }

    /// The version that this one takes over from: the one without an end that began before. Every other that holds for
    /// one of its days stands against it.
    fn predecessor(&self, approved: &[Self]) -> Result<Option<RulebookId>, EditionError> {
        let mut predecessor = None;
        for other in approved.iter().filter(|other| other.id != self.id) {
            let begins_in_time = self.effective_to.is_none_or(|end| other.effective_from < end);
            let ends_late = other.effective_to.is_none_or(|end| self.effective_from < end);
            match (begins_in_time && ends_late, other.effective_to) {
                (true, None) if other.effective_from < self.effective_from => predecessor = Some(other.id),
                (true, _) => return Err(EditionError::Overlap(other.version)),
                (false, _) => {}
            }
        }
        Ok(predecessor)
    }

    /// The last day for which it holds, if it ends.
    pub fn last_day(&self) -> Option<chrono::NaiveDate> {
        self.effective_to.and_then(|end| business_day(end).pred_opt())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::id::{AdminId, MemberId};

    fn official(admin: u128, member: Option<u128>) -> Official {
        let member = member.map(|member| MemberId::new(Uuid::from_u128(member)));
        Official { admin: AdminId::new(Uuid::from_u128(admin)), member }
    }

    fn day(number: i64) -> Instant {
        Instant::UNIX_EPOCH + Duration::days(number)
    }

    fn edition(version: i32, from: i64, to: Option<i64>) -> Edition {
        Edition {
            id: RulebookId::new(Uuid::from_u128(version.unsigned_abs().into())),
            scope: NodeId::new(Uuid::from_u128(1)),
            scope_kind: NodeKind::Community,
            version,
            state: RulebookState::Draft,
            rules: Rulebook::default_rules(),
            note: None,
            effective_from: day(from),
            effective_to: to.map(day),
            drafted_by: Some(official(1, Some(1))),
            approved_by: None,
            approved_at: None,
        }
    }

    #[test]
    fn two_persons_bring_it_into_effect() {
        use RulebookState::{Effective, Scheduled, Superseded};
        let mut edition = edition(2, 10, None);
        let (drafter, other) = (official(1, Some(1)), official(2, Some(2)));
        assert_eq!(
            edition.approve(other, &[], &Rulebook::default_rules(), day(0)),
            Err(EditionError::State(RulebookState::Draft))
        );
        assert_eq!(edition.check(&[], &Rulebook::default_rules(), day(0)), Ok(()));
        assert_eq!(
            edition.check(&[], &Rulebook::default_rules(), day(0)),
            Err(EditionError::State(RulebookState::Checked))
        );
        assert_eq!(edition.approve(drafter, &[], &Rulebook::default_rules(), day(0)), Err(EditionError::SamePerson));
        assert_eq!(
            edition.approve(official(3, Some(1)), &[], &Rulebook::default_rules(), day(0)),
            Err(EditionError::SamePerson),
            "another account"
        );
        assert_eq!(edition.approve(other, &[], &Rulebook::default_rules(), day(0)), Ok(None));
        assert_eq!(edition.reopen(drafter), Err(EditionError::State(RulebookState::Effective)));
        assert_eq!(edition.discard(), Err(EditionError::State(RulebookState::Effective)));
        let states = [0, 9, 10, 11].map(|at| edition.state_at(day(at)));
        assert_eq!(states, [Scheduled, Scheduled, Effective, Effective]);
        (edition.state, edition.effective_to) = (Superseded, Some(day(20)));
        assert_eq!([9, 19, 20].map(|at| edition.state_at(day(at))), [Scheduled, Effective, Superseded]);
    }

    #[test]
    fn only_the_drafter_changes_a_draft_and_a_change_is_checked_anew() {
        let mut edition = edition(2, 10, None);
        assert_eq!(edition.check(&[], &Rulebook::default_rules(), day(0)), Ok(()));
        assert_eq!(edition.reopen(official(2, None)), Err(EditionError::NotDrafter));
        assert_eq!(edition.reopen(official(1, None)), Ok(()));
        assert_eq!(edition.state, RulebookState::Draft);
        assert_eq!(edition.discard(), Ok(()));
        assert_eq!(edition.discard(), Err(EditionError::State(RulebookState::Discarded)));
    }

    #[test]
    fn it_takes_over_from_the_one_without_an_end_and_overlaps_no_other() {
        let cases = [
            ((10, None), (0, None), Ok(Some(1))),
            ((10, None), (0, Some(10)), Ok(None)),
            ((10, None), (0, Some(11)), Err(1)),
            ((10, None), (10, None), Err(1)),
            ((10, None), (20, None), Err(1)),
            ((10, Some(20)), (20, None), Ok(None)),
            ((10, Some(21)), (20, None), Err(1)),
            ((10, Some(20)), (12, Some(13)), Err(1)),
            ((10, Some(20)), (0, None), Ok(Some(1))),
        ];
        for ((from, to), (other_from, other_to), expected) in cases {
            let approved = [edition(1, other_from, other_to)];
            let expected = expected.map(|found| found.map(|_| approved[0].id)).map_err(EditionError::Overlap);
            let mut draft = edition(2, from, to);
            draft.state = RulebookState::Checked;
            let answer = draft.approve(official(2, None), &approved, &Rulebook::default_rules(), day(0));
            assert_eq!(answer, expected, "{from} {to:?} after {other_from} {other_to:?}");
        }
    }

    #[test]
    fn days_that_cannot_be_and_faulty_rules_are_refused() {
        let check = |mut edition: Edition, now| edition.check(&[], &Rulebook::default_rules(), day(now));
        assert_eq!(check(edition(2, 10, None), 10), Err(EditionError::TooLate));
        assert_eq!(check(edition(2, 10, Some(10)), 0), Err(EditionError::EndsBeforeStart));
        let mut district = edition(2, 10, Some(20));
        district.scope_kind = NodeKind::District;
        assert_eq!(check(district, 0), Err(EditionError::DistrictWithEnd));
        let mut faulty = edition(2, 10, None);
        faulty.rules.earning.points_per_half_hour = 51;
        assert!(matches!(check(faulty, 0), Err(EditionError::Faults(found)) if found.len() == 1));
    }

    #[test]
    fn a_version_below_the_district_says_what_the_district_says_of_spending() {
        let mut district = Rulebook::default_rules();
        district.redemption.per_month = 9;
        let mut lower = edition(2, 10, None);
        lower.rules.earning.day_cap = 80;
        let refused = EditionError::Faults(vec![Fault {
            field: "redemption.per_month",
            sentence: "由区级规则统一规定（9 次），下级规则不能修改".into(),
        }]);
        assert_eq!(lower.check(&[], &district, day(0)), Err(refused.clone()));
        lower.state = RulebookState::Checked;
        assert_eq!(lower.approve(official(2, None), &[], &district, day(0)), Err(refused));
        lower.state = RulebookState::Draft;
        lower.follow(&district);
        assert_eq!((lower.check(&[], &district, day(0)), lower.rules.earning.day_cap), (Ok(()), 80));

        let mut own = edition(2, 10, None);
        own.scope_kind = NodeKind::District;
        own.follow(&district);
        assert_eq!((own.rules.redemption.per_month, own.check(&[], &district, day(0))), (4, Ok(())));
    }
}
