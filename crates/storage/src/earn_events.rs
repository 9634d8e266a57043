//! Earn events (积分核算记录): what each event earned under which rule, once and for ever.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::code::Code;
use domain::id::{MemberId, RulebookId, TransferId};
use domain::points::{Cap, CreditDecision, CreditExplanation, EarnRule, Earned, RewardedEvent, Rulebook, Source};
use domain::time::{Instant, business_day, start_of_day, start_of_month, start_of_year};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{misconduct_cases, organisations, rulebooks};

/// One event with the decision on it.
#[derive(Clone, Debug)]
pub struct EarnEvent {
    /// Who earned.
    pub member: MemberId,
    /// By what.
    pub source: Source,
    /// The transfer that credited it; none if it earned nothing.
    pub transfer: Option<TransferId>,
    /// The version of the rules that decided.
    pub rulebook: RulebookId,
    /// What was decided.
    pub decision: CreditDecision,
    /// What the debt took.
    pub debt_paid: i64,
    /// When it was earned, by business time: the day, month and year whose caps it counts for.
    pub business_at: Instant,
}

/// Keeps an event. Conflicts if the same event was decided before.
pub async fn insert(tx: &mut WriteTx, event: &EarnEvent) -> Result<()> {
    row::Entity::insert(active(event)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Keeps many events at once.
pub async fn insert_many(tx: &mut WriteTx, events: &[EarnEvent]) -> Result<()> {
    for events in events.chunks(CHUNK) {
        row::Entity::insert_many(events.iter().map(active)).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

fn active(event: &EarnEvent) -> row::ActiveModel {
    let decision = &event.decision;
    row::ActiveModel {
        member_id: Set(event.member.uuid()),
        source_kind: Set(event.source.kind.code().into()),
        source_id: Set(event.source.id),
        transfer_id: Set(event.transfer.map(TransferId::uuid)),
        rulebook_id: Set(event.rulebook.uuid()),
        rule: Set(decision.rule.key()),
        timed_minutes: Set(decision.timed_minutes),
        made_up_minutes: Set(decision.made_up_minutes),
        counted_minutes: Set(decision.counted_minutes),
        base_points: Set(decision.base_points),
        coefficient_bp: Set(decision.coefficient_bp),
        cap: Set(decision.cap.map(code::write)),
        uncapped_points: Set(decision.uncapped_points),
        points: Set(decision.points),
        debt_paid: Set(event.debt_paid),
        business_at: Set(event.business_at),
    }
}

/// What a member has earned in the day, month and year of an instant; what was void for misconduct takes no room under a cap,
/// as if it had never been served, unless the case was revoked, and bravery takes none under the day's. Ask once the purse
/// is locked, or two credits at the same time may both fit under one cap.
pub async fn earned(tx: &ReadTx, member: MemberId, at: Instant) -> Result<Earned> {
    Ok(earned_by(tx, &BTreeSet::from([member]), business_day(at)).await?.remove(&member).unwrap_or_default())
}

/// The same of many members on one business day; who earned nothing in its year is not among them.
pub async fn earned_by(
    tx: &ReadTx,
    members: &BTreeSet<MemberId>,
    day: NaiveDate,
) -> Result<BTreeMap<MemberId, Earned>> {
    use row::Column as C;
    let start = start_of_day(day);
    let day = (start, start + chrono::Duration::days(1));
    let month = (start_of_month(start), start_of_month(start_of_month(start) + chrono::Duration::days(32)));
    let year = (start_of_year(start), start_of_year(start_of_year(start) + chrono::Duration::days(367)));
    let beside = RewardedEvent::ALL.iter().filter(|event| !event.is_under_day_cap());
    let under_day_cap = C::Rule.is_not_in(beside.map(|event| EarnRule::Event(*event).key()));
    let inside =
        |(from, to): (Instant, Instant)| Condition::all().add(C::BusinessAt.gte(from)).add(C::BusinessAt.lt(to));
    let sum = |inside: Condition| {
        let points = CaseStatement::new().case(inside, C::Points.into_expr()).finally(0_i64);
        Expr::expr(points).sum().cast_as("bigint")
    };
    let select = Query::select()
        .column(C::MemberId)
        .expr_as(sum(inside(day).add(under_day_cap)), "day")
        .expr_as(sum(inside(month)), "month")
        .expr_as(C::Points.into_expr().sum().cast_as("bigint"), "year")
        .from(row::Entity)
        .and_where(C::MemberId.is_in(members.iter().map(|member| member.uuid())))
        .and_where(C::SourceId.into_expr().not_in_subquery(misconduct_cases::void_enrolments(members)))
        .and_where(C::BusinessAt.gte(year.0))
        .and_where(C::BusinessAt.lt(year.1))
        .group_by_col(C::MemberId)
        .to_owned();
    let sums = EarnedRow::find_by_statement(tx.backend().build(&select)).all(&tx.on()).await?;
    let of = |sums: EarnedRow| (sums.member_id.into(), Earned { day: sums.day, month: sums.month, year: sums.year });
    Ok(sums.into_iter().map(of).collect())
}

/// How often an event of this kind was decided for the member on the business day of an instant. Ask once the purse is
/// locked.
pub async fn times(tx: &ReadTx, member: MemberId, event: RewardedEvent, at: Instant) -> Result<u32> {
    let start = start_of_day(business_day(at));
    let found = row::Entity::find()
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::Rule.eq(EarnRule::Event(event).key()))
        .filter(row::Column::BusinessAt.gte(start))
        .filter(row::Column::BusinessAt.lt(start + chrono::Duration::days(1)))
        .count(&tx.on())
        .await?;
    Ok(u32::try_from(found).unwrap_or(u32::MAX))
}

/// The transfer that credited an event of this member, and how much; none if it earned nothing.
pub async fn credit_of(tx: &ReadTx, member: MemberId, source: Source) -> Result<Option<(TransferId, i64)>> {
    let key = (member.uuid(), source.kind.code().to_owned(), source.id);
    let found = row::Entity::find_by_id(key).one(&tx.on()).await?;
    Ok(found.and_then(|event| Some((TransferId::new(event.transfer_id?), event.points))))
}

/// The rules that decided an event of this member, whether it earned something or nothing.
pub async fn rules_of(tx: &ReadTx, member: MemberId, source: Source) -> Result<Option<Rulebook>> {
    let key = (member.uuid(), source.kind.code().to_owned(), source.id);
    let found = row::Entity::find_by_id(key).find_also_related(rulebooks::row::Entity).one(&tx.on()).await?;
    let Some((event, rulebook)) = found else { return Ok(None) };
    let rulebook = rulebook.ok_or_else(|| StorageError::corrupt("earn_event", "rulebook_id", event.source_id))?;
    Ok(Some(rulebooks::read_rules(rulebook.id, &rulebook.body)?))
}

/// The decision behind a credit of this member, with the rules that decided it.
pub async fn explain(tx: &ReadTx, member: MemberId, transfer: TransferId) -> Result<Option<CreditExplanation>> {
    let found = row::Entity::find()
        .filter(row::Column::TransferId.eq(transfer.uuid()))
        .filter(row::Column::MemberId.eq(member.uuid()))
        .find_also_related(rulebooks::row::Entity)
        .one(&tx.on())
        .await?;
    let Some((event, rulebook)) = found else {
        return Ok(None);
    };
    let rulebook = rulebook.ok_or_else(|| StorageError::corrupt("earn_event", "rulebook_id", transfer))?;
    let scope = organisations::find(tx, rulebook.scope_id.into()).await?;
    let scope = scope.ok_or_else(|| StorageError::corrupt("rulebook", "scope_id", rulebook.id))?;
    Ok(Some(CreditExplanation {
        version: rulebook.version,
        scope: scope.parent.map(|_| scope.name),
        rules: rulebooks::read_rules(rulebook.id, &rulebook.body)?,
        debt_paid: event.debt_paid,
        decision: CreditDecision::try_from(event)?,
    }))
}

impl TryFrom<row::Model> for CreditDecision {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let rule = EarnRule::from_key(&row.rule);
        let cap = row.cap.as_deref().map(|cap| code::read::<Cap>("earn_event", "cap", row.source_id, cap));
        Ok(Self {
            rule: rule.ok_or_else(|| StorageError::corrupt("earn_event", "rule", row.source_id))?,
            timed_minutes: row.timed_minutes,
            made_up_minutes: row.made_up_minutes,
            counted_minutes: row.counted_minutes,
            base_points: row.base_points,
            coefficient_bp: row.coefficient_bp,
            uncapped_points: row.uncapped_points,
            cap: cap.transpose()?,
            points: row.points,
        })
    }
}

#[derive(Debug, FromQueryResult)]
struct EarnedRow {
    member_id: Uuid,
    day: i64,
    month: i64,
    year: i64,
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "earn_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub member_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub source_id: Uuid,
        pub transfer_id: Option<Uuid>,
        pub rulebook_id: Uuid,
        pub rule: String,
        pub timed_minutes: i64,
        pub made_up_minutes: i64,
        pub counted_minutes: i64,
        pub base_points: i64,
        pub coefficient_bp: i32,
        pub cap: Option<String>,
        pub uncapped_points: i64,
        pub points: i64,
        pub debt_paid: i64,
        pub business_at: DateTimeUtc,
        #[sea_orm(belongs_to, from = "rulebook_id", to = "id")]
        pub rulebook: BelongsTo<crate::rulebooks::row::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
