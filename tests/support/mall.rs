//! The mall as stories need it: merchants with stores and staff, listed offers, members with points to spend.

use chrono::Duration;
use domain::id::{LotId, MemberId, TransferId};
use domain::points::{Actor, CreditDecision, EarnRule, Grant, Occasion, RewardedEvent, Source, SourceKind, credit};
use domain::service::ServiceNature;
use domain::session::{Audience, Holder};
use serde_json::{Value, json};
use storage::earn_events::{self, EarnEvent};
use storage::service_records::{self, ServiceRecord};
use storage::{purses, rulebooks, transfers};
use uuid::Uuid;

use crate::app::TestApp;
use crate::client::{Client, Reply, key};
use crate::world;

/// A merchant with one store.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The merchant's id.
    pub merchant: String,
    /// The store's id.
    pub store: String,
}

impl TestApp {
    /// A merchant that hangs on a node of the world, with one store.
    pub async fn shop(&self, node: &str, name: &str) -> Shop {
        let admin = self.admin("merchant").await;
        let body = json!({
            "organisation_id": self.world.node(node),
            "name": name,
            "category": "food",
            "introduction": "开了三十年的老店",
        });
        let merchant = id(&admin.post("/admin/merchants", &body).await.expect(201));
        let body = json!({
            "name": "总店",
            "address": "平城区迎宾街 12 号",
            "phone": "0352-0000000",
            "opening_hours": "每天 7:00 至 21:00",
        });
        let store = id(&admin.post(&format!("/admin/merchants/{merchant}/stores"), &body).await.expect(201));
        Shop { merchant, store }
    }

    /// Somebody who works in the shop, signed in; `person` is who they are to WeChat, `name` what the shop calls them.
    pub async fn clerk(&self, shop: &Shop, person: &str, name: &str) -> Client {
        let path = format!("/admin/merchants/{}/invitations", shop.merchant);
        let body = json!({ "store_id": shop.store, "name": name });
        let invitation = self.admin("merchant").await.post(&path, &body).await.expect(201);
        let clerk = self.stranger(person, Audience::Merchant).await;
        clerk.post("/merchant/invitations/acceptance", &json!({ "code": invitation["code"] })).await.expect(201);
        clerk
    }

    /// What an offer promises, to be changed where it matters.
    pub fn promise(&self, title: &str, price: i64, stock: i64) -> Value {
        json!({
            "title": title,
            "category": "food",
            "description": "传统刀削面一碗，含一份小菜",
            "terms": "仅限堂食，每桌限用一张",
            "price": price,
            "face_value_fen": 1_500,
            "funding_source": "merchant_borne",
            "stock": stock,
            "voucher_days": 30,
        })
    }

    /// An offer of the shop that two persons brought into the mall; answers its id.
    pub async fn listed(&self, shop: &Shop, promise: &Value) -> String {
        let admin = self.admin("merchant").await;
        let body = json!({ "merchant_id": shop.merchant, "offer": promise });
        let offer = id(&admin.post("/admin/offers", &body).await.expect(201));
        let step = |step: &str| format!("/admin/offers/{offer}/{step}");
        admin.post(&step("submission"), &json!({})).await.expect(200);
        self.admin("district").await.post(&step("approval"), &json!({})).await.expect(200);
        admin.post(&step("listing"), &json!({})).await.expect(200);
        offer
    }

    /// Gives a member of the world so many points, and the hours that open the mall.
    pub async fn enrich(&self, name: &str, points: i64) {
        self.endow(self.world.member(name), points, 300).await;
    }

    /// A member of the world with so many points and the hours that open the mall, signed in.
    pub async fn shopper(&self, name: &str, points: i64) -> Client {
        self.enrich(name, points).await;
        self.member(name).await
    }

    /// So many further members with points and hours, signed in.
    pub async fn shoppers(&self, count: u32, points: i64) -> Vec<Client> {
        self.newcomers(count, points).await.into_iter().map(|(_, _, client)| client).collect()
    }

    /// The same with who they are: to WeChat, and in the roster.
    pub async fn newcomers(&self, count: u32, points: i64) -> Vec<(String, MemberId, Client)> {
        let mut newcomers = Vec::new();
        for number in 1..=count {
            let mut tx = self.state.database.write().await.expect("a transaction");
            let phone = format!("1370000{number:04}");
            let unit = self.world.node("health");
            let member = world::member(&self.state, &mut tx, 5_000 + number, "党员", &phone, unit).await;
            tx.commit().await.expect("kept");
            let person = format!("shopper-{number}");
            let identity = self.identity_of(&person, Some(member)).await;
            self.endow(member, points, 300).await;
            newcomers.push((person, member, self.signed_in(Audience::Member, Holder::Identity(identity)).await));
        }
        newcomers
    }

    /// Gives a member points that last a year, and verified minutes.
    pub async fn endow(&self, member: MemberId, points: i64, minutes: i64) {
        let (now, wall) = (self.state.clock.business(), self.state.clock.wall());
        let source = Source { kind: SourceKind::Enrolment, id: Uuid::now_v7() };
        let mut tx = self.state.database.write().await.expect("a transaction");
        let mut purse = purses::lock_accounts(&mut tx, member).await.expect("the purse");
        if points > 0 {
            let id = TransferId::of_earning(source.kind, source.id, member);
            let grant = Grant { lot: LotId::new(Uuid::now_v7()), expires_at: Some(now + Duration::days(365)) };
            let occasion = Occasion {
                reason: "参加活动：清扫小区".into(),
                source,
                actor: Actor::Job,
                business_at: now,
                posted_at: wall,
            };
            let credited = credit(&mut purse, id, occasion, points, grant).expect("a credit");
            transfers::post(&mut tx, &credited.posting).await.expect("a posting");
            let rulebook = rulebooks::in_force(&tx, now).await.expect("the rules").id;
            let decision = CreditDecision {
                rule: EarnRule::Event(RewardedEvent::FirstResidency),
                timed_minutes: minutes,
                made_up_minutes: 0,
                counted_minutes: 0,
                base_points: points,
                coefficient_bp: 10_000,
                uncapped_points: points,
                cap: None,
                points,
            };
            let (transfer, debt_paid) = (Some(id), credited.debt_paid);
            // Long ago, so that it fills nobody's caps.
            let business_at = now - Duration::days(800);
            let event = EarnEvent { member, source, transfer, rulebook, decision, debt_paid, business_at };
            earn_events::insert(&mut tx, &event).await.expect("an event");
        }
        let record = ServiceRecord {
            id: Uuid::now_v7(),
            member,
            source,
            timed_minutes: minutes,
            made_up_minutes: 0,
            nature: ServiceNature::Voluntary,
            served_at: now,
            verified_at: now,
        };
        service_records::insert(&mut tx, &record).await.expect("a record");
        tx.commit().await.expect("kept");
    }

    /// Sums up the books, with what only the mall keeps.
    pub async fn mall_balances(&self) {
        self.books_balance().await;
        for (what, sql) in SOUND {
            assert_eq!(self.number(sql).await, 0, "{what}");
        }
    }
}

/// Redeems an offer under a fresh key.
pub async fn redeem(client: &Client, offer: &str) -> Reply {
    redeem_keyed(client, offer, &key()).await
}

/// Redeems an offer under this key.
pub async fn redeem_keyed(client: &Client, offer: &str, key: &str) -> Reply {
    client.post_keyed("/member/redemptions", key, &json!({ "offer_id": offer })).await
}

/// Cancels a redemption under a fresh key.
pub async fn cancel(client: &Client, redemption: &str) -> Reply {
    client.post_keyed(&format!("/member/redemptions/{redemption}/cancellation"), &key(), &json!({})).await
}

/// Confirms a voucher under a fresh key.
pub async fn verify(clerk: &Client, redemption: &str) -> Reply {
    clerk.post_keyed(&format!("/merchant/vouchers/{redemption}/verification"), &key(), &json!({})).await
}

/// The `id` of a body.
pub fn id(body: &Value) -> String {
    body["id"].as_str().expect("an id").to_owned()
}

const SOUND: [(&str, &str); 2] = [
    (
        "a redemption was given back and is not closed, or the other way round",
        "SELECT count(*) FROM redemption r WHERE (r.state IN ('cancelled', 'expired', 'reversed')) <> \
         EXISTS (SELECT 1 FROM transfer t WHERE t.reverses = r.transfer_id)",
    ),
    (
        "points were taken for no redemption",
        "SELECT count(*) FROM transfer t WHERE t.kind = 'redeem' AND NOT EXISTS \
         (SELECT 1 FROM redemption r WHERE r.transfer_id = t.id)",
    ),
];
