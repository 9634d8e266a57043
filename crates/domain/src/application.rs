//! Applications for membership (入册申请): somebody on no roster asks their unit to be put on it.

use thiserror::Error;

use crate::code::codes;
use crate::id::{ApplicationId, IdentityId, MemberId, NodeId};
use crate::member::MemberState;
use crate::roster::OnRoster;
use crate::time::Instant;

codes! {
    /// How far an application has come.
    ApplicationState {
        Submitted = "submitted", "待单位确认";
        Confirmed = "confirmed", "已确认";
        Refused = "refused", "已退回";
    }
}

/// An application. Its phone number was verified by WeChat, never typed.
#[derive(Clone, Debug)]
pub struct Application {
    /// The application.
    pub id: ApplicationId,
    /// Whose it is.
    pub identity: IdentityId,
    /// The name given.
    pub name: String,
    /// The last four digits of the verified phone number.
    pub phone_tail: String,
    /// The unit that is asked.
    pub unit: NodeId,
    /// How far it has come.
    pub state: ApplicationState,
    /// Why it was refused.
    pub refusal_reason: Option<String>,
    /// When it was handed in.
    pub submitted_at: Instant,
    /// When the unit decided.
    pub decided_at: Option<Instant>,
    /// The member that came of it.
    pub member: Option<MemberId>,
}

/// Why nobody may apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// This WeChat user is a member already.
    #[error("您已绑定党员身份，无需申请")]
    AlreadyMember,
    /// An application is waiting.
    #[error("您已提交过申请，请等待单位确认")]
    AlreadyApplied,
    /// The phone number has come onto a roster: binding it again is enough.
    #[error("您的手机号已在单位名册上，请重新绑定手机号")]
    OnRoster,
}

/// Decides whether somebody may apply.
pub fn apply(matched: bool, waiting: bool, on_roster: bool) -> Result<(), ApplyError> {
    match (matched, waiting, on_roster) {
        (true, ..) => Err(ApplyError::AlreadyMember),
        (_, true, _) => Err(ApplyError::AlreadyApplied),
        (.., true) => Err(ApplyError::OnRoster),
        _ => Ok(()),
    }
}

/// Why a unit's decision is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecisionError {
    /// It was decided before.
    #[error("该申请已处理")]
    Decided,
    /// The applicant has meanwhile become a member.
    #[error("申请人已绑定其他党员身份")]
    AlreadyMember,
    /// The phone number is on another unit's roster, or was used by another name.
    #[error("该手机号已在名册上，且单位或姓名与申请不一致，请先核实")]
    OnOtherRoster,
    /// The member with this phone number signs in with another WeChat account.
    #[error("该手机号对应的党员已绑定其他微信")]
    MemberTaken,
}

/// What a confirmation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// Puts a new member on the roster.
    Create,
    /// Matches the applicant to the member whom the unit has put on its roster meanwhile.
    Match(MemberId),
}

/// The unit knows the applicant. `matched` says whether the applicant is a member by now, `on_roster` who has the number.
pub fn confirm(
    application: &Application,
    matched: bool,
    on_roster: Option<&OnRoster>,
) -> Result<Confirmation, DecisionError> {
    undecided(application)?;
    if matched {
        return Err(DecisionError::AlreadyMember);
    }
    let Some(OnRoster { member, bound, .. }) = on_roster else {
        return Ok(Confirmation::Create);
    };
    let theirs =
        member.unit == application.unit && member.name == application.name && member.state == MemberState::Active;
    match (theirs, bound) {
        (false, _) => Err(DecisionError::OnOtherRoster),
        (true, true) => Err(DecisionError::MemberTaken),
        (true, false) => Ok(Confirmation::Match(member.id)),
    }
}

/// The unit does not know the applicant; they may apply again.
pub fn refuse(application: &Application) -> Result<(), DecisionError> {
    undecided(application)
}

fn undecided(application: &Application) -> Result<(), DecisionError> {
    if application.state == ApplicationState::Submitted { Ok(()) } else { Err(DecisionError::Decided) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::member::{Member, MemberCategory};
    use crate::organisation::NodePath;
    use crate::personal::PartyRecord;

    fn waiting() -> Application {
        Application {
            id: Uuid::from_u128(1).into(),
            identity: Uuid::from_u128(2).into(),
            name: "张三".into(),
            phone_tail: "1234".into(),
            unit: Uuid::from_u128(3).into(),
            state: ApplicationState::Submitted,
            refusal_reason: None,
            submitted_at: Instant::UNIX_EPOCH,
            decided_at: None,
            member: None,
        }
    }

    fn on_roster(unit: u128, bound: bool) -> OnRoster {
        OnRoster {
            member: Member {
                id: Uuid::from_u128(9).into(),
                number: "PC00000001".into(),
                name: "张三".into(),
                phone_tail: "1234".into(),
                unit: Uuid::from_u128(unit).into(),
                category: MemberCategory::InService,
                state: MemberState::Active,
            },
            unit_path: NodePath::root(),
            record: PartyRecord { organisation: "机关党支部".into(), joined_on: chrono::NaiveDate::MIN },
            bound,
            updated_at: Instant::UNIX_EPOCH,
        }
    }

    #[test]
    fn one_application_waits_at_a_time() {
        assert_eq!(apply(false, false, false), Ok(()));
        assert_eq!(apply(true, true, true), Err(ApplyError::AlreadyMember));
        assert_eq!(apply(false, true, false), Err(ApplyError::AlreadyApplied));
        assert_eq!(apply(false, false, true), Err(ApplyError::OnRoster));
    }

    #[test]
    fn a_confirmation_makes_a_member_or_finds_the_one_imported_meanwhile() {
        let application = waiting();
        assert_eq!(confirm(&application, false, None), Ok(Confirmation::Create));
        let member = on_roster(3, false);
        assert_eq!(confirm(&application, false, Some(&member)), Ok(Confirmation::Match(member.member.id)));
        assert_eq!(confirm(&application, false, Some(&on_roster(3, true))), Err(DecisionError::MemberTaken));
        assert_eq!(confirm(&application, false, Some(&on_roster(4, false))), Err(DecisionError::OnOtherRoster));
        assert_eq!(confirm(&application, true, None), Err(DecisionError::AlreadyMember));
    }

    #[test]
    fn another_name_or_somebody_who_left_is_no_match() {
        let mut other = on_roster(3, false);
        other.member.name = "李四".into();
        assert_eq!(confirm(&waiting(), false, Some(&other)), Err(DecisionError::OnOtherRoster));
        let mut left = on_roster(3, false);
        left.member.state = MemberState::Left;
        assert_eq!(confirm(&waiting(), false, Some(&left)), Err(DecisionError::OnOtherRoster));
    }

    #[test]
    fn a_decision_is_taken_once() {
        for state in [ApplicationState::Confirmed, ApplicationState::Refused] {
            let decided = Application { state, ..waiting() };
            assert_eq!(confirm(&decided, false, None), Err(DecisionError::Decided));
            assert_eq!(refuse(&decided), Err(DecisionError::Decided));
        }
        assert_eq!(refuse(&waiting()), Ok(()));
    }
}
