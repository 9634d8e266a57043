//! Attendance (考勤): arriving and leaving by the lead's code, the lead's word, another person's word, publicity, credit.

use chrono::Duration;
use thiserror::Error;

use super::{Enrolment, EnrolmentState, Location};
use crate::activity::{Activity, CODE_MARGIN, Session};
use crate::code::Code;
use crate::id::{AdminId, MemberId};
use crate::official::Official;
use crate::points::rulebook::Earning;
use crate::service::Evaluation;
use crate::time::{Instant, business_day, spoken};

/// The lead's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Who.
    pub by: MemberId,
    /// When.
    pub at: Instant,
    /// How well it was done.
    pub evaluation: Evaluation,
}

/// The community's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttendanceReview {
    /// Who.
    pub by: AdminId,
    /// When.
    pub at: Instant,
    /// Why it was refused, if it was.
    pub refusal: Option<String>,
}

/// Why checking in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckInError {
    /// The member has no seat.
    #[error("您的报名当前为“{}”，不能签到", .0.label())]
    State(EnrolmentState),
    /// Done before.
    #[error("您已于 {} 签到，无需重复签到", spoken(*.0))]
    Already(Instant),
    /// Too long before the start.
    #[error("还没到签到时间，{} 起可以签到", spoken(*.0))]
    TooEarly(Instant),
    /// The session has ended.
    #[error("活动已于 {} 结束，不能再签到", spoken(*.0))]
    Over(Instant),
    /// The member came to other sessions of the activity on the same day as often as the rules allow.
    #[error("同一活动每日最多签到 {0} 次，您今天已达到上限")]
    TooOften(u32),
}

/// Why checking out is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckOutError {
    /// The member never arrived.
    #[error("您的报名当前为“{}”，请先签到", .0.label())]
    NotCheckedIn(EnrolmentState),
    /// Done before.
    #[error("您已于 {} 签退，无需重复签退", spoken(*.0))]
    Already(Instant),
    /// Too long after the end; the planned end counts.
    #[error("签退时间已过，将按计划结束时间 {} 计算时长", spoken(*.0))]
    Over(Instant),
}

/// Why a lead cannot confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfirmError {
    /// Another member leads this activity.
    #[error("只有活动负责人可以确认")]
    NotLead,
    /// Attendance is confirmed after it ended and once.
    #[error("该报名当前为“{}”，签退后才能确认，且只确认一次", .0.label())]
    State(EnrolmentState),
    /// Nobody calls their own service excellent.
    #[error("对本人的服务最高只能评为“{}”", Evaluation::B.label())]
    OwnEvaluation,
}

/// Why attendance cannot be reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReviewError {
    /// Review follows the lead's word, and once.
    #[error("该考勤当前为“{}”，负责人确认后才能审核，且只审核一次", .0.label())]
    State(EnrolmentState),
    /// Neither the lead nor the member may review, whatever account they use.
    #[error("不能审核本人负责或本人参加的考勤，请由其他人审核")]
    SamePerson,
}

/// Why service cannot be credited yet, or any more, or be voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AttendanceError {
    /// Only service in publicity is credited, and only credited service is voided.
    #[error("该考勤当前为“{}”，不能这样办理", .0.label())]
    State(EnrolmentState),
    /// Objections are still heard.
    #[error("公示至 {}，期满后入账", spoken(*.0))]
    InPublicity(Instant),
}

impl Enrolment {
    /// To how many other sessions of the activity the member came on the business day of this instant.
    pub fn arrivals_beside(&self, own: &[Self], now: Instant) -> usize {
        let came_today = |at: Instant| business_day(at) == business_day(now);
        own.iter().filter(|other| other.id != self.id && other.checked_in_at.is_some_and(came_today)).count()
    }

    /// Whether the rules let a member arrive who came to so many other sessions of the activity that day.
    pub fn may_arrive(came: usize, rules: &Earning) -> Result<(), CheckInError> {
        let most = rules.sign_pairs_per_activity_day;
        let room = usize::try_from(most).is_ok_and(|most| came < most);
        if room { Ok(()) } else { Err(CheckInError::TooOften(most)) }
    }

    /// The member arrives, having scanned the code of this session.
    pub fn check_in(
        &mut self,
        session: &Session,
        location: Option<Location>,
        now: Instant,
    ) -> Result<(), CheckInError> {
        match (self.state, self.checked_in_at) {
            (EnrolmentState::Enrolled, _) => {}
            (EnrolmentState::Cancelled, _) | (_, None) => return Err(CheckInError::State(self.state)),
            (_, Some(at)) => return Err(CheckInError::Already(at)),
        }
        let opens_at = session.starts_at - CODE_MARGIN;
        if now < opens_at {
            return Err(CheckInError::TooEarly(opens_at));
        }
        if now >= session.ends_at {
            return Err(CheckInError::Over(session.ends_at));
        }
        self.state = EnrolmentState::CheckedIn;
        self.checked_in_at = Some(now);
        self.location = location;
        Ok(())
    }

    /// The member leaves. A scan shortly after the planned end takes the place of the automatic one.
    pub fn check_out(&mut self, session: &Session, now: Instant) -> Result<(), CheckOutError> {
        let came_at = match (self.state, self.checked_in_at, self.checked_out_at) {
            (EnrolmentState::CheckedIn, Some(came_at), _) => came_at,
            (EnrolmentState::CheckedOut, Some(came_at), _) if self.closed_automatically => came_at,
            (EnrolmentState::Cancelled, ..) | (_, _, None) => return Err(CheckOutError::NotCheckedIn(self.state)),
            (_, _, Some(at)) => return Err(CheckOutError::Already(at)),
        };
        if now > session.ends_at + CODE_MARGIN {
            return Err(CheckOutError::Over(session.ends_at));
        }
        self.leave(session, came_at, now);
        self.closed_automatically = false;
        Ok(())
    }

    /// Settles what nobody scanned by the planned end: forgotten check-outs leave at that moment, those who never came
    /// stayed away. Says whether anything changed.
    pub fn close(&mut self, session: &Session, now: Instant) -> bool {
        if now < session.ends_at {
            return false;
        }
        match (self.state, self.checked_in_at) {
            (EnrolmentState::CheckedIn, Some(came_at)) => {
                self.leave(session, came_at, session.ends_at);
                self.closed_automatically = true;
                true
            }
            (EnrolmentState::Enrolled, _) => {
                self.state = EnrolmentState::NoShow;
                true
            }
            _ => false,
        }
    }

    /// The lead confirms that the member served, and how well.
    pub fn confirm(
        &mut self,
        activity: &Activity,
        by: MemberId,
        evaluation: Evaluation,
        now: Instant,
    ) -> Result<(), ConfirmError> {
        if by != activity.lead {
            return Err(ConfirmError::NotLead);
        }
        if self.state != EnrolmentState::CheckedOut {
            return Err(ConfirmError::State(self.state));
        }
        if by == self.member && evaluation == Evaluation::A {
            return Err(ConfirmError::OwnEvaluation);
        }
        self.state = EnrolmentState::LeadConfirmed;
        self.confirmation = Some(Confirmation { by, at: now, evaluation });
        Ok(())
    }

    /// Another person approves what the lead confirmed: the service is made public for so many days.
    pub fn approve(&mut self, by: Official, publicity_days: u32, now: Instant) -> Result<(), ReviewError> {
        self.reviewed_by_another(by)?;
        self.state = EnrolmentState::InPublicity;
        self.review = Some(AttendanceReview { by: by.admin, at: now, refusal: None });
        self.publicity_ends_at = Some(now + Duration::days(publicity_days.into()));
        Ok(())
    }

    /// Another person refuses what the lead confirmed, with the reason.
    pub fn refuse(&mut self, by: Official, reason: String, now: Instant) -> Result<(), ReviewError> {
        self.reviewed_by_another(by)?;
        self.state = EnrolmentState::Refused;
        self.review = Some(AttendanceReview { by: by.admin, at: now, refusal: Some(reason) });
        Ok(())
    }

    /// Publicity is over without objection: the service counts.
    pub fn credit(&mut self, now: Instant) -> Result<(), AttendanceError> {
        let (EnrolmentState::InPublicity, Some(ends_at)) = (self.state, self.publicity_ends_at) else {
            return Err(AttendanceError::State(self.state));
        };
        if now < ends_at {
            return Err(AttendanceError::InPublicity(ends_at));
        }
        self.state = EnrolmentState::Credited;
        self.settled_at = Some(now);
        Ok(())
    }

    /// Misconduct was confirmed: credited service is void. Says whether it had counted; what was refused counts for nothing as
    /// it is.
    pub fn void(&mut self) -> Result<bool, AttendanceError> {
        self.unless_refused(EnrolmentState::Credited, EnrolmentState::Voided)
    }

    /// An appeal was granted: void service counts again. Says whether it had counted before.
    pub fn reinstate(&mut self) -> Result<bool, AttendanceError> {
        self.unless_refused(EnrolmentState::Voided, EnrolmentState::Credited)
    }

    fn unless_refused(&mut self, from: EnrolmentState, to: EnrolmentState) -> Result<bool, AttendanceError> {
        if self.state == EnrolmentState::Refused {
            return Ok(false);
        }
        self.change(from, to).map(|()| true)
    }

    /// Takes a step that follows from one state only.
    pub(super) fn change(&mut self, from: EnrolmentState, to: EnrolmentState) -> Result<(), AttendanceError> {
        if self.state != from {
            return Err(AttendanceError::State(self.state));
        }
        self.state = to;
        Ok(())
    }

    fn leave(&mut self, session: &Session, came_at: Instant, went_at: Instant) {
        self.state = EnrolmentState::CheckedOut;
        self.checked_out_at = Some(went_at);
        self.timed_minutes = Some(session.minutes_served(came_at, went_at));
    }

    fn reviewed_by_another(&self, by: Official) -> Result<(), ReviewError> {
        let (EnrolmentState::LeadConfirmed, Some(confirmation)) = (self.state, self.confirmation) else {
            return Err(ReviewError::State(self.state));
        };
        if by.is(confirmation.by) || by.is(self.member) { Err(ReviewError::SamePerson) } else { Ok(()) }
    }
}
