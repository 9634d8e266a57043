//! A database of its own for each test, with a small tree, two merchants and a few members with points.

use std::collections::BTreeMap;

use chrono::Duration;
use domain::id::{AdminId, IdentityId, LotId, MemberId, StaffId, TransferId};
use domain::member::{Member, MemberCategory, MemberState};
use domain::merchant::{Merchant, MerchantCategory, MerchantState, Staff, Store, StoreState};
use domain::offer::{FundingSource, Offer, OfferState, Promise};
use domain::organisation::{Node, NodeKind, NodePath};
use domain::personal::{PartyRecord, Phone};
use domain::points::{self, Actor, Grant, Occasion, Rulebook, Source, SourceKind};
use domain::redemption::{Redemption, Usage, Wish, redeem};
use domain::time::Instant;
use sea_orm::ConnectionTrait;
use storage::database::Pools;
use storage::{
    Database, Vault, identities, members, merchants, offers, organisations, purses, redemptions, staff, stores,
    transfers,
};
use tempfile::TempDir;
use uuid::Uuid;

pub struct World {
    pub db: Database,
    pub nodes: BTreeMap<&'static str, Node>,
    pub members: Vec<Member>,
    identities: Vec<IdentityId>,
    _directory: TempDir,
}

/// Noon in Beijing.
pub fn now() -> Instant {
    "2026-11-24T04:00:00Z".parse().expect("an instant")
}

pub fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

/// So many subdistricts that paths reach two digits: `1/1/` must not cover `1/10/`.
const SUBDISTRICTS: [&str; 10] = ["水泊寺", "大庆路", "三", "四", "五", "六", "七", "八", "九", "南关"];

impl World {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = match std::env::var("ZHIXIANG_TEST_DATABASE_URL") {
            Ok(admin) => create_database(&admin).await,
            Err(_) => format!("sqlite://{}", directory.path().join("mall.db").display()),
        };
        Database::migrate(&url).await.expect("it migrates");
        let db = Database::open(&url, Pools { read: 4, write: 8 }).await.expect("it opens");
        let (nodes, members, identities) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut world = Self { db, nodes, members, identities, _directory: directory };
        world.fill().await;
        world
    }

    async fn fill(&mut self) {
        let mut tx = self.db.write().await.unwrap();
        let root = organisations::insert_root(&mut tx, new_id(), "平城区", now()).await.unwrap();
        for name in SUBDISTRICTS {
            let kind = NodeKind::Subdistrict;
            let node = organisations::insert_below(&mut tx, root.id, new_id(), kind, name, None, now()).await.unwrap();
            self.nodes.insert(name, node);
        }
        self.nodes.insert("平城区", root);
        let vault = Vault::new(&BTreeMap::from([(1, [7; 32])]), &[8; 32]).unwrap();
        for number in 1..=3 {
            let phone = Phone::parse(&format!("1380000{number:04}")).unwrap();
            let member = Member {
                id: new_id(),
                number: format!("PC{number:08}"),
                name: format!("张{number}"),
                phone_tail: phone.tail().into(),
                unit: self.nodes["平城区"].id,
                category: MemberCategory::InService,
                state: MemberState::Active,
            };
            let record = PartyRecord { organisation: "第一支部".into(), joined_on: now().date_naive() };
            members::insert(&mut tx, &vault, &member, &phone, &record, now()).await.unwrap();
            let open_id = format!("o{number}");
            let identity = identities::find_or_insert(&mut tx, "app", &open_id, None, now()).await.unwrap();
            self.identities.push(identity.id);
            self.members.push(member);
        }
        tx.commit().await.unwrap();
        for member in self.members.clone() {
            self.credit(member.id, 100_000).await;
        }
    }

    async fn credit(&self, member: MemberId, amount: i64) {
        let mut tx = self.db.write().await.unwrap();
        let mut purse = purses::lock_accounts(&mut tx, member).await.unwrap();
        let source = Source { kind: SourceKind::Enrolment, id: Uuid::now_v7() };
        let id = TransferId::of_earning(source.kind, source.id, member);
        let occasion =
            Occasion { reason: "活动".into(), source, actor: Actor::Job, business_at: now(), posted_at: now() };
        let grant = Grant { lot: new_id(), expires_at: None };
        let credited = points::credit(&mut purse, id, occasion, amount, grant).unwrap();
        transfers::post(&mut tx, &credited.posting).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub fn paths(&self, names: &[&str]) -> Vec<NodePath> {
        names.iter().map(|name| self.nodes[*name].path.clone()).collect()
    }

    pub fn member(&self, index: usize) -> MemberId {
        self.members[index].id
    }

    pub fn identity(&self, index: usize) -> IdentityId {
        self.identities[index]
    }

    pub async fn merchant(&self, node: &str, name: &str) -> Merchant {
        let merchant = Merchant {
            id: new_id(),
            node: self.nodes[node].id,
            name: name.into(),
            category: MerchantCategory::Food,
            introduction: "老字号".into(),
            state: MerchantState::Active,
            regulator: None,
        };
        self.keep(merchant).await
    }

    pub async fn keep(&self, merchant: Merchant) -> Merchant {
        let mut tx = self.db.write().await.unwrap();
        merchants::insert(&mut tx, &merchant, now()).await.unwrap();
        tx.commit().await.unwrap();
        merchant
    }

    pub async fn store(&self, merchant: &Merchant, name: &str) -> Store {
        let store = Store {
            id: new_id(),
            merchant: merchant.id,
            name: name.into(),
            address: "迎宾街 1 号".into(),
            phone: "0352-0000000".into(),
            opening_hours: "8:00 至 20:00".into(),
            state: StoreState::Open,
        };
        let mut tx = self.db.write().await.unwrap();
        stores::insert(&mut tx, &store, now()).await.unwrap();
        tx.commit().await.unwrap();
        store
    }

    pub async fn staff(&self, store: &Store, index: usize, name: &str) -> Staff {
        let staff = Staff { id: new_id::<StaffId>(), merchant: store.merchant, store: store.id, name: name.into() };
        let mut tx = self.db.write().await.unwrap();
        staff::insert(&mut tx, &staff, self.identity(index), now()).await.unwrap();
        tx.commit().await.unwrap();
        staff
    }

    /// A listed offer; change what matters before it is kept.
    pub async fn offer(&self, merchant: &Merchant, title: &str, price: i64, change: impl FnOnce(&mut Offer)) -> Offer {
        let promise = Promise {
            title: title.into(),
            category: MerchantCategory::Food,
            description: "堂食".into(),
            terms: "每桌限用一张".into(),
            price,
            face_value_fen: 1_500,
            funding: FundingSource::MerchantBorne,
            stock: 7,
            limit_per_member: None,
            voucher_days: 30,
            ends_at: None,
        };
        let mut offer = Offer::draft(new_id(), merchant.id, promise, new_id::<AdminId>());
        offer.state = OfferState::Listed;
        change(&mut offer);
        let mut tx = self.db.write().await.unwrap();
        offers::insert(&mut tx, &offer, now()).await.unwrap();
        tx.commit().await.unwrap();
        offer
    }

    /// Redeems as the use case does, but without limits.
    pub async fn redeem(&self, member: usize, offer: &Offer, at: Instant) -> Option<Redemption> {
        let member = self.member(member);
        let mut rules = Rulebook::default_rules();
        rules.eligibility.spend_verified_minutes = 0;
        (rules.redemption.per_item_per_quarter, rules.redemption.per_month) = (0, 0);
        rules.redemption.value_cap_year_fen = 0;
        let mut tx = self.db.write().await.unwrap();
        let (offer, merchant) = offers::find_any(&tx, offer.id).await.unwrap().unwrap();
        let mut purse = purses::lock(&mut tx, member).await.unwrap();
        let id = new_id();
        let wish = Wish {
            id,
            transfer: new_id(),
            unit: self.nodes["水泊寺"].id,
            offer: &offer,
            merchant: &merchant,
            usage: Usage::default(),
            rules: &rules,
            now: at,
            posted_at: at,
        };
        let (redemption, posting) = redeem(&mut purse, wish).ok()?;
        transfers::post(&mut tx, &posting).await.unwrap();
        redemptions::insert(&mut tx, &redemption, code_hash(&redemption)).await.unwrap();
        if !offers::take_one(&mut tx, offer.id, offer.promise.price).await.unwrap() {
            return None;
        }
        tx.commit().await.unwrap();
        Some(redemption)
    }

    /// Gives a redemption back as the use case does; whether it was open.
    pub async fn cancel(&self, redemption: &Redemption, at: Instant) -> bool {
        let mut tx = self.db.write().await.unwrap();
        let mut redemption = redemptions::lock_any(&mut tx, redemption.id).await.unwrap().unwrap();
        if redemption.cancel(at).is_err() {
            return false;
        }
        let (member, transfer) = (redemption.member, redemption.transfer);
        let (mut purse, spent) = purses::lock_spent(&mut tx, member, transfer).await.unwrap().unwrap();
        let grace = points::Grace { days: 7, lot: new_id::<LotId>() };
        let posting = redemption.refund(&mut purse, &spent, grace, Actor::Job, at).unwrap();
        transfers::post(&mut tx, &posting).await.unwrap();
        assert!(redemptions::close(&mut tx, &redemption).await.unwrap());
        offers::give_one_back(&mut tx, redemption.offer).await.unwrap();
        tx.commit().await.unwrap();
        true
    }

    pub async fn stock_left(&self, offer: &Offer) -> i64 {
        offers::find_any(&self.db.read(), offer.id).await.unwrap().unwrap().0.stock_left
    }
}

/// Stands for the keyed hash of the voucher's code.
pub fn code_hash(redemption: &Redemption) -> [u8; 32] {
    domain::voucher::lookup_hash(&[9; 32], &domain::voucher::code(&[9; 32], redemption.id))
}

/// The first instant of a Beijing day, some seconds on.
pub fn beijing(day: &str, seconds: i64) -> Instant {
    domain::time::start_of_day(day.parse().expect("a day")) + Duration::seconds(seconds)
}

async fn create_database(admin: &str) -> String {
    let name = format!("mall_{}", Uuid::now_v7().simple());
    let connection = sea_orm::Database::connect(admin).await.expect("the server answers");
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    connection.close().await.expect("closed");
    let (server, _) = admin.rsplit_once('/').expect("postgres://…/database");
    format!("{server}/{name}")
}
