//! The small world: two branches of the tree, two units of which one is paired, an admin of every role, and a few members.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use api::auth::{password, totp};
use api::state::App;
use domain::id::{AdminId, MemberId, NodeId, RoleGrantId};
use domain::member::{Member, MemberCategory, MemberState};
use domain::organisation::NodeKind;
use domain::personal::{PartyRecord, Phone};
use domain::role::Role;
use storage::admins::Admin;
use storage::{WriteTx, admins, members, organisations, role_grants, unit_pairings};
use uuid::Uuid;

/// The password of every admin of the world.
pub const PASSWORD: &str = "秋水长天-落霞孤鹜-2026";

static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| password::hash(PASSWORD).expect("a hash"));

/// Ids by the names that stories use.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Nodes: `district`, `shuiposi`, `daqinglu`, `xingwen`, `wenyuan`, `jueqian`, `xinhewan`, `xingwenyuan`,
    /// `jueqianyuan`, `education`, `health`.
    pub nodes: BTreeMap<&'static str, NodeId>,
    /// Admins by account.
    pub admins: BTreeMap<&'static str, AdminId>,
    /// Members with their phone numbers: `zhang`, `li`, `wang`, `zhao` of `education`, `liu`, `chen` of `health`.
    pub members: BTreeMap<&'static str, (MemberId, String)>,
}

impl World {
    /// A node's id.
    pub fn node(&self, name: &str) -> NodeId {
        *self.nodes.get(name).unwrap_or_else(|| panic!("no node {name} in the world"))
    }

    /// A member's id.
    pub fn member(&self, name: &str) -> MemberId {
        self.members.get(name).unwrap_or_else(|| panic!("no member {name} in the world")).0
    }

    /// A member's phone number.
    pub fn phone(&self, name: &str) -> &str {
        &self.members.get(name).unwrap_or_else(|| panic!("no member {name} in the world")).1
    }
}

const NODES: [(&str, &str, NodeKind, &str); 10] = [
    ("shuiposi", "district", NodeKind::Subdistrict, "水泊寺街道"),
    ("daqinglu", "district", NodeKind::Subdistrict, "大庆路街道"),
    ("xingwen", "shuiposi", NodeKind::Community, "兴文社区"),
    ("wenyuan", "shuiposi", NodeKind::Community, "文源社区"),
    ("jueqian", "daqinglu", NodeKind::Community, "局前社区"),
    ("xingwenyuan", "xingwen", NodeKind::Estate, "兴文苑小区"),
    ("xinhewan", "wenyuan", NodeKind::Estate, "新河湾小区"),
    ("jueqianyuan", "jueqian", NodeKind::Estate, "局前苑小区"),
    ("education", "district", NodeKind::Unit, "平城区教育局"),
    ("health", "district", NodeKind::Unit, "平城区卫生健康局"),
];

const ADMINS: [(&str, Role, &str); 12] = [
    ("district", Role::District, "district"),
    ("subdistrict", Role::Subdistrict, "shuiposi"),
    ("community", Role::Community, "wenyuan"),
    ("second-community", Role::Community, "wenyuan"),
    ("other-community", Role::Community, "jueqian"),
    ("estate", Role::Estate, "xinhewan"),
    ("unit", Role::Unit, "education"),
    ("other-unit", Role::Unit, "health"),
    ("merchant", Role::MerchantRelations, "district"),
    ("system", Role::SystemAdmin, "district"),
    ("security", Role::SecurityAdmin, "district"),
    ("auditor", Role::Auditor, "district"),
];

const MEMBERS: [(&str, &str, &str); 6] = [
    ("zhang", "张建国", "education"),
    ("li", "李秀英", "education"),
    ("wang", "王志强", "education"),
    ("zhao", "赵春梅", "education"),
    ("liu", "刘卫东", "health"),
    ("chen", "陈晓燕", "health"),
];

/// Fills the database with the small world.
pub async fn seed(app: &App) -> World {
    let now = app.clock.business();
    let mut world = World::default();
    let mut tx = app.database.write().await.expect("a transaction");
    let root = organisations::insert_root(&mut tx, new_id(), "平城区", now).await.expect("the district");
    world.nodes.insert("district", root.id);
    for (name, parent, kind, title) in NODES {
        let parent = world.node(parent);
        let node = organisations::insert_below(&mut tx, parent, new_id(), kind, title, None, now).await.expect(title);
        world.nodes.insert(name, node.id);
    }
    let (unit, community) = (world.node("education"), world.node("wenyuan"));
    unit_pairings::insert(&mut tx, Uuid::now_v7(), unit, community, now).await.expect("a pairing");
    for (account, role, node) in ADMINS {
        let node = world.node(node);
        let id = admin(app, &mut tx, account, role, node).await;
        world.admins.insert(account, id);
    }
    for (number, (name, title, unit)) in (1..).zip(MEMBERS) {
        let unit = world.node(unit);
        let phone = format!("1380000{number:04}");
        let id = member(app, &mut tx, number, title, &phone, unit).await;
        world.members.insert(name, (id, phone));
    }
    tx.commit().await.expect("the world is kept");
    world
}

/// Adds an admin.
pub async fn admin(app: &App, tx: &mut WriteTx, account: &str, role: Role, node: NodeId) -> AdminId {
    let now = app.clock.wall();
    let admin = Admin {
        id: new_id(),
        account: account.into(),
        name: format!("{account} 管理员"),
        password_hash: PASSWORD_HASH.clone(),
        totp_secret: totp::new_secret(),
        totp_last_step: 0,
        totp_confirmed: true,
        must_change_password: false,
        password_expires_at: None,
        member: None,
        failures: 0,
        locked_until: None,
        active: true,
        demo: true,
    };
    admins::insert(tx, &app.vault, &admin, now).await.expect("an admin");
    role_grants::insert(tx, new_id::<RoleGrantId>(), admin.id, role, node, None, now).await.expect("a grant");
    admin.id
}

/// Adds a member to the roster.
pub async fn member(app: &App, tx: &mut WriteTx, number: u32, name: &str, phone: &str, unit: NodeId) -> MemberId {
    let phone = Phone::parse(phone).expect("a phone number");
    let member = Member {
        id: new_id(),
        number: format!("PC{number:08}"),
        name: name.into(),
        phone_tail: phone.tail().into(),
        unit,
        category: MemberCategory::InService,
        state: MemberState::Active,
    };
    let joined_on = chrono::NaiveDate::from_ymd_opt(2012, 7, 1).expect("a day");
    let record = PartyRecord { organisation: "机关第一党支部".into(), joined_on };
    members::insert(tx, &app.vault, &member, &phone, &record, app.clock.business()).await.expect("a member");
    member.id
}

fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}
