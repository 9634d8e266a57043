//! Applications for membership (入册申请).

use domain::application::{Application, ApplicationState};
use domain::id::{AdminId, ApplicationId, IdentityId, MemberId, NodeId};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::personal::{PartyRecord, Phone};
use domain::time::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::vault::{Field, Vault};
use crate::{join, members, organisations};

const PHONE: Field = Field { table: "membership_application", column: "phone_cipher" };
const PARTY_RECORD: Field = Field { table: "membership_application", column: "party_record_cipher" };

/// An application as a screen shows it.
#[derive(Clone, Debug)]
pub struct ShownApplication {
    /// The application.
    pub application: Application,
    /// The name of the unit that is asked.
    pub unit: String,
    /// The party record given, as long as the application waits for a decision about it.
    pub record: Option<PartyRecord>,
}

/// An application with everything that a confirmation puts on the roster.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// The application.
    pub application: Application,
    /// The verified phone number.
    pub phone: Phone,
    /// The party record given.
    pub record: PartyRecord,
}

/// Keeps a new application. Conflicts if the identity has one that waits.
pub async fn insert(tx: &mut WriteTx, vault: &Vault, applicant: &Applicant) -> Result<()> {
    let Applicant { application, phone, record } = applicant;
    let id = application.id.uuid();
    row::Entity::insert(row::ActiveModel {
        id: Set(id),
        identity_id: Set(application.identity.uuid()),
        name: Set(application.name.clone()),
        phone_cipher: Set(vault.seal(PHONE, id, phone.reveal())),
        phone_index: Set(vault.index(members::PHONE_INDEX, phone.reveal())),
        phone_tail: Set(application.phone_tail.clone()),
        party_record_cipher: Set(vault.seal(PARTY_RECORD, id, &members::write_record(record))),
        unit_id: Set(application.unit.uuid()),
        state: Set(code::write(application.state)),
        refusal_reason: Set(None),
        decided_by: Set(None),
        decided_at: Set(None),
        submitted_at: Set(application.submitted_at),
        member_id: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Whether this is [`insert`]'s conflict with an application that waits.
pub fn is_waiting_conflict(error: &StorageError) -> bool {
    error.breaks("membership_application_open_identity_id") || error.breaks("membership_application.identity_id")
}

/// Whether an application of this identity waits.
pub async fn is_waiting(tx: &ReadTx, identity: IdentityId) -> Result<bool> {
    let found = row::Entity::find()
        .filter(row::Column::IdentityId.eq(identity.uuid()))
        .filter(row::Column::State.eq(code::write(ApplicationState::Submitted)))
        .one(&tx.on())
        .await?;
    Ok(found.is_some())
}

/// The latest application of this identity.
pub async fn find_latest_own(tx: &ReadTx, vault: &Vault, identity: IdentityId) -> Result<Option<ShownApplication>> {
    let query = shown().filter(row::Column::IdentityId.eq(identity.uuid())).order_by_desc(row::Column::Id).limit(1);
    query.into_model::<row::Shown>().one(&tx.on()).await?.map(|row| row.open(vault)).transpose()
}

/// Locks an application to a unit within these subtrees.
pub async fn lock_within(
    tx: &mut WriteTx,
    vault: &Vault,
    paths: &[NodePath],
    id: ApplicationId,
) -> Result<Option<Applicant>> {
    let found = row::Entity::find_by_id(id.uuid())
        .filter(row::Column::UnitId.in_subquery(organisations::ids_inside(paths)))
        .lock_exclusive()
        .one(&tx.on())
        .await?;
    let Some(row) = found else { return Ok(None) };
    let phone = vault.open(PHONE, row.id, &row.phone_cipher)?;
    let phone = Phone::parse(&phone).map_err(|_| StorageError::corrupt(PHONE.table, PHONE.column, row.id))?;
    let record = open_record(vault, &row)?;
    Ok(Some(Applicant { application: row.try_into()?, phone, record }))
}

/// Finds an application to a unit within these subtrees.
pub async fn find_within(
    tx: &ReadTx,
    vault: &Vault,
    paths: &[NodePath],
    id: ApplicationId,
) -> Result<Option<ShownApplication>> {
    let query = shown().filter(organisations::inside_as("unit", paths)).filter(row::Column::Id.eq(id.uuid()));
    query.into_model::<row::Shown>().one(&tx.on()).await?.map(|row| row.open(vault)).transpose()
}

/// Lists applications to units within these subtrees, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    vault: &Vault,
    paths: &[NodePath],
    state: Option<ApplicationState>,
    page: &PageRequest<ApplicationId>,
) -> Result<Page<ShownApplication, ApplicationId>> {
    let in_state = state.map(|state| row::Column::State.eq(code::write(state)));
    let after = page.after.map(|after| row::Column::Id.lt(after.uuid()));
    let rows = shown()
        .filter(organisations::inside_as("unit", paths))
        .filter(Condition::all().add_option(in_state).add_option(after))
        .order_by_desc(row::Column::Id)
        .limit(page.limit + 1)
        .into_model::<row::Shown>()
        .all(&tx.on())
        .await?;
    let found = rows.into_iter().map(|row| row.open(vault)).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_one_more(found, page.limit, |shown| shown.application.id))
}

/// Keeps that the unit confirmed the application, and the member who came of it; the row is locked.
pub async fn confirm(tx: &mut WriteTx, id: ApplicationId, member: MemberId, by: AdminId, now: Instant) -> Result<()> {
    let decided = decide(ApplicationState::Confirmed, id, by, now);
    decided.col_expr(row::Column::MemberId, member.uuid().into()).exec(&tx.on()).await?;
    Ok(())
}

/// Keeps that the unit refused the application; the row is locked.
pub async fn refuse(tx: &mut WriteTx, id: ApplicationId, reason: &str, by: AdminId, now: Instant) -> Result<()> {
    let decided = decide(ApplicationState::Refused, id, by, now);
    decided.col_expr(row::Column::RefusalReason, reason.into()).exec(&tx.on()).await?;
    Ok(())
}

fn decide(state: ApplicationState, id: ApplicationId, by: AdminId, now: Instant) -> sea_orm::UpdateMany<row::Entity> {
    row::Entity::update_many()
        .col_expr(row::Column::State, Expr::value(code::write(state)))
        .col_expr(row::Column::DecidedBy, by.uuid().into())
        .col_expr(row::Column::DecidedAt, now.into())
        .filter(row::Column::Id.eq(id.uuid()))
}

fn shown() -> Select<row::Entity> {
    let unit = row::Column::UnitId.into_expr();
    join::by_id(row::Entity::find(), organisations::row::Entity, "unit", unit)
        .expr_as(join::of("unit", "name"), "unit_name")
}

fn open_record(vault: &Vault, row: &row::Model) -> Result<PartyRecord> {
    let text = vault.open(PARTY_RECORD, row.id, &row.party_record_cipher)?;
    members::read_record(&text).ok_or_else(|| StorageError::corrupt(PARTY_RECORD.table, PARTY_RECORD.column, row.id))
}

impl row::Shown {
    fn open(self, vault: &Vault) -> Result<ShownApplication> {
        let waits = self.application.state == code::write(ApplicationState::Submitted);
        let record = waits.then(|| open_record(vault, &self.application)).transpose()?;
        Ok(ShownApplication { application: self.application.try_into()?, unit: self.unit_name, record })
    }
}

impl TryFrom<row::Model> for Application {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            identity: row.identity_id.into(),
            name: row.name,
            phone_tail: row.phone_tail,
            unit: NodeId::new(row.unit_id),
            state: code::read("membership_application", "state", row.id, &row.state)?,
            refusal_reason: row.refusal_reason,
            submitted_at: row.submitted_at,
            decided_at: row.decided_at,
            member: row.member_id.map(MemberId::new),
        })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "membership_application")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub identity_id: Uuid,
        pub name: String,
        pub phone_cipher: Vec<u8>,
        pub phone_index: Vec<u8>,
        pub phone_tail: String,
        pub party_record_cipher: Vec<u8>,
        pub unit_id: Uuid,
        pub state: String,
        pub refusal_reason: Option<String>,
        pub decided_by: Option<Uuid>,
        pub decided_at: Option<DateTimeUtc>,
        pub submitted_at: DateTimeUtc,
        pub member_id: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Shown {
        #[sea_orm(nested)]
        pub application: Model,
        pub unit_name: String,
    }
}
