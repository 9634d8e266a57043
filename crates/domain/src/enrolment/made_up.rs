//! Making up (补录): service that nobody timed is put on record by the lead, with evidence, within the days that the rules give.
//! It is reviewed, made public and credited as any other, but its minutes stand apart and count as the rules say.

use chrono::Duration;
use thiserror::Error;

use super::{Confirmation, Enrolment, EnrolmentState};
use crate::activity::{Activity, Session};
use crate::code::Code;
use crate::id::MemberId;
use crate::points::rulebook::Record;
use crate::service::Evaluation;
use crate::time::{Instant, spoken};

/// Minutes that were made up, and what speaks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeUp {
    /// How many.
    pub minutes: i64,
    /// What speaks for them, in the lead's words.
    pub evidence: String,
}

/// Why service cannot be made up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MakeUpError {
    /// Another member leads this activity.
    #[error("只有活动负责人可以补录")]
    NotLead,
    /// Only absence and what the clock cut short can be made up, and once.
    #[error("该报名当前为“{}”，只有未到或已签退、还没有确认的才能补录", .0.label())]
    State(EnrolmentState),
    /// The days are over.
    #[error("结束后 {days} 天内可以补录，已于 {} 截止", spoken(*.until))]
    TooLate {
        /// How many there were.
        days: u32,
        /// Until when.
        until: Instant,
    },
    /// More than the plan leaves, or nothing.
    #[error("补录的分钟数应在 1 到 {0} 之间，连同已计时的不超过计划时长")]
    Minutes(i64),
    /// Nobody calls their own service excellent.
    #[error("对本人的服务最高只能评为“{}”", Evaluation::B.label())]
    OwnEvaluation,
}

impl Enrolment {
    /// The lead makes up what was not timed and confirms it; another person reviews it. The member was bound to these hours
    /// until they were over, so nothing else can have been served in them.
    pub fn make_up(
        &mut self,
        (activity, session): (&Activity, &Session),
        by: MemberId,
        made_up: MadeUp,
        evaluation: Evaluation,
        rules: &Record,
        now: Instant,
    ) -> Result<(), MakeUpError> {
        if by != activity.lead {
            return Err(MakeUpError::NotLead);
        }
        if !matches!(self.state, EnrolmentState::NoShow | EnrolmentState::CheckedOut) {
            return Err(MakeUpError::State(self.state));
        }
        let days = rules.made_up_within_days;
        let until = session.ends_at + Duration::days(days.into());
        if now >= until {
            return Err(MakeUpError::TooLate { days, until });
        }
        let timed = self.timed_minutes.unwrap_or(0);
        let most = ((session.ends_at - session.starts_at).num_minutes() - timed).max(0);
        if !(1..=most).contains(&made_up.minutes) {
            return Err(MakeUpError::Minutes(most));
        }
        if by == self.member && evaluation == Evaluation::A {
            return Err(MakeUpError::OwnEvaluation);
        }
        self.state = EnrolmentState::LeadConfirmed;
        self.timed_minutes = Some(timed);
        self.made_up = Some(made_up);
        self.confirmation = Some(Confirmation { by, at: now, evaluation });
        Ok(())
    }
}
