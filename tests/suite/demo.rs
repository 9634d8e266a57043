//! The demo and the district: loaded whole or not at all, with books that balance, and doors that open.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use api::demo::{self, Size, ids};
use api::failure::Failure;
use domain::session::{Audience, Holder};
use serde_json::json;
use storage::admins;
use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_has_people_at_every_stage_and_its_books_balance() {
    let app = TestApp::demo().await;
    app.books_balance().await;
    assert!(app.number("SELECT count(*) FROM member").await >= 60);
    let states = |table: &str| format!("SELECT count(DISTINCT state) FROM {table}");
    assert_eq!(app.number(&states("residency")).await, 6, "residencies");
    assert!(app.number(&states("enrolment")).await >= 9, "enrolments");
    assert_eq!(app.number(&states("redemption")).await, 4, "redemptions");
    assert_eq!(app.number(&states("offer")).await, 6, "offers");
    assert_eq!(app.number("SELECT count(*) FROM organisation WHERE kind = 'unit'").await, 26);
    assert_eq!(app.number("SELECT count(*) FROM offer WHERE state = 'listed' AND stock_left = 0").await, 1);
    assert!(app.number("SELECT count(*) FROM offer WHERE state = 'listed' AND stock_left BETWEEN 1 AND 3").await >= 2);
    let redeemable = "SELECT count(*) FROM account WHERE kind = 'points' AND balance >= 50 AND verified_minutes >= 300";
    assert!(app.number(redeemable).await >= 10);
    let theirs = format!("SELECT count(*) FROM redemption WHERE id = '{}' AND state = 'issued'", ids::REDEMPTION);
    assert_eq!(app.number(&uuids(&app, &theirs)).await, 1, "the voucher of the examples waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_demo_sign_in_works() {
    let app = TestApp::demo().await;
    let file = app.data_directory().join("demo-accounts.txt");
    let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).expect("the file is text");

    let mut signed_in = Vec::new();
    for line in text.lines().filter(|line| line.trim_start().starts_with("login:")) {
        let mut words = line.split_whitespace();
        let (code, audience) = (words.next().expect("a code"), words.next().expect("an audience"));
        let body = json!({ "code": format!("{code}x"), "audience": audience });
        let tokens = app.anonymous().post("/auth/wechat-login", &body).await.expect(200);
        let unknown = line.contains("首次登录") || line.contains("不在名册");
        assert_eq!(tokens["bound"], !unknown, "{line}");
        signed_in.push(audience.to_owned());
    }
    assert!(signed_in.iter().any(|audience| audience == "merchant") && signed_in.len() >= 8);

    let (_, accounts) = text.split_once("totp <account>").expect("the admins");
    let accounts: Vec<_> = accounts.lines().filter(|line| !line.trim().is_empty()).collect();
    assert!(accounts.len() >= 9);
    for line in accounts {
        let mut words = line.split_whitespace();
        let (account, password) = (words.next().expect("an account"), words.next().expect("a password"));
        let body = json!({ "account": account, "password": password, "totp": app.totp(account).await });
        app.anonymous().post("/auth/admin-login", &body).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_desk_says_what_waits_there() {
    let app = TestApp::demo().await;
    let all = [
        ("residency_to_confirm", "residency WHERE state = 'submitted'"),
        ("residency_to_accept", "residency WHERE state = 'unit_confirmed'"),
        ("application", "membership_application WHERE state = 'submitted'"),
        ("activity", "activity WHERE state = 'review'"),
        ("attendance", "enrolment WHERE state = 'lead_confirmed'"),
        ("offer", "offer WHERE state = 'submitted'"),
        ("complaint", "complaint WHERE state = 'open'"),
        ("rulebook", "rulebook WHERE state = 'checked'"),
        ("adjustment", "adjustment WHERE state = 'proposed'"),
        ("objection", "objection WHERE state = 'open'"),
        ("misconduct", "misconduct_case WHERE state = 'proposed'"),
        ("reward", "reward WHERE state = 'proposed'"),
        ("reversal", "reversal WHERE state = 'requested'"),
    ];
    let mut seen = BTreeMap::<&str, i64>::new();
    for account in ["district", "subdistrict", "community", "unit", "unit-health", "auditor"] {
        let admin = admins::find_by_account(&app.state.database.read(), &app.state.vault, account).await;
        let holder = Holder::Admin(admin.expect("an answer").expect("the account").id);
        let own = app.signed_in(Audience::Admin, holder).await.get("/admin/me").await.expect(200);
        for (kind, rows) in all {
            let waits = own["waiting"].as_array().expect("a list").iter().find(|waits| waits["kind"] == kind);
            let count = waits.map_or(0, |waits| waits["count"].as_i64().expect("a number"));
            let (most, whole) =
                (seen.entry(kind).or_default(), app.number(&format!("SELECT count(*) FROM {rows}")).await);
            assert!(count <= whole, "{account} {kind}: {own}");
            *most = count.max(*most);
        }
        assert_eq!(account == "auditor", own["waiting"] == json!([]), "{account}: {own}");
    }
    for (kind, rows) in all {
        let whole = app.number(&format!("SELECT count(*) FROM {rows}")).await;
        assert!(whole > 0 && seen[kind] > 0, "{kind}: nobody sees any of {whole}");
        if ["activity", "attendance", "offer", "complaint", "application"].contains(&kind) {
            assert_eq!(seen[kind], whole, "the district sees every {kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_loads_nothing_and_says_the_same() {
    let app = TestApp::demo().await;
    let address = ([127, 0, 0, 1], 8080).into();
    let members = app.number("SELECT count(*) FROM member").await;
    let file = app.data_directory().join("demo-accounts.txt");
    let before = std::fs::read_to_string(&file).expect("the file");
    let welcome = demo::settle(&app.state).await.expect("a second start").at(address);
    assert_eq!(app.number("SELECT count(*) FROM member").await, members);
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), before);
    assert!(welcome.contains("http://127.0.0.1:8080/console") && welcome.contains("login:zhang-jianguo:1"));
    let refused = demo::load(&app.state, Size::DEMO, |_, _, _| {}).await;
    assert!(matches!(refused, Err(Failure::Usage(sentence)) if sentence.contains("not empty")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dies_while_loading_leaves_nothing_behind() {
    let app = TestApp::empty().await;
    let state = app.state.clone();
    let size = Size { members: 200, ..Size::DEMO };
    let died = tokio::spawn(async move { demo::load(&state, size, |_, _, _| panic!("a power cut")).await });
    assert!(died.await.is_err());
    assert_eq!(app.number("SELECT count(*) FROM organisation").await, 0);
    demo::settle(&app.state).await.expect("the next start loads it");
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_starts_on_one_database_load_one_demo() {
    let app = TestApp::empty().await;
    let other = app.replica().await;
    let (one, two) = tokio::join!(demo::settle(&app.state), demo::settle(&other.state));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(app.number("SELECT count(*) FROM organisation WHERE parent_id IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bigger_district_comes_out_of_the_same_generator() {
    let app = TestApp::empty().await;
    let size = Size { members: 2_000, estates: 120, units: 30, offers: 90, activities: 60, credited: 300 };
    demo::load(&app.state, size, |_, _, _| {}).await.expect("the district loads");
    app.books_balance().await;
    for (table, number) in [("member", 2_000), ("offer", 90), ("activity", 60)] {
        assert_eq!(app.number(&format!("SELECT count(*) FROM {table}")).await, number, "{table}");
    }
    assert_eq!(app.number("SELECT count(*) FROM organisation WHERE kind = 'estate'").await, 120);
    let body = json!({ "code": "login:m299:1", "audience": "member" });
    let tokens = app.anonymous().post("/auth/wechat-login", &body).await.expect(200);
    let member = app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"));
    let points = member.get("/member/points").await.expect(200);
    assert!(points["available"].as_i64().expect("points") >= 50, "{points}");
}

/// SQLite keeps UUIDs as bytes.
fn uuids(app: &TestApp, sql: &str) -> String {
    if !app.database_url.starts_with("sqlite") {
        return sql.to_owned();
    }
    let (before, rest) = sql.split_once('\'').expect("a UUID");
    let (uuid, after) = rest.split_once('\'').expect("a UUID");
    format!("{before}x'{}'{after}", uuid.replace('-', ""))
}
