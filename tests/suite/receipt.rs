//! A member's receipt: self-contained, verified offline by the true program, and refused whatever is changed in it.

use std::path::{Path, PathBuf};

use api::jobs;
use serde_json::{Value, json};
use tests::TestApp;
use tests::binary::verify_receipt as verify;
use tests::mall::{cancel, id, redeem};
use uuid::Uuid;

fn write(folder: &Path, name: &str, value: &Value) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, value.to_string()).expect("a file");
    file
}

/// Another value in place of every value in the document, and every object and list without one of its parts.
fn changes(value: &Value) -> Vec<(String, Value)> {
    fn of(value: &Value, at: &str) -> Vec<(String, Value)> {
        match value {
            Value::Object(fields) => {
                let within = fields.iter().flat_map(|(name, field)| {
                    let put = |field: Value| {
                        Value::Object(fields.clone().into_iter().chain([(name.clone(), field)]).collect())
                    };
                    of(field, &format!("{at}.{name}"))
                        .into_iter()
                        .map(move |(at, field)| (at, put(field)))
                        .collect::<Vec<_>>()
                });
                within.collect()
            }
            Value::Array(items) => {
                let mut changed: Vec<_> = (0..items.len())
                    .flat_map(|number| {
                        let put = move |item: Value| {
                            let mut items = items.clone();
                            items[number] = item;
                            Value::Array(items)
                        };
                        of(&items[number], &format!("{at}[{number}]"))
                            .into_iter()
                            .map(move |(at, item)| (at, put(item)))
                    })
                    .collect();
                if !items.is_empty() {
                    changed.push((format!("{at}: fewer"), json!(items[1..])));
                    let twice: Vec<_> = items.iter().chain(&items[..1]).collect();
                    changed.push((format!("{at}: one twice"), json!(twice)));
                }
                changed
            }
            Value::Number(number) => vec![(at.into(), json!(number.as_i64().expect("an integer") + 1))],
            Value::String(text) if Uuid::parse_str(text).is_ok() => vec![(at.into(), json!(Uuid::now_v7()))],
            Value::String(text) => {
                let first = text.chars().next().expect("a text");
                let mut others = vec![format!("{text}x")];
                // A hash and a time keep their form.
                let digit = if first == '0' { '1' } else { '0' };
                others.push(format!("{digit}{}", &text[first.len_utf8()..]));
                if at.ends_with("_at") {
                    others.push(text.replace("+08:00", "+09:00"));
                    let day = if &text[8..10] == "11" { "12" } else { "11" };
                    others.push(format!("{}{day}{}", &text[..8], &text[10..]));
                }
                others.into_iter().map(|other| (at.into(), json!(other))).collect()
            }
            Value::Null if at.ends_with("link") => {
                let link =
                    json!({ "sequence": 1, "balance_after": 1, "hash": "00".repeat(32), "granted": [], "uses": [] });
                vec![(at.into(), link)]
            }
            Value::Null if at.ends_with("_at") => vec![(at.into(), json!("2026-11-24T09:30:00.000000+08:00"))],
            Value::Null if at.ends_with("hash") || at.ends_with("root") => vec![(at.into(), json!("00".repeat(32)))],
            Value::Null => vec![(at.into(), json!(Uuid::now_v7()))],
            Value::Bool(_) => panic!("{at}: nothing is true or false here"),
        }
    }
    of(value, "receipt")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_verified_offline_and_refused_whatever_is_changed() {
    let app = TestApp::start().await;
    let zhang = app.shopper("zhang", 100).await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 30, 10)).await;
    let redemption = id(&redeem(&zhang, &offer).await.expect(201));
    cancel(&zhang, &redemption).await.expect(201);
    let entries = zhang.get("/member/points/entries").await.expect(200);
    let transfers: Vec<_> = entries["items"].as_array().expect("items").iter().collect();
    assert_eq!(transfers.len(), 3);
    let path = |transfer: &Value| {
        format!("/member/points/entries/{}/receipt", transfer["transfer_id"].as_str().expect("an id"))
    };

    zhang.get(&path(transfers[0])).await.refused(409, "not_sealed_yet");
    jobs::run_all(&app.state).await;
    app.member("li").await.get(&path(transfers[0])).await.refused(404, "not_found");

    let keys = zhang.get("/member/ledger-seal-keys").await.expect(200);
    let key = keys["items"][0]["public_key"].as_str().expect("a key").to_owned();
    assert_eq!((keys["items"].as_array().map(Vec::len), &keys["items"][0]["current"]), (Some(1), &json!(true)));
    let folder = tempfile::tempdir().expect("a folder");
    let published = write(folder.path(), "seal.json", &zhang.get("/member/ledger-seals/1").await.expect(200));
    let with_seal = ["--seal", published.to_str().expect("a path")];

    for transfer in &transfers {
        let reply = zhang.get(&path(transfer)).await;
        assert!(reply.headers["content-disposition"].to_str().expect("a name").contains("receipt-"));
        let receipt = reply.expect(200);
        assert!(receipt["about"].as_str().is_some_and(|about| about.starts_with("智享平城积分记账凭证")));
        let file = write(folder.path(), "receipt.json", &receipt);
        let (code, said, refusal) = verify(&file, &key, &with_seal);
        assert_eq!(code, Some(0), "{refusal}");
        assert_eq!(said.lines().count(), 2);
        assert!(said.contains(transfer["transfer_id"].as_str().expect("an id")) && said.contains("seal 1"), "{said}");
    }

    // The spending has uses, a chain behind it and another side; its receipt has everything but a granted lot.
    let receipt = zhang.get(&path(transfers[1])).await.expect(200);
    let mut changed: Vec<_> = changes(&receipt);
    let credit = zhang.get(&path(transfers[2])).await.expect(200);
    changed.extend(changes(&credit).into_iter().filter(|(at, _)| at.contains("granted") || at.contains("previous")));
    assert!(changed.len() > 70, "{}", changed.len());
    for (at, changed) in changed {
        let file = write(folder.path(), "changed.json", &changed);
        let (code, said, refusal) = verify(&file, &key, &[]);
        assert_eq!((code, refusal.lines().count()), (Some(1), 1), "{at} was changed, and it said {said}{refusal}");
    }

    let file = write(folder.path(), "receipt.json", &receipt);
    let stranger = api::seal_key::SealKey::new(&[7; 32]).checker();
    let stranger = data_encoding::BASE64.encode(stranger.public());
    assert_eq!(verify(&file, &stranger, &[]).0, Some(1), "another key");
    let mut other = zhang.get("/member/ledger-seals/1").await.expect(200);
    other["number"] = json!(2);
    let other = write(folder.path(), "other.json", &other);
    assert_eq!(verify(&file, &key, &["--seal", other.to_str().expect("a path")]).0, Some(1), "another seal");
    assert_eq!(verify(&file, "no key", &[]).0, Some(2));
    assert_eq!(verify(&folder.path().join("none.json"), &key, &[]).0, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn seals_are_published_to_members_and_admins_alike_and_name_nobody() {
    let app = TestApp::start().await;
    let (zhang, auditor) = (app.member("zhang").await, app.admin("auditor").await);
    assert_eq!(zhang.get("/member/ledger-seals").await.expect(200)["items"], json!([]));
    zhang.get("/member/ledger-seals/1").await.refused(404, "not_found");
    zhang.get("/member/ledger-seals/one").await.refused(404, "not_found");
    let keys = zhang.get("/member/ledger-seal-keys").await.expect(200);
    assert_eq!(keys["items"][0]["first_used_at"], json!(null), "it has signed nothing");
    for _ in 0..3 {
        app.enrich("zhang", 10).await;
        jobs::run_all(&app.state).await;
    }
    let page = zhang.get("/member/ledger-seals?limit=2").await.expect(200);
    let numbers: Vec<_> = page["items"].as_array().expect("items").iter().map(|seal| seal["number"].clone()).collect();
    assert_eq!(numbers, [json!(3), json!(2)]);
    assert_eq!(page["items"][0]["previous_root"], page["items"][1]["root"]);
    let cursor = page["next_cursor"].as_str().expect("more");
    let rest = zhang.get(&format!("/member/ledger-seals?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((rest["items"].as_array().map(Vec::len), &rest["next_cursor"]), (Some(1), &json!(null)));
    let fields: Vec<_> = rest["items"][0].as_object().expect("a seal").keys().cloned().collect();
    assert_eq!(fields, ["key_id", "number", "previous_root", "root", "signature", "signed_at", "transfers"]);

    assert_eq!(auditor.get("/admin/ledger-seals?limit=2").await.expect(200)["items"], page["items"]);
    let one = auditor.get("/admin/ledger-seals/1").await.expect(200);
    assert_eq!(one, rest["items"][0]);
    let keys = auditor.get("/admin/ledger-seal-keys").await.expect(200);
    assert_eq!((&keys["items"][0]["key_id"], &keys["items"][0]["current"]), (&one["key_id"], &json!(true)));
}
