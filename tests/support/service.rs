//! Service as stories need it: residents, published activities, the lead's codes.

use chrono::Duration;
use domain::id::{MemberId, ResidencyId};
use domain::official::Official;
use domain::residency::{Declaration, Residency};
use domain::session::{Audience, Holder};
use domain::time::{Instant, beijing};
use serde_json::{Value, json};
use storage::{members, organisations, residencies};
use uuid::Uuid;

use crate::app::TestApp;
use crate::client::{Client, key};
use crate::world;

impl TestApp {
    /// A member of the world whom a community has accepted, signed in.
    pub async fn resident(&self, name: &str) -> Client {
        self.settle(self.world.member(name)).await;
        self.member(name).await
    }

    /// So many further members with an accepted residency, signed in.
    pub async fn residents(&self, count: u32) -> Vec<Client> {
        let mut clients = Vec::new();
        for number in 1..=count {
            let mut tx = self.state.database.write().await.expect("a transaction");
            let phone = format!("1390000{number:04}");
            let unit = self.world.node("health");
            let member = world::member(&self.state, &mut tx, 1000 + number, "党员", &phone, unit).await;
            tx.commit().await.expect("kept");
            let identity = self.identity_of(&format!("resident-{number}"), Some(member)).await;
            self.settle(member).await;
            clients.push(self.signed_in(Audience::Member, Holder::Identity(identity)).await);
        }
        clients
    }

    /// Gives a member an accepted residency in 新河湾小区, without the points that come with it.
    pub async fn settle(&self, member: MemberId) {
        let now = self.state.clock.business();
        let mut tx = self.state.database.write().await.expect("a transaction");
        let member = members::find(&tx, member).await.expect("an answer").expect("the member");
        let estate = organisations::find(&tx, self.world.node("xinhewan")).await.expect("an answer").expect("a node");
        let declaration = Declaration { building: "3号楼".into(), skills: Vec::new(), wishes: Vec::new() };
        let id = ResidencyId::new(Uuid::now_v7());
        let mut residency = Residency::report(id, &member, &estate, declaration, None, now).expect("a report");
        let by = Official { admin: self.admin_id("unit"), member: None };
        residency.confirm(by, now).expect("confirmed");
        residency.accept(by, now).expect("accepted");
        residencies::insert(&mut tx, &residency).await.expect("a residency");
        tx.commit().await.expect("kept");
    }

    /// A proposal of 新河湾小区 for one session between these hours from now, led by 张建国.
    pub fn proposal(&self, from: i64, to: i64, capacity: i32) -> Value {
        json!({
            "organisation_id": self.world.node("xinhewan"),
            "title": "周末清理楼道",
            "kind": "general",
            "nature": "voluntary",
            "description": "清理三号楼楼道堆放的杂物，请自备手套",
            "place": "新河湾小区东门",
            "risk_level": "low",
            "lead_member_id": self.world.member("zhang"),
            "sessions": [{
                "starts_at": self.time(Duration::hours(from)),
                "ends_at": self.time(Duration::hours(to)),
                "capacity": capacity,
            }],
        })
    }

    /// Proposes as the estate and publishes as the community; answers the activity's id.
    pub async fn published(&self, proposal: &Value) -> String {
        let activity = self.admin("estate").await.post("/admin/activities", proposal).await.expect(201);
        let id = activity["id"].as_str().expect("an id").to_owned();
        let publication = format!("/admin/activities/{id}/publication");
        self.admin("community").await.post(&publication, &json!({})).await.expect(200);
        id
    }

    /// A published activity of one session between these hours from now, led by 张建国.
    pub async fn activity(&self, from: i64, to: i64, capacity: i32) -> String {
        self.published(&self.proposal(from, to, capacity)).await
    }

    /// Serves the two hours of a session that begins in an hour, led by 张建国, who confirms it as well done; answers the
    /// enrolment's id.
    pub async fn serve_session(&self, client: &Client, activity: &str) -> String {
        let enrolled = enrol(client, activity).await.expect(201);
        self.advance("50m").await;
        let code = json!({ "code": self.shown_code(activity, "in").await });
        client.post("/member/check-ins", &code).await.expect(200);
        self.advance("130m").await;
        let code = json!({ "code": self.shown_code(activity, "out").await });
        client.post("/member/check-outs", &code).await.expect(200);
        let one = json!({ "enrolment_id": enrolled["id"], "evaluation": "b" });
        let path = format!("/member/led-activities/{activity}/confirmation");
        self.member("zhang").await.post(&path, &json!({ "attendances": [one] })).await.expect(200);
        enrolled["id"].as_str().expect("an id").to_owned()
    }

    /// Approves or, with a reason, refuses confirmed service as this admin.
    pub async fn review(&self, account: &str, enrolment: &str, reason: Option<&str>) {
        let one = json!({ "enrolment_id": enrolment, "approved": reason.is_none(), "reason": reason });
        let body = json!({ "attendances": [one] });
        self.admin(account).await.post("/admin/attendances/review", &body).await.expect(200);
    }

    /// Business time, so far from now, as it is written on the wire.
    pub fn time(&self, from_now: Duration) -> String {
        let at: Instant = self.state.clock.business() + from_now;
        at.with_timezone(&beijing()).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The code that the lead of the world's activities shows now.
    pub async fn shown_code(&self, activity: &str, direction: &str) -> String {
        let path = format!("/member/led-activities/{activity}/code?direction={direction}");
        let shown = self.member("zhang").await.get(&path).await.expect(200);
        shown["code"].as_str().expect("a code").to_owned()
    }
}

/// Signs up for an activity of one session.
pub async fn enrol(client: &Client, activity: &str) -> crate::Reply {
    client.post_keyed(&format!("/member/activities/{activity}/enrolment"), &key(), &json!({})).await
}

/// Gives the place back.
pub async fn cancel(client: &Client, activity: &str) -> crate::Reply {
    client.post_keyed(&format!("/member/activities/{activity}/enrolment/cancellation"), &key(), &json!({})).await
}
