//! Bodies that cannot be read, and bodies that say what nobody asked for: each refused by name, and nothing done.

use actix_web::http::header::CONTENT_TYPE;
use reqwest::Method;
use serde_json::json;
use tests::TestApp;
use tests::client::key;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_or_used_is_refused_by_its_own_code() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    let id = Uuid::now_v7();
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let json = "application/json";
    for (kind, body, status, code, field) in [
        (json, String::new(), 400, "malformed_request", None),
        (json, r#"{"offer_id":"#.into(), 400, "malformed_request", None),
        (json, format!(r#"{{"offer_id":"{id}"}} and more"#), 400, "malformed_request", None),
        (json, format!(r#"{{"offer_id":"{id}","offer_id":"{id}"}}"#), 400, "malformed_request", None),
        (json, deep, 422, "invalid_input", Some("[0]")),
        (json, "\u{feff}{}".into(), 400, "malformed_request", None),
        (json, "{}".into(), 422, "invalid_input", Some("offer_id")),
        (json, r#"{"offer_id":7}"#.into(), 422, "invalid_input", Some("offer_id")),
        (json, r#"{"offer_id":"noodles"}"#.into(), 422, "invalid_input", Some("offer_id")),
        (json, format!(r#"{{"offer_id":"{id}","price":0}}"#), 422, "invalid_input", Some("price")),
        (json, format!(r#"{{"offer_id":"{id}"}}{}"#, " ".repeat(64 * 1024)), 413, "too_large", None),
        ("text/plain", format!(r#"{{"offer_id":"{id}"}}"#), 415, "unsupported_media_type", None),
        ("", format!(r#"{{"offer_id":"{id}"}}"#), 415, "unsupported_media_type", None),
    ] {
        let request = zhang.request(Method::POST, "/member/redemptions").header("Idempotency-Key", key());
        let shown: String = body.chars().take(60).collect();
        let problem = zhang.send(request.header(CONTENT_TYPE.as_str(), kind).body(body), &shown).await;
        let problem = problem.refused(status, code);
        assert_eq!(problem["errors"][0]["field"].as_str(), field, "{shown}");
    }
    for table in ["redemption", "idempotency"] {
        assert_eq!(app.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_kept_as_it_was_written_or_not_at_all() {
    let app = TestApp::start().await;
    let zhang = app.resident("zhang").await;
    let say = async |content: &str| {
        zhang.post("/member/complaints", &json!({ "category": "points", "content": content })).await
    };
    for content in ["", "   ", "积分\u{0}不对", "积分\u{202e}不对", &"长".repeat(4_001)] {
        let problem = say(content).await.refused(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], "content");
    }
    assert_eq!(app.number("SELECT count(*) FROM complaint").await, 0);
    let quoted = "'); DROP TABLE member; -- <b>%_\\</b> 😀";
    say(quoted).await.expect(201);
    assert_eq!(app.texts("SELECT content FROM complaint").await, [quoted]);
}
