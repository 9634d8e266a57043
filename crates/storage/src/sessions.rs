//! Sessions (会话).

use domain::consent::Purpose;
use domain::id::{AdminId, IdentityId, MemberId, SessionId};
use domain::member::MemberState;
use domain::session::{Audience, Holder, Session};
use domain::time::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect};

use crate::database::{ReadTx, WriteTx};
use crate::error::Result;
use crate::mapping::code;
use crate::{consents, join};

/// Keeps a new session; `refresh_hash` is the hash of its current refresh token.
pub async fn insert(tx: &mut WriteTx, session: &Session, refresh_hash: &[u8]) -> Result<()> {
    let (identity, admin) = match session.holder {
        Holder::Identity(id) => (Some(id.uuid()), None),
        Holder::Admin(id) => (None, Some(id.uuid())),
    };
    row::Entity::insert(row::ActiveModel {
        id: Set(session.id.uuid()),
        audience: Set(code::write(session.audience)),
        identity_id: Set(identity),
        admin_id: Set(admin),
        version: Set(session.version),
        refresh_counter: Set(session.counter),
        refresh_hash: Set(refresh_hash.to_vec()),
        rotated_at: Set(session.rotated_at),
        created_at: Set(session.rotated_at),
        expires_at: Set(session.expires_at),
        stepped_up_until: Set(session.stepped_up_until),
        revoked_at: Set(None),
        revoked_because: Set(None),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Finds a session.
pub async fn find(tx: &ReadTx, id: SessionId) -> Result<Option<Session>> {
    row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(Session::try_from).transpose()
}

/// A session, and who its user is as a member.
#[derive(Clone, Debug)]
pub struct MemberSession {
    /// The session.
    pub session: Session,
    /// The active member, if the user is matched to one.
    pub member: Option<MemberId>,
    /// Whether the user agrees to the policy that was asked about.
    pub agreed: bool,
}

/// Finds a session and who its user is as a member, in one question: every phone's token asks it every five seconds, and
/// each question costs the pool a round trip more than the answer.
pub async fn find_of_member(
    tx: &ReadTx,
    id: SessionId,
    purpose: Purpose,
    policy_version: &str,
) -> Result<Option<MemberSession>> {
    let active = join::of("member", "state").eq(code::write(MemberState::Active));
    let query = row::Entity::find_by_id(id.uuid());
    let query = join::perhaps(
        query,
        "wechat_identity",
        "identity",
        join::of("identity", "id").equals(("session", "identity_id")),
    );
    let query = join::perhaps(
        query,
        "member",
        "member",
        join::of("member", "id").equals(("identity", "member_id")).and(active),
    );
    let found = query
        .expr_as(join::of("member", "id"), "member_id")
        .expr_as(Expr::exists(consents::held(("session", "identity_id"), purpose, policy_version)), "agreed")
        .into_model::<row::OfMember>()
        .one(&tx.on())
        .await?;
    let read = |row: row::OfMember| {
        let (member, agreed) = (row.member_id.map(MemberId::new), row.agreed);
        Ok(MemberSession { session: row.session.try_into()?, member, agreed })
    };
    found.map(read).transpose()
}

/// Locks a session.
pub async fn lock(tx: &mut WriteTx, id: SessionId) -> Result<Option<Session>> {
    row::Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?.map(Session::try_from).transpose()
}

/// Keeps what a refresh or a step-up changed.
pub async fn update(tx: &mut WriteTx, session: &Session, refresh_hash: &[u8]) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::Version, session.version.into())
        .col_expr(row::Column::RefreshCounter, session.counter.into())
        .col_expr(row::Column::RefreshHash, refresh_hash.to_vec().into())
        .col_expr(row::Column::RotatedAt, session.rotated_at.into())
        .filter(row::Column::Id.eq(session.id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Takes note that the second factor was given again.
pub async fn step_up(tx: &mut WriteTx, id: SessionId, until: Instant) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::SteppedUpUntil, until.into())
        .col_expr(row::Column::Version, sea_orm::sea_query::Expr::col(row::Column::Version).add(1))
        .filter(row::Column::Id.eq(id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// Ends one session.
pub async fn revoke(tx: &mut WriteTx, id: SessionId, because: &str, now: Instant) -> Result<()> {
    end(tx, row::Column::Id.eq(id.uuid()), because, now).await
}

/// Ends the identity's session for one audience, so that a new one may begin.
pub async fn revoke_of_identity(
    tx: &mut WriteTx,
    identity: IdentityId,
    audience: Audience,
    because: &str,
    now: Instant,
) -> Result<()> {
    let its = row::Column::IdentityId.eq(identity.uuid()).and(row::Column::Audience.eq(code::write(audience)));
    end(tx, its, because, now).await
}

/// Ends every session of an admin.
pub async fn revoke_of_admin(tx: &mut WriteTx, admin: AdminId, because: &str, now: Instant) -> Result<()> {
    end(tx, row::Column::AdminId.eq(admin.uuid()), because, now).await
}

async fn end(tx: &mut WriteTx, which: sea_orm::sea_query::Expr, because: &str, now: Instant) -> Result<()> {
    row::Entity::update_many()
        .col_expr(row::Column::RevokedAt, now.into())
        .col_expr(row::Column::RevokedBecause, because.into())
        .filter(which)
        .filter(row::Column::RevokedAt.is_null())
        .exec(&tx.on())
        .await?;
    Ok(())
}

impl TryFrom<row::Model> for Session {
    type Error = crate::StorageError;

    fn try_from(row: row::Model) -> Result<Self> {
        let holder = match (row.identity_id, row.admin_id) {
            (Some(identity), None) => Holder::Identity(identity.into()),
            (None, Some(admin)) => Holder::Admin(admin.into()),
            _ => return Err(crate::StorageError::corrupt("session", "identity_id", row.id)),
        };
        Ok(Self {
            id: row.id.into(),
            audience: code::read("session", "audience", row.id, &row.audience)?,
            holder,
            version: row.version,
            counter: row.refresh_counter,
            rotated_at: row.rotated_at,
            expires_at: row.expires_at,
            stepped_up_until: row.stepped_up_until,
            revoked: row.revoked_at.is_some(),
        })
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub audience: String,
        pub identity_id: Option<Uuid>,
        pub admin_id: Option<Uuid>,
        pub version: i64,
        pub refresh_counter: i64,
        pub refresh_hash: Vec<u8>,
        pub rotated_at: DateTimeUtc,
        pub created_at: DateTimeUtc,
        pub expires_at: DateTimeUtc,
        pub stepped_up_until: Option<DateTimeUtc>,
        pub revoked_at: Option<DateTimeUtc>,
        pub revoked_because: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct OfMember {
        #[sea_orm(nested)]
        pub session: Model,
        pub member_id: Option<Uuid>,
        pub agreed: bool,
    }
}
