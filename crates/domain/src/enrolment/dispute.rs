//! Disputes (有异议): service in publicity to which somebody objects waits until the objection is decided.

use thiserror::Error;

use super::{AttendanceError, Enrolment, EnrolmentState};
use crate::time::{Instant, spoken};

/// Why service cannot be disputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DisputeError {
    /// Objections are heard against what is public.
    #[error("该次服务不在公示中，不能提出异议")]
    NotInPublicity,
    /// Somebody objected before, and was not answered yet.
    #[error("该次服务已有异议待处理，不必重复提出")]
    Already,
    /// Publicity is over, whether or not it was credited yet.
    #[error("公示期已于 {} 届满", spoken(*.0))]
    Over(Instant),
}

impl Enrolment {
    /// Somebody objects: nothing is credited until that is decided.
    pub fn dispute(&mut self, now: Instant) -> Result<(), DisputeError> {
        let ends_at = match (self.state, self.publicity_ends_at) {
            (EnrolmentState::InPublicity, Some(ends_at)) => ends_at,
            (EnrolmentState::Disputed, _) => return Err(DisputeError::Already),
            _ => return Err(DisputeError::NotInPublicity),
        };
        if now >= ends_at {
            return Err(DisputeError::Over(ends_at));
        }
        self.state = EnrolmentState::Disputed;
        Ok(())
    }

    /// The objection had no ground: publicity goes on, to the end that it had.
    pub fn clear(&mut self) -> Result<(), AttendanceError> {
        self.change(EnrolmentState::Disputed, EnrolmentState::InPublicity)
    }

    /// The objection holds: the service does not count, for this reason. Who approved it before stays on record.
    pub fn reject(&mut self, reason: String) -> Result<(), AttendanceError> {
        self.change(EnrolmentState::Disputed, EnrolmentState::Refused)?;
        if let Some(review) = &mut self.review {
            review.refusal = Some(reason);
        }
        Ok(())
    }
}
