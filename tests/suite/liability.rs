//! The liability report: equal to the books, for everybody or for some, on any day, in both formats.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use chrono::Datelike;
use domain::code::Code;
use domain::liability::Flow;
use domain::time::business_day;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, TestApp};

/// Some of everything: earned, spent, clawed back into a debt, partly paid, expired.
async fn busy(app: &TestApp) {
    let now = app.state.clock.business();
    for name in ["zhang", "li", "liu"] {
        app.credit_service(name, 240, now).await;
    }
    app.spend_points("zhang", 15).await;
    let wang = app.credit_service("wang", 120, now).await;
    app.spend_points("wang", 12).await;
    app.claw_back("wang", wang, 20).await;
    app.advance("500d").await;
    app.credit_service("wang", 60, app.state.clock.business()).await;
    app.credit_service("liu", 60, app.state.clock.business()).await;
}

async fn report(client: &Client, query: &str) -> Value {
    client.get(&format!("/admin/reports/liability{query}")).await.expect(200)
}

fn movement(report: &Value, kind: Flow) -> i64 {
    let all = report["movements"].as_array().expect("movements");
    let found = all.iter().find(|movement| movement["kind"] == kind.code()).expect("every kind");
    found["points"].as_i64().expect("a number")
}

fn sum(rows: &Value, field: &str) -> i64 {
    rows.as_array().expect("rows").iter().map(|row| row[field].as_i64().expect("a number")).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_what_the_books_say() {
    let app = TestApp::start().await;
    let district = app.admin("district").await;
    let empty = report(&district, "").await;
    assert_eq!((&empty["outstanding"], &empty["units"]), (&json!(0), &json!([])));
    busy(&app).await;
    let all = report(&district, "").await;
    for kind in Flow::ALL {
        let books = format!(
            "SELECT COALESCE(CAST(SUM(e.amount) AS bigint), 0) FROM entry e JOIN account a ON a.id = e.account_id \
             JOIN transfer t ON t.id = e.transfer_id LEFT JOIN transfer r ON r.id = t.reverses WHERE a.cached AND \
             CASE WHEN t.kind = 'refund' AND r.kind = 'clawback' THEN 'restore' ELSE t.kind END = '{}'",
            kind.code()
        );
        assert_eq!(movement(&all, *kind), app.number(&books).await, "{kind:?}");
    }
    let held = app.number("SELECT CAST(SUM(balance) AS bigint) FROM account WHERE kind = 'points'").await;
    let left = app.number("SELECT CAST(SUM(remaining) AS bigint) FROM lot").await;
    let owed = app.number("SELECT CAST(-SUM(balance) AS bigint) FROM account WHERE kind = 'debt'").await;
    assert_eq!((&all["outstanding"], &all["owed"]), (&json!(held), &json!(owed)));
    assert_eq!((sum(&all["by_month"], "points"), sum(&all["movements"], "points")), (left, held - owed));
    assert_eq!((held, owed, movement(&all, Flow::Expire)), (10, 2, -105));
    let next_year = business_day(app.state.clock.business()).year() + 1;
    assert_eq!(all["by_month"], json!([{ "month": format!("{next_year}-03"), "points": 10 }]));
    assert_eq!(all["organisation"], "平城区");
    app.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_the_past_is_reported_as_it_was() {
    let app = TestApp::start().await;
    let (district, first) = (app.admin("district").await, business_day(app.state.clock.business()));
    app.credit_service("zhang", 60, app.state.clock.business()).await;
    app.advance("1d").await;
    app.spend_points("zhang", 4).await;
    let second = first.succ_opt().expect("a day");
    let before = report(&district, &format!("?as_of={}", first.pred_opt().expect("a day"))).await;
    assert_eq!((&before["outstanding"], &before["by_month"]), (&json!(0), &json!([])));
    for (day, left) in [(first, 10), (second, 6)] {
        let then = report(&district, &format!("?as_of={day}")).await;
        assert_eq!((&then["outstanding"], sum(&then["by_month"], "points")), (&json!(left), left), "{day}");
        assert_eq!(then["as_of"], day.to_string());
    }
    assert_eq!(report(&district, "").await, report(&district, &format!("?as_of={second}")).await);
    let tomorrow = format!("?as_of={}", second.succ_opt().expect("a day"));
    for query in [&tomorrow, "?as_of=2026-13-01", "?as_of=today", "?format=pdf", "?until=2026-11-24"] {
        district.get(&format!("/admin/reports/liability{query}")).await.refused(422, "invalid_input");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_the_own_subtree() {
    let app = TestApp::start().await;
    busy(&app).await;
    let all = report(&app.admin("auditor").await, "").await;
    let (unit, other) = (report(&app.admin("unit").await, "").await, report(&app.admin("other-unit").await, "").await);
    assert_eq!((&unit["organisation"], &other["organisation"]), (&json!("平城区教育局"), &json!("平城区卫生健康局")));
    assert_eq!(all["units"], json!([unit["units"][0], other["units"][0]]));
    for kind in Flow::ALL {
        assert_eq!(movement(&all, *kind), movement(&unit, *kind) + movement(&other, *kind), "{kind:?}");
    }
    assert_eq!(sum(&all["units"], "outstanding"), all["outstanding"].as_i64().expect("a number"));
    assert_eq!((&other["outstanding"], &unit["owed"]), (&json!(10), &json!(2)));
    let health = format!("?organisation_id={}", app.world.node("health"));
    assert_eq!(report(&app.admin("district").await, &health).await, other);
    let path = format!("/admin/reports/liability{health}");
    app.admin("unit").await.get(&path).await.refused(404, "not_found");
    for account in ["community", "estate", "merchant", "system"] {
        app.admin(account).await.get("/admin/reports/liability").await.refused(403, "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workbook_says_the_same_and_holds_no_formula() {
    let app = TestApp::start().await;
    busy(&app).await;
    app.tamper("UPDATE organisation SET name = '=HYPERLINK(\"x\")' WHERE name = '平城区教育局'").await;
    app.tamper("UPDATE organisation SET name = '@平城区' WHERE parent_id IS NULL").await;
    let district = app.admin("district").await;
    let all = report(&district, "").await;
    let request = district.request(Method::GET, "/admin/reports/liability?format=xlsx");
    let response = request.send().await.expect("an answer");
    let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
    let name = response.headers()["content-disposition"].to_str().expect("text").to_owned();
    assert_eq!(kind, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    assert!(name.contains(&format!("liability-{}.xlsx", business_day(app.state.clock.business()))), "{name}");
    let mut book = Xlsx::new(Cursor::new(response.bytes().await.expect("a file"))).expect("a workbook");
    for sheet in book.sheet_names() {
        assert!(book.worksheet_formula(&sheet).expect("formulas").is_empty(), "{sheet}");
    }
    let mut rows = |sheet: &str| -> Vec<Vec<Data>> {
        book.worksheet_range(sheet).expect(sheet).rows().map(<[Data]>::to_vec).collect()
    };
    let points = |value: &Value| Data::Float(value.as_f64().expect("a number"));
    let text = |text: &str| Data::String(text.into());

    let sums = rows("概况");
    for (row, movement) in sums.iter().skip(1).zip(all["movements"].as_array().expect("movements")) {
        let kind = Flow::from_code(movement["kind"].as_str().expect("a kind")).expect("a kind");
        assert_eq!(row[..2], [text(kind.label()), points(&movement["points"])]);
    }
    let after = 1 + Flow::ALL.len();
    let totals = [
        ("发放合计", "issued"),
        ("使用合计", "spent"),
        ("过期合计", "expired"),
        ("调整合计", "adjusted"),
        ("未使用", "outstanding"),
        ("欠分", "owed"),
    ];
    for (row, (label, field)) in sums[after..].iter().zip(totals) {
        assert_eq!(row[..2], [text(label), points(&all[field])]);
    }
    assert_eq!((sums.len(), &sums[0][4]), (after + totals.len(), &text("'@平城区")));
    assert_eq!(sums[1][4], text(all["as_of"].as_str().expect("a day")));

    let months = rows("按到期月份");
    let expected = all["by_month"].as_array().expect("months").iter();
    let expected: Vec<_> =
        expected.map(|one| vec![text(one["month"].as_str().expect("a month")), points(&one["points"])]).collect();
    assert_eq!((months[1..].to_vec(), expected.len()), (expected, 1));

    let units = rows("按单位");
    let name = |unit: &Value| unit["name"].as_str().expect("a name").replace("=HYPERLINK", "'=HYPERLINK");
    let row = |unit: &Value| {
        vec![text(&name(unit)), points(&unit["issued"]), points(&unit["outstanding"]), points(&unit["owed"])]
    };
    let expected: Vec<_> = all["units"].as_array().expect("units").iter().map(row).collect();
    assert_eq!((units[1..].to_vec(), expected.len()), (expected, 2));
    assert_eq!(units[1][0], text("'=HYPERLINK(\"x\")"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_issued_less_what_went_is_what_is_left() {
    let app = TestApp::start().await;
    busy(&app).await;
    let all = report(&app.admin("district").await, "").await;
    let sum = |name: &str| all[name].as_i64().expect("a number");
    assert_eq!(sum("issued") - sum("spent") - sum("expired") + sum("adjusted"), sum("outstanding") - sum("owed"));
    assert_eq!((sum("spent"), sum("expired"), sum("adjusted")), (27, 105, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_made_a_few_at_a_time_and_not_without_end() {
    let app = TestApp::start().await;
    let district = app.admin("district").await;
    let path = "/admin/reports/liability";
    let turns = app.state.reports.try_acquire_many(2).expect("nobody asks");
    let waited = district.get(path).await;
    assert!(waited.headers.contains_key("retry-after"));
    waited.refused(503, "unavailable");
    drop(turns);
    for _ in 1..60 {
        district.get(path).await.expect(200);
    }
    let told = district.get(path).await;
    assert!(told.headers.contains_key("retry-after"));
    told.refused(429, "too_many_requests");
}
