//! Administrators' accounts (管理员).

use domain::id::{AdminId, MemberId};
use domain::official::Official;
use domain::page::{Page, PageRequest};
use domain::time::Instant;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::Result;
use crate::mapping::beginning_with;
use crate::vault::{Field, Vault};

const TOTP: Field = Field { table: "admin", column: "totp_cipher" };

/// An account with everything that signing in needs.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Its id.
    pub id: AdminId,
    /// The name typed to sign in.
    pub account: String,
    /// The person's name.
    pub name: String,
    /// The argon2id hash, as a PHC string.
    pub password_hash: String,
    /// The TOTP seed, base32.
    pub totp_secret: String,
    /// The last TOTP step that was accepted; none is accepted twice.
    pub totp_last_step: i64,
    /// Whether a code of the seed was ever given.
    pub totp_confirmed: bool,
    /// Whether the password is a one-time secret.
    pub must_change_password: bool,
    /// Until when a one-time secret holds.
    pub password_expires_at: Option<Instant>,
    /// The member this person also is.
    pub member: Option<MemberId>,
    /// Failed sign-ins since the last good one.
    pub failures: i32,
    /// Until when nobody may sign in.
    pub locked_until: Option<Instant>,
    /// Whether the account may be used.
    pub active: bool,
    /// Made by the demo.
    pub demo: bool,
}

/// Keeps a new account.
pub async fn insert(tx: &mut WriteTx, vault: &Vault, admin: &Admin, now: Instant) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(admin.id.uuid()),
        account: Set(admin.account.clone()),
        name: Set(admin.name.clone()),
        password_hash: Set(admin.password_hash.clone()),
        totp_cipher: Set(vault.seal(TOTP, admin.id.uuid(), &admin.totp_secret)),
        totp_last_step: Set(admin.totp_last_step),
        totp_confirmed: Set(admin.totp_confirmed),
        must_change_password: Set(admin.must_change_password),
        password_expires_at: Set(admin.password_expires_at),
        member_id: Set(admin.member.map(MemberId::uuid)),
        failures: Set(admin.failures),
        locked_until: Set(admin.locked_until),
        state: Set(state(admin.active).into()),
        demo: Set(admin.demo),
        created_at: Set(now),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// Finds an account by its id.
pub async fn find(tx: &ReadTx, vault: &Vault, id: AdminId) -> Result<Option<Admin>> {
    row::Entity::find_by_id(id.uuid()).one(&tx.on()).await?.map(|row| row.open(vault)).transpose()
}

/// The account with the member who uses it, for a decision that two persons must take.
pub async fn official(tx: &ReadTx, id: AdminId) -> Result<Official> {
    let linked: Option<Option<Uuid>> = row::Entity::find_by_id(id.uuid())
        .select_only()
        .column(row::Column::MemberId)
        .into_tuple()
        .one(&tx.on())
        .await?;
    Ok(Official { admin: id, member: linked.flatten().map(MemberId::new) })
}

/// The accounts that this person uses.
pub(crate) fn ids_of_person(official: Official) -> SelectStatement {
    let same = official.member.map(|member| row::Column::MemberId.eq(member.uuid()));
    let any = Condition::any().add(row::Column::Id.eq(official.admin.uuid())).add_option(same);
    Query::select().column(row::Column::Id).from(row::Entity).cond_where(any).take()
}

/// Finds an account by the name typed to sign in.
pub async fn find_by_account(tx: &ReadTx, vault: &Vault, account: &str) -> Result<Option<Admin>> {
    let found = row::Entity::find().filter(row::Column::Account.eq(account)).one(&tx.on()).await?;
    found.map(|row| row.open(vault)).transpose()
}

/// Locks an account.
pub async fn lock(tx: &mut WriteTx, vault: &Vault, id: AdminId) -> Result<Option<Admin>> {
    let found = row::Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx.on()).await?;
    found.map(|row| row.open(vault)).transpose()
}

/// Those of these admins whose accounts may be used.
pub(crate) async fn list_active(tx: &ReadTx, ids: impl Iterator<Item = AdminId>) -> Result<Vec<AdminId>> {
    let found: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::Id.is_in(ids.map(AdminId::uuid)))
        .filter(row::Column::State.eq("active"))
        .into_tuple()
        .all(&tx.on())
        .await?;
    Ok(found.into_iter().map(AdminId::new).collect())
}

/// Keeps what signing in changed: password, TOTP step, failures, lock, state.
pub async fn update(tx: &mut WriteTx, admin: &Admin) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel {
            password_hash: Set(admin.password_hash.clone()),
            totp_last_step: Set(admin.totp_last_step),
            totp_confirmed: Set(admin.totp_confirmed),
            must_change_password: Set(admin.must_change_password),
            password_expires_at: Set(admin.password_expires_at),
            failures: Set(admin.failures),
            locked_until: Set(admin.locked_until),
            state: Set(state(admin.active).into()),
            ..Default::default()
        })
        .filter(row::Column::Id.eq(admin.id.uuid()))
        .exec(&tx.on())
        .await?;
    Ok(())
}

/// An account as the list shows it.
#[derive(Clone, Debug)]
pub struct AdminSummary {
    /// Its id.
    pub id: AdminId,
    /// The name typed to sign in.
    pub account: String,
    /// The person's name.
    pub name: String,
    /// Whether the account may be used.
    pub active: bool,
    /// Until when nobody may sign in.
    pub locked_until: Option<Instant>,
    /// Whether the password is a one-time secret.
    pub must_change_password: bool,
}

/// Which accounts a list is about.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only accounts that begin so.
    pub account: Option<String>,
    /// Only those that may be used, or only those that may not.
    pub active: Option<bool>,
}

/// Lists accounts by name.
pub async fn list(tx: &ReadTx, filter: &Filter, page: &PageRequest<String>) -> Result<Page<AdminSummary, String>> {
    let mut query = row::Entity::find().order_by_asc(row::Column::Account).limit(page.limit + 1);
    if let Some(after) = &page.after {
        query = query.filter(row::Column::Account.gt(after));
    }
    if let Some(account) = &filter.account {
        query = query.filter(Expr::col(row::Column::Account).like(beginning_with(account)));
    }
    if let Some(active) = filter.active {
        query = query.filter(row::Column::State.eq(state(active)));
    }
    let rows = query.all(&tx.on()).await?;
    let summaries = rows.into_iter().map(|row| AdminSummary {
        id: row.id.into(),
        account: row.account,
        name: row.name,
        active: row.state == "active",
        locked_until: row.locked_until,
        must_change_password: row.must_change_password,
    });
    Ok(Page::from_one_more(summaries.collect(), page.limit, |admin| admin.account.clone()))
}

fn state(active: bool) -> &'static str {
    if active { "active" } else { "disabled" }
}

/// Whether the demo's accounts are in this database.
pub async fn any_demo(tx: &ReadTx) -> Result<bool> {
    Ok(row::Entity::find().filter(row::Column::Demo.eq(true)).count(&tx.on()).await? > 0)
}

impl row::Model {
    fn open(self, vault: &Vault) -> Result<Admin> {
        Ok(Admin {
            id: self.id.into(),
            totp_secret: vault.open(TOTP, self.id, &self.totp_cipher)?,
            account: self.account,
            name: self.name,
            password_hash: self.password_hash,
            totp_last_step: self.totp_last_step,
            totp_confirmed: self.totp_confirmed,
            must_change_password: self.must_change_password,
            password_expires_at: self.password_expires_at,
            member: self.member_id.map(MemberId::new),
            failures: self.failures,
            locked_until: self.locked_until,
            active: self.state == "active",
            demo: self.demo,
        })
    }
}

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "admin")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub account: String,
        pub name: String,
        pub password_hash: String,
        pub totp_cipher: Vec<u8>,
        pub totp_last_step: i64,
        pub totp_confirmed: bool,
        pub must_change_password: bool,
        pub password_expires_at: Option<DateTimeUtc>,
        pub member_id: Option<Uuid>,
        pub failures: i32,
        pub locked_until: Option<DateTimeUtc>,
        pub state: String,
        pub demo: bool,
        pub created_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
