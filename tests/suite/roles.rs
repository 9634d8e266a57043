//! Two roles on PostgreSQL: one owns the schema and migrates, the application's may do only what the application does.

use sea_orm::ConnectionTrait;
use serde_json::json;
use tests::{TestApp, database, world};

#[tokio::test(flavor = "multi_thread")]
async fn the_applications_role_can_do_all_its_work_and_change_nothing_that_was_booked() {
    let Some((owner, application)) = database::owned().await else {
        println!("skipped: SQLite has no roles");
        return;
    };
    let app = TestApp::start_as_application(application.clone(), &owner).await;
    let body = json!({ "account": "district", "password": world::PASSWORD, "totp": app.totp("district").await });
    let tokens = app.anonymous().post("/auth/admin-login", &body).await.expect(200);
    let district = app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"));
    district.get("/admin/me").await.expect(200);
    api::jobs::run_all(&app.state).await;
    let zhang = app.shopper("zhang", 100).await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 10, 100)).await;
    tests::mall::redeem(&zhang, &offer).await.expect(201);
    assert!(app.number("SELECT count(*) FROM entry").await > 0);

    let connection = database::connect(&application).await;
    let kept = "SELECT DISTINCT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid \
                WHERE p.proname = 'refuse_change'";
    let kept = app.texts(kept).await;
    assert!(kept.len() >= 9, "{kept:?}");
    for table in kept {
        let column =
            format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}' LIMIT 1");
        let column = app.texts(&column).await.remove(0);
        for change in [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!(
                "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ON CONSTRAINT {table}_pkey \
                 DO UPDATE SET {column} = excluded.{column}"
            ),
        ] {
            let refused = connection.execute_unprepared(&change).await.expect_err(&change).to_string();
            assert!(refused.contains("permission denied"), "{change}: {refused}");
        }
    }
    for change in [
        "DELETE FROM seaql_migrations",
        "DROP TABLE lease",
        "CREATE TABLE mine (id integer)",
        "ALTER TABLE entry DISABLE TRIGGER ALL",
        "DROP TRIGGER entry_append_only ON entry",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
    ] {
        connection.execute_unprepared(change).await.expect_err(change);
    }
}
