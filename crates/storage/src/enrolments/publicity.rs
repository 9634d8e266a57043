//! Service in its publicity, as far as a member may see it.

use domain::enrolment::{Enrolment, EnrolmentState};
use domain::id::{EnrolmentId, MemberId};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::row::{Column, Entity};
use crate::database::{ReadTx, WriteTx};
use crate::error::Result;
use crate::mapping::code;
use crate::{activities, activity_sessions, join, members, organisations, residencies};

/// Service that is public before it is credited.
#[derive(Clone, Debug)]
pub struct PublicService {
    /// The enrolment.
    pub id: EnrolmentId,
    /// Whose it is.
    pub member: MemberId,
    /// Their name, whole.
    pub member_name: String,
    /// The activity's headline.
    pub title: String,
    /// The name of the organisation that published it.
    pub organisation: String,
    /// When the session began.
    pub starts_at: Instant,
    /// When it ended.
    pub ends_at: Instant,
    /// Minutes by the clock.
    pub timed_minutes: i64,
    /// Minutes made up.
    pub made_up_minutes: i64,
    /// Whether somebody objects.
    pub state: EnrolmentState,
    /// Until when objections are heard.
    pub publicity_ends_at: Instant,
}

/// Lists the service that is public now, or disputed, in activities within the community where this member lives, of those
/// who live there, and the member's own; the newest first.
pub async fn list_public(
    tx: &ReadTx,
    member: MemberId,
    community: Option<&NodePath>,
    now: Instant,
    page: &PageRequest<EnrolmentId>,
) -> Result<Page<PublicService, EnrolmentId>> {
    let open = Column::State.eq(code::write(EnrolmentState::InPublicity)).and(Column::PublicityEndsAt.gt(now));
    let disputed = Column::State.eq(code::write(EnrolmentState::Disputed));
    let before = page.after.map(|after| Column::Id.lt(after.uuid()));
    let query = Entity::find().select_only().columns([
        Column::Id,
        Column::MemberId,
        Column::TimedMinutes,
        Column::MadeUpMinutes,
        Column::State,
        Column::PublicityEndsAt,
    ]);
    let query = join::by_id(query, activity_sessions::row::Entity, "session", Column::SessionId.into_expr());
    let query = join::by_id(query, activities::row::Entity, "activity", Column::ActivityId.into_expr());
    let query = join::by_id(query, organisations::row::Entity, "node", join::of("activity", "node_id"));
    let rows = join::by_id(query, members::row::Entity, "member", Column::MemberId.into_expr())
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("activity", "title"), "title")
        .expr_as(join::of("node", "name"), "organisation")
        .expr_as(join::of("session", "starts_at"), "starts_at")
        .expr_as(join::of("session", "ends_at"), "ends_at")
        .filter(open.or(disputed))
        .filter(visible(member, community))
        .filter(Condition::all().add_option(before))
        .order_by_desc(Column::Id)
        .limit(page.limit + 1)
        .into_model::<Row>()
        .all(&tx.on())
        .await?;
    let found = rows.into_iter().map(Row::read).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |public| public.id))
}

/// Locks an enrolment whose service this member would see while it is public.
pub async fn lock_visible(
    tx: &mut WriteTx,
    member: MemberId,
    community: Option<&NodePath>,
    id: EnrolmentId,
) -> Result<Option<Enrolment>> {
    let found = Entity::find_by_id(id.uuid()).filter(visible(member, community)).lock_exclusive();
    found.one(&tx.on()).await?.map(Enrolment::try_from).transpose()
}

/// In an activity within the community, or of somebody who lives there, whoever published it; and the member's own.
fn visible(member: MemberId, community: Option<&NodePath>) -> Condition {
    let nearby = community.map(|community| {
        let community = std::slice::from_ref(community);
        let published = activities::ids_within(community);
        let neighbours = residencies::members_within(community);
        Column::ActivityId.in_subquery(published).or(Column::MemberId.in_subquery(neighbours))
    });
    Condition::any().add(Column::MemberId.eq(member.uuid())).add_option(nearby)
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: Uuid,
    member_id: Uuid,
    timed_minutes: Option<i64>,
    made_up_minutes: Option<i64>,
    state: String,
    publicity_ends_at: Instant,
    member_name: String,
    title: String,
    organisation: String,
    starts_at: Instant,
    ends_at: Instant,
}

impl Row {
    fn read(self) -> Result<PublicService> {
        Ok(PublicService {
            id: self.id.into(),
            member: self.member_id.into(),
            member_name: self.member_name,
            title: self.title,
            organisation: self.organisation,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            timed_minutes: self.timed_minutes.unwrap_or(0),
            made_up_minutes: self.made_up_minutes.unwrap_or(0),
            state: code::read("enrolment", "state", self.id, &self.state)?,
            publicity_ends_at: self.publicity_ends_at,
        })
    }
}
