//! Enrolments (报名): a member's place in a session, from signing up to the credited service.

mod absence;
mod attendance;
mod dispute;
mod location;
mod made_up;

use chrono::Duration;
use thiserror::Error;

pub use self::absence::{Pause, REMEMBERED, pause};
pub use self::attendance::{
    AttendanceError, AttendanceReview, CheckInError, CheckOutError, ConfirmError, Confirmation, ReviewError,
};
pub use self::dispute::DisputeError;
pub use self::location::{Location, LocationError};
pub use self::made_up::{MadeUp, MakeUpError};

use crate::activity::{Activity, ActivityState, Session};
use crate::code::{Code, codes};
use crate::id::{ActivityId, ActivitySessionId, EnrolmentId, MemberId};
use crate::points::rulebook::Absence;
use crate::service::ServiceNature;
use crate::time::{Instant, spoken};

codes! {
    /// Where an enrolment stands.
    EnrolmentState {
        Waitlisted = "waitlisted", "候补中";
        Enrolled = "enrolled", "已报名";
        Cancelled = "cancelled", "已取消";
        CheckedIn = "checked_in", "已签到";
        CheckedOut = "checked_out", "已签退";
        LeadConfirmed = "lead_confirmed", "负责人已确认";
        InPublicity = "in_publicity", "公示中";
        Credited = "credited", "已入账";
        Refused = "refused", "审核未通过";
        NoShow = "no_show", "未到";
        Disputed = "disputed", "有异议";
        Voided = "voided", "已作废";
    }
}

impl EnrolmentState {
    /// Whether the member is bound to the session's hours, so that no overlapping session may be added.
    pub fn is_engaged(self) -> bool {
        !matches!(self, Self::Cancelled | Self::Refused | Self::NoShow | Self::Voided)
    }

    /// Whether something has still to happen before the session's service is settled.
    pub fn is_unsettled(self) -> bool {
        self.is_engaged() && !matches!(self, Self::Waitlisted | Self::Credited)
    }
}

/// An enrolment.
#[derive(Clone, Debug, PartialEq)]
pub struct Enrolment {
    /// The enrolment.
    pub id: EnrolmentId,
    /// The session.
    pub session: ActivitySessionId,
    /// Its activity.
    pub activity: ActivityId,
    /// Whose it is.
    pub member: MemberId,
    /// Where it stands.
    pub state: EnrolmentState,
    /// When the member signed up; the waitlist keeps this order.
    pub enrolled_at: Instant,
    /// When it was cancelled.
    pub cancelled_at: Option<Instant>,
    /// Whether a seat was given back so late that it counts as an absence.
    pub cancelled_late: bool,
    /// When the member scanned the lead's code on arrival.
    pub checked_in_at: Option<Instant>,
    /// When the member scanned it on leaving, or the planned end.
    pub checked_out_at: Option<Instant>,
    /// Whether checking out was forgotten.
    pub closed_automatically: bool,
    /// Where the member was on arrival.
    pub location: Option<Location>,
    /// The minutes served, once known.
    pub timed_minutes: Option<i64>,
    /// What the lead made up afterwards because nobody timed it.
    pub made_up: Option<MadeUp>,
    /// The lead's word.
    pub confirmation: Option<Confirmation>,
    /// The community's word.
    pub review: Option<AttendanceReview>,
    /// Until when objections are heard.
    pub publicity_ends_at: Option<Instant>,
    /// When the service was credited.
    pub settled_at: Option<Instant>,
    /// How often the row was changed.
    pub version: i64,
}

/// Hours to which a member is bound already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engagement {
    /// The session.
    pub session: ActivitySessionId,
    /// The activity's title.
    pub title: String,
    /// From when.
    pub starts_at: Instant,
    /// To when.
    pub ends_at: Instant,
}

/// Who signs up, with everything that may stand against it.
#[derive(Clone, Copy, Debug)]
pub struct Applicant<'a> {
    /// The member.
    pub member: MemberId,
    /// Whether a community has accepted the member's residency.
    pub is_resident: bool,
    /// Hours to which the member is bound already.
    pub engagements: &'a [Engagement],
    /// When the member stayed away or gave a seat back late; see [`REMEMBERED`].
    pub absences: &'a [Instant],
    /// What the rules make of them.
    pub rules: &'a Absence,
}

/// Why signing up is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EnrolError {
    /// The activity takes nobody.
    #[error("该活动{}，不能报名", .0.label())]
    NotOpen(ActivityState),
    /// Enrolment has ended.
    #[error("报名已于 {} 截止", spoken(*.0))]
    Closed(Instant),
    /// Only accepted residents serve.
    #[error("请先完成小区报到，社区接收后即可报名")]
    NotResident,
    /// There is an enrolment already.
    #[error("您已报名该场次（{}），请勿重复报名", .0.label())]
    Already(EnrolmentState),
    /// The member is bound to something else at that time.
    #[error("与您已报名的“{title}”（{} 开始）时间冲突", spoken(*.starts_at))]
    Clash {
        /// What the member is bound to.
        title: String,
        /// When it begins.
        starts_at: Instant,
    },
    /// The member stayed away too often.
    #[error("您一年内有 {} 次缺席或临时取消，报名暂停至 {}", .0.absences, spoken(.0.until))]
    Paused(Pause),
}

/// Why an enrolment cannot be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CancelError {
    /// It does not stand where it could be.
    #[error("该报名当前为“{}”，不能取消", .0.label())]
    State(EnrolmentState),
    /// The session has begun.
    #[error("活动已开始，不能取消报名")]
    Started,
}

impl Enrolment {
    /// Signs a member up: a seat while there is one, else the end of the waitlist. `earlier` is what the member had in
    /// this session before; a cancelled enrolment comes back to life.
    pub fn enrol(
        id: EnrolmentId,
        applicant: Applicant<'_>,
        activity: &Activity,
        session: &mut Session,
        earlier: Option<&Self>,
        now: Instant,
    ) -> Result<Self, EnrolError> {
        if let Some(earlier) = earlier.filter(|earlier| earlier.state != EnrolmentState::Cancelled) {
            return Err(EnrolError::Already(earlier.state));
        }
        let state = activity.state_at(now);
        if !matches!(state, ActivityState::Published | ActivityState::Ongoing) {
            return Err(EnrolError::NotOpen(state));
        }
        if now >= session.enrolment_closes_at {
            return Err(EnrolError::Closed(session.enrolment_closes_at));
        }
        if !applicant.is_resident {
            return Err(EnrolError::NotResident);
        }
        // Nobody gets out of a duty by staying away from voluntary services.
        let paused = pause(applicant.absences, applicant.rules).filter(|pause| now < pause.until);
        if let Some(pause) = paused.filter(|_| activity.nature == ServiceNature::Voluntary) {
            return Err(EnrolError::Paused(pause));
        }
        let others = applicant.engagements.iter().filter(|other| other.session != session.id);
        if let Some(other) = others.into_iter().find(|other| session.overlaps(other.starts_at, other.ends_at)) {
            return Err(EnrolError::Clash { title: other.title.clone(), starts_at: other.starts_at });
        }
        let mut enrolment = Self {
            id: earlier.map_or(id, |earlier| earlier.id),
            session: session.id,
            activity: activity.id,
            member: applicant.member,
            state: EnrolmentState::Waitlisted,
            enrolled_at: now,
            cancelled_at: None,
            cancelled_late: false,
            checked_in_at: None,
            checked_out_at: None,
            closed_automatically: false,
            location: None,
            timed_minutes: None,
            made_up: None,
            confirmation: None,
            review: None,
            publicity_ends_at: None,
            settled_at: None,
            version: earlier.map_or(0, |earlier| earlier.version),
        };
        enrolment.take_seat(session, now);
        Ok(enrolment)
    }

    /// Moves up from the waitlist if there is a seat and the session has not begun; says whether it did.
    pub fn take_seat(&mut self, session: &mut Session, now: Instant) -> bool {
        let moves = self.state == EnrolmentState::Waitlisted && session.has_seat() && now < session.starts_at;
        if moves {
            session.enrolled += 1;
            self.state = EnrolmentState::Enrolled;
        }
        moves
    }

    /// Gives the place back before the session begins. The rules say from when on that is late.
    pub fn cancel(&mut self, session: &mut Session, rules: &Absence, now: Instant) -> Result<(), CancelError> {
        let seated = match self.state {
            EnrolmentState::Enrolled => true,
            EnrolmentState::Waitlisted => false,
            other => return Err(CancelError::State(other)),
        };
        if now >= session.starts_at {
            return Err(CancelError::Started);
        }
        if seated {
            session.enrolled -= 1;
            self.cancelled_late = session.starts_at - now < Duration::hours(rules.cancel_free_hours.into());
        }
        self.state = EnrolmentState::Cancelled;
        self.cancelled_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
