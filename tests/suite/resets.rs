//! Phones that vanish in the middle of a call: whatever the server was doing, nothing is half done, no transaction stays
//! open, and the same key finds one effect. `ZHIXIANG_TEST_RESETS` asks for more resets of each call than usual.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use api::demo::ids;
use domain::code::Code;
use domain::id::{AdminId, MemberId};
use domain::role::Role;
use domain::session::{Audience, Holder};
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::key;
use tests::contract::operations;
use tests::mall::{id, redeem, verify};
use tests::reset::vanish;
use tests::service::enrol;
use tests::{Client, Reply, TestApp, world};

/// How often each call is cut off in a usual run, from its first moment to a little after its last.
const RESETS: u32 = 12;

/// The mall and the people around it.
struct Stage {
    app: TestApp,
    offer: String,
    clerk: Client,
    second_district: AdminId,
    people: AtomicU32,
}

/// A keyed call that can be made once.
struct Call {
    client: Client,
    path: String,
    body: Value,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start().await;
        app.resident("zhang").await;
        let shop = app.shop("wenyuan", "德胜面馆").await;
        let offer = app.listed(&shop, &app.promise("刀削面", 10, 1_000)).await;
        let clerk = app.clerk(&shop, "wang-fang", "王芳").await;
        let mut tx = app.state.database.write().await.expect("a transaction");
        let district = app.world.node("district");
        let second_district = world::admin(&app.state, &mut tx, "second-district", Role::District, district).await;
        tx.commit().await.expect("kept");
        Self { app, offer, clerk, second_district, people: AtomicU32::new(0) }
    }

    /// A member whom nobody has seen before, with so many points, signed in.
    async fn newcomer(&self, points: i64) -> (MemberId, Client) {
        let (app, number) = (&self.app, self.people.fetch_add(1, Ordering::Relaxed));
        let mut tx = app.state.database.write().await.expect("a transaction");
        let phone = format!("1360000{number:04}");
        let unit = app.world.node("health");
        let member = world::member(&app.state, &mut tx, 7_000 + number, "党员", &phone, unit).await;
        tx.commit().await.expect("kept");
        if points > 0 {
            app.endow(member, points, 300).await;
        }
        let identity = app.identity_of(&format!("newcomer-{number}"), Some(member)).await;
        (member, app.signed_in(Audience::Member, Holder::Identity(identity)).await)
    }

    /// A member with a voucher, and its redemption.
    async fn voucher(&self) -> (Client, String) {
        let (_, client) = self.newcomer(10).await;
        let redemption = id(&redeem(&client, &self.offer).await.expect(201));
        (client, redemption)
    }

    /// An adjustment of somebody's points that waits for another person.
    async fn adjustment(&self) -> String {
        let (member, _) = self.newcomer(30).await;
        let body = json!({ "member_id": member, "amount": -5, "reason": "重复入账" });
        let district = self.app.stepped_up("district").await;
        id(&district.post_keyed("/admin/adjustments", &key(), &body).await.expect(201))
    }

    /// What a member is rewarded for.
    async fn wish(&self) -> Value {
        let (member, _) = self.newcomer(0).await;
        self.app.settle(member).await;
        json!({
            "member_id": member, "event": "wish_done", "happened_at": self.app.time(-chrono::Duration::hours(1)),
            "reference": format!("微心愿 {member}"), "evidence": "心愿人已确认",
        })
    }

    /// A member whose service was credited, and the case of misconduct that somebody made of it.
    async fn misconduct_case(&self) -> (Client, String) {
        let app = &self.app;
        let (member, client) = self.newcomer(0).await;
        app.settle(member).await;
        let activity = app.activity(1, 3, 5).await;
        let enrolment = app.serve_session(&client, &activity).await;
        app.review("community", &enrolment, None).await;
        app.advance("3d").await;
        let case = json!({
            "enrolment_id": enrolment,
            "reason": "由他人代为签到",
            "evidence": "监控未见本人",
            "fraud": false,
        });
        let community = app.admin("community").await;
        (client, id(&community.post("/admin/misconduct-cases", &case).await.expect(201)))
    }

    /// Prepares everything for one call of this operation that will succeed.
    async fn prepare(&self, operation: &str) -> Call {
        let app = &self.app;
        let (client, path, body) = match operation {
            "redeem_offer" => {
                (self.newcomer(10).await.1, "/member/redemptions".into(), json!({ "offer_id": self.offer }))
            }
            "cancel_redemption" => {
                let (client, redemption) = self.voucher().await;
                (client, format!("/member/redemptions/{redemption}/cancellation"), json!({}))
            }
            "verify_voucher" => {
                let (_, redemption) = self.voucher().await;
                (self.clerk.clone(), format!("/merchant/vouchers/{redemption}/verification"), json!({}))
            }
            "change_offer_stock" => {
                let path = format!("/admin/offers/{}/stock", self.offer);
                (app.admin("merchant").await, path, json!({ "change": 1, "reason": "追加" }))
            }
            "enrol_activity" => {
                let (member, client) = self.newcomer(0).await;
                app.settle(member).await;
                let activity = app.activity(24, 26, 5).await;
                (client, format!("/member/activities/{activity}/enrolment"), json!({}))
            }
            "cancel_enrolment" => {
                let (member, client) = self.newcomer(0).await;
                app.settle(member).await;
                let activity = app.activity(24, 26, 5).await;
                enrol(&client, &activity).await.expect(201);
                (client, format!("/member/activities/{activity}/enrolment/cancellation"), json!({}))
            }
            "cancel_activity" => {
                let (member, client) = self.newcomer(0).await;
                app.settle(member).await;
                let activity = app.activity(24, 26, 5).await;
                enrol(&client, &activity).await.expect(201);
                let path = format!("/admin/activities/{activity}/cancellation");
                (app.admin("estate").await, path, json!({ "reason": "下雨" }))
            }
            "accept_residency" => {
                let (_, client) = self.newcomer(0).await;
                let estate = app.world.node("xinhewan");
                let body = json!({ "estate_id": estate, "building": "3号楼", "skills": [], "wishes": [] });
                let residency = id(&client.post("/member/residencies", &body).await.expect(201));
                let path = format!("/admin/residencies/{residency}");
                let confirmation = format!("{path}/unit-confirmation");
                app.admin("other-unit").await.post(&confirmation, &json!({})).await.expect(200);
                (app.admin("community").await, format!("{path}/acceptance"), json!({}))
            }
            "donate_points" => {
                let (member, client) = self.newcomer(10).await;
                app.settle(member).await;
                (client, "/member/donations".into(), json!({ "amount": 5 }))
            }
            "propose_adjustment" => {
                let (member, _) = self.newcomer(30).await;
                let body = json!({ "member_id": member, "amount": -5, "reason": "重复入账" });
                (app.stepped_up("district").await, "/admin/adjustments".into(), body)
            }
            "approve_adjustment" => {
                let path = format!("/admin/adjustments/{}/approval", self.adjustment().await);
                (app.stepped_up_as(self.second_district).await, path, json!({}))
            }
            "refuse_adjustment" => {
                let path = format!("/admin/adjustments/{}/refusal", self.adjustment().await);
                (app.stepped_up_as(self.second_district).await, path, json!({ "reason": "没有重复入账" }))
            }
            "propose_reward" => (app.admin("community").await, "/admin/rewards".into(), self.wish().await),
            "approve_reward" => {
                let wish = self.wish().await;
                let proposed =
                    app.admin("community").await.post_keyed("/admin/rewards", &key(), &wish).await.expect(201);
                let path = format!("/admin/rewards/{}/approval", id(&proposed));
                (app.stepped_up("second-community").await, path, json!({}))
            }
            "approve_reversal" => {
                let (_, redemption) = self.voucher().await;
                verify(&self.clerk, &redemption).await.expect(201);
                let reason = json!({ "reason": "扫错了券" });
                let asked =
                    self.clerk.post(&format!("/merchant/vouchers/{redemption}/reversal"), &reason).await.expect(201);
                (app.stepped_up("district").await, format!("/admin/reversals/{}/approval", id(&asked)), json!({}))
            }
            "confirm_misconduct_case" => {
                let (_, case) = self.misconduct_case().await;
                let path = format!("/admin/misconduct-cases/{case}/confirmation");
                (app.stepped_up("second-community").await, path, json!({}))
            }
            "rule_misconduct_appeal" => {
                let (client, case) = self.misconduct_case().await;
                let path = format!("/admin/misconduct-cases/{case}");
                let second = app.stepped_up("second-community").await;
                second.post_keyed(&format!("{path}/confirmation"), &key(), &json!({})).await.expect(201);
                let appeal = format!("/member/misconduct-cases/{case}/appeal");
                client.post(&appeal, &json!({ "text": "我在三号楼服务" })).await.expect(200);
                let ruling = json!({ "granted": true, "text": "已核实" });
                (app.stepped_up("subdistrict").await, format!("{path}/ruling"), ruling)
            }
            other => panic!("say how {other} is prepared"),
        };
        Call { client, path, body }
    }

    /// What a call changes: the rows of every table, and the sums of what is only counted.
    async fn count(&self) -> BTreeMap<String, i64> {
        let app = &self.app;
        let tables = if app.database_url.starts_with("postgres") {
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        };
        let tables = app.texts(tables).await;
        let mut counts: Vec<_> =
            tables.iter().map(|table| format!("SELECT '{table} ' || count(*) FROM \"{table}\"")).collect();
        for (table, column) in [
            ("offer", "stock_left"),
            ("offer", "stock_total"),
            ("activity_session", "enrolled"),
            ("account", "balance"),
        ] {
            counts.push(format!("SELECT '{table}.{column} ' || COALESCE(sum({column}), 0) FROM {table}"));
        }
        let lines = app.texts(&counts.join(" UNION ALL ")).await;
        let read = |line: &String| {
            let (what, number) = line.split_once(' ').expect("a name and a number");
            (what.to_owned(), number.parse().expect("a number"))
        };
        lines.iter().map(read).collect()
    }

    /// What changed since.
    async fn changes(&self, before: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
        let after = self.count().await;
        after
            .into_iter()
            .map(|(what, number)| (what.clone(), number - before[&what]))
            .filter(|(_, n)| *n != 0)
            .collect()
    }
}

impl Call {
    fn request(&self, key: &str) -> reqwest::RequestBuilder {
        self.client.request(Method::POST, &self.path).header("Idempotency-Key", key).json(&self.body)
    }

    async fn insist(&self, key: &str) -> Reply {
        self.client.insist(&self.path, key, &self.body).await
    }
}

/// Cuts one operation off at every moment, and makes each call again by its key.
async fn cut_off(stage: &Stage, operation: &str, resets: u32) {
    let call = stage.prepare(operation).await;
    let (before, begun) = (stage.count().await, Instant::now());
    call.insist(&key()).await.expect(201);
    let took = begun.elapsed();
    let effect = stage.changes(&before).await;
    assert_eq!((effect["idempotency"], effect["audit"]), (1, 1), "{operation}: {effect:?}");

    let (watcher, mut done) = (stage.app.watcher().await, 0);
    for reset in 0..=resets {
        let after = took.mul_f64(1.25 * f64::from(reset) / f64::from(resets));
        let (call, key) = (stage.prepare(operation).await, key());
        let before = stage.count().await;
        vanish(call.request(&key), after).await;
        watcher.none_is_open(operation).await;
        let answer = call.insist(&key).await;
        done += u32::from(answer.headers.contains_key("idempotency-replayed"));
        let answer = answer.expect(201);
        let again = call.insist(&key).await;
        assert!(again.headers.contains_key("idempotency-replayed"), "{operation}: {}", again.text);
        assert_eq!(again.expect(201), answer, "{operation} after {after:?}");
        assert_eq!(stage.changes(&before).await, effect, "{operation} after {after:?}");
    }
    println!("{operation}: {took:?} whole; of {} cut off {done} were done all the same", resets + 1);
    assert!(done > 0, "{operation}: the server heard none of the calls that were cut off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_keyed_call_has_one_effect_wherever_its_connection_breaks() {
    let resets = std::env::var("ZHIXIANG_TEST_RESETS").map_or(RESETS, |resets| resets.parse().expect("a number"));
    let stage = Stage::set().await;
    let all = Audience::ALL.iter().flat_map(|audience| operations(*audience));
    let keyed: BTreeSet<String> = all.filter(|operation| operation.keyed).map(|operation| operation.id).collect();
    assert!(keyed.len() >= 8, "{keyed:?}");
    for operation in &keyed {
        // Days go by before there is anything to be void.
        let resets = if operation.contains("misconduct") { resets.min(4) } else { resets };
        cut_off(&stage, operation, resets).await;
    }
    stage.app.mall_balances().await;
    stage.app.books_are_sound().await;
}

/// Milliseconds after which each call of the contracts is cut off.
const MOMENTS: [u64; 8] = [0, 1, 2, 4, 8, 16, 32, 50];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_writing_call_of_any_contract_leaves_a_transaction_open() {
    let app = TestApp::demo().await;
    let watcher = app.watcher().await;
    let admin = admin(&app).await;
    for audience in Audience::ALL {
        let mut writes = operations(*audience);
        writes.retain(|operation| operation.method != Method::GET);
        // Without consent nothing else is served.
        writes.sort_by_key(|operation| operation.id == "withdraw_consent");
        for operation in writes {
            // The one before may have ended the session.
            let client = holder(&app, *audience, admin).await;
            client.get(&format!("/{}/me", audience.code())).await.expect(200);
            for after in MOMENTS {
                vanish(operation.request(&client), Duration::from_millis(after)).await;
                watcher.none_is_open(&operation.id).await;
            }
        }
    }
    app.books_are_sound().await;
}

/// An admin of the demo's district.
async fn admin(app: &TestApp) -> AdminId {
    let mut tx = app.state.database.write().await.expect("a transaction");
    let admin = world::admin(&app.state, &mut tx, "district-desk", Role::District, ids::DISTRICT).await;
    tx.commit().await.expect("kept");
    admin
}

/// Somebody of the demo for whom these operations are, signed in anew.
async fn holder(app: &TestApp, audience: Audience, admin: AdminId) -> Client {
    let person = match audience {
        Audience::Member => "zhang-jianguo",
        Audience::Merchant => "liu-guihua",
        Audience::Admin => return app.signed_in(audience, Holder::Admin(admin)).await,
    };
    let body = json!({ "code": format!("login:{person}:{}", key()), "audience": audience.code() });
    let tokens = app.anonymous().post("/auth/wechat-login", &body).await.expect(200);
    app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"))
}

/// While somebody else holds the offer's row, or all of SQLite, no story can have ended when its phone vanishes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_story_that_has_begun_ends_though_nobody_waits_for_it() {
    let stage = Stage::set().await;
    let mut calls = Vec::new();
    for _ in MOMENTS {
        calls.push((stage.prepare("redeem_offer").await, key()));
    }
    let held = stage.app.hold("UPDATE offer SET updated_at = updated_at").await;
    let cut_off = calls
        .iter()
        .zip(MOMENTS)
        .map(|((call, key), after)| vanish(call.request(key), Duration::from_millis(4 * after)));
    futures_util::future::join_all(cut_off).await;
    let redemptions = "SELECT count(*) FROM redemption";
    assert_eq!(stage.app.number(redemptions).await, 0);
    held.commit().await;
    stage.app.watcher().await.none_is_open("redeem_offer").await;
    let done = stage.app.number(redemptions).await;
    assert!(done > 0, "every story was broken off");
    for (call, key) in &calls {
        call.insist(key).await.expect(201);
    }
    assert_eq!(stage.app.number(redemptions).await, i64::try_from(calls.len()).expect("a few"));
    stage.app.mall_balances().await;
}

/// The same without a key: nobody makes this call again, so what it was for happens now or never.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_without_a_key_has_its_effect_though_its_phone_hung_up_while_the_row_was_held() {
    let stage = Stage::set().await;
    let (app, path) = (&stage.app, format!("/admin/offers/{}/pause", stage.offer));
    let merchant = app.admin("merchant").await;
    // The token and the admin are read before the row is held.
    merchant.get("/admin/me").await.expect(200);
    let held = app.hold("UPDATE offer SET updated_at = updated_at").await;
    let pause = merchant.request(Method::POST, &path).json(&json!({}));
    // Long enough to stand before the row, and shorter than a lock is waited for.
    vanish(pause, Duration::from_millis(500)).await;
    assert_eq!(app.texts("SELECT state FROM offer").await, ["listed"]);
    held.commit().await;
    app.watcher().await.none_is_open("pause_offer").await;
    assert_eq!(app.texts("SELECT state FROM offer").await, ["paused"]);
    let noted = "SELECT count(*) FROM audit WHERE action = 'pause_offer' AND result = 'done'";
    assert_eq!(app.number(noted).await, 1);
}

/// While nothing can be written to the trail, no refusal is noted before whoever was refused hangs up.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refusal_is_noted_though_whoever_was_refused_hangs_up() {
    let app = TestApp::start().await;
    let estate = app.admin("estate").await;
    let noted = "SELECT count(*) FROM audit WHERE action = 'authorize' AND reason = 'forbidden'";
    let review = || estate.request(Method::POST, "/admin/attendances/review").json(&json!({ "attendances": [] }));
    assert_eq!(review().send().await.expect("an answer").status(), 403);
    assert_eq!(app.number(noted).await, 1);

    let postgres = app.database_url.starts_with("postgres");
    let nothing =
        if postgres { "LOCK TABLE audit IN EXCLUSIVE MODE" } else { "UPDATE offer SET updated_at = updated_at" };
    let held = app.hold(nothing).await;
    let hung_up = MOMENTS.map(|after| vanish(review(), Duration::from_millis(4 * after)));
    futures_util::future::join_all(hung_up).await;
    assert_eq!(app.number(noted).await, 1);
    held.commit().await;
    app.watcher().await.none_is_open("review_attendances").await;
    assert!(app.number(noted).await > 1, "every note was broken off");
}
