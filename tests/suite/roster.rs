//! Bringing rosters in by file, and looking at them.

use std::io::Write;

use api::roster_file::Limits;
use api::roster_import::{Outcome, Plan, rehearse};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use storage::{organisations, roster_imports};
use tests::{Client, Reply, TestApp};
use uuid::Uuid;

const CSV: &str = "text/csv";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const TITLES: &str = "姓名,手机号,单位,党组织,入党日期,党员类别";

const SUN: &str = "孙丽,13900000001,平城区教育局,支部,2015/7/1,在职";

fn csv(rows: &[&str]) -> Vec<u8> {
    format!("\u{FEFF}{TITLES}\r\n{}\r\n", rows.join("\r\n")).into_bytes()
}

/// So many people of one unit.
fn many(people: u32, category: &str) -> Vec<String> {
    let row = |number| format!("孙{number},1391{number:07},平城区教育局,机关党支部,2015/7/1,{category}");
    (0..people).map(row).collect()
}

/// A workbook whose last row is written by the caller, below one good row.
fn workbook(last: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip([TITLES, SUN]) {
        for (column, text) in (0..).zip(line.split(',')) {
            sheet.write(row, column, text).expect("a cell");
        }
    }
    last(sheet);
    book.save_to_buffer().expect("a workbook")
}

/// A small package that unpacks into much of nothing.
fn bomb() -> Vec<u8> {
    let mut package = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    package.start_file("xl/workbook.xml", zip::write::SimpleFileOptions::default()).expect("a part");
    let nothing = vec![b' '; 1 << 20];
    for _ in 0..50 {
        package.write_all(&nothing).expect("much of nothing");
    }
    package.finish().expect("a package").into_inner()
}

async fn upload(app: &TestApp, client: &Client, unit: &str, kind: &str, file: Vec<u8>) -> Reply {
    let path = format!("/admin/roster-imports?unit_id={}&file_name=%E5%90%8D%E5%86%8C", app.world.node(unit));
    client.send(client.request(Method::POST, &path).header("Content-Type", kind).body(file), &path).await
}

/// Hands a file in, lets the job run, and answers what became of it.
async fn import(app: &TestApp, account: &str, unit: &str, kind: &str, file: Vec<u8>) -> Value {
    let client = app.admin(account).await;
    let taken = upload(app, &client, unit, kind, file).await.expect(202);
    assert_eq!((&taken["state"], &taken["file_name"]), (&json!("queued"), &json!("名册")));
    app.advance("1s").await;
    let id = taken["id"].as_str().expect("an id");
    client.get(&format!("/admin/roster-imports/{id}")).await.expect(200)
}

async fn members(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM member").await
}

fn counts(import: &Value) -> (u64, u64, u64) {
    let count = |name: &str| import[name].as_u64().expect("a count");
    (count("created"), count("updated"), count("unchanged"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_imports_its_roster_and_again_without_doubles() {
    let app = TestApp::start().await;
    let before = members(&app).await;
    let rows = [
        "孙丽,139 0000 0001,平城区教育局,机关第一党支部,2015/7/1,在职党员",
        "周涛,13900000002,平城区教育局,机关第二党支部,2016年7月1日,在职",
        "张建国,13800000001,平城区教育局,机关第三党支部,2012-07-01,在职党员",
    ];
    let done = import(&app, "unit", "education", CSV, csv(&rows)).await;
    assert_eq!((&done["state"], counts(&done)), (&json!("done"), (2, 1, 0)), "{done}");
    assert_eq!((&done["rows_read"], &done["rows_total"], &done["problem_count"]), (&json!(3), &json!(3), &json!(0)));
    assert_eq!(members(&app).await, before + 2);

    let again = import(&app, "unit", "education", CSV, csv(&rows)).await;
    assert_eq!((&again["state"], counts(&again)), (&json!("done"), (0, 0, 3)), "{again}");
    assert_eq!(members(&app).await, before + 2);
    assert_eq!(app.number("SELECT count(*) FROM roster_import WHERE file IS NOT NULL").await, 0);

    let unit = app.admin("unit").await;
    let found = unit.get("/admin/members?name=%E5%AD%99").await.expect(200);
    let sun = &found["items"][0];
    assert_eq!((&sun["name"], &sun["phone"]), (&json!("孙丽"), &json!("*******0001")));
    assert_eq!((&sun["unit"], &sun["bound"]), (&json!("平城区教育局"), &json!(false)));
    assert!(!found.to_string().contains("13900000001"));
    let listed = unit.get("/admin/roster-imports?limit=1").await.expect(200);
    assert_eq!(listed["items"][0]["id"], again["id"]);
    assert!(listed["next_cursor"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_is_imported_with_its_dates() {
    let app = TestApp::start().await;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, title) in (0..).zip(TITLES.split(',')) {
        sheet.write(0, column, title).expect("a title");
    }
    for (column, text) in [(0, "吴敏"), (2, "平城区教育局"), (3, "机关第一党支部"), (5, "在职党员")]
    {
        sheet.write(1, column, text).expect("a cell");
    }
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2018, 7, 1).expect("a day");
    sheet.write(1, 1, 13_900_000_003.0_f64).expect("a number");
    let format = rust_xlsxwriter::Format::new().set_num_format("yyyy/m/d");
    sheet.write_with_format(1, 4, &day, &format).expect("a date");
    let done = import(&app, "unit", "education", XLSX, book.save_to_buffer().expect("a workbook")).await;
    assert_eq!((&done["state"], counts(&done)), (&json!("done"), (1, 0, 0)), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_rows_are_named_and_nothing_changes() {
    let app = TestApp::start().await;
    let before = members(&app).await;
    let rows = [
        "孙丽,13900000001,平城区教育局,机关党支部,2015/7/1,在职",
        "周涛,123,平城区教育局,机关党支部,很久以前,在职",
        "孙丽,13900000001,平城区教育局,机关党支部,2015/7/1,在职",
        "吴敏,13900000004,平城区卫生健康局,机关党支部,2015/7/1,在职",
        "刘卫东,13800000005,平城区教育局,机关党支部,2015/7/1,在职",
    ];
    let failed = import(&app, "unit", "education", CSV, csv(&rows)).await;
    assert_eq!((&failed["state"], counts(&failed)), (&json!("failed"), (0, 0, 0)), "{failed}");
    assert_eq!(failed["problem_count"], 5);
    let problems: Vec<_> = failed["problems"].as_array().expect("problems").iter().collect();
    let expected = [
        (3, "手机号", "应为 11 位手机号"),
        (3, "入党日期", "应为日期，写成 2012-07-01 或 2012年7月1日"),
        (4, "手机号", "与第 2 行重复"),
        (5, "单位", "没有这个单位，或不在本次导入的范围内"),
        (6, "手机号", "已在其他单位的名册上，请先由原单位转出或由区级导入"),
    ];
    for (line, column, message) in expected {
        let expected = json!({ "line": line, "column": column, "message": message });
        assert!(problems.contains(&&expected), "{expected} is not in {failed}");
    }
    assert_eq!(members(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_files_are_refused_with_a_sentence() {
    let app = TestApp::start().await;
    let formula = workbook(|sheet| {
        for (column, text) in (0..).zip("吴敏,13900000004,,支部,2015-07-01,在职".split(',')) {
            sheet.write(2, column, text).expect("a cell");
        }
        sheet.write_formula(2, 2, "=C2").expect("a formula");
    });
    let merged = workbook(|sheet| {
        let format = rust_xlsxwriter::Format::new();
        sheet.merge_range(2, 0, 3, 0, "吴敏", &format).expect("a merged cell");
    });
    for (kind, file, sentence) in [
        (CSV, b"a,b\n1,2\n".to_vec(), "表头缺少这些列"),
        (CSV, csv(&[]), "文件里没有党员"),
        (CSV, vec![0xFF; 64], "文字编码无法识别"),
        (XLSX, b"PK\x03\x04broken".to_vec(), "文件已损坏"),
        (XLSX, b"\xD0\xCF\x11\xE0old".to_vec(), "旧版 Excel"),
        (XLSX, formula, "是公式，请把这一列复制后粘贴为数值"),
        (XLSX, merged, "第 3 行有合并单元格"),
        (XLSX, bomb(), "文件内容过大"),
    ] {
        let failed = import(&app, "unit", "education", kind, file).await;
        assert_eq!((&failed["state"], &failed["problem_count"]), (&json!("failed"), &json!(1)), "{failed}");
        let message = failed["problems"][0]["message"].as_str().expect("a sentence");
        assert!(message.contains(sentence), "{message}");
    }
    let unit = app.admin("unit").await;
    upload(&app, &unit, "education", "text/plain", csv(&[])).await.refused(415, "unsupported_media_type");
    upload(&app, &unit, "education", CSV, Vec::new()).await.refused(422, "invalid_input");
    upload(&app, &unit, "education", CSV, vec![b'a'; 5 * 1024 * 1024 + 1]).await.refused(413, "too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_unit_sees_neither_the_import_nor_the_members() {
    let app = TestApp::start().await;
    let done = import(&app, "unit", "education", CSV, csv(&["孙丽,13900000001,平城区教育局,支部,2015/7/1,在职"])).await;
    let other = app.admin("other-unit").await;
    let id = done["id"].as_str().expect("an id");
    other.get(&format!("/admin/roster-imports/{id}")).await.refused(404, "not_found");
    assert_eq!(other.get("/admin/roster-imports").await.expect(200)["items"], json!([]));
    upload(&app, &other, "education", CSV, csv(&[])).await.refused(404, "not_found");
    let zhang = format!("/admin/members/{}", app.world.member("zhang"));
    other.get(&zhang).await.refused(404, "not_found");
    assert_eq!(app.admin("unit").await.get(&zhang).await.expect(200)["name"], "张建国");
    let theirs = other.get("/admin/members").await.expect(200);
    assert_eq!(theirs["items"].as_array().map(Vec::len), Some(2));
    app.admin("community").await.get("/admin/roster-imports").await.refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_ended_in_the_middle_is_taken_up_again_once_its_worker_is_silent() {
    let app = TestApp::start().await;
    let unit = app.admin("unit").await;
    let taken = upload(&app, &unit, "education", CSV, csv(&[SUN])).await.expect(202);
    let path = format!("/admin/roster-imports/{}", taken["id"].as_str().expect("an id"));
    let mut tx = app.state.database.write().await.expect("a transaction");
    let claimed = roster_imports::claim_next(&mut tx, &app.state.vault, Uuid::now_v7()).await.expect("a claim");
    tx.commit().await.expect("kept");
    assert_eq!(claimed.map(|import| import.id.to_string()).as_deref(), taken["id"].as_str());
    app.advance("1s").await;
    assert_eq!(unit.get(&path).await.expect(200)["state"], "running");

    app.tamper("DELETE FROM lease WHERE name LIKE 'roster_import:%'").await;
    app.advance("1s").await;
    let done = unit.get(&path).await.expect(200);
    assert_eq!((&done["state"], counts(&done)), (&json!("done"), (1, 0, 0)), "{done}");
    assert_eq!(app.number("SELECT count(*) FROM roster_import_row").await, 0);
    assert_eq!(app.number("SELECT count(*) FROM lease WHERE name LIKE 'roster_import:%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_at_once_makes_no_doubles() {
    let app = TestApp::start().await;
    let replica = app.replica().await;
    let before = members(&app).await;
    let rows = many(1_500, "在职");
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let unit = app.admin("unit").await;
    let mut paths = Vec::new();
    for _ in 0..2 {
        let taken = upload(&app, &unit, "education", CSV, csv(&rows)).await.expect(202);
        paths.push(format!("/admin/roster-imports/{}", taken["id"].as_str().expect("an id")));
    }
    tokio::join!(app.advance("1s"), replica.advance("1s"));
    app.advance("1s").await;
    let mut all = Vec::new();
    for path in paths {
        let done = unit.get(&path).await.expect(200);
        assert_eq!(done["state"], "done", "{done}");
        all.push(counts(&done));
    }
    all.sort_unstable();
    assert_eq!(all, [(0, 0, 1_500), (1_500, 0, 0)]);
    assert_eq!(members(&app).await, before + 1_500);
    assert_eq!(app.number("SELECT count(*) FROM roster_import_row").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_counts_as_a_whole_and_changes_everybody_at_once() {
    let app = TestApp::start().await;
    let before = members(&app).await;
    let rows = many(2_300, "在职");
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut wrong = rows.clone();
    wrong.push("孙丽,123,平城区教育局,机关党支部,2015/7/1,在职");
    let failed = import(&app, "unit", "education", CSV, csv(&wrong)).await;
    assert_eq!((&failed["state"], &failed["problem_count"]), (&json!("failed"), &json!(1)), "{failed}");
    assert_eq!((&failed["rows_read"], &failed["rows_total"]), (&json!(2_301), &json!(2_301)));
    assert_eq!(members(&app).await, before);

    let done = import(&app, "unit", "education", CSV, csv(&rows)).await;
    assert_eq!((&done["state"], counts(&done)), (&json!("done"), (2_300, 0, 0)), "{done}");
    let numbers = "SELECT count(*) FROM (SELECT DISTINCT number FROM member) AS numbers";
    assert_eq!(app.number(numbers).await, before + 2_300);
    let retired = many(2_300, "退休");
    let retired: Vec<&str> = retired.iter().map(String::as_str).collect();
    let done = import(&app, "unit", "education", CSV, csv(&retired)).await;
    assert_eq!((&done["state"], counts(&done)), (&json!("done"), (0, 2_300, 0)), "{done}");
    assert_eq!(app.number("SELECT count(*) FROM member WHERE category = 'retired'").await, 2_300);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 'apply_roster_import'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_says_what_would_be_done_and_does_nothing() {
    let app = TestApp::start().await;
    let before = members(&app).await;
    let root = organisations::root(&app.state.database.read()).await.expect("an answer").expect("the district");
    let rows = [SUN, "吴敏,13900000004,平城区新设局,机关党支部,2015/7/1,退休"];
    let mut plan = Plan {
        file: csv(&rows).into(),
        limits: Limits { unpacked: 1 << 20, rows: 10 },
        at: root,
        create_units: true,
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day"),
    };
    let said = rehearse(&app.state, &plan, |_, _| {}).await.expect("an outcome");
    assert!(matches!(said, Outcome::Done { counts, units: 1 } if counts.created == 2), "{said:?}");
    plan.create_units = false;
    let said = rehearse(&app.state, &plan, |_, _| {}).await.expect("an outcome");
    assert!(matches!(&said, Outcome::Refused(problems) if problems.total == 1), "{said:?}");
    assert_eq!(members(&app).await, before);
    assert_eq!(app.number("SELECT count(*) FROM roster_import").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_template_is_a_roster_without_members() {
    let app = TestApp::start().await;
    let unit = app.admin("unit").await;
    let answer = unit.request(Method::GET, "/admin/roster-template.xlsx").send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], XLSX);
    assert!(answer.headers()["content-disposition"].to_str().expect("text").starts_with("attachment"));
    let file = answer.bytes().await.expect("a file").to_vec();
    let failed = import(&app, "unit", "education", XLSX, file).await;
    assert_eq!(failed["problems"][0]["message"], "文件里没有党员，表头下面应每人一行");
    app.admin("community").await.get("/admin/roster-template.xlsx").await.refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_paired_with_a_community_once_and_by_the_district() {
    let app = TestApp::start().await;
    let pairing = json!({ "unit_id": app.world.node("health"), "community_id": app.world.node("wenyuan") });
    app.admin("community").await.post("/admin/unit-pairings", &pairing).await.refused(403, "forbidden");
    let district = app.admin("district").await;
    let swapped = json!({ "unit_id": app.world.node("wenyuan"), "community_id": app.world.node("education") });
    district.post("/admin/unit-pairings", &swapped).await.refused(422, "invalid_input");
    let nobody = json!({ "unit_id": Uuid::now_v7(), "community_id": app.world.node("wenyuan") });
    district.post("/admin/unit-pairings", &nobody).await.refused(404, "not_found");
    let tries = join_all((0..4).map(|_| district.post("/admin/unit-pairings", &pairing))).await;
    let (paired, refused): (Vec<_>, Vec<_>) = tries.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(paired.len(), 1);
    for reply in refused {
        reply.refused(409, "state_conflict");
    }
    for (account, seen) in [("unit", 1), ("community", 2), ("other-unit", 1), ("other-community", 0)] {
        let listed = app.admin(account).await.get("/admin/unit-pairings").await.expect(200);
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(seen), "{account}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_district_imports_for_all_units() {
    let app = TestApp::start().await;
    let rows = [
        "孙丽,13900000001,平城区教育局,机关党支部,2015/7/1,在职",
        "刘卫东,13800000005,平城区教育局,机关党支部,2012/7/1,在职",
        "吴敏,13900000004,平城区卫生健康局,机关党支部,2015/7/1,退休",
    ];
    let done = import(&app, "district", "district", CSV, csv(&rows)).await;
    assert_eq!((&done["state"], counts(&done)), (&json!("done"), (2, 1, 0)), "{done}");
    let retired = app.admin("other-unit").await.get("/admin/members?category=retired").await.expect(200);
    assert_eq!(retired["items"][0]["name"], "吴敏");
    let district = app.admin("district").await;
    upload(&app, &district, "wenyuan", CSV, csv(&rows)).await.refused(422, "invalid_input");
}

#[tokio::test(flavor = "multi_thread")]
async fn organisations_are_listed_and_created_where_they_belong() {
    let app = TestApp::start().await;
    let community = app.admin("community").await;
    let seen = community.get("/admin/organisations").await.expect(200);
    let names: Vec<_> = seen["items"].as_array().expect("items").iter().map(|node| node["name"].clone()).collect();
    assert_eq!(names, ["文源社区", "新河湾小区"]);
    let new = |parent: &str, kind: &str, name: &str| json!({ "parent_id": app.world.node(parent), "kind": kind, "name": name });
    let estate = new("wenyuan", "estate", "文瀛苑小区");
    community.post("/admin/organisations", &estate).await.refused(403, "forbidden");
    let district = app.admin("district").await;
    let created = district.post("/admin/organisations", &estate).await.expect(201);
    assert_eq!((&created["kind"], &created["name"]), (&json!("estate"), &json!("文瀛苑小区")));
    district.post("/admin/organisations", &estate).await.refused(409, "state_conflict");
    district.post("/admin/organisations", &new("wenyuan", "unit", "某单位")).await.refused(422, "invalid_input");
    let found = district.get("/admin/organisations?kind=estate&name=%E6%96%87%E7%80%9B").await.expect(200);
    assert_eq!(found["items"][0]["id"], created["id"]);
    let below = format!("/admin/organisations?parent_id={}", app.world.node("wenyuan"));
    assert_eq!(district.get(&below).await.expect(200)["items"].as_array().map(Vec::len), Some(2));
}
