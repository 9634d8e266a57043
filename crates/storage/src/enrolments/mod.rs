//! Enrolments (报名) and the attendance that grows out of them.

mod awaiting;
mod lists;
mod publicity;
mod row;

use domain::code::Code;
use domain::enrolment::{Engagement, Enrolment, EnrolmentState};
use domain::id::{ActivityId, ActivitySessionId, EnrolmentId, MemberId};
use domain::organisation::NodePath;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{activities, activity_sessions, join};

pub(crate) use self::awaiting::awaiting;
pub use self::awaiting::{AwaitedEnrolment, list_awaiting};
pub use self::lists::{
    AttendanceToReview, Attendee, OwnEnrolment, list_of_activity, list_own, list_own_in, list_reviewable,
};
pub use self::publicity::{PublicService, list_public, lock_visible};
pub(crate) use self::row::{Column, Entity};

/// Keeps a new enrolment. Conflicts if the member has one in the session.
pub async fn insert(tx: &mut WriteTx, enrolment: &Enrolment) -> Result<()> {
    Entity::insert(row::ActiveModel::try_from(enrolment)?).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Keeps many enrolments at once; their sessions count them already.
pub async fn insert_many(tx: &mut WriteTx, enrolments: &[Enrolment]) -> Result<()> {
    for enrolments in enrolments.chunks(CHUNK) {
        let rows = enrolments.iter().map(row::ActiveModel::try_from).collect::<Result<Vec<_>>>()?;
        Entity::insert_many(rows).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

/// Keeps what a decision changed. The row is locked; its version is a net below the lock.
pub async fn update(tx: &mut WriteTx, enrolment: &Enrolment) -> Result<()> {
    let mut row = row::ActiveModel::try_from(enrolment)?;
    row.version = sea_orm::ActiveValue::Set(enrolment.version + 1);
    let changed = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(enrolment.id.uuid()))
        .filter(Column::Version.eq(enrolment.version))
        .exec(&tx.on())
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("enrolment_version")) }
}

/// Keeps that these enrolments were credited at this instant. Their rows are locked; their state is a net below the lock.
pub async fn mark_credited(tx: &mut WriteTx, enrolments: &[Enrolment], now: Instant) -> Result<()> {
    let changed = Entity::update_many()
        .col_expr(Column::State, code::write(EnrolmentState::Credited).into())
        .col_expr(Column::SettledAt, now.into())
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.is_in(enrolments.iter().map(|enrolment| enrolment.id.uuid())))
        .filter(Column::State.eq(code::write(EnrolmentState::InPublicity)))
        .exec(&tx.on())
        .await?;
    let all = u64::try_from(enrolments.len()).unwrap_or(u64::MAX);
    if changed.rows_affected == all { Ok(()) } else { Err(StorageError::conflict("enrolment_state")) }
}

/// Locks an enrolment.
pub async fn lock_any(tx: &mut WriteTx, id: EnrolmentId) -> Result<Option<Enrolment>> {
    Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?.map(Enrolment::try_from).transpose()
}

/// Locks the member's enrolment in a session, cancelled or not.
pub async fn lock_own(tx: &mut WriteTx, member: MemberId, session: ActivitySessionId) -> Result<Option<Enrolment>> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member.uuid()))
        .filter(Column::SessionId.eq(session.uuid()))
        .lock_exclusive()
        .one(&tx.on())
        .await?;
    found.map(Enrolment::try_from).transpose()
}

/// Locks the member's enrolments in the sessions of an activity, in the order of their ids.
pub async fn lock_own_in(tx: &mut WriteTx, member: MemberId, activity: ActivityId) -> Result<Vec<Enrolment>> {
    let rows = Entity::find()
        .filter(Column::MemberId.eq(member.uuid()))
        .filter(Column::ActivityId.eq(activity.uuid()))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(&tx.on())
        .await?;
    rows.into_iter().map(Enrolment::try_from).collect()
}

/// Locks the member's enrolment in a session, cancelled or not, and the first of the others in line. The session is locked,
/// so nobody else moves in the line meanwhile; both rows are waited for in the order of their ids.
pub async fn lock_own_and_next(
    tx: &mut WriteTx,
    member: MemberId,
    session: ActivitySessionId,
) -> Result<(Option<Enrolment>, Option<Enrolment>)> {
    let here = Column::SessionId.eq(session.uuid());
    let own = Entity::find().select_only().column(Column::Id).filter(here.clone());
    let own: Option<Uuid> = own.filter(Column::MemberId.eq(member.uuid())).into_tuple().one(&tx.on()).await?;
    let line = Entity::find().select_only().column(Column::Id).filter(here);
    let next: Option<Uuid> = line
        .filter(Column::MemberId.ne(member.uuid()))
        .filter(Column::State.eq(code::write(EnrolmentState::Waitlisted)))
        .order_by_asc(Column::EnrolledAt)
        .order_by_asc(Column::Id)
        .limit(1)
        .into_tuple()
        .one(&tx.on())
        .await?;
    let ids: Vec<_> = own.into_iter().chain(next).map(EnrolmentId::new).collect();
    let locked = lock_all(tx, Condition::all(), &ids).await?;
    let (own, mut others): (Vec<_>, Vec<_>) = locked.into_iter().partition(|enrolment| enrolment.member == member);
    Ok((own.into_iter().next(), others.pop()))
}

/// Locks these enrolments in the order of their ids. Those that somebody else holds at this moment are passed over; SQLite
/// has one writer, so nobody else holds anything there.
pub async fn lock_free(tx: &mut WriteTx, ids: &[EnrolmentId]) -> Result<Vec<Enrolment>> {
    let mut free = Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.uuid()))).order_by_asc(Column::Id);
    if tx.backend() == DbBackend::Postgres {
        free = free.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    free.all(&tx.on()).await?.into_iter().map(Enrolment::try_from).collect()
}

/// Locks these enrolments in an activity, in the order of their ids; others than the activity's are left out.
pub async fn lock_of_activity(tx: &mut WriteTx, activity: ActivityId, ids: &[EnrolmentId]) -> Result<Vec<Enrolment>> {
    lock_all(tx, Condition::all().add(Column::ActivityId.eq(activity.uuid())), ids).await
}

/// Locks those of these enrolments whose activity is published within the subtrees, in the order of their ids.
pub async fn lock_within(tx: &mut WriteTx, paths: &[NodePath], ids: &[EnrolmentId]) -> Result<Vec<Enrolment>> {
    lock_all(tx, Condition::all().add(Column::ActivityId.in_subquery(activities::ids_within(paths))), ids).await
}

async fn lock_all(tx: &mut WriteTx, which: Condition, ids: &[EnrolmentId]) -> Result<Vec<Enrolment>> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())))
        .filter(which)
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(&tx.on())
        .await?;
    rows.into_iter().map(Enrolment::try_from).collect()
}

/// Ends every enrolment of an activity that was called off before it began; says how many.
pub async fn cancel_all(tx: &mut WriteTx, activity: ActivityId, now: Instant) -> Result<u64> {
    let open = [EnrolmentState::Waitlisted, EnrolmentState::Enrolled, EnrolmentState::CheckedIn].map(code::write);
    let cancelled = Entity::update_many()
        .col_expr(Column::State, code::write(EnrolmentState::Cancelled).into())
        .col_expr(Column::CancelledAt, now.into())
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::ActivityId.eq(activity.uuid()))
        .filter(Column::State.is_in(open))
        .exec(&tx.on())
        .await?;
    Ok(cancelled.rows_affected)
}

/// The hours between these instants to which the member is bound already. Ask once the member's enrolments are
/// serialised: two parallel sign-ups must not both miss each other.
pub async fn engagements(tx: &ReadTx, member: MemberId, from: Instant, to: Instant) -> Result<Vec<Engagement>> {
    #[derive(FromQueryResult)]
    struct Bound {
        session_id: Uuid,
        title: String,
        starts_at: Instant,
        ends_at: Instant,
    }
    let engaged = EnrolmentState::ALL.iter().filter(|state| state.is_engaged()).map(|state| state.code());
    let query = Entity::find().select_only().column(Column::SessionId);
    let query = join::by_id(query, activity_sessions::row::Entity, "session", Column::SessionId.into_expr());
    let bound = join::by_id(query, activities::row::Entity, "activity", Column::ActivityId.into_expr())
        .expr_as(join::of("activity", "title"), "title")
        .expr_as(join::of("session", "starts_at"), "starts_at")
        .expr_as(join::of("session", "ends_at"), "ends_at")
        .filter(Column::MemberId.eq(member.uuid()))
        .filter(Column::State.is_in(engaged))
        .filter(join::of("session", "starts_at").lt(to))
        .filter(join::of("session", "ends_at").gt(from))
        .into_model::<Bound>()
        .all(&tx.on())
        .await?;
    let engagement = |bound: Bound| Engagement {
        session: bound.session_id.into(),
        title: bound.title,
        starts_at: bound.starts_at,
        ends_at: bound.ends_at,
    };
    Ok(bound.into_iter().map(engagement).collect())
}

/// When the member stayed away from a session or gave a seat back late, since this instant.
pub async fn absences(tx: &ReadTx, member: MemberId, since: Instant) -> Result<Vec<Instant>> {
    // Whose service was to be made up and was refused stayed away all the same.
    let refused = Column::State.eq(code::write(EnrolmentState::Refused)).and(Column::CheckedInAt.is_null());
    let no_show = Column::State.eq(code::write(EnrolmentState::NoShow));
    let stayed_away = no_show.or(refused).or(Column::CancelledLate.eq(true));
    let query = Entity::find().select_only();
    let absences = join::by_id(query, activity_sessions::row::Entity, "session", Column::SessionId.into_expr())
        .expr_as(join::of("session", "starts_at"), "starts_at")
        .filter(Column::MemberId.eq(member.uuid()))
        .filter(stayed_away)
        .filter(join::of("session", "starts_at").gte(since))
        .into_tuple::<Instant>()
        .all(&tx.on())
        .await?;
    Ok(absences)
}

/// Enrolments after this one, by id, whose session has ended and whom nobody checked out or saw.
pub async fn unclosed(
    tx: &ReadTx,
    now: Instant,
    after: Option<EnrolmentId>,
    limit: u64,
) -> Result<Vec<(EnrolmentId, ActivitySessionId)>> {
    let open = [EnrolmentState::Enrolled, EnrolmentState::CheckedIn].map(code::write);
    let query = Entity::find().select_only().column(Column::Id).column(Column::SessionId);
    let query = join::by_id(query, activity_sessions::row::Entity, "session", Column::SessionId.into_expr())
        .filter(Column::State.is_in(open))
        .filter(join::of("session", "ends_at").lte(now));
    let found = after_id(query, after, limit).into_tuple::<(Uuid, Uuid)>().all(&tx.on()).await?;
    Ok(found.into_iter().map(|(id, session)| (id.into(), session.into())).collect())
}

/// Enrolments after this one, by id, whose publicity is over, and whose they are.
pub async fn publicity_ended(
    tx: &ReadTx,
    now: Instant,
    after: Option<EnrolmentId>,
    limit: u64,
) -> Result<Vec<(EnrolmentId, MemberId)>> {
    let query = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::MemberId)
        .filter(Column::State.eq(code::write(EnrolmentState::InPublicity)))
        .filter(Column::PublicityEndsAt.lte(now));
    let found = after_id(query, after, limit).into_tuple::<(Uuid, Uuid)>().all(&tx.on()).await?;
    Ok(found.into_iter().map(|(id, member)| (id.into(), member.into())).collect())
}

fn after_id(query: sea_orm::Select<Entity>, after: Option<EnrolmentId>, limit: u64) -> sea_orm::Select<Entity> {
    let later = after.map(|after| Column::Id.gt(after.uuid()));
    query.filter(Condition::all().add_option(later)).order_by_asc(Column::Id).limit(limit)
}
