//! Lists of enrolments: a member's own, a lead's people, a reviewer's work.

use domain::code::Code;
use domain::enrolment::{Enrolment, EnrolmentState};
use domain::id::{ActivityId, EnrolmentId, MemberId, NodeId};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::points::{EarnRule, SourceKind};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::row::{Column, Entity, Listed};
use crate::database::ReadTx;
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{activities, activity_sessions, join, members, organisations};

/// An enrolment as its member sees it.
#[derive(Clone, Debug)]
pub struct OwnEnrolment {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// The activity's headline.
    pub title: String,
    /// Where to meet.
    pub place: String,
    /// Whether it is the member's own duty.
    pub own_duty: bool,
    /// When the session begins.
    pub starts_at: Instant,
    /// When it ends.
    pub ends_at: Instant,
    /// What it earned, once credited.
    pub points: Option<i64>,
    /// Whether it earned nothing because earning was stopped.
    pub unpaid: bool,
}

/// An enrolment as the activity's lead sees it.
#[derive(Clone, Debug)]
pub struct Attendee {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// The member's name.
    pub member_name: String,
    /// The public member number.
    pub member_number: String,
}

/// Attendance as its reviewer sees it.
#[derive(Clone, Debug)]
pub struct AttendanceToReview {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// The activity's headline.
    pub title: String,
    /// The publisher.
    pub node: NodeId,
    /// Its name.
    pub node_name: String,
    /// When the session begins.
    pub starts_at: Instant,
    /// When it ends.
    pub ends_at: Instant,
    /// The member's name.
    pub member_name: String,
    /// The public member number.
    pub member_number: String,
    /// The name of who confirmed it; of who leads, as long as nobody has.
    pub lead_name: String,
}

/// Lists the member's enrolments, or those in this state, the newest first.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    state: Option<EnrolmentState>,
    page: &PageRequest<EnrolmentId>,
) -> Result<Page<OwnEnrolment, EnrolmentId>> {
    let mut query = listed().filter(Column::MemberId.eq(member.uuid()));
    if let Some(state) = state {
        query = query.filter(Column::State.eq(code::write(state)));
    }
    if let Some(after) = page.after {
        query = query.filter(Column::Id.lt(after.uuid()));
    }
    let query = query.order_by_desc(Column::Id).limit(page.limit + 1);
    let found = all(tx, query, own).await?;
    Ok(Page::from_one_more(found, page.limit, |own| own.enrolment.id))
}

/// The member's enrolments in the sessions of one activity.
pub async fn list_own_in(tx: &ReadTx, member: MemberId, activity: ActivityId) -> Result<Vec<OwnEnrolment>> {
    let query = listed()
        .filter(Column::MemberId.eq(member.uuid()))
        .filter(Column::ActivityId.eq(activity.uuid()))
        .order_by_asc(Column::Id);
    all(tx, query, own).await
}

/// Lists who enrolled in an activity, in the order of signing up; cancelled ones are left out.
pub async fn list_of_activity(
    tx: &ReadTx,
    activity: ActivityId,
    page: &PageRequest<EnrolmentId>,
) -> Result<Page<Attendee, EnrolmentId>> {
    let mut query = listed()
        .filter(Column::ActivityId.eq(activity.uuid()))
        .filter(Column::State.ne(EnrolmentState::Cancelled.code()));
    if let Some(after) = page.after {
        query = query.filter(Column::Id.gt(after.uuid()));
    }
    let attendee = |row: Listed| {
        let enrolment = row.enrolment.try_into()?;
        Ok(Attendee { enrolment, member_name: row.member_name, member_number: row.member_number })
    };
    let found = all(tx, query.order_by_asc(Column::Id).limit(page.limit + 1), attendee).await?;
    Ok(Page::from_one_more(found, page.limit, |attendee| attendee.enrolment.id))
}

/// Lists attendance in activities published within the subtrees, in this state, the oldest first.
pub async fn list_reviewable(
    tx: &ReadTx,
    paths: &[NodePath],
    state: EnrolmentState,
    activity: Option<ActivityId>,
    page: &PageRequest<EnrolmentId>,
) -> Result<Page<AttendanceToReview, EnrolmentId>> {
    let mut query =
        listed().filter(organisations::inside_as("node", paths)).filter(Column::State.eq(code::write(state)));
    if let Some(activity) = activity {
        query = query.filter(Column::ActivityId.eq(activity.uuid()));
    }
    if let Some(after) = page.after {
        query = query.filter(Column::Id.gt(after.uuid()));
    }
    let attendance = |row: Listed| {
        Ok(AttendanceToReview {
            enrolment: row.enrolment.try_into()?,
            title: row.title,
            node: row.node_id.into(),
            node_name: row.node_name,
            starts_at: row.session_starts_at,
            ends_at: row.session_ends_at,
            member_name: row.member_name,
            member_number: row.member_number,
            lead_name: row.lead_name,
        })
    };
    let found = all(tx, query.order_by_asc(Column::Id).limit(page.limit + 1), attendance).await?;
    Ok(Page::from_one_more(found, page.limit, |attendance| attendance.enrolment.id))
}

fn own(row: Listed) -> Result<OwnEnrolment> {
    Ok(OwnEnrolment {
        enrolment: row.enrolment.try_into()?,
        title: row.title,
        place: row.place,
        own_duty: row.own_duty,
        starts_at: row.session_starts_at,
        ends_at: row.session_ends_at,
        points: row.points,
        unpaid: matches!(row.rule.as_deref().and_then(EarnRule::from_key), Some(EarnRule::Excluded { .. })),
    })
}

fn listed() -> Select<Entity> {
    let query = join::by_id(Entity::find(), activity_sessions::row::Entity, "session", Column::SessionId.into_expr());
    let query = join::by_id(query, activities::row::Entity, "activity", Column::ActivityId.into_expr());
    let query = join::by_id(query, organisations::row::Entity, "node", join::of("activity", "node_id"));
    // The lead may have been replaced since.
    let vouched = Func::coalesce([Column::ConfirmedBy.into_expr(), join::of("activity", "lead_member_id")]);
    let query = join::by_id(query, members::row::Entity, "lead", Expr::expr(vouched));
    let credit = join::of("credit", "member_id")
        .eq(Column::MemberId.into_expr())
        .and(join::of("credit", "source_kind").eq(SourceKind::Enrolment.code()))
        .and(join::of("credit", "source_id").eq(Column::Id.into_expr()));
    let query = join::perhaps(query, "earn_event", "credit", credit)
        .expr_as(join::of("credit", "points"), "points")
        .expr_as(join::of("credit", "rule"), "rule");
    join::by_id(query, members::row::Entity, "member", Column::MemberId.into_expr())
        .expr_as(join::of("activity", "title"), "title")
        .expr_as(join::of("activity", "place"), "place")
        .expr_as(join::of("activity", "own_duty"), "own_duty")
        .expr_as(join::of("session", "starts_at"), "session_starts_at")
        .expr_as(join::of("session", "ends_at"), "session_ends_at")
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("member", "number"), "member_number")
        .expr_as(join::of("lead", "name"), "lead_name")
        .expr_as(join::of("node", "id"), "node_id")
        .expr_as(join::of("node", "name"), "node_name")
}

async fn all<T>(tx: &ReadTx, query: Select<Entity>, read: impl Fn(Listed) -> Result<T>) -> Result<Vec<T>> {
    let rows: Vec<Listed> = query.into_model().all(&tx.on()).await.map_err(StorageError::from)?;
    rows.into_iter().map(read).collect()
}
