//! WeChat identities (微信身份): one row per user of this mini-program, matched to a member or not yet.

use domain::id::{IdentityId, MemberId};
use domain::time::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::error::{Result, StorageError};

/// A WeChat user as this product knows them.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its id here.
    pub id: IdentityId,
    /// WeChat's name for the user in this mini-program; an identifier, never a credential.
    pub open_id: String,
    /// The member this user is, once matched.
    pub member: Option<MemberId>,
}

/// Finds the user, or takes note of a new one.
pub async fn find_or_insert(
    tx: &mut WriteTx,
    app_id: &str,
    open_id: &str,
    union_id: Option<String>,
    now: Instant,
) -> Result<Identity> {
    row::Entity::insert(row::ActiveModel {
        id: Set(Uuid::now_v7()),
        app_id: Set(app_id.into()),
        open_id: Set(open_id.into()),
        union_id: Set(union_id),
        member_id: Set(None),
        created_at: Set(now),
    })
    .on_conflict(OnConflict::columns([row::Column::AppId, row::Column::OpenId]).do_nothing().to_owned())
    .exec_without_returning(&tx.on())
    .await?;
    let found = row::Entity::find()
        .filter(row::Column::AppId.eq(app_id))
        .filter(row::Column::OpenId.eq(open_id))
        .one(&tx.on())
        .await?;
    found.map(Identity::from).ok_or_else(|| StorageError::corrupt("wechat_identity", "open_id", open_id))
}

/// Keeps many users of this mini-program at once, none of whom was seen before.
pub async fn insert_many(tx: &mut WriteTx, app_id: &str, identities: &[Identity], now: Instant) -> Result<()> {
    for identities in identities.chunks(CHUNK) {
        let rows = identities.iter().map(|identity| row::ActiveModel {
            id: Set(identity.id.uuid()),
            app_id: Set(app_id.into()),
            open_id: Set(identity.open_id.clone()),
            union_id: Set(None),
            member_id: Set(identity.member.map(MemberId::uuid)),
            created_at: Set(now),
        });
        row::Entity::insert_many(rows).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

/// Finds an identity.
pub async fn find(tx: &ReadTx, id: IdentityId) -> Result<Option<Identity>> {
    Ok(row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(Identity::from))
}

/// Locks an identity.
pub async fn lock(tx: &mut WriteTx, id: IdentityId) -> Result<Option<Identity>> {
    Ok(row::Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?.map(Identity::from))
}

/// The identity that is matched to the member.
pub async fn find_by_member(tx: &ReadTx, member: MemberId) -> Result<Option<Identity>> {
    let found = row::Entity::find().filter(row::Column::MemberId.eq(member.uuid())).one(&tx.on()).await?;
    Ok(found.map(Identity::from))
}

/// Locks the identity that is matched to the member; what one member does in two places at once is serialised by it.
pub async fn lock_of_member(tx: &mut WriteTx, member: MemberId) -> Result<Option<Identity>> {
    let its = row::Entity::find().filter(row::Column::MemberId.eq(member.uuid())).lock_exclusive();
    Ok(its.one(&tx.on()).await?.map(Identity::from))
}

/// Matches the identity to a member. Conflicts if that member is matched to somebody else.
pub async fn match_member(tx: &mut WriteTx, id: IdentityId, member: MemberId) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::MemberId, member.uuid().into())
        .filter(row::Column::Id.eq(id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Undoes the match of a locked identity; the member may be matched to another, and the identity to another member.
pub async fn unmatch(tx: &mut WriteTx, id: IdentityId) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::MemberId, None::<Uuid>.into())
        .filter(row::Column::Id.eq(id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Whether this is [`match_member`]'s conflict with another WeChat user of the member.
pub fn is_match_conflict(error: &StorageError) -> bool {
    error.breaks("wechat_identity_unique_member_id") || error.breaks("wechat_identity.member_id")
}

impl From<row::Model> for Identity {
    fn from(row: row::Model) -> Self {
        Self { id: row.id.into(), open_id: row.open_id, member: row.member_id.map(MemberId::new) }
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "wechat_identity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub app_id: String,
        pub open_id: String,
        pub union_id: Option<String>,
        pub member_id: Option<Uuid>,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
