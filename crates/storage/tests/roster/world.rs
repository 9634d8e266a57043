//! A database of its own for each test, with three units in it.

use std::collections::BTreeMap;

use domain::id::{IdentityId, MemberId, NodeId};
use domain::member::{Member, MemberCategory, MemberState};
use domain::organisation::{Node, NodeKind, NodePath};
use domain::personal::{PartyRecord, Phone};
use domain::time::Instant;
use sea_orm::ConnectionTrait;
use storage::database::Pools;
use storage::members::Entry;
use storage::{Database, Vault, identities, members, organisations};
use tempfile::TempDir;
use uuid::Uuid;

pub struct World {
    pub db: Database,
    pub vault: Vault,
    pub nodes: BTreeMap<&'static str, Node>,
    pub url: String,
    _directory: TempDir,
}

/// Noon in Beijing.
pub fn now() -> Instant {
    "2026-11-24T04:00:00Z".parse().expect("an instant")
}

pub fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

pub fn phone(number: u32) -> Phone {
    Phone::parse(&format!("138{number:08}")).expect("a phone number")
}

// So many that paths reach two digits: `1/1/` must not cover `1/10/`.
const UNITS: [&str; 11] = ["教育局", "卫健局", "三", "四", "五", "六", "七", "八", "九", "十", "文旅局"];

impl World {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = match std::env::var("ZHIXIANG_TEST_DATABASE_URL") {
            Ok(admin) => create_database(&admin).await,
            Err(_) => format!("sqlite://{}", directory.path().join("roster.db").display()),
        };
        Database::migrate(&url).await.expect("it migrates");
        let db = Database::open(&url, Pools { read: 4, write: 8 }).await.expect("it opens");
        let vault = Vault::new(&BTreeMap::from([(1, [7; 32])]), &[8; 32]).expect("a key");
        let mut tx = db.write().await.unwrap();
        let root = organisations::insert_root(&mut tx, new_id(), "平城区", now()).await.unwrap();
        let kind = NodeKind::Subdistrict;
        let street = organisations::insert_below(&mut tx, root.id, new_id(), kind, "水泊寺街道", None, now()).await;
        let (street, kind) = (street.unwrap(), NodeKind::Community);
        let community = organisations::insert_below(&mut tx, street.id, new_id(), kind, "文源社区", None, now()).await;
        let community = community.unwrap();
        let root_id = root.id;
        let mut nodes = BTreeMap::from([("", root), ("水泊寺街道", street), ("文源社区", community)]);
        for name in UNITS {
            let unit = organisations::insert_below(&mut tx, root_id, new_id(), NodeKind::Unit, name, None, now()).await;
            nodes.insert(name, unit.unwrap());
        }
        tx.commit().await.unwrap();
        Self { db, vault, nodes, url, _directory: directory }
    }

    pub fn node(&self, name: &str) -> NodeId {
        self.nodes[name].id
    }

    pub fn paths(&self, names: &[&str]) -> Vec<NodePath> {
        names.iter().map(|name| self.nodes[*name].path.clone()).collect()
    }

    /// A member of the unit, not kept yet; the number decides name and phone.
    pub fn entry(&self, number: u32, unit: &str) -> Entry {
        let phone = phone(number);
        let member = Member {
            id: new_id(),
            number: format!("PC{number:08}"),
            name: format!("张{number}"),
            phone_tail: phone.tail().into(),
            unit: self.node(unit),
            category: MemberCategory::InService,
            state: MemberState::Active,
        };
        let record = PartyRecord { organisation: "第一支部".into(), joined_on: "2012-07-01".parse().unwrap() };
        Entry { member, phone, record }
    }

    /// Keeps members.
    pub async fn keep(&self, entries: &[Entry]) {
        let mut tx = self.db.write().await.unwrap();
        members::insert_many(&mut tx, &self.vault, entries, now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A WeChat user, matched to the member if there is one.
    pub async fn identity(&self, open_id: &str, member: Option<MemberId>) -> IdentityId {
        let mut tx = self.db.write().await.unwrap();
        let identity = identities::find_or_insert(&mut tx, "app", open_id, None, now()).await.unwrap();
        if let Some(member) = member {
            identities::match_member(&mut tx, identity.id, member).await.unwrap();
        }
        tx.commit().await.unwrap();
        identity.id
    }
}

async fn create_database(admin: &str) -> String {
    let name = format!("roster_{}", Uuid::now_v7().simple());
    let connection = sea_orm::Database::connect(admin).await.expect("the server answers");
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    connection.close().await.expect("closed");
    let (server, _) = admin.rsplit_once('/').expect("postgres://…/database");
    format!("{server}/{name}")
}
