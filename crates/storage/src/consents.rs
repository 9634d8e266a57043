//! Consent (同意): what each WeChat user allowed. A withdrawn or replaced consent stays on record.

use domain::consent::Purpose;
use domain::id::IdentityId;
use domain::time::Instant;
use sea_orm::sea_query::{Expr, IntoColumnRef, Query, SelectStatement};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::database::{CHUNK, ReadTx, WriteTx};
use crate::error::{Result, StorageError};
use crate::mapping::code;

/// A consent that holds.
#[derive(Clone, Debug)]
pub struct Consent {
    /// What for.
    pub purpose: Purpose,
    /// The version of the policy that was shown.
    pub policy_version: String,
    /// When it was given.
    pub given_at: Instant,
}

/// Takes note of consent to this version, in place of consent to an earlier one; the identity is locked.
pub async fn give(
    tx: &mut WriteTx,
    identity: IdentityId,
    purpose: Purpose,
    policy_version: &str,
    now: Instant,
) -> Result<Consent> {
    let same = |given: &Consent| given.purpose == purpose && given.policy_version == policy_version;
    if let Some(given) = list(tx, identity).await?.into_iter().find(same) {
        return Ok(given);
    }
    withdraw(tx, identity, purpose, now).await?;
    row::Entity::insert(row::ActiveModel {
        id: Set(Uuid::now_v7()),
        identity_id: Set(identity.uuid()),
        purpose: Set(code::write(purpose)),
        policy_version: Set(policy_version.into()),
        given_at: Set(now),
        withdrawn_at: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(Consent { purpose, policy_version: policy_version.into(), given_at: now })
}

/// Takes note that consent was withdrawn; `false` if there was none. The identity is locked.
pub async fn withdraw(tx: &mut WriteTx, identity: IdentityId, purpose: Purpose, now: Instant) -> Result<bool> {
    let ended = row::Entity::update_many()
        .col_expr(row::Column::WithdrawnAt, now.into())
        .filter(row::Column::IdentityId.eq(identity.uuid()))
        .filter(row::Column::Purpose.eq(code::write(purpose)))
        .filter(row::Column::WithdrawnAt.is_null())
        .exec(&tx.on())
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Takes note of the consent of many users, none of whom gave any before.
pub async fn insert_many(
    tx: &mut WriteTx,
    identities: &[IdentityId],
    purpose: Purpose,
    policy_version: &str,
    now: Instant,
) -> Result<()> {
    for identities in identities.chunks(CHUNK) {
        let rows = identities.iter().map(|identity| row::ActiveModel {
            id: Set(Uuid::now_v7()),
            identity_id: Set(identity.uuid()),
            purpose: Set(code::write(purpose)),
            policy_version: Set(policy_version.into()),
            given_at: Set(now),
            withdrawn_at: Set(None),
        });
        row::Entity::insert_many(rows).exec_without_returning(&tx.on()).await?;
    }
    Ok(())
}

/// Whether the user allows this purpose under this version of the policy.
pub async fn holds(tx: &ReadTx, identity: IdentityId, purpose: Purpose, policy_version: &str) -> Result<bool> {
    let held = row::Entity::find()
        .filter(row::Column::IdentityId.eq(identity.uuid()))
        .filter(row::Column::Purpose.eq(code::write(purpose)))
        .filter(row::Column::PolicyVersion.eq(policy_version))
        .filter(row::Column::WithdrawnAt.is_null());
    Ok(held.one(&tx.on()).await?.is_some())
}

/// The consent to this purpose, under this version of the policy, of the user in a column of the query around it.
pub(crate) fn held(user: impl IntoColumnRef, purpose: Purpose, policy_version: &str) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::IdentityId)).equals(user))
        .and_where(row::Column::Purpose.eq(code::write(purpose)))
        .and_where(row::Column::PolicyVersion.eq(policy_version))
        .and_where(row::Column::WithdrawnAt.is_null())
        .to_owned()
}

/// The consents of the user that hold now.
pub async fn list(tx: &ReadTx, identity: IdentityId) -> Result<Vec<Consent>> {
    let rows = row::Entity::find()
        .filter(row::Column::IdentityId.eq(identity.uuid()))
        .filter(row::Column::WithdrawnAt.is_null())
        .order_by_asc(row::Column::Id)
        .all(&tx.on())
        .await?;
    rows.into_iter().map(Consent::try_from).collect()
}

impl TryFrom<row::Model> for Consent {
    type Error = StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        Ok(Self {
            purpose: code::read("consent", "purpose", row.id, &row.purpose)?,
            policy_version: row.policy_version,
            given_at: row.given_at,
        })
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "consent")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub identity_id: Uuid,
        pub purpose: String,
        pub policy_version: String,
        pub given_at: DateTimeUtc,
        pub withdrawn_at: Option<DateTimeUtc>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
