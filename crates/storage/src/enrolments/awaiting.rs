//! Service of a member that is confirmed and awaits its credit.

use domain::enrolment::EnrolmentState;
use domain::id::{EnrolmentId, MemberId, NodeId};
use domain::service::{Evaluation, ServiceKind};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, ExprTrait, NullOrdering, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::row::{Column, Entity};
use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::code;
use crate::{activities, activity_sessions, join};

/// Confirmed service, as far as its credit depends on it.
#[derive(Clone, Debug)]
pub struct AwaitedEnrolment {
    /// The enrolment.
    pub id: EnrolmentId,
    /// The activity's headline.
    pub title: String,
    /// What was done.
    pub kind: ServiceKind,
    /// Whether it was the member's own duty.
    pub own_duty: bool,
    /// Whose activity it was.
    pub node: NodeId,
    /// When the session began.
    pub starts_at: Instant,
    /// Minutes by the clock.
    pub timed_minutes: i64,
    /// Minutes made up.
    pub made_up_minutes: i64,
    /// The lead's judgement.
    pub evaluation: Evaluation,
    /// Whether it waits for its review or for the end of publicity.
    pub state: EnrolmentState,
    /// When publicity ends, if it has begun.
    pub publicity_ends_at: Option<Instant>,
}

/// The member's confirmed service that awaits its credit, in the order in which it will be credited.
pub async fn list_awaiting(tx: &ReadTx, member: MemberId, limit: u64) -> Result<Vec<AwaitedEnrolment>> {
    let query = Entity::find().select_only().columns([
        Column::Id,
        Column::TimedMinutes,
        Column::MadeUpMinutes,
        Column::Evaluation,
        Column::State,
        Column::PublicityEndsAt,
    ]);
    let query = join::by_id(query, activity_sessions::row::Entity, "session", Column::SessionId.into_expr());
    let rows = join::by_id(query, activities::row::Entity, "activity", Column::ActivityId.into_expr())
        .expr_as(join::of("activity", "title"), "title")
        .expr_as(join::of("activity", "kind"), "kind")
        .expr_as(join::of("activity", "own_duty"), "own_duty")
        .expr_as(join::of("activity", "node_id"), "node_id")
        .expr_as(join::of("session", "starts_at"), "starts_at")
        .filter(of_member(member.uuid().into()))
        .order_by_with_nulls(Column::PublicityEndsAt, Order::Asc, NullOrdering::Last)
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_model::<Row>()
        .all(&tx.on())
        .await?;
    let awaited = |row: Row| {
        Ok(AwaitedEnrolment {
            id: row.id.into(),
            title: row.title,
            kind: code::read("activity", "kind", row.id, &row.kind)?,
            own_duty: row.own_duty,
            node: row.node_id.into(),
            starts_at: row.starts_at,
            timed_minutes: row.timed_minutes,
            made_up_minutes: row.made_up_minutes.unwrap_or(0),
            evaluation: code::read("enrolment", "evaluation", row.id, &row.evaluation)?,
            state: code::read("enrolment", "state", row.id, &row.state)?,
            publicity_ends_at: row.publicity_ends_at,
        })
    };
    rows.into_iter().map(awaited).collect()
}

/// One row for each confirmed service of the member that awaits its credit, to ask whether there is any.
pub(crate) fn awaiting(member: Expr) -> SelectStatement {
    Query::select().expr(Expr::val(1)).from(Entity).cond_where(of_member(member)).to_owned()
}

/// The states are spelled out, so that both databases see that the partial index holds the answer.
fn of_member(member: Expr) -> Condition {
    Condition::all()
        .add(Column::MemberId.into_expr().eq(member))
        .add(Expr::cust("enrolment.state IN ('lead_confirmed', 'in_publicity')"))
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: Uuid,
    title: String,
    kind: String,
    own_duty: bool,
    node_id: Uuid,
    starts_at: Instant,
    timed_minutes: i64,
    made_up_minutes: Option<i64>,
    evaluation: String,
    state: String,
    publicity_ends_at: Option<Instant>,
}
