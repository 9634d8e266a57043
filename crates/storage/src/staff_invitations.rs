//! Invitations for shop staff (店员邀请). Only a keyed hash of the code is kept.

use domain::id::{AdminId, StaffId};
use domain::merchant::Invitation;
use domain::time::Instant;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::database::WriteTx;
use crate::error::Result;

/// Keeps a new invitation, to be opened by the code with this hash.
pub async fn insert(
    tx: &mut WriteTx,
    invitation: &Invitation,
    code_hash: [u8; 32],
    invited_by: AdminId,
    now: Instant,
) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(invitation.id.uuid()),
        merchant_id: Set(invitation.merchant.uuid()),
        store_id: Set(invitation.store.uuid()),
        name: Set(invitation.name.clone()),
        code_hash: Set(code_hash.to_vec()),
        invited_by: Set(invited_by.uuid()),
        created_at: Set(now),
        expires_at: Set(invitation.expires_at),
        accepted_at: Set(None),
        staff_id: Set(invitation.accepted_by.map(StaffId::uuid)),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Locks the invitation that the code with this hash opens.
pub async fn lock_by_code_hash(tx: &mut WriteTx, code_hash: [u8; 32]) -> Result<Option<Invitation>> {
    let query = row::Entity::find().filter(row::Column::CodeHash.eq(code_hash.to_vec())).lock_exclusive();
    Ok(query.one(&tx.on()).await?.map(Invitation::from))
}

/// Keeps that the invitation was accepted; its staff member is kept already.
pub async fn accepted(tx: &mut WriteTx, invitation: &Invitation, now: Instant) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::AcceptedAt, now.into())
        .col_expr(row::Column::StaffId, invitation.accepted_by.map(StaffId::uuid).into())
        .filter(row::Column::Id.eq(invitation.id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

impl From<row::Model> for Invitation {
    fn from(row: row::Model) -> Self {
        Self {
            id: row.id.into(),
            merchant: row.merchant_id.into(),
            store: row.store_id.into(),
            name: row.name,
            expires_at: row.expires_at,
            accepted_by: row.staff_id.map(StaffId::new),
        }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "staff_invitation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub merchant_id: Uuid,
        pub store_id: Uuid,
        pub name: String,
        pub code_hash: Vec<u8>,
        pub invited_by: Uuid,
        pub created_at: DateTimeUtc,
        pub expires_at: DateTimeUtc,
        pub accepted_at: Option<DateTimeUtc>,
        pub staff_id: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
