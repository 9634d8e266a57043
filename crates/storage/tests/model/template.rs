//! A database with everybody and everything that the stories need, copied for each of them.

use std::collections::BTreeMap;

use domain::id::{AdminId, MemberId, NodeId, OfferId, StaffId};
use domain::member::{Member, MemberCategory, MemberState};
use domain::merchant::{Merchant, MerchantCategory, MerchantState, Staff, Store, StoreState};
use domain::offer::{FundingSource, Offer, OfferState, Promise};
use domain::personal::{PartyRecord, Phone};
use domain::time::Instant;
use sea_orm::ConnectionTrait;
use storage::admins::{self, Admin};
use storage::database::Pools;
use storage::{
    Database, Vault, WriteTx, accounts, identities, members, merchants, offers, organisations, staff, stores,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::model::Shelf;

/// The template, and who is in it.
pub struct Template {
    pub cast: Cast,
    admin: Option<String>,
    name: String,
    directory: TempDir,
}

/// Everybody and everything, by number.
#[derive(Clone)]
pub struct Cast {
    pub members: Vec<MemberId>,
    pub offers: Vec<OfferId>,
    /// Somebody of the merchant whose the offers are, and somebody of another.
    pub staff: [Staff; 2],
    /// Who decides.
    pub admin: AdminId,
    /// The district, which is the members' community too.
    pub node: NodeId,
}

impl Template {
    /// Migrates a database and fills it. `ZHIXIANG_TEST_DATABASE_URL` names a server; else it is an SQLite file.
    pub async fn build(shelves: &[Shelf]) -> Self {
        let admin = std::env::var("ZHIXIANG_TEST_DATABASE_URL").ok();
        let directory = tempfile::tempdir().expect("a directory");
        let name = format!("model_{}", Uuid::now_v7().simple());
        let cast = Cast {
            members: Vec::new(),
            offers: Vec::new(),
            staff: [nobody(), nobody()],
            admin: new_id(),
            node: new_id(),
        };
        let mut template = Self { cast, admin, name, directory };
        if let Some(admin) = &template.admin {
            run(admin, &format!("CREATE DATABASE {}", template.name)).await;
        }
        let url = template.url(&template.name);
        Database::migrate(&url).await.expect("the schema");
        let database = Database::open(&url, Pools { read: 1, write: 1 }).await.expect("the database");
        let mut tx = database.write().await.expect("a transaction");
        template.cast = fill(&mut tx, shelves).await;
        tx.commit().await.expect("a commit");
        database.close().await.expect("nobody is connected");
        template
    }

    /// A copy of its own; answers its address.
    pub async fn copy(&self) -> String {
        let copy = format!("story_{}", Uuid::now_v7().simple());
        match &self.admin {
            Some(admin) => run(admin, &format!("CREATE DATABASE {copy} TEMPLATE {}", self.name)).await,
            None => drop(std::fs::copy(self.file(&self.name), self.file(&copy)).expect("the file copies")),
        }
        self.url(&copy)
    }

    /// Removes a copy to which nobody is connected.
    pub async fn remove(&self, url: &str) {
        let (_, name) = url.rsplit_once('/').expect("an address");
        match &self.admin {
            Some(admin) => run(admin, &format!("DROP DATABASE {name}")).await,
            None => std::fs::remove_file(self.directory.path().join(name)).expect("the file goes"),
        }
    }

    /// Removes the template.
    pub async fn close(self) {
        self.remove(&self.url(&self.name)).await;
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        match &self.admin {
            Some(admin) => {
                let (server, _) = admin.rsplit_once('/').expect("postgres://…/database");
                format!("{server}/{name}")
            }
            None => format!("sqlite://{}", self.file(name).display()),
        }
    }
}

async fn run(admin: &str, sql: &str) {
    let connection = sea_orm::Database::connect(admin).await.expect("the server answers");
    connection.execute_unprepared(sql).await.expect(sql);
    connection.close().await.expect("the connection closes");
}

fn then() -> Instant {
    Instant::UNIX_EPOCH
}

fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

fn nobody() -> Staff {
    Staff { id: new_id(), merchant: new_id(), store: new_id(), name: String::new() }
}

async fn fill(tx: &mut WriteTx, shelves: &[Shelf]) -> Cast {
    let district = new_id();
    organisations::insert_root(tx, district, "平城区", then()).await.expect("the district");
    let vault = Vault::new(&BTreeMap::from([(1, [1; 32])]), &[2; 32]).expect("a vault");
    let mut people = Vec::new();
    for number in 0..crate::MEMBERS {
        let member = Member {
            id: new_id(),
            number: format!("PC{number:06}"),
            name: "张试".into(),
            phone_tail: String::new(),
            unit: district,
            category: MemberCategory::InService,
            state: MemberState::Active,
        };
        let phone = Phone::parse(&format!("139{number:08}")).expect("a phone");
        let record = PartyRecord { organisation: "机关党支部".into(), joined_on: then().date_naive() };
        members::insert(tx, &vault, &member, &phone, &record, then()).await.expect("a member");
        people.push(member.id);
    }
    accounts::open_many(tx, &people).await.expect("their accounts");
    let mut staff = Vec::new();
    for name in ["德胜面馆", "新华书店"] {
        staff.push(shop(tx, district, name).await);
    }
    let [own, other] = staff.try_into().expect("two shops");
    let mut shelf = Vec::new();
    for what in shelves {
        shelf.push(offer(tx, &own, what).await);
    }
    let admin = admin(tx, &vault).await;
    Cast { members: people, offers: shelf, staff: [own, other], admin, node: district }
}

async fn shop(tx: &mut WriteTx, node: NodeId, name: &str) -> Staff {
    let merchant = Merchant {
        id: new_id(),
        node,
        name: name.into(),
        category: MerchantCategory::Food,
        introduction: "老字号".into(),
        state: MerchantState::Active,
        regulator: None,
    };
    merchants::insert(tx, &merchant, then()).await.expect("a merchant");
    let store = Store {
        id: new_id(),
        merchant: merchant.id,
        name: "总店".into(),
        address: "迎宾街 1 号".into(),
        phone: "0352-0000000".into(),
        opening_hours: "8:00 至 20:00".into(),
        state: StoreState::Open,
    };
    stores::insert(tx, &store, then()).await.expect("a store");
    let person = identities::find_or_insert(tx, "app", name, None, then()).await.expect("an identity");
    let clerk = Staff { id: new_id::<StaffId>(), merchant: merchant.id, store: store.id, name: "王芳".into() };
    staff::insert(tx, &clerk, person.id, then()).await.expect("a clerk");
    clerk
}

async fn admin(tx: &mut WriteTx, vault: &Vault) -> AdminId {
    let admin = Admin {
        id: new_id(),
        account: "district".into(),
        name: "区级管理员".into(),
        password_hash: "nobody signs in".into(),
        totp_secret: "nobody".into(),
        totp_last_step: 0,
        totp_confirmed: true,
        must_change_password: false,
        password_expires_at: None,
        member: None,
        failures: 0,
        locked_until: None,
        active: true,
        demo: false,
    };
    admins::insert(tx, vault, &admin, then()).await.expect("an admin");
    admin.id
}

async fn offer(tx: &mut WriteTx, clerk: &Staff, what: &Shelf) -> OfferId {
    let promise = Promise {
        title: "刀削面".into(),
        category: MerchantCategory::Food,
        description: "堂食".into(),
        terms: "每桌限用一张".into(),
        price: what.price,
        face_value_fen: what.fen,
        funding: FundingSource::MerchantBorne,
        stock: what.total,
        limit_per_member: what.limit.map(|limit| i32::try_from(limit).expect("a small limit")),
        voucher_days: i32::try_from(what.days).expect("a few days"),
        ends_at: None,
    };
    let mut offer = Offer::draft(new_id(), clerk.merchant, promise, new_id::<AdminId>());
    offer.state = OfferState::Listed;
    offers::insert(tx, &offer, then()).await.expect("an offer");
    offer.id
}
