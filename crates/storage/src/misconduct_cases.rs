//! Misconduct cases (违规处理).

use std::collections::BTreeSet;

use domain::id::{AdminId, EnrolmentId, MemberId, MisconductId, NodeId, TransferId};
use domain::misconduct::{Appeal, MisconductCase, MisconductState, Ruling};
use domain::official::{Official, Step};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, Func, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{activities, enrolments, join, members, organisations};

/// A case with the names around it.
#[derive(Clone, Debug)]
pub struct MisconductDetail {
    /// The case.
    pub case: MisconductCase,
    /// The activity's headline.
    pub title: String,
    /// The member's name.
    pub member_name: String,
    /// The public member number.
    pub member_number: String,
    /// The name of the lead at fault.
    pub lead_name: Option<String>,
    /// The name of the organisation that proposed it.
    pub proposed_by: String,
    /// The name of the organisation that confirmed or dismissed it.
    pub decided_by: Option<String>,
    /// The name of the organisation that ruled on the appeal.
    pub ruled_by: Option<String>,
}

/// Keeps a new case. Conflicts if the enrolment has one that was not dismissed.
pub async fn insert(tx: &mut WriteTx, case: &MisconductCase) -> Result<()> {
    row::Entity::insert(row::ActiveModel::from(case)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Whether this is [`insert`]'s conflict with an earlier case.
pub fn is_repeated(error: &StorageError) -> bool {
    error.breaks("misconduct_case_open_enrolment_id") || error.breaks("misconduct_case.enrolment_id")
}

/// Keeps what a decision changed, if the case still stands where the decision saw it; the row is locked.
pub async fn update(tx: &mut WriteTx, case: &MisconductCase, from: MisconductState) -> Result<()> {
    let changed = row::Entity::update_many()
        .set(row::ActiveModel::from(case))
        .filter(row::Column::Id.eq(case.id.uuid()))
        .filter(row::Column::State.eq(code::write(from)))
        .exec(&tx.on())
        .await?;
    if changed.rows_affected == 1 { Ok(()) } else { Err(StorageError::conflict("misconduct_case_state")) }
}

/// Locks a case that an organisation within these subtrees proposed.
pub async fn lock_within(tx: &mut WriteTx, paths: &[NodePath], id: MisconductId) -> Result<Option<MisconductCase>> {
    let found = row::Entity::find_by_id(id.uuid())
        .filter(row::Column::NodeId.in_subquery(organisations::ids_inside(paths)))
        .lock_exclusive()
        .one(&tx.on())
        .await?;
    found.map(MisconductCase::try_from).transpose()
}

/// Locks a case that is about the member, or about them as the lead at fault.
pub async fn lock_own(tx: &mut WriteTx, member: MemberId, id: MisconductId) -> Result<Option<MisconductCase>> {
    let found = row::Entity::find_by_id(id.uuid()).filter(about(member));
    found.lock_exclusive().one(&tx.on()).await?.map(MisconductCase::try_from).transpose()
}

/// The last fraud of the member that still stands. Ask once the member's purse is locked.
pub async fn last_standing_fraud(tx: &ReadTx, member: MemberId) -> Result<Option<MisconductCase>> {
    let found = row::Entity::find()
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::Fraud.eq(true))
        .filter(row::Column::State.is_in(MisconductState::VOID.map(code::write)))
        .order_by_desc(row::Column::DecidedAt)
        .one(&tx.on())
        .await?;
    found.map(MisconductCase::try_from).transpose()
}

/// Until when the frauds that stand bar this member from vouching for anybody.
pub async fn lead_barred_until(tx: &ReadTx, lead: MemberId) -> Result<Option<Instant>> {
    let found = row::Entity::find()
        .select_only()
        .column(row::Column::LeadBarredUntil)
        .filter(row::Column::LeadAtFault.eq(lead.uuid()))
        .filter(row::Column::LeadBarredUntil.is_not_null())
        .filter(row::Column::State.is_in(MisconductState::VOID.map(code::write)))
        .order_by_desc(row::Column::LeadBarredUntil)
        .into_tuple::<Instant>();
    Ok(found.one(&tx.on()).await?)
}

/// The members whom a fraud that stands bars from vouching at this instant.
pub(crate) fn barred_leads(now: Instant) -> SelectStatement {
    row::Entity::find()
        .select_only()
        .column(row::Column::LeadAtFault)
        .filter(row::Column::LeadBarredUntil.gt(now))
        .filter(row::Column::State.is_in(MisconductState::VOID.map(code::write)))
        .into_query()
}

/// The enrolments of these members whose service is void.
pub(crate) fn void_enrolments(members: &BTreeSet<MemberId>) -> SelectStatement {
    row::Entity::find()
        .select_only()
        .column(row::Column::EnrolmentId)
        .filter(row::Column::MemberId.is_in(members.iter().map(|member| member.uuid())))
        .filter(row::Column::State.is_in(MisconductState::VOID.map(code::write)))
        .into_query()
}

/// Finds a case that is about the member, or about them as the lead at fault.
pub async fn find_own(tx: &ReadTx, member: MemberId, id: MisconductId) -> Result<Option<MisconductDetail>> {
    let query = detailed().filter(about(member)).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(MisconductDetail::try_from).transpose()
}

/// Finds a case that an organisation within these subtrees proposed.
pub async fn find_within(tx: &ReadTx, paths: &[NodePath], id: MisconductId) -> Result<Option<MisconductDetail>> {
    let query = detailed().filter(organisations::inside_as("proposer", paths)).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Detailed>().one(&tx.on()).await?.map(MisconductDetail::try_from).transpose()
}

/// Lists the cases about the member, or about them as the lead at fault, that somebody decided; the newest first. What was
/// only proposed is not theirs to see.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    page: &PageRequest<MisconductId>,
) -> Result<Page<MisconductDetail, MisconductId>> {
    let decided = row::Column::State.ne(code::write(MisconductState::Proposed));
    list(tx, detailed().filter(about(member)).filter(decided), page).await
}

fn about(member: MemberId) -> Condition {
    let (accused, lead) = (row::Column::MemberId.eq(member.uuid()), row::Column::LeadAtFault.eq(member.uuid()));
    Condition::any().add(accused).add(lead)
}

/// Lists cases that organisations within these subtrees proposed, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    state: Option<MisconductState>,
    page: &PageRequest<MisconductId>,
) -> Result<Page<MisconductDetail, MisconductId>> {
    let in_state = state.map(|state| row::Column::State.eq(code::write(state)));
    let query = detailed().filter(organisations::inside_as("proposer", paths));
    list(tx, query.filter(Condition::all().add_option(in_state)), page).await
}

/// Lists the frauds that were confirmed while their members belonged to these units, whatever became of them since, the newest
/// first.
pub async fn list_frauds_of_units(
    tx: &ReadTx,
    paths: &[NodePath],
    page: &PageRequest<MisconductId>,
) -> Result<Page<MisconductDetail, MisconductId>> {
    let told = Func::coalesce([row::Column::UnitId.into_expr(), join::of("member", "unit_id")]);
    let of_units = Expr::expr(told).in_subquery(organisations::ids_inside(paths));
    let confirmed =
        row::Column::State.is_not_in([MisconductState::Proposed, MisconductState::Dismissed].map(code::write));
    let query = detailed().filter(of_units).filter(row::Column::Fraud.eq(true)).filter(confirmed);
    list(tx, query, page).await
}

async fn list(
    tx: &ReadTx,
    mut query: Select<row::Entity>,
    page: &PageRequest<MisconductId>,
) -> Result<Page<MisconductDetail, MisconductId>> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    let query = query.order_by_desc(row::Column::Id).limit(page.limit + 1);
    let rows = query.into_model::<row::Detailed>().all(&tx.on()).await?;
    let found = rows.into_iter().map(MisconductDetail::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |detail| detail.case.id))
}

fn detailed() -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), members::row::Entity, "member", row::Column::MemberId.into_expr());
    let query = join::by_id(query, enrolments::Entity, "service", row::Column::EnrolmentId.into_expr());
    let query = join::by_id(query, activities::row::Entity, "activity", join::of("service", "activity_id"));
    let query = join::by_id(query, organisations::row::Entity, "proposer", row::Column::NodeId.into_expr());
    let decider = join::of("decider", "id").eq(row::Column::DecidedNodeId.into_expr());
    let query = join::perhaps(query, "organisation", "decider", decider);
    let query = join::perhaps(query, "member", "lead", join::of("lead", "id").eq(row::Column::LeadAtFault.into_expr()));
    let judge = join::of("judge", "id").eq(row::Column::RuledNodeId.into_expr());
    join::perhaps(query, "organisation", "judge", judge)
        .expr_as(join::of("activity", "title"), "title")
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("member", "number"), "member_number")
        .expr_as(join::of("lead", "name"), "lead_name")
        .expr_as(join::of("proposer", "name"), "proposer_name")
        .expr_as(join::of("decider", "name"), "decider_name")
        .expr_as(join::of("judge", "name"), "judge_name")
}

impl From<&MisconductCase> for row::ActiveModel {
    fn from(case: &MisconductCase) -> Self {
        let (decided, ruled) = (case.decided, case.ruling.as_ref().map(|ruling| ruling.step));
        let linked = |step: Step| step.by.member.map(MemberId::uuid);
        Self {
            id: Set(case.id.uuid()),
            enrolment_id: Set(case.enrolment.uuid()),
            member_id: Set(case.member.uuid()),
            reason: Set(case.reason.clone()),
            evidence: Set(case.evidence.clone()),
            fraud: Set(case.fraud),
            lead_at_fault: Set(case.lead_at_fault.map(MemberId::uuid)),
            lead_barred_until: Set(case.lead_barred_until),
            unit_id: Set(case.unit.map(NodeId::uuid)),
            appealed_by: Set(case.appeal.as_ref().map(|appeal| appeal.by.uuid())),
            state: Set(code::write(case.state)),
            node_id: Set(case.proposed.node.uuid()),
            proposed_by: Set(case.proposed.by.admin.uuid()),
            proposed_by_member: Set(linked(case.proposed)),
            proposed_at: Set(case.proposed.at),
            decided_node_id: Set(decided.map(|step| step.node.uuid())),
            decided_by: Set(decided.map(|step| step.by.admin.uuid())),
            decided_by_member: Set(decided.and_then(linked)),
            decided_at: Set(decided.map(|step| step.at)),
            dismissal: Set(case.dismissal.clone()),
            deduction: Set(case.deduction),
            clawback_id: Set(case.clawback.map(TransferId::uuid)),
            deduction_id: Set(case.deducted.map(TransferId::uuid)),
            appeal_until: Set(case.appeal_until),
            appeal: Set(case.appeal.as_ref().map(|appeal| appeal.text.clone())),
            appealed_at: Set(case.appeal.as_ref().map(|appeal| appeal.at)),
            ruled_node_id: Set(ruled.map(|step| step.node.uuid())),
            ruled_by: Set(ruled.map(|step| step.by.admin.uuid())),
            ruled_by_member: Set(ruled.and_then(linked)),
            ruled_at: Set(ruled.map(|step| step.at)),
            ruling: Set(case.ruling.as_ref().map(|ruling| ruling.text.clone())),
        }
    }
}

impl TryFrom<row::Model> for MisconductCase {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let decided = step(row.decided_by, row.decided_by_member, row.decided_node_id, row.decided_at);
        let ruled = step(row.ruled_by, row.ruled_by_member, row.ruled_node_id, row.ruled_at);
        let proposed = step(Some(row.proposed_by), row.proposed_by_member, Some(row.node_id), Some(row.proposed_at));
        Ok(Self {
            id: row.id.into(),
            enrolment: EnrolmentId::new(row.enrolment_id),
            member: row.member_id.into(),
            reason: row.reason,
            evidence: row.evidence,
            fraud: row.fraud,
            lead_at_fault: row.lead_at_fault.map(MemberId::new),
            lead_barred_until: row.lead_barred_until,
            unit: row.unit_id.map(NodeId::new),
            state: code::read("misconduct_case", "state", row.id, &row.state)?,
            proposed: proposed.ok_or_else(|| StorageError::corrupt("misconduct_case", "proposed_by", row.id))?,
            decided,
            dismissal: row.dismissal,
            deduction: row.deduction,
            clawback: row.clawback_id.map(TransferId::new),
            deducted: row.deduction_id.map(TransferId::new),
            appeal_until: row.appeal_until,
            // Before a lead could appeal, the member did.
            appeal: row.appeal.zip(row.appealed_at).map(|(text, at)| {
                let by = MemberId::new(row.appealed_by.unwrap_or(row.member_id));
                Appeal { by, text, at }
            }),
            ruling: ruled.zip(row.ruling).map(|(step, text)| Ruling { step, text }),
        })
    }
}

fn step(admin: Option<Uuid>, member: Option<Uuid>, node: Option<Uuid>, at: Option<Instant>) -> Option<Step> {
    let by = Official { admin: AdminId::new(admin?), member: member.map(MemberId::new) };
    Some(Step { by, node: NodeId::new(node?), at: at? })
}

impl TryFrom<row::Detailed> for MisconductDetail {
    type Error = StorageError;

    fn try_from(row: row::Detailed) -> Result<Self> {
        Ok(Self {
            case: row.case.try_into()?,
            title: row.title,
            member_name: row.member_name,
            member_number: row.member_number,
            lead_name: row.lead_name,
            proposed_by: row.proposer_name,
            decided_by: row.decider_name,
            ruled_by: row.judge_name,
        })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "misconduct_case")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub enrolment_id: Uuid,
        pub member_id: Uuid,
        pub reason: String,
        pub evidence: String,
        pub fraud: bool,
        pub lead_at_fault: Option<Uuid>,
        pub lead_barred_until: Option<DateTimeUtc>,
        pub unit_id: Option<Uuid>,
        pub appealed_by: Option<Uuid>,
        pub state: String,
        pub node_id: Uuid,
        pub proposed_by: Uuid,
        pub proposed_by_member: Option<Uuid>,
        pub proposed_at: DateTimeUtc,
        pub decided_node_id: Option<Uuid>,
        pub decided_by: Option<Uuid>,
        pub decided_by_member: Option<Uuid>,
        pub decided_at: Option<DateTimeUtc>,
        pub dismissal: Option<String>,
        pub deduction: i64,
        pub clawback_id: Option<Uuid>,
        pub deduction_id: Option<Uuid>,
        pub appeal_until: Option<DateTimeUtc>,
        pub appeal: Option<String>,
        pub appealed_at: Option<DateTimeUtc>,
        pub ruled_node_id: Option<Uuid>,
        pub ruled_by: Option<Uuid>,
        pub ruled_by_member: Option<Uuid>,
        pub ruled_at: Option<DateTimeUtc>,
        pub ruling: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub case: Model,
        pub title: String,
        pub member_name: String,
        pub member_number: String,
        pub lead_name: Option<String>,
        pub proposer_name: String,
        pub decider_name: Option<String>,
        pub judge_name: Option<String>,
    }
}
