//! Fresh books with one member, and the handful of moves that the tests make.

use std::collections::BTreeMap;

use domain::id::{LotId, MemberId, NodeId, TransferId};
use domain::member::{Member, MemberCategory, MemberState};
use domain::personal::{PartyRecord, Phone};
use domain::points::{self, Actor, Grace, Grant, Occasion, Posting, Source, SourceKind, SpendError};
use domain::time::{Instant, start_of_day};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use storage::database::Pools;
use storage::{Database, StorageError, Vault, WriteTx, accounts, members, organisations, purses, rulebooks, transfers};
use tempfile::TempDir;
use uuid::Uuid;

pub struct Books {
    pub database: Database,
    pub member: MemberId,
    pub district: NodeId,
    /// A connection for what the product never does.
    pub raw: DatabaseConnection,
    _directory: TempDir,
}

impl Books {
    pub async fn open() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = match std::env::var("ZHIXIANG_TEST_DATABASE_URL") {
            Ok(admin) => create_database(&admin).await,
            Err(_) => format!("sqlite://{}", directory.path().join("ledger.db").display()),
        };
        Database::migrate(&url).await.expect("the schema");
        let database = Database::open(&url, Pools { read: 4, write: 8 }).await.expect("the database");
        let raw = connect(&url).await;
        let (district, member) = (NodeId::new(Uuid::now_v7()), MemberId::new(Uuid::now_v7()));
        let mut tx = database.write().await.expect("a transaction");
        organisations::insert_root(&mut tx, district, "平城区", at(0)).await.expect("the district");
        insert_member(&mut tx, member, district, 0).await;
        accounts::ensure_system_accounts(&mut tx).await.expect("the books' accounts, which the district has");
        tx.commit().await.expect("a commit");
        Self { database, member, district, raw, _directory: directory }
    }

    pub async fn another_member(&self, number: u32) -> MemberId {
        let member = MemberId::new(Uuid::now_v7());
        let mut tx = self.write().await;
        insert_member(&mut tx, member, self.district, number).await;
        tx.commit().await.expect("a commit");
        member
    }

    pub async fn write(&self) -> WriteTx {
        self.database.write().await.expect("a transaction")
    }

    /// Credits an event of its own.
    pub async fn credit(&self, amount: i64, expires_at: Option<Instant>, now: Instant) -> TransferId {
        self.credit_event(Uuid::now_v7(), amount, expires_at, now).await.expect("a credit")
    }

    pub async fn credit_event(
        &self,
        event: Uuid,
        amount: i64,
        expires_at: Option<Instant>,
        now: Instant,
    ) -> Result<TransferId, StorageError> {
        let mut tx = self.database.write().await?;
        let mut purse = purses::lock_accounts(&mut tx, self.member).await?;
        let id = TransferId::of_earning(SourceKind::Enrolment, event, self.member);
        let why = occasion("活动积分", SourceKind::Enrolment, event, now);
        let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at };
        let credited = points::credit(&mut purse, id, why, amount, grant).expect("a sound credit");
        transfers::post(&mut tx, &credited.posting).await?;
        note_earning(&mut tx, self.member, event, id, amount, credited.debt_paid, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    pub async fn spend(&self, amount: i64, now: Instant) -> Result<Posting, SpendError> {
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, self.member).await.expect("the purse");
        let id = TransferId::of_key(self.member.into(), "redeem_offer", &Uuid::now_v7().to_string());
        let why = occasion("兑换：理发券", SourceKind::Redemption, Uuid::now_v7(), now);
        let posting = points::spend(&mut purse, id, why, amount)?;
        transfers::post(&mut tx, &posting).await.expect("a posting");
        tx.commit().await.expect("a commit");
        Ok(posting)
    }

    /// Gives a spending back; none if it is nobody's, or was given back before.
    pub async fn refund(&self, id: TransferId, now: Instant) -> Option<Posting> {
        let mut tx = self.write().await;
        let (mut purse, spent) = purses::lock_spent(&mut tx, self.member, id).await.expect("the purse")?;
        let why = occasion("取消兑换", SourceKind::Redemption, Uuid::now_v7(), now);
        let grace = Grace { days: 7, lot: LotId::new(Uuid::now_v7()) };
        let posting = points::refund(&mut purse, why, &spent, grace).ok()?;
        transfers::post(&mut tx, &posting).await.expect("a posting");
        tx.commit().await.expect("a commit");
        Some(posting)
    }

    /// Lets everything expire whose time has come, and says how many lots that were.
    pub async fn expire(&self, now: Instant) -> usize {
        let mut tx = self.write().await;
        let purses = purses::lock_expired(&mut tx, &[self.member].into(), now, 100).await.expect("the purse");
        let mut purse = purses.into_iter().next().expect("the purse");
        let lots: Vec<LotId> = purse.lots().iter().map(|lot| lot.id).collect();
        let expire = |lot: &LotId| {
            let why = occasion("积分到期", SourceKind::Lot, lot.uuid(), now);
            points::expire(&mut purse, why, *lot).expect("an expired lot")
        };
        let postings: Vec<Posting> = lots.iter().map(expire).collect();
        transfers::post_all(&mut tx, &postings).await.expect("postings");
        tx.commit().await.expect("a commit");
        postings.len()
    }

    pub async fn clawback(&self, earned: TransferId, amount: i64, now: Instant) -> Posting {
        let mut tx = self.write().await;
        let mut purse = purses::lock(&mut tx, self.member).await.expect("the purse");
        let why = occasion("虚假打卡追回", SourceKind::Transfer, earned.uuid(), now);
        let posting = points::clawback(&mut purse, why, earned, amount).expect("a sound clawback");
        transfers::post(&mut tx, &posting).await.expect("a posting");
        tx.commit().await.expect("a commit");
        posting
    }

    pub async fn balance(&self, now: Instant) -> accounts::Balance {
        accounts::balance(&self.database.read(), self.member, now).await.expect("a balance")
    }

    pub async fn execute(&self, sql: &str) -> Result<u64, sea_orm::DbErr> {
        Ok(self.raw.execute_unprepared(sql).await?.rows_affected())
    }

    /// Ends the test: the books must be sound.
    pub async fn close(self) {
        crate::invariants::assert_sound(&self.raw).await;
        self.raw.close().await.expect("the connection closes");
        self.database.close().await.expect("the database closes");
    }
}

/// Keeps the event that every credit must have.
async fn note_earning(
    tx: &mut WriteTx,
    member: MemberId,
    event: Uuid,
    transfer: TransferId,
    points: i64,
    debt_paid: i64,
    now: Instant,
) -> Result<(), StorageError> {
    use domain::points::{CreditDecision, EarnRule, RewardedEvent};
    let rulebook = rulebooks::in_force(tx, now).await?.id;
    let decision = CreditDecision {
        rule: EarnRule::Event(RewardedEvent::FirstResidency),
        timed_minutes: 0,
        made_up_minutes: 0,
        counted_minutes: 0,
        base_points: points,
        coefficient_bp: 10_000,
        uncapped_points: points,
        cap: None,
        points,
    };
    let source = Source { kind: SourceKind::Enrolment, id: event };
    let transfer = Some(transfer);
    let earned =
        storage::earn_events::EarnEvent { member, source, transfer, rulebook, decision, debt_paid, business_at: now };
    storage::earn_events::insert(tx, &earned).await
}

pub fn occasion(reason: &str, kind: SourceKind, id: Uuid, now: Instant) -> Occasion {
    let posted_at = now + chrono::Duration::nanoseconds(1_234_567);
    Occasion { reason: reason.into(), source: Source { kind, id }, actor: Actor::Job, business_at: now, posted_at }
}

/// The midnight that begins the given day of 2026, from 0.
pub fn at(day: u64) -> Instant {
    let first = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");
    start_of_day(first + chrono::Days::new(day))
}

async fn insert_member(tx: &mut WriteTx, id: MemberId, unit: NodeId, number: u32) {
    let vault = Vault::new(&BTreeMap::from([(1, [1; 32])]), &[2; 32]).expect("a vault");
    let member = Member {
        id,
        number: format!("PC{number:06}"),
        name: "张试".into(),
        phone_tail: String::new(),
        unit,
        category: MemberCategory::InService,
        state: MemberState::Active,
    };
    let phone = Phone::parse(&format!("139{number:08}")).expect("a phone");
    let joined_on = chrono::NaiveDate::default();
    let record = PartyRecord { organisation: "机关党支部".into(), joined_on };
    members::insert(tx, &vault, &member, &phone, &record, at(0)).await.expect("a member");
}

async fn create_database(admin: &str) -> String {
    let name = format!("ledger_{}", Uuid::now_v7().simple());
    let connection = connect(admin).await;
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    connection.close().await.expect("the connection closes");
    let (server, _) = admin.rsplit_once('/').expect("postgres://…/database");
    format!("{server}/{name}")
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite.foreign_keys(true).pragma("recursive_triggers", "ON").busy_timeout(std::time::Duration::from_secs(10))
    });
    sea_orm::Database::connect(options).await.expect("the test's database answers")
}
