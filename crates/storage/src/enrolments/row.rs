//! The row, and its way to the domain and back.

use domain::enrolment::{AttendanceReview, Confirmation, Enrolment, Location, MadeUp};
use domain::id::{AdminId, MemberId};
use sea_orm::ActiveValue::Set;
use sea_orm::FromQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::mapping::code;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "enrolment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub session_id: Uuid,
    pub activity_id: Uuid,
    pub member_id: Uuid,
    pub state: String,
    pub enrolled_at: DateTimeUtc,
    pub cancelled_at: Option<DateTimeUtc>,
    pub cancelled_late: bool,
    pub checked_in_at: Option<DateTimeUtc>,
    pub checked_out_at: Option<DateTimeUtc>,
    pub closed_automatically: bool,
    pub location: Option<String>,
    pub timed_minutes: Option<i64>,
    pub confirmed_by: Option<Uuid>,
    pub confirmed_at: Option<DateTimeUtc>,
    pub evaluation: Option<String>,
    pub reviewed_by: Option<Uuid>,
    pub reviewed_at: Option<DateTimeUtc>,
    pub refusal_reason: Option<String>,
    pub publicity_ends_at: Option<DateTimeUtc>,
    pub settled_at: Option<DateTimeUtc>,
    pub version: i64,
    pub made_up_minutes: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub made_up_evidence: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

/// An enrolment among the names that lists show beside it.
#[derive(FromQueryResult)]
pub struct Listed {
    #[sea_orm(nested)]
    pub enrolment: Model,
    pub title: String,
    pub place: String,
    pub own_duty: bool,
    pub session_starts_at: DateTimeUtc,
    pub session_ends_at: DateTimeUtc,
    pub member_name: String,
    pub member_number: String,
    pub lead_name: String,
    pub node_id: Uuid,
    pub node_name: String,
    pub points: Option<i64>,
    pub rule: Option<String>,
}

/// A location as it is stored; the coordinates' system is written out because it is not WGS-84.
#[derive(Serialize, Deserialize)]
struct Place {
    coord_type: String,
    latitude: f64,
    longitude: f64,
    accuracy_m: f64,
}

impl TryFrom<&Enrolment> for ActiveModel {
    type Error = StorageError;

    fn try_from(enrolment: &Enrolment) -> Result<Self, StorageError> {
        let place = enrolment.location.map(|location| {
            let Location { latitude, longitude, accuracy_m } = location;
            serde_json::to_string(&Place { coord_type: "gcj02".into(), latitude, longitude, accuracy_m })
        });
        let location = place.transpose().map_err(|_| StorageError::corrupt("enrolment", "location", enrolment.id))?;
        let review = enrolment.review.as_ref();
        Ok(Self {
            id: Set(enrolment.id.uuid()),
            session_id: Set(enrolment.session.uuid()),
            activity_id: Set(enrolment.activity.uuid()),
            member_id: Set(enrolment.member.uuid()),
            state: Set(code::write(enrolment.state)),
            enrolled_at: Set(enrolment.enrolled_at),
            cancelled_at: Set(enrolment.cancelled_at),
            cancelled_late: Set(enrolment.cancelled_late),
            checked_in_at: Set(enrolment.checked_in_at),
            checked_out_at: Set(enrolment.checked_out_at),
            closed_automatically: Set(enrolment.closed_automatically),
            location: Set(location),
            timed_minutes: Set(enrolment.timed_minutes),
            confirmed_by: Set(enrolment.confirmation.map(|confirmed| confirmed.by.uuid())),
            confirmed_at: Set(enrolment.confirmation.map(|confirmed| confirmed.at)),
            evaluation: Set(enrolment.confirmation.map(|confirmed| code::write(confirmed.evaluation))),
            reviewed_by: Set(review.map(|review| review.by.uuid())),
            reviewed_at: Set(review.map(|review| review.at)),
            refusal_reason: Set(review.and_then(|review| review.refusal.clone())),
            publicity_ends_at: Set(enrolment.publicity_ends_at),
            settled_at: Set(enrolment.settled_at),
            version: Set(enrolment.version),
            made_up_minutes: Set(enrolment.made_up.as_ref().map(|made_up| made_up.minutes)),
            made_up_evidence: Set(enrolment.made_up.as_ref().map(|made_up| made_up.evidence.clone())),
        })
    }
}

impl TryFrom<Model> for Enrolment {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        let id = row.id;
        let location = row.location.map(|text| {
            let place: Place =
                serde_json::from_str(&text).map_err(|_| StorageError::corrupt("enrolment", "location", id))?;
            let Place { latitude, longitude, accuracy_m, .. } = place;
            Ok::<_, StorageError>(Location { latitude, longitude, accuracy_m })
        });
        let evaluation = row.evaluation.map(|evaluation| code::read("enrolment", "evaluation", id, &evaluation));
        let confirmation = match (row.confirmed_by, row.confirmed_at, evaluation.transpose()?) {
            (Some(by), Some(at), Some(evaluation)) => Some(Confirmation { by: MemberId::new(by), at, evaluation }),
            (None, None, None) => None,
            _ => return Err(StorageError::corrupt("enrolment", "confirmed_by", id)),
        };
        let review = row.reviewed_by.zip(row.reviewed_at);
        let made_up = row.made_up_minutes.zip(row.made_up_evidence);
        Ok(Self {
            id: id.into(),
            session: row.session_id.into(),
            activity: row.activity_id.into(),
            member: row.member_id.into(),
            state: code::read("enrolment", "state", id, &row.state)?,
            enrolled_at: row.enrolled_at,
            cancelled_at: row.cancelled_at,
            cancelled_late: row.cancelled_late,
            checked_in_at: row.checked_in_at,
            checked_out_at: row.checked_out_at,
            closed_automatically: row.closed_automatically,
            location: location.transpose()?,
            timed_minutes: row.timed_minutes,
            made_up: made_up.map(|(minutes, evidence)| MadeUp { minutes, evidence }),
            confirmation,
            review: review.map(|(by, at)| AttendanceReview { by: AdminId::new(by), at, refusal: row.refusal_reason }),
            publicity_ends_at: row.publicity_ends_at,
            settled_at: row.settled_at,
            version: row.version,
        })
    }
}
