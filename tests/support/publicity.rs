//! Service whose publicity is over and which awaits its credit, in any number.

use chrono::Duration;
use domain::activity::Session;
use domain::enrolment::{AttendanceReview, Confirmation, Enrolment, EnrolmentState};
use domain::id::{ActivityId, ActivitySessionId, EnrolmentId, MemberId};
use domain::service::Evaluation;
use domain::time::Instant;
use storage::{activity_sessions, enrolments};
use uuid::Uuid;

use crate::app::TestApp;

impl TestApp {
    /// Lets each of these members have served so many hours in one session of the activity, well done; the publicity of that
    /// ends now.
    pub async fn await_credit(&self, activity: &str, members: &[MemberId], hours: i64, at: Instant) {
        self.make_public(activity, members, hours, at, self.state.clock.business()).await;
    }

    /// The same with publicity that ends then; answers the enrolments.
    pub async fn make_public(
        &self,
        activity: &str,
        members: &[MemberId],
        hours: i64,
        at: Instant,
        publicity_ends_at: Instant,
    ) -> Vec<EnrolmentId> {
        let activity: ActivityId = activity.parse().expect("an id");
        let seats = i32::try_from(members.len()).expect("some seats");
        let session = Session {
            id: ActivitySessionId::new(Uuid::now_v7()),
            activity,
            starts_at: at,
            ends_at: at + Duration::hours(hours),
            enrolment_closes_at: at,
            capacity: seats,
            enrolled: seats,
        };
        let served = |member: &MemberId| Enrolment {
            id: EnrolmentId::new(Uuid::now_v7()),
            session: session.id,
            activity,
            member: *member,
            state: EnrolmentState::InPublicity,
            enrolled_at: at,
            cancelled_at: None,
            cancelled_late: false,
            checked_in_at: Some(at),
            checked_out_at: Some(session.ends_at),
            closed_automatically: false,
            location: None,
            timed_minutes: Some(60 * hours),
            made_up: None,
            confirmation: Some(Confirmation { by: self.world.member("zhang"), at, evaluation: Evaluation::B }),
            review: Some(AttendanceReview { by: self.admin_id("community"), at, refusal: None }),
            publicity_ends_at: Some(publicity_ends_at),
            settled_at: None,
            version: 0,
        };
        let served: Vec<_> = members.iter().map(served).collect();
        let mut tx = self.state.database.write().await.expect("a transaction");
        activity_sessions::insert_all(&mut tx, &[session]).await.expect("a session");
        enrolments::insert_many(&mut tx, &served).await.expect("enrolments");
        tx.commit().await.expect("kept");
        served.iter().map(|enrolment| enrolment.id).collect()
    }
}
