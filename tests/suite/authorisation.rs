//! Who may not: every operation of every contract, without a token and with another audience's.

use api::openapi::document;
use domain::code::Code;
use domain::session::Audience;
use tests::{Client, TestApp};

/// The operations that need no token.
const PUBLIC: [&str; 4] = ["log_in_wechat", "log_in_admin", "refresh_session", "log_out_session"];

fn operations(audience: Audience) -> Vec<(String, reqwest::Method, String)> {
    let document = serde_json::to_value(document(audience)).expect("a document");
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let method = method.to_uppercase().parse().expect("a method");
            let id = operation["operationId"].as_str().expect("an operationId").to_owned();
            let path = path
                .split('/')
                .map(|part| if part.starts_with('{') { "018f0000-0000-7000-8000-000000000000" } else { part });
            operations.push((id, method, format!("/{}", path.collect::<Vec<_>>().join("/"))));
        }
    }
    operations
}

async fn call(client: &Client, method: &reqwest::Method, path: &str) -> tests::Reply {
    client.send(client.request(method.clone(), path).body("{"), path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_without_a_token_is_401_and_with_another_audiences_403() {
    let app = TestApp::start().await;
    let tokens = [
        (Audience::Member, app.member("zhang").await),
        (Audience::Merchant, app.stranger("shop", Audience::Merchant).await),
        (Audience::Admin, app.admin("district").await),
    ];
    let mut seen = 0;
    for audience in Audience::ALL {
        for (id, method, path) in operations(*audience) {
            if PUBLIC.contains(&id.as_str()) {
                continue;
            }
            seen += 1;
            call(&app.anonymous(), &method, &path).await.refused(401, "unauthenticated");
            let garbage = app.anonymous().with_token("eyJhbGciOiJub25lIn0.e30.");
            call(&garbage, &method, &path).await.refused(401, "unauthenticated");
            for (other, client) in tokens.iter().filter(|(other, _)| other != audience) {
                assert_ne!(other, audience);
                call(client, &method, &path).await.refused(403, "wrong_audience");
            }
        }
    }
    assert!(seen >= 5, "only {seen} operations were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_path_is_404_and_a_wrong_method_405() {
    let app = TestApp::start().await;
    app.anonymous().get("/nothing/here").await.refused(404, "not_found");
    app.anonymous().get("/auth/refresh").await.refused(405, "method_not_allowed");
    app.member("zhang").await.delete("/member/me").await.refused(405, "method_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_authority_are_audited_but_cannot_flood_the_trail() {
    let app = TestApp::start().await;
    let member = app.member("zhang").await;
    for _ in 0..40 {
        member.get("/admin/me").await.refused(403, "wrong_audience");
    }
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE result = 'refused'").await, 30);
}
