//! Lists of activities.

use domain::activity::{ActivityState, RiskLevel};
use domain::id::{ActivityId, MemberId, NodeId};
use domain::organisation::NodePath;
use domain::page::{Moment, Page, PageRequest};
use domain::service::{ServiceKind, ServiceNature};
use domain::time::Instant;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{below, public, row, with_names};
use crate::activity_sessions::{self, Seats};
use crate::database::ReadTx;
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{organisations, search};

/// An activity as a list shows it.
#[derive(Clone, Debug)]
pub struct ActivitySummary {
    /// The activity.
    pub id: ActivityId,
    /// The publisher.
    pub node: NodeId,
    /// The publisher's name.
    pub node_name: String,
    /// The headline.
    pub title: String,
    /// What is done.
    pub kind: ServiceKind,
    /// Whether one may be called to it.
    pub nature: ServiceNature,
    /// Whether it is the own duty of those who come.
    pub own_duty: bool,
    /// How dangerous it is.
    pub risk: RiskLevel,
    /// Where to meet.
    pub place: String,
    /// Who leads it.
    pub lead: MemberId,
    /// The lead's name; strangers see it masked.
    pub lead_name: String,
    /// The stored state; ongoing and finished follow from the clock.
    pub state: ActivityState,
    /// When the first session begins.
    pub starts_at: Instant,
    /// When the last session ends.
    pub ends_at: Instant,
    /// When it was proposed.
    pub proposed_at: Instant,
    /// The seats of all its sessions.
    pub seats: Seats,
}

/// Which activities a list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those published within these subtrees.
    pub within: Option<Vec<NodePath>>,
    /// Only of this kind.
    pub kind: Option<ServiceKind>,
    /// Only those whose title or place contains this text.
    pub text: Option<String>,
    /// Only those that end after this instant.
    pub from: Option<Instant>,
    /// Only those that begin before this instant.
    pub to: Option<Instant>,
    /// Only in this state, as it is at the second instant.
    pub state: Option<(ActivityState, Instant)>,
}

/// Lists what members may see, in the order in which it begins.
pub async fn list_public(
    tx: &ReadTx,
    filter: &Filter,
    page: &PageRequest<Moment<ActivityId>>,
) -> Result<Page<ActivitySummary, Moment<ActivityId>>> {
    let mut query = matching(public(row::Entity::find()), filter);
    if let Some(Moment { at, id }) = page.after {
        let same_start = row::Column::StartsAt.eq(at).and(row::Column::Id.gt(id.uuid()));
        query = query.filter(Condition::any().add(row::Column::StartsAt.gt(at)).add(same_start));
    }
    let query = query.order_by_asc(row::Column::StartsAt).order_by_asc(row::Column::Id);
    let found = summaries(tx, query.limit(page.limit + 1)).await?;
    Ok(Page::from_one_more(found, page.limit, |activity| Moment { at: activity.starts_at, id: activity.id }))
}

/// Lists what nodes of these subtrees publish, or only what their tops may review; the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    only_reviewable: bool,
    filter: &Filter,
    page: &PageRequest<ActivityId>,
) -> Result<Page<ActivitySummary, ActivityId>> {
    let ours = if only_reviewable { below("node", paths) } else { organisations::inside_as("node", paths) };
    newest_first(tx, matching(row::Entity::find(), filter).filter(ours), page).await
}

/// Lists the published activities that this member leads, or those in this state at the second instant, the newest first.
pub async fn list_led(
    tx: &ReadTx,
    lead: MemberId,
    state: Option<(ActivityState, Instant)>,
    page: &PageRequest<ActivityId>,
) -> Result<Page<ActivitySummary, ActivityId>> {
    let theirs = public(row::Entity::find()).filter(row::Column::LeadMemberId.eq(lead.uuid()));
    newest_first(tx, matching(theirs, &Filter { state, ..Filter::default() }), page).await
}

async fn newest_first(
    tx: &ReadTx,
    mut query: Select<row::Entity>,
    page: &PageRequest<ActivityId>,
) -> Result<Page<ActivitySummary, ActivityId>> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    let found = summaries(tx, query.order_by_desc(row::Column::Id).limit(page.limit + 1)).await?;
    Ok(Page::from_one_more(found, page.limit, |activity| activity.id))
}

fn matching(query: Select<row::Entity>, filter: &Filter) -> Select<row::Entity> {
    let within = filter.within.as_ref().map(|paths| organisations::inside_as("node", paths));
    let kind = filter.kind.map(|kind| row::Column::Kind.eq(code::write(kind)));
    let text = filter
        .text
        .as_ref()
        .map(|text| {
            [row::Column::Title, row::Column::Place].map(|column| search::contains((row::Entity, column), text))
        })
        .map(|parts| parts.into_iter().fold(Condition::any(), Condition::add));
    let from = filter.from.map(|from| row::Column::EndsAt.gt(from));
    let to = filter.to.map(|to| row::Column::StartsAt.lt(to));
    let state = filter.state.map(|(state, now)| stands(state, now));
    query.filter(
        Condition::all()
            .add_option(within)
            .add_option(kind)
            .add_option(text)
            .add_option(from)
            .add_option(to)
            .add_option(state),
    )
}

/// The stored shape of a state, [`ActivityState::at`] turned round.
fn stands(state: ActivityState, now: Instant) -> Condition {
    let stored = |stored: ActivityState| row::Column::State.eq(code::write(stored));
    let published = Condition::all().add(stored(ActivityState::Published));
    match state {
        ActivityState::Published => published.add(row::Column::StartsAt.gt(now)),
        ActivityState::Ongoing => published.add(row::Column::StartsAt.lte(now)).add(row::Column::EndsAt.gt(now)),
        ActivityState::Finished => published.add(row::Column::EndsAt.lte(now)),
        other => Condition::all().add(stored(other)),
    }
}

async fn summaries(tx: &ReadTx, query: Select<row::Entity>) -> Result<Vec<ActivitySummary>> {
    let rows = with_names(query).into_model::<row::Named>().all(&tx.on()).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.activity.id).collect();
    let seats = activity_sessions::seats_of(tx, &ids).await?;
    let summary = |named: row::Named| {
        let row::Named { activity: row, node_name, lead_name } = named;
        let read = |column| StorageError::corrupt("activity", column, row.id);
        Ok(ActivitySummary {
            id: row.id.into(),
            node: row.node_id.into(),
            node_name,
            title: row.title,
            kind: code::read("activity", "kind", row.id, &row.kind)?,
            nature: code::read("activity", "nature", row.id, &row.nature)?,
            own_duty: row.own_duty,
            risk: code::read("activity", "risk_level", row.id, &row.risk_level)?,
            place: row.place,
            lead: row.lead_member_id.into(),
            lead_name,
            state: code::read("activity", "state", row.id, &row.state)?,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            proposed_at: row.proposed_at,
            seats: seats.get(&row.id).copied().ok_or_else(|| read("sessions"))?,
        })
    };
    rows.into_iter().map(summary).collect()
}
