//! A database of its own for each test, with a small tree and a few people in it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::Duration;
use domain::activity::{Activity, Plan, Proposal, Risk, RiskLevel, Session};
use domain::enrolment::{Applicant, Enrolment};
use domain::id::{ActivityId, ActivitySessionId, AdminId, EnrolmentId, MemberId, NodeId};
use domain::member::{Member, MemberCategory, MemberState};
use domain::official::Official;
use domain::organisation::{Node, NodeKind};
use domain::personal::{PartyRecord, Phone};
use domain::points::rulebook::Absence;
use domain::service::{ServiceKind, ServiceNature};
use domain::time::Instant;
use sea_orm::ConnectionTrait;
use storage::database::Pools;
use storage::{Database, Vault, activities, activity_sessions, enrolments, identities, members, organisations};
use uuid::Uuid;

pub struct World {
    pub db: Database,
    pub nodes: BTreeMap<&'static str, Node>,
    pub members: Vec<Member>,
    file: Option<PathBuf>,
}

/// Noon in Beijing.
pub fn now() -> Instant {
    "2026-11-24T04:00:00Z".parse().expect("an instant")
}

pub fn hours(hours: i64) -> Instant {
    now() + Duration::hours(hours)
}

pub fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

const NODES: [(&str, &str, NodeKind); 16] = [
    ("水泊寺街道", "", NodeKind::Subdistrict),
    ("兴文社区", "水泊寺街道", NodeKind::Community),
    ("文源社区", "水泊寺街道", NodeKind::Community),
    ("兴文苑小区", "兴文社区", NodeKind::Estate),
    ("新河湾小区", "文源社区", NodeKind::Estate),
    ("教育局", "", NodeKind::Unit),
    ("卫健局", "", NodeKind::Unit),
    // So many that paths reach two digits: `1/2/` must not cover `1/2x/`.
    ("四", "", NodeKind::Unit),
    ("五", "", NodeKind::Unit),
    ("六", "", NodeKind::Unit),
    ("七", "", NodeKind::Unit),
    ("八", "", NodeKind::Unit),
    ("九", "", NodeKind::Unit),
    ("大庆路街道", "", NodeKind::Subdistrict),
    ("局前社区", "大庆路街道", NodeKind::Community),
    ("局前苑小区", "局前社区", NodeKind::Estate),
];

impl World {
    pub async fn new() -> Self {
        let (url, file) = fresh().await;
        Database::migrate(&url).await.expect("it migrates");
        let db = Database::open(&url, Pools { read: 4, write: 8 }).await.expect("it opens");
        let mut world = Self { db, nodes: BTreeMap::new(), members: Vec::new(), file };
        world.fill().await;
        world
    }

    async fn fill(&mut self) {
        let mut tx = self.db.write().await.unwrap();
        let root = organisations::insert_root(&mut tx, new_id(), "平城区", now()).await.unwrap();
        self.nodes.insert("", root);
        for (name, parent, kind) in NODES {
            let parent = self.nodes[parent].id;
            let node = organisations::insert_below(&mut tx, parent, new_id(), kind, name, None, now()).await.unwrap();
            self.nodes.insert(name, node);
        }
        let vault = Vault::new(&BTreeMap::from([(1, [7; 32])]), &[8; 32]).unwrap();
        for (number, unit) in (1..).zip(["教育局", "教育局", "卫健局", "教育局", "卫健局"]) {
            let phone = Phone::parse(&format!("1380000{number:04}")).unwrap();
            let member = Member {
                id: new_id(),
                number: format!("PC{number:08}"),
                name: format!("张{number}"),
                phone_tail: phone.tail().into(),
                unit: self.node(unit),
                category: MemberCategory::InService,
                state: MemberState::Active,
            };
            let record = PartyRecord { organisation: "第一支部".into(), joined_on: now().date_naive() };
            members::insert(&mut tx, &vault, &member, &phone, &record, now()).await.unwrap();
            let open_id = format!("o{number}");
            let identity = identities::find_or_insert(&mut tx, "app", &open_id, None, now()).await.unwrap();
            identities::match_member(&mut tx, identity.id, member.id).await.unwrap();
            self.members.push(member);
        }
        tx.commit().await.unwrap();
    }

    pub fn node(&self, name: &str) -> NodeId {
        self.nodes[name].id
    }

    pub fn paths(&self, names: &[&str]) -> Vec<domain::organisation::NodePath> {
        names.iter().map(|name| self.nodes[*name].path.clone()).collect()
    }

    pub fn member(&self, index: usize) -> MemberId {
        self.members[index].id
    }

    /// A published activity of one session, led by the first member.
    pub async fn activity(&self, node: &str, title: &str, from: i64, to: i64, seats: i32) -> (Activity, Session) {
        let (mut activity, session) = self.proposal(node, title, from, to, seats).await;
        let proposer = Official::unlinked(activity.proposed_by);
        activity.publish(Official::unlinked(new_id()), proposer, None, hours(-99_999)).unwrap();
        let mut tx = self.db.write().await.unwrap();
        activities::update(&mut tx, &activity).await.unwrap();
        tx.commit().await.unwrap();
        (activity, session)
    }

    /// The same, waiting for review.
    pub async fn proposal(&self, node: &str, title: &str, from: i64, to: i64, seats: i32) -> (Activity, Session) {
        let plan =
            Plan { starts_at: hours(from), ends_at: hours(to), enrolment_closes_at: hours(from), capacity: seats };
        let proposal = Proposal {
            title: title.into(),
            kind: ServiceKind::General,
            nature: ServiceNature::Voluntary,
            own_duty: false,
            emergency_declaration: None,
            description: "清理三号楼楼道堆放的杂物".into(),
            place: "三号楼前".into(),
            risk: Risk { level: RiskLevel::Low, notice: None, insurance: None },
            qualification: None,
            plans: vec![plan.clone()],
        };
        let long_ago = plan.starts_at - Duration::days(1);
        let (id, by): (ActivityId, AdminId) = (new_id(), new_id());
        let activity =
            Activity::propose(id, proposal, &self.nodes[node], &self.members[0], by, long_ago).expect("a proposal");
        let session = Session::planned(ActivitySessionId::new(Uuid::now_v7()), id, &plan);
        let mut tx = self.db.write().await.unwrap();
        activities::insert(&mut tx, &activity).await.unwrap();
        activity_sessions::insert_all(&mut tx, std::slice::from_ref(&session)).await.unwrap();
        tx.commit().await.unwrap();
        (activity, session)
    }

    /// Enrols a member as the use case does.
    pub async fn enrol(&self, member: usize, (activity, session): &(Activity, Session)) -> Enrolment {
        let member = self.member(member);
        let mut tx = self.db.write().await.unwrap();
        let mut session = activity_sessions::lock(&mut tx, session.id).await.unwrap().unwrap();
        let taken = session.enrolled;
        let rules = Absence::default();
        let applicant = Applicant { member, is_resident: true, engagements: &[], absences: &[], rules: &rules };
        let early = session.starts_at - Duration::days(1);
        let id: EnrolmentId = new_id();
        let enrolment = Enrolment::enrol(id, applicant, activity, &mut session, None, early).unwrap();
        enrolments::insert(&mut tx, &enrolment).await.unwrap();
        activity_sessions::change_seats(&mut tx, session.id, session.enrolled - taken).await.unwrap();
        tx.commit().await.unwrap();
        enrolment
    }

    /// Changes an enrolment and keeps it.
    pub async fn change(&self, enrolment: &Enrolment, change: impl FnOnce(&mut Enrolment)) {
        let mut tx = self.db.write().await.unwrap();
        let mut enrolment = enrolments::lock_any(&mut tx, enrolment.id).await.unwrap().unwrap();
        change(&mut enrolment);
        enrolments::update(&mut tx, &enrolment).await.unwrap();
        tx.commit().await.unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            for suffix in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
            }
        }
    }
}

async fn fresh() -> (String, Option<PathBuf>) {
    let name = format!("service_{}", Uuid::now_v7().simple());
    let Ok(admin) = std::env::var("ZHIXIANG_TEST_DATABASE_URL") else {
        let file = std::env::temp_dir().join(format!("{name}.db"));
        return (format!("sqlite://{}", file.display()), Some(file));
    };
    let connection = sea_orm::Database::connect(&admin).await.expect("the server answers");
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    connection.close().await.expect("closed");
    let (server, _) = admin.rsplit_once('/').expect("postgres://…/database");
    (format!("{server}/{name}"), None)
}
