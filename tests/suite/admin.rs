//! Accounts and roles of admins.

use std::process::{Command, Output};

use domain::session::{Audience, Holder};
use serde_json::{Value, json};
use tests::binary::zhixiang;
use tests::{Client, TestApp};

async fn step_up(app: &TestApp, account: &str) -> Client {
    let admin = app.admin(account).await;
    let tokens = admin.post("/admin/step-up", &json!({ "totp": app.totp(account).await })).await.expect(200);
    app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"))
}

async fn new_admin(app: &TestApp, system: &Client, account: &str) -> Value {
    let body = json!({ "account": account, "name": "周敏" });
    system.post("/admin/admins", &body).await.refused(403, "step_up_required");
    let stepped = step_up(app, "system").await;
    let view = stepped.post("/admin/admins", &body).await.expect(201);
    stepped.post("/admin/admins", &body).await.refused(409, "state_conflict");
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_by_one_overseer_and_its_role_granted_by_another() {
    let app = TestApp::start().await;
    let system = app.admin("system").await;
    let created = new_admin(&app, &system, "wenyuan-02").await;
    let id = created["id"].as_str().expect("an id");
    let grant =
        |role: &str, node: &str| json!({ "admin_id": id, "role": role, "node_id": app.world.node(node).uuid() });

    system.post("/admin/role-grants", &grant("community", "wenyuan")).await.refused(403, "forbidden");
    let security = step_up(&app, "security").await;
    security.post("/admin/role-grants", &grant("community", "xinhewan")).await.refused(409, "role_not_grantable");
    let granted = security.post("/admin/role-grants", &grant("community", "wenyuan")).await.expect(201);
    security.post("/admin/role-grants", &grant("auditor", "district")).await.refused(409, "role_not_grantable");
    security.post("/admin/role-grants", &grant("community", "wenyuan")).await.refused(409, "state_conflict");

    let holder = Holder::Admin(id.parse().expect("an id"));
    let fresh = app.signed_in(Audience::Admin, holder).await;
    let me = fresh.get("/admin/me").await.expect(200);
    assert_eq!((&me["must_change_password"], &me["roles"][0]["node"]), (&json!(true), &json!("文源社区")));
    fresh.get("/admin/admins").await.refused(403, "password_change_required");

    let listed = security.get("/admin/admins?limit=100").await.expect(200);
    let theirs =
        listed["items"].as_array().expect("items").iter().find(|admin| admin["id"] == id).expect("the account");
    let held = &theirs["roles"][0];
    assert_eq!((&held["grant_id"], &held["role"]), (&granted["id"], &json!("community")));
    assert_eq!(held["node"], "文源社区");
    let path = format!("/admin/role-grants/{}", granted["id"].as_str().expect("an id"));
    security.delete(&path).await.expect(204);
    security.delete(&path).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_serves_themselves_and_the_last_one_stays() {
    let app = TestApp::start().await;
    let security = step_up(&app, "security").await;
    let own = json!({
        "admin_id": app.admin_id("security").uuid(), "role": "district", "node_id": app.world.node("district").uuid(),
    });
    security.post("/admin/role-grants", &own).await.refused(409, "same_person");
    let grant = storage::role_grants::list_of(&app.state.database.read(), app.admin_id("district")).await;
    let grant = grant.expect("grants")[0].id;
    security.delete(&format!("/admin/role-grants/{grant}")).await.refused(409, "last_admin");
    let system = step_up(&app, "system").await;
    let disable = |account: &str| format!("/admin/admins/{}/disabling", app.admin_id(account));
    system.post(&disable("system"), &json!({})).await.refused(409, "same_person");

    let estate = app.admin("estate").await;
    estate.get("/admin/me").await.expect(200);
    system.post(&disable("estate"), &json!({})).await.expect(204);
    app.state.forget_caller(estate.token());
    estate.get("/admin/me").await.refused(401, "unauthenticated");
    system.post("/admin/admins/not-an-id/unlocking", &json!({})).await.refused(404, "not_found");
    system.post(&format!("/admin/admins/{}/unlocking", app.admin_id("unit")), &json!({})).await.expect(204);
    let listed = system.get("/admin/admins?limit=100").await.expect(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(12));
    let found = async |query: &str| {
        let listed = system.get(&format!("/admin/admins?limit=100&{query}")).await.expect(200);
        let items = listed["items"].as_array().expect("items").iter();
        items.map(|admin| admin["account"].as_str().expect("an account").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("account=other-").await, ["other-community", "other-unit"]);
    assert_eq!(found("account=%25").await, [""; 0]);
    assert_eq!(found("active=false").await, ["estate"]);
    assert_eq!(found("active=true").await.len(), 11);
    let page = system.get("/admin/admins?limit=5").await.expect(200);
    let next =
        system.get(&format!("/admin/admins?limit=100&cursor={}", page["next_cursor"].as_str().expect("more"))).await;
    assert_eq!(next.expect(200)["items"].as_array().map(Vec::len), Some(7));
}

fn command(app: &TestApp, arguments: &[&str]) -> Output {
    Command::new(zhixiang())
        .args(arguments)
        .env_clear()
        .env("ZHIXIANG__DATA_DIRECTORY", app.data_directory())
        .env("ZHIXIANG__DATABASE__URL", &app.database_url)
        .output()
        .expect("zhixiang runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_comes_from_the_command_line_and_leaves_one_line_in_the_audit() {
    let app = TestApp::empty().await;
    let create = |account: &str, name: &str, role: &str| {
        let output = command(&app, &["create-admin", account, "--name", name, "--role", role]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (account, name, role, word) in [
        ("first", "", "system_admin", "--name"),
        ("first", "周\u{202e}敏", "system_admin", "--name"),
        ("", "周敏", "system_admin", "account"),
        ("first", "周敏", "emperor", "--role"),
        ("first", "周敏", "unit", "--node"),
        ("first", "周敏", "community", "--node"),
    ] {
        let (code, sentence) = create(account, name, role);
        assert_eq!(code, Some(2), "{sentence}");
        assert!(sentence.contains(word), "{sentence}");
    }
    assert_eq!(app.number("SELECT count(*) FROM admin").await, 0);

    assert_eq!(create("first", "周敏", "system_admin").0, Some(0));
    assert_eq!(create("second", "李强", "security_admin").0, Some(0));
    let (code, sentence) = create("first", "周敏", "auditor");
    assert_eq!(code, Some(2), "{sentence}");
    let noted = "SELECT count(*) FROM audit JOIN admin ON admin.id = audit.object_id AND object_kind = 'admin' \
                 WHERE action = 'create_admin' AND result = 'done' AND actor_kind = 'operator'";
    assert_eq!((app.number(noted).await, app.number("SELECT count(*) FROM audit").await), (2, 2));
}
