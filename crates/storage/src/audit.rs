//! The audit trail (审计): one row per write in its own transaction, and one per refusal that matters.

use domain::audit::{AuditActor, AuditOutcome};
use domain::code::Code;
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, Func, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::{admins, join, members, merchants, organisations, role_grants, staff};

/// Who did what to which thing, when, from where.
#[derive(Clone, Debug)]
pub struct Record {
    /// Wall time.
    pub at: Instant,
    /// Business time.
    pub business_at: Instant,
    /// `member`, `merchant`, `admin`, `job`, `operator` (at the command line) or `anonymous`.
    pub actor_kind: &'static str,
    /// The person, if known.
    pub actor: Option<Uuid>,
    /// The operation.
    pub action: &'static str,
    /// The kind of thing.
    pub object_kind: &'static str,
    /// The thing.
    pub object: Option<Uuid>,
    /// The problem code, if it was refused.
    pub refused: Option<String>,
    /// Why it was done, where a reason is asked for.
    pub reason: Option<String>,
    /// The caller's network address.
    pub ip: Option<String>,
    /// The request that did it.
    pub request_id: String,
}

/// Writes one row.
pub async fn record(tx: &mut WriteTx, record: Record) -> Result<()> {
    let outcome = if record.refused.is_some() { AuditOutcome::Refused } else { AuditOutcome::Done };
    row::Entity::insert(row::ActiveModel {
        id: Set(Uuid::now_v7()),
        at: Set(record.at),
        business_at: Set(record.business_at),
        actor_kind: Set(record.actor_kind.into()),
        actor_id: Set(record.actor),
        action: Set(record.action.into()),
        object_kind: Set(record.object_kind.into()),
        object_id: Set(record.object),
        result: Set(code::write(outcome)),
        reason: Set(record.refused.or(record.reason)),
        ip: Set(record.ip),
        request_id: Set(record.request_id),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// A row as it is read.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// The row.
    pub id: Uuid,
    /// Wall time.
    pub at: Instant,
    /// What kind of caller acted.
    pub actor_kind: AuditActor,
    /// The person, if known: of an admin who is also a member, the member.
    pub actor: Option<Uuid>,
    /// An admin's account.
    pub account: Option<String>,
    /// The admin's, member's or staff member's name.
    pub name: Option<String>,
    /// The operation.
    pub action: String,
    /// The kind of thing.
    pub object_kind: String,
    /// The thing.
    pub object: Option<Uuid>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The problem code, if it was refused.
    pub code: Option<String>,
    /// The request that did it.
    pub request_id: String,
}

/// Which rows a list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only callers of this kind.
    pub actor_kind: Option<AuditActor>,
    /// Only this person.
    pub actor: Option<Uuid>,
    /// Only this operation.
    pub action: Option<String>,
    /// Only what ended so.
    pub outcome: Option<AuditOutcome>,
    /// Only from this instant on.
    pub from: Option<Instant>,
    /// Only before this instant.
    pub to: Option<Instant>,
}

/// Lists what people of these subtrees did, the newest first: admins who held a role there at the time, members of units there,
/// staff of merchants there. Who belongs nowhere is seen from the root only.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    filter: &Filter,
    page: &PageRequest<Uuid>,
) -> Result<Page<AuditLine, Uuid>> {
    let asked = Condition::all()
        .add_option(filter.actor_kind.map(|kind| row::Column::ActorKind.eq(kind.code())))
        .add_option(filter.actor.map(|actor| row::Column::ActorId.eq(actor)))
        .add_option(filter.action.as_ref().map(|action| row::Column::Action.eq(action)))
        .add_option(filter.outcome.map(|outcome| row::Column::Result.eq(outcome.code())))
        .add_option(filter.from.map(|from| row::Column::At.gte(from).and(row::Column::Id.gte(first_id(from)))))
        .add_option(filter.to.map(|to| row::Column::At.lt(to)))
        .add_option(page.after.map(|after| row::Column::Id.lt(after)));
    let rows = named()
        .filter(acted_within(paths))
        .filter(asked)
        .order_by_desc(row::Column::Id)
        .limit(page.limit + 1)
        .into_model::<row::Named>()
        .all(&tx.on())
        .await?;
    let lines = rows.into_iter().map(AuditLine::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(lines, page.limit, |line| line.id))
}

/// The least id (UUIDv7) of what is written from this instant on. Rows are read by id, the newest first, and so no further.
fn first_id(from: Instant) -> Uuid {
    let millis = u128::try_from(from.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// The condition that whoever acted belonged to one of these subtrees: as an admin, whoever held a role there at the time; an
/// admin who is also a member acts under the member's id.
fn acted_within(paths: &[NodePath]) -> Condition {
    let mut root = organisations::ids_inside(paths);
    root.and_where(organisations::row::Column::ParentId.is_null());
    let actor = || row::Column::ActorId.into_expr();
    let linked = Query::select()
        .column(admins::row::Column::Id)
        .from(admins::row::Entity)
        .and_where(admins::row::Column::MemberId.into_expr().eq(actor()))
        .to_owned();
    let mut held = role_grants::held_inside(paths, row::Column::At.into_expr());
    let official = held.clone().and_where(role_grants::row::Column::AdminId.into_expr().eq(actor())).to_owned();
    let official_member = held.and_where(role_grants::row::Column::AdminId.in_subquery(linked)).to_owned();
    let members = Query::select()
        .column(members::row::Column::Id)
        .from(members::row::Entity)
        .and_where(members::row::Column::UnitId.in_subquery(organisations::ids_inside(paths)))
        .to_owned();
    let merchants = Query::select()
        .column(merchants::row::Column::Id)
        .from(merchants::row::Entity)
        .and_where(merchants::row::Column::NodeId.in_subquery(organisations::ids_inside(paths)))
        .to_owned();
    let staff = Query::select()
        .column(staff::row::Column::Id)
        .from(staff::row::Entity)
        .and_where(staff::row::Column::MerchantId.in_subquery(merchants))
        .to_owned();
    let of_kind = |kind: AuditActor, belongs: Expr| row::Column::ActorKind.eq(kind.code()).and(belongs);
    Condition::any()
        .add(Expr::exists(root))
        .add(of_kind(AuditActor::Admin, Expr::exists(official).or(Expr::exists(official_member))))
        .add(of_kind(AuditActor::Member, row::Column::ActorId.in_subquery(members)))
        .add(of_kind(AuditActor::Merchant, row::Column::ActorId.in_subquery(staff)))
}

/// The rows with the names of those who acted. An admin who is also a member acts as the member.
fn named() -> Select<row::Entity> {
    let of_kind = |kind: AuditActor| row::Column::ActorKind.eq(kind.code());
    let acted = |part: &'static str, column| join::of(part, column).eq(row::Column::ActorId.into_expr());
    let admin = acted("official", "id").or(acted("official", "member_id")).and(of_kind(AuditActor::Admin));
    let query = join::perhaps(row::Entity::find(), "admin", "official", admin);
    let query = join::perhaps(query, "member", "person", acted("person", "id").and(of_kind(AuditActor::Member)));
    join::perhaps(query, "staff", "hand", acted("hand", "id").and(of_kind(AuditActor::Merchant)))
        .expr_as(join::of("official", "account"), "account")
        .expr_as(
            Func::coalesce([join::of("official", "name"), join::of("person", "name"), join::of("hand", "name")]),
            "name",
        )
}

impl TryFrom<row::Named> for AuditLine {
    type Error = StorageError;

    fn try_from(row::Named { record: row, account, name }: row::Named) -> Result<Self> {
        let outcome = code::read("audit", "result", row.id, &row.result)?;
        Ok(Self {
            id: row.id,
            at: row.at,
            actor_kind: code::read("audit", "actor_kind", row.id, &row.actor_kind)?,
            actor: row.actor_id,
            account,
            name,
            action: row.action,
            object_kind: row.object_kind,
            object: row.object_id,
            outcome,
            code: row.reason.filter(|_| outcome == AuditOutcome::Refused),
            request_id: row.request_id,
        })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: DateTimeUtc,
        pub business_at: DateTimeUtc,
        pub actor_kind: String,
        pub actor_id: Option<Uuid>,
        pub action: String,
        pub object_kind: String,
        pub object_id: Option<Uuid>,
        pub result: String,
        pub reason: Option<String>,
        pub ip: Option<String>,
        pub request_id: String,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Named {
        #[sea_orm(nested)]
        pub record: Model,
        pub account: Option<String>,
        pub name: Option<String>,
    }
}
