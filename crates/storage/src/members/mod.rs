//! Members (在职党员): the roster.

mod list;
mod roster;

use domain::id::{MemberId, NodeId};
use domain::member::Member;
use domain::organisation::NodePath;
use domain::personal::{PartyRecord, Phone};
use domain::time::Instant;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, RelationDef};
use uuid::Uuid;

pub use self::list::{Filter, MemberSummary, find_in_subtree, list};
pub use self::roster::{CHUNK, Entry, draw_numbers, find_on_roster, free_numbers, insert_many, lock_on_roster};

use crate::database::{ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;
use crate::vault::{Field, Vault};
use crate::{identities, organisations, residencies, unit_pairings};

const PHONE: Field = Field { table: "member", column: "phone_cipher" };
const PARTY_RECORD: Field = Field { table: "member", column: "party_record_cipher" };

/// The purpose under which phone numbers are indexed; the roster and applications share it.
pub(crate) const PHONE_INDEX: &str = "phone";

/// Keeps a new member. Conflicts if the phone number is on the roster already.
pub async fn insert(
    tx: &mut WriteTx,
    vault: &Vault,
    member: &Member,
    phone: &Phone,
    record: &PartyRecord,
    now: Instant,
) -> Result<()> {
    row::Entity::insert(active(vault, member, phone, record, now)).exec_without_returning(&tx.on()).await?;
    Ok(())
}

/// Finds a member.
pub async fn find(tx: &ReadTx, id: MemberId) -> Result<Option<Member>> {
    row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(Member::try_from).transpose()
}

/// Finds a member who belongs to these subtrees: by home unit, by a unit paired with the community there, or by an active
/// residency.
pub async fn find_belonging(tx: &ReadTx, paths: &[NodePath], id: MemberId) -> Result<Option<Member>> {
    let paired = row::Column::UnitId.in_subquery(unit_pairings::unit_ids_around(paths));
    let found = row::Entity::find_by_id(id.uuid()).filter(answered_for(paths).add(paired)).one(&tx.on()).await?;
    found.map(Member::try_from).transpose()
}

/// Finds a member for whom these subtrees answer: by home unit, or by an active residency. A paired unit answers for its own.
pub async fn find_answered_for(tx: &ReadTx, paths: &[NodePath], id: MemberId) -> Result<Option<Member>> {
    let found = row::Entity::find_by_id(id.uuid()).filter(answered_for(paths)).one(&tx.on()).await?;
    found.map(Member::try_from).transpose()
}

fn answered_for(paths: &[NodePath]) -> Condition {
    Condition::any()
        .add(row::Column::UnitId.in_subquery(organisations::ids_inside(paths)))
        .add(row::Column::Id.in_subquery(residencies::members_within(paths)))
}

/// Finds the member with this phone number.
pub async fn find_by_phone(tx: &ReadTx, vault: &Vault, phone: &Phone) -> Result<Option<Member>> {
    let index = vault.index(PHONE_INDEX, phone.reveal());
    let found = row::Entity::find().filter(row::Column::PhoneIndex.eq(index)).one(&tx.on()).await?;
    found.map(Member::try_from).transpose()
}

pub(crate) fn active(
    vault: &Vault,
    member: &Member,
    phone: &Phone,
    record: &PartyRecord,
    now: Instant,
) -> row::ActiveModel {
    let id: Uuid = member.id.uuid();
    row::ActiveModel {
        id: Set(id),
        number: Set(member.number.clone()),
        name: Set(member.name.clone()),
        phone_cipher: Set(vault.seal(PHONE, id, phone.reveal())),
        phone_index: Set(vault.index(PHONE_INDEX, phone.reveal())),
        phone_tail: Set(phone.tail().into()),
        party_record_cipher: Set(vault.seal(PARTY_RECORD, id, &write_record(record))),
        unit_id: Set(member.unit.uuid()),
        category: Set(code::write(member.category)),
        state: Set(code::write(member.state)),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// A party record as it is sealed: the day of joining, a line break, the organisation.
pub(crate) fn write_record(record: &PartyRecord) -> String {
    format!("{}\n{}", record.joined_on, record.organisation)
}

/// Reads what [`write_record`] wrote.
pub(crate) fn read_record(text: &str) -> Option<PartyRecord> {
    let (day, organisation) = text.split_once('\n')?;
    Some(PartyRecord { organisation: organisation.into(), joined_on: day.parse().ok()? })
}

pub(crate) fn to_unit() -> RelationDef {
    row::Entity::belongs_to(organisations::row::Entity)
        .from(row::Column::UnitId)
        .to(organisations::row::Column::Id)
        .into()
}

pub(crate) fn to_identity() -> RelationDef {
    row::Entity::belongs_to(identities::row::Entity).from(row::Column::Id).to(identities::row::Column::MemberId).into()
}

impl TryFrom<row::Model> for Member {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            number: row.number,
            name: row.name,
            phone_tail: row.phone_tail,
            unit: NodeId::new(row.unit_id),
            category: code::read("member", "category", row.id, &row.category)?,
            state: code::read("member", "state", row.id, &row.state)?,
        })
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "member")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: String,
        pub name: String,
        pub phone_cipher: Vec<u8>,
        pub phone_index: Vec<u8>,
        pub phone_tail: String,
        pub party_record_cipher: Vec<u8>,
        pub unit_id: Uuid,
        pub category: String,
        pub state: String,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
