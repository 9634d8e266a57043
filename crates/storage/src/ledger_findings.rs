//! Ledger findings (账目差异): what does not hold, until two persons laid it to rest.

use std::collections::BTreeMap;

use domain::id::{AdminId, FindingId, MemberId, PersonId};
use domain::ledger_finding::{Explanation, Finding, FindingState};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{join, members, organisations};

/// A finding with the names around it.
#[derive(Clone, Debug)]
pub struct FindingDetail {
    /// The finding.
    pub finding: Finding,
    /// The name of the member whose account is wrong.
    pub member_name: Option<String>,
    /// The name of the admin who explained it.
    pub explained_by: Option<String>,
    /// The name of the admin who closed it.
    pub closed_by: Option<String>,
}

/// Keeps something new. Conflicts if the same is known of the same member and not closed.
pub async fn insert(tx: &mut WriteTx, finding: &Finding) -> Result<()> {
    row::Entity::insert(active(finding)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// The invariants that are known not to hold of a member, or of the ledger as a whole.
pub async fn list_known(tx: &ReadTx, member: Option<MemberId>) -> Result<Vec<String>> {
    let about = match member {
        Some(member) => row::Column::MemberId.eq(member.uuid()),
        None => row::Column::MemberId.is_null(),
    };
    let found = not_closed().filter(about).select_only().column(row::Column::Invariant).into_tuple();
    Ok(found.all(&tx.on()).await?)
}

/// How many findings are not closed, by invariant.
pub async fn count(tx: &ReadTx) -> Result<BTreeMap<String, i64>> {
    let counts: Vec<(String, i64)> = not_closed()
        .select_only()
        .column(row::Column::Invariant)
        .column_as(row::Column::Id.count(), "count")
        .group_by(row::Column::Invariant)
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(counts.into_iter().collect())
}

/// Lists findings about members of units within these subtrees, and about the whole ledger for whoever sees the whole tree;
/// the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<FindingState>,
    page: &PageRequest<FindingId>,
) -> Result<Page<FindingDetail, FindingId>> {
    let in_state = state.map(|state| row::Column::State.eq(code::write(state)));
    let before = page.after.map(|after| row::Column::Id.lt(after.uuid()));
    let query = detailed(within(paths)).filter(Condition::all().add_option(in_state).add_option(before));
    let query = query.order_by_desc(row::Column::Id).limit(page.limit + 1);
    let rows = query.into_model::<row::Detailed>().all(&tx.on()).await?;
    let found = rows.into_iter().map(FindingDetail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.finding.id))
}

/// Finds one of those.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: FindingId) -> Result<Option<FindingDetail>> {
    let query = detailed(within(paths)).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(FindingDetail::try_from).transpose()
}

/// Locks one of those.
pub async fn lock_within(tx: &mut WriteTx, paths: &[NodePath], id: FindingId) -> Result<Option<Finding>> {
    let found = within(paths).filter(row::Column::Id.eq(id.uuid())).lock_exclusive().one(&tx.on()).await?;
    found.map(Finding::try_from).transpose()
}

/// Keeps what became of a finding; the row is locked.
pub async fn update(tx: &mut WriteTx, finding: &Finding) -> Result<()> {
    row::Entity::update_many()
        .set(active(finding))
        .filter(row::Column::Id.eq(finding.id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Takes note that what is known of the ledger as a whole still does not hold.
pub async fn see_again(tx: &mut WriteTx, invariant: &str, now: Instant) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::SeenAt, now.into())
        .filter(row::Column::Invariant.eq(invariant))
        .filter(row::Column::MemberId.is_null())
        .filter(row::Column::State.ne(code::write(FindingState::Closed)))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// How many wait in this state, as far as the limit goes.
pub(crate) async fn count_waiting(tx: &ReadTx, paths: &[NodePath], state: FindingState, limit: u64) -> Result<u64> {
    let waiting = within(paths).filter(row::Column::State.eq(code::write(state)));
    let found: Vec<Uuid> =
        waiting.select_only().column(row::Column::Id).limit(limit).into_tuple().all(&tx.on()).await?;
    Ok(found.len() as u64)
}

fn not_closed() -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::State.ne(code::write(FindingState::Closed)))
}

fn within(paths: &[NodePath]) -> Select<row::Entity> {
    use members::row as member;
    let of_members = sea_orm::sea_query::Query::select()
        .column(member::Column::Id)
        .from(member::Entity)
        .and_where(member::Column::UnitId.in_subquery(organisations::ids_inside(paths)))
        .to_owned();
    let of_the_whole = paths.contains(&NodePath::root()).then(|| row::Column::MemberId.is_null());
    let any = Condition::any().add(row::Column::MemberId.in_subquery(of_members)).add_option(of_the_whole);
    row::Entity::find().filter(any)
}

fn detailed(query: Select<row::Entity>) -> Select<row::Entity> {
    let is = |part: &'static str, column: row::Column| join::of(part, "id").eq(column.into_expr());
    let query = join::perhaps(query, "member", "member", is("member", row::Column::MemberId));
    let query = join::perhaps(query, "admin", "explainer", is("explainer", row::Column::ExplainedBy));
    join::perhaps(query, "admin", "closer", is("closer", row::Column::ConfirmedBy))
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("explainer", "name"), "explainer_name")
        .expr_as(join::of("closer", "name"), "closer_name")
}

fn active(finding: &Finding) -> row::ActiveModel {
    let explanation = finding.explanation.as_ref();
    row::ActiveModel {
        id: Set(finding.id.uuid()),
        invariant: Set(finding.invariant.clone()),
        member_id: Set(finding.member.map(MemberId::uuid)),
        state: Set(code::write(finding.state)),
        found_at: Set(finding.found_at),
        seen_at: Set(finding.seen_at),
        explanation: Set(explanation.map(|explanation| explanation.text.clone())),
        explained_by: Set(explanation.map(|explanation| explanation.by.uuid())),
        explained_by_person: Set(explanation.map(|explanation| explanation.person.uuid())),
        explained_at: Set(explanation.map(|explanation| explanation.at)),
        confirmed_by: Set(finding.closed.map(|(by, _)| by.uuid())),
        closed_at: Set(finding.closed.map(|(_, at)| at)),
    }
}

impl TryFrom<row::Model> for Finding {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let written = row.explanation.zip(row.explained_by).zip(row.explained_by_person.zip(row.explained_at));
        Ok(Self {
            id: row.id.into(),
            invariant: row.invariant,
            member: row.member_id.map(MemberId::new),
            state: code::read("ledger_finding", "state", row.id, &row.state)?,
            found_at: row.found_at,
            seen_at: row.seen_at,
            explanation: written.map(|((text, by), (person, at))| Explanation {
                text,
                by: AdminId::new(by),
                person: PersonId::from_stored(person),
                at,
            }),
            closed: row.confirmed_by.map(AdminId::new).zip(row.closed_at),
        })
    }
}

impl TryFrom<row::Detailed> for FindingDetail {
    type Error = StorageError;

    fn try_from(row: row::Detailed) -> Result<Self> {
        let row::Detailed { finding, member_name, explainer_name, closer_name } = row;
        Ok(Self { finding: finding.try_into()?, member_name, explained_by: explainer_name, closed_by: closer_name })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_finding")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub invariant: String,
        pub member_id: Option<Uuid>,
        pub state: String,
        pub found_at: DateTimeUtc,
        pub seen_at: DateTimeUtc,
        #[sea_orm(column_type = "Text", nullable)]
        pub explanation: Option<String>,
        pub explained_by: Option<Uuid>,
        pub explained_by_person: Option<Uuid>,
        pub explained_at: Option<DateTimeUtc>,
        pub confirmed_by: Option<Uuid>,
        pub closed_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub finding: Model,
        pub member_name: Option<String>,
        pub explainer_name: Option<String>,
        pub closer_name: Option<String>,
    }
}
