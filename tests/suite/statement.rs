//! The statement of a member who owes points: what pays a debt whole and what becomes one whole stand in it, each with its
//! explanation and its receipt.

use api::jobs;
use chrono::Duration;
use serde_json::{Value, json};
use tests::binary::verify_receipt;
use tests::{Client, TestApp};

/// What the statement says of each transfer, by pages of this size: points, debt, and the balance after it.
async fn statement(member: &Client, limit: usize) -> Vec<(Value, [i64; 3])> {
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = member.get(&format!("/member/points/entries?limit={limit}{cursor}")).await.expect(200);
        for item in page["items"].as_array().expect("items") {
            let numbers = ["points", "debt", "balance_after"].map(|name| item[name].as_i64().expect("a number"));
            lines.push((item["transfer_id"].clone(), numbers));
        }
        let Some(next) = page["next_cursor"].as_str() else { return lines };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_moved_the_debt_is_told_explained_and_proven() {
    let app = TestApp::start().await;
    let (zhang, served) = (app.member("zhang").await, app.state.clock.business());
    let first = app.credit_service("zhang", 120, served - Duration::days(2)).await;
    let spent = app.spend_points("zhang", 20).await;
    app.claw_back("zhang", first, 20).await;
    let paying = app.credit_service("zhang", 60, served - Duration::days(1)).await;
    let rest = app.credit_service("zhang", 120, served).await;

    let lines = statement(&zhang, 100).await;
    let numbers: Vec<_> = lines.iter().map(|line| line.1).collect();
    assert_eq!(numbers, [[10, 10, 10], [0, 10, 0], [0, -20, 0], [-20, 0, 0], [20, 0, 20]]);
    for (line, id) in [(0, rest), (1, paying), (3, spent), (4, first)] {
        assert_eq!(lines[line].0, json!(id.uuid()));
    }
    for limit in [1, 2] {
        assert_eq!(statement(&zhang, limit).await, lines, "by {limit}");
    }
    let clawbacks = zhang.get("/member/points/entries?kind=clawback").await.expect(200);
    assert_eq!((&clawbacks["items"][0]["debt"], clawbacks["items"].as_array().map(Vec::len)), (&json!(-20), Some(1)));
    let balance = zhang.get("/member/points").await.expect(200);
    assert_eq!((&balance["available"], &balance["debt"]), (&json!(10), &json!(0)));

    let sentences = [
        (
            1,
            "服务 60 分钟，每满 30 分钟计一次，计 60 分钟；每 30 分钟 5 分，基础分 10 分；乘以系数 1.00（一般服务 1.00 × \
             评价良好 1.00），得 10 分，其中 10 分先抵还欠分（积分规则第 1 版）。",
        ),
        (2, "虚假打卡，追回 20 分，余额不足，全部记为欠分。"),
    ];
    jobs::run_all(&app.state).await;
    let keys = zhang.get("/member/ledger-seal-keys").await.expect(200);
    let key = keys["items"][0]["public_key"].as_str().expect("a key");
    let folder = tempfile::tempdir().expect("a folder");
    for (line, sentence) in sentences {
        let path = format!("/member/points/entries/{}", lines[line].0.as_str().expect("an id"));
        let why = zhang.get(&path).await.expect(200);
        assert_eq!(
            (&why["sentence"], &why["points"], &why["debt"]),
            (&json!(sentence), &json!(0), &json!(lines[line].1[1]))
        );
        let receipt = zhang.get(&format!("{path}/receipt")).await.expect(200);
        let file = folder.path().join("receipt.json");
        std::fs::write(&file, receipt.to_string()).expect("a file");
        let (code, said, refusal) = verify_receipt(&file, key, &[]);
        assert_eq!(code, Some(0), "{refusal}");
        assert!(said.contains(lines[line].0.as_str().expect("an id")), "{said}");
    }
    app.books_balance().await;
}
