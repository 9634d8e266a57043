//! Signing in, staying signed in, signing out.

use chrono::Duration;
use domain::session::Audience;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::TestApp;
use tests::world::PASSWORD;

async fn log_in(app: &TestApp, code: &str, audience: &str) -> tests::Reply {
    app.anonymous().post("/auth/wechat-login", &json!({ "code": code, "audience": audience })).await
}

async fn log_in_admin(app: &TestApp, account: &str, password: &str, totp: &str) -> tests::Reply {
    let body = json!({ "account": account, "password": password, "totp": totp });
    app.anonymous().post("/auth/admin-login", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_signs_in_and_is_told_that_they_are_not_bound() {
    let app = TestApp::start().await;
    let tokens = log_in(&app, "login:stranger:1", "member").await.expect(200);
    assert_eq!(tokens["bound"], false);
    let stranger = app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"));
    let own = stranger.get("/member/me").await.expect(200);
    assert_eq!((&own["bound"], &own["member"]), (&json!(false), &json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_code_works_once_and_an_unknown_one_never() {
    let app = TestApp::start().await;
    log_in(&app, "login:stranger:1", "member").await.expect(200);
    log_in(&app, "login:stranger:1", "member").await.refused(401, "login_code_invalid");
    log_in(&app, "phone:13800000001:1", "member").await.refused(401, "login_code_invalid");
    log_in(&app, "login:risk:1", "member").await.refused(403, "login_blocked");
    let noted = "SELECT count(*) FROM audit WHERE action = 'log_in_wechat' AND reason = 'login_blocked'";
    assert_eq!(app.number(noted).await, 1);
    log_in(&app, "login:stranger:2", "admin").await.refused(422, "invalid_input");
    log_in(&app, "login:stranger:2", "nobody").await.refused(422, "unknown_value");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_refreshes_at_once_get_one_successor_and_a_stolen_token_ends_the_session() {
    let app = TestApp::start().await;
    let first = log_in(&app, "login:stranger:1", "member").await.expect(200);
    let refresh = |token: Value| {
        let client = app.anonymous();
        async move { client.post("/auth/refresh", &json!({ "refresh_token": token })).await }
    };
    let replies = join_all((0..20).map(|_| refresh(first["refresh_token"].clone()))).await;
    let mut successors: Vec<_> = replies.into_iter().map(|reply| reply.expect(200)["refresh_token"].clone()).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);

    app.state.clock.advance_wall(Duration::seconds(11));
    refresh(first["refresh_token"].clone()).await.refused(401, "unauthenticated");
    refresh(successors[0].clone()).await.refused(401, "unauthenticated");
    let reused = "SELECT count(*) FROM session WHERE revoked_because = 'refresh_reused'";
    assert_eq!(app.number(reused).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_both_tokens() {
    let app = TestApp::start().await;
    let tokens = log_in(&app, "login:stranger:1", "member").await.expect(200);
    let stranger = app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"));
    stranger.get("/member/me").await.expect(200);
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    stranger.post("/auth/logout", &body).await.expect(204);
    stranger.get("/member/me").await.refused(401, "unauthenticated");
    app.anonymous().post("/auth/refresh", &body).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_ends_the_earlier_session_of_the_same_audience_only() {
    let app = TestApp::start().await;
    let member = log_in(&app, "login:stranger:1", "member").await.expect(200);
    let shop = log_in(&app, "login:stranger:2", "merchant").await.expect(200);
    log_in(&app, "login:stranger:3", "member").await.expect(200);
    let refresh = |tokens: &Value| json!({ "refresh_token": tokens["refresh_token"] });
    app.anonymous().post("/auth/refresh", &refresh(&member)).await.refused(401, "unauthenticated");
    app.anonymous().post("/auth/refresh", &refresh(&shop)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_grows_old() {
    let app = TestApp::start().await;
    let stranger = app.stranger("stranger", Audience::Member).await;
    stranger.get("/member/me").await.expect(200);
    app.state.clock.advance_wall(Duration::seconds(15 * 60 + 6));
    stranger.get("/member/me").await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_signs_in_with_all_three_and_no_code_works_twice() {
    let app = TestApp::start().await;
    let code = app.totp("district").await;
    let tokens = log_in_admin(&app, "district", PASSWORD, &code).await.expect(200);
    let admin = app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"));
    let me = admin.get("/admin/me").await.expect(200);
    assert_eq!(me["roles"][0]["role"], "district");
    log_in_admin(&app, "district", PASSWORD, &code).await.refused(401, "credentials_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_failures_lock_an_account_and_nobody_learns_whether_it_exists() {
    let app = TestApp::start().await;
    for _ in 0..7 {
        let unknown = log_in_admin(&app, "nobody", "a wrong password", "000000").await;
        let unknown = unknown.refused(401, "credentials_invalid");
        let wrong = log_in_admin(&app, "unit", "a wrong password", "000000").await.refused(401, "credentials_invalid");
        assert_eq!(wrong["detail"], unknown["detail"]);
    }
    let code = app.totp("unit").await;
    log_in_admin(&app, "unit", PASSWORD, &code).await.refused(401, "credentials_invalid");
    app.state.clock.advance_wall(Duration::minutes(16));
    let code = app.totp("unit").await;
    log_in_admin(&app, "unit", PASSWORD, &code).await.expect(200);
    let audited = "SELECT count(*) FROM audit WHERE action = 'log_in_admin' AND result";
    assert_eq!(app.number(&format!("{audited} = 'refused'")).await, 15);
    assert_eq!(app.number(&format!("{audited} = 'refused' AND object_kind = 'admin'")).await, 8);
    assert_eq!(app.number(&format!("{audited} = 'done'")).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_given_again_replaces_the_access_token() {
    let app = TestApp::start().await;
    let admin = app.admin("district").await;
    let code = app.totp("district").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    admin.post("/admin/step-up", &json!({ "totp": wrong })).await.refused(401, "credentials_invalid");
    let tokens = admin.post("/admin/step-up", &json!({ "totp": code })).await.expect(200);
    let stepped = app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"));
    stepped.get("/admin/me").await.expect(200);
    admin.post("/admin/step-up", &json!({ "totp": code })).await.refused(401, "credentials_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_only_for_a_better_one_and_ends_every_session() {
    let app = TestApp::start().await;
    let admin = app.admin("estate").await;
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let good = "春江潮水连海平-海上明月";
    for weak in ["short", "Estate-estate-xyz-789"] {
        admin.post("/admin/password", &change(PASSWORD, weak)).await.refused(422, "invalid_input");
    }
    admin.post("/admin/password", &change("wrong wrong wrong", good)).await.refused(401, "credentials_invalid");
    let ended = "SELECT count(*) FROM session WHERE revoked_because = 'password_changed'";
    assert_eq!(app.number(ended).await, 0);
    admin.post("/admin/password", &change(PASSWORD, good)).await.expect(204);
    assert_eq!(app.number(ended).await, 1);
    let code = app.totp("estate").await;
    log_in_admin(&app, "estate", PASSWORD, &code).await.refused(401, "credentials_invalid");
    let code = app.totp("estate").await;
    log_in_admin(&app, "estate", good, &code).await.expect(200);
}
