//! The committed contracts are those of the code, please a public linter, make clients, and print what works.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use api::demo::ids;
use api::openapi;
use domain::code::Code;
use domain::id::{AdminId, RoleGrantId};
use domain::role::Role;
use domain::session::Audience;
use serde_json::{Value, json};
use storage::{admins, role_grants};
use tests::contract::{Operation, operations};
use tests::world::{self, PASSWORD};
use tests::{Client, TestApp};
use uuid::Uuid;

#[test]
fn the_committed_documents_are_the_generated_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    for audience in Audience::ALL {
        let file = folder.join(format!("{}.json", audience.code()));
        let committed = std::fs::read_to_string(&file).expect("the committed document");
        assert!(committed == openapi::text(*audience), "run `cargo run -- openapi`: {} is stale", file.display());
    }
}

#[test]
fn operations_are_named_once_and_described_in_chinese() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut paths_by_name = std::collections::BTreeMap::<String, BTreeSet<String>>::new();
    for audience in Audience::ALL {
        let document = serde_json::to_value(openapi::document(*audience)).expect("a document");
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let name = operation["operationId"].as_str().expect("an operationId");
                assert!(chinese(operation["summary"].as_str().unwrap_or("")), "{name} has no Chinese summary");
                assert!(matches!(method.as_str(), "get" | "post" | "put" | "delete"), "{name} uses {method}");
                paths_by_name.entry(name.into()).or_default().insert(format!("{method} {path}"));
            }
        }
        for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
            for (field, property) in schema["properties"].as_object().into_iter().flatten() {
                let described = property["description"].as_str().is_some_and(chinese)
                    || property["$ref"].is_string()
                    || property["oneOf"].is_array();
                assert!(described, "{name}.{field} is not described in Chinese");
            }
        }
    }
    for (name, paths) in paths_by_name {
        assert_eq!(paths.len(), 1, "{name} names {paths:?}");
    }
}

#[test]
fn every_required_value_has_an_example() {
    let mut missing = Vec::new();
    for audience in Audience::ALL {
        let document = serde_json::to_value(openapi::document(*audience)).expect("a document");
        for methods in document["paths"].as_object().expect("paths").values() {
            for operation in methods.as_object().expect("methods").values() {
                let name = operation["operationId"].as_str().expect("an operationId");
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let wanted = parameter["required"] == true && parameter["in"] != "header";
                    if wanted && parameter["example"].is_null() && !is_shown(&document, &parameter["schema"]) {
                        missing.push(format!("{name}: {}", parameter["name"]));
                    }
                }
                for (kind, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                    if kind == "application/json" && body["example"].is_null() {
                        collect_unshown(&document, &body["schema"], name, &mut missing);
                    }
                }
            }
        }
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "no example for\n{}", missing.join("\n"));
}

/// Adds the required fields below a schema for which Swagger UI would make something up.
fn collect_unshown(document: &Value, schema: &Value, path: &str, missing: &mut Vec<String>) {
    let schema = resolved(document, schema);
    if !schema["example"].is_null() {
        return;
    }
    for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let property = &schema["properties"][field];
        if !is_shown(document, property) {
            missing.push(format!("{path}: {field}"));
        }
    }
}

fn is_shown(document: &Value, schema: &Value) -> bool {
    if !schema["example"].is_null() || !schema["examples"].is_null() || !schema["default"].is_null() {
        return true;
    }
    let schema = resolved(document, schema);
    if schema["type"] == "array" {
        return is_shown(document, &schema["items"]);
    }
    if schema["type"] == "object" || schema["properties"].is_object() {
        let mut missing = Vec::new();
        collect_unshown(document, schema, "", &mut missing);
        return missing.is_empty();
    }
    let known = ["example", "examples", "default", "enum", "const"];
    known.iter().any(|key| !schema[key].is_null()) || schema["type"] == "boolean"
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(pointer) => document.pointer(pointer.trim_start_matches('#')).expect("what is referred to"),
        None => schema,
    }
}

fn tools() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract");
    assert!(
        tools.join("node_modules").is_dir(),
        "the contract checks need their tools: run tests/run, which gets them"
    );
    tools
}

/// Runs a program of `tests/contract` and returns what it printed.
fn node(folder: &Path, program: &Path, arguments: &[&str]) -> String {
    let output = Command::new("node").arg(program).args(arguments).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("node: {error}; run tests/run, which gets it"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}\n{printed}{complaint}", program.display(), arguments.join(" "));
    printed
}

fn committed(audience: Audience) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    folder.join(format!("{}.json", audience.code())).display().to_string()
}

#[test]
fn a_public_linter_finds_no_error() {
    let documents: Vec<_> = Audience::ALL.iter().map(|audience| committed(*audience)).collect();
    let documents: Vec<_> = documents.iter().map(String::as_str).collect();
    let printed = node(&tools(), &tools().join("lint.mjs"), &documents);
    print!("{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_clients_compile_under_strict_and_speak_through_wx_request() {
    let tools = tools();
    let folder = tempfile::tempdir().expect("a temporary directory");
    let modules = tools.join("node_modules");
    let generator = modules.join("@hey-api/openapi-ts/bin/index.cjs");
    for audience in Audience::ALL {
        let (document, output) = (committed(*audience), audience.code());
        let arguments = ["-i", &document, "-o", output, "-c", "@hey-api/client-fetch", "--no-log-file"];
        node(folder.path(), &generator, &arguments);
    }
    for file in ["wx.ts", "journey.ts", "tsconfig.json"] {
        std::fs::copy(tools.join(file), folder.path().join(file)).expect(file);
    }
    node(folder.path(), &modules.join("typescript/bin/tsc"), &["-p", "."]);

    let app = TestApp::start().await;
    app.identity_of("zhang", Some(app.world.member("zhang"))).await;
    let keys = json!({
        "base": app.base,
        "memberCode": "login:zhang:1",
        "shopCode": "login:stranger:1",
        "admin": { "account": "unit", "password": PASSWORD, "totp": app.totp("unit").await },
    });
    let compiled = folder.path().join("out/journey.js").display().to_string();
    let printed = node(folder.path(), &tools.join("run.cjs"), &[&compiled, &keys.to_string()]);
    let lines: Value = serde_json::from_str(&printed).expect("what the journey saw");
    assert_eq!(lines, json!(["张建国", "stranger", "credentials_invalid", "unit"]));
}

/// What cannot succeed as it is printed, and why.
const PASSING: [(&str, &str); 11] = [
    ("log_in_admin", "a password that the first start makes"),
    ("change_password", "the same password"),
    ("step_up_session", "a code that lives for seconds"),
    ("refresh_session", "a token that only signing in gives"),
    ("apply_membership", "a ticket for one user and half an hour, which binding a phone number gives"),
    ("check_in", "a code that lives for seconds"),
    ("check_out", "a code that lives for seconds"),
    ("lookup_voucher", "a code that the installation's own key makes"),
    ("show_ledger_finding", "books that are wrong, and a demo's are right"),
    ("explain_ledger_finding", "the same"),
    ("close_ledger_finding", "the same"),
];

/// What ends a session or the consent, without which nothing else is served: tried last.
const ENDING: [&str; 3] = ["withdraw_consent", "log_out_session", "log_in_wechat"];

/// Whose things the examples are: a newcomer's, a member's, the lead's, somebody's whose report waits, an applicant's,
/// somebody's who has yet to report, an accused one's; a shop's each, and those of somebody who is invited to one.
const DOERS: [(Audience, &str); 10] = [
    (Audience::Member, "ren-ruiyun"),
    (Audience::Member, "zhang-jianguo"),
    (Audience::Member, "li-xiuying"),
    (Audience::Member, "zeng-zhiyong"),
    (Audience::Member, "sun-xiaoming"),
    (Audience::Member, "du-lixin"),
    (Audience::Member, "zhu-wenbin"),
    (Audience::Merchant, "liu-guihua"),
    (Audience::Merchant, "s2"),
    (Audience::Merchant, "wang-fang"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_there_as_an_example_works_on_a_fresh_demo() {
    let mut left = Vec::new();
    for audience in Audience::ALL {
        let (reads, mut writes): (Vec<_>, Vec<_>) = operations(*audience)
            .into_iter()
            .filter(|operation| PASSING.iter().all(|(passing, _)| *passing != operation.id))
            .partition(|operation| operation.method == "GET");
        writes.sort_by_key(|operation| ENDING.iter().position(|ending| *ending == operation.id));
        left.extend(reads.into_iter().chain(writes).map(|operation| (*audience, operation)));
    }
    let mut imported = 0;
    while !left.is_empty() {
        let (demo, all) = (Demo::start().await, left.len());
        let (mut again, mut answers) = (Vec::new(), Vec::new());
        for (audience, operation) in left {
            if let Err(refused) = demo.answers(audience, &operation).await {
                answers.push(refused);
                again.push((audience, operation));
            }
        }
        // What was done before may stand against it: of those that are left, the first meets a fresh demo.
        assert!(again.len() < all, "{}", answers.join("\n"));
        left = again;
        api::jobs::run_all(&demo.app.state).await;
        let done = "SELECT count(*) FROM roster_import WHERE state = 'done'";
        imported = demo.app.number(done).await.max(imported);
    }
    assert_eq!(imported, 2, "beside the demo's own, the roster in the example was handed in, and is sound");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_contract_knows_is_asked_in_vain() {
    let demo = Demo::start().await;
    let mut seen = 0;
    for audience in Audience::ALL {
        let behind_the_door = operations(*audience).into_iter().filter(|one| !one.template.contains("/auth/"));
        for mut operation in behind_the_door {
            let mark = if operation.path.contains('?') { '&' } else { '?' };
            operation.path = format!("{}{mark}nobody=asks", operation.path);
            let mut named = false;
            for client in demo.of(*audience) {
                let reply = operation.call(client).await;
                assert!(reply.status >= 400, "{} {}: {}", operation.id, operation.path, reply.text);
                named |= reply.status == 422 && reply.body["errors"][0]["field"] == "nobody";
            }
            assert!(named, "nobody is told that {} knows no such question", operation.id);
            seen += 1;
        }
    }
    assert!(seen >= 120, "only {seen} operations were tried");
}

/// A fresh demo with those whose things the examples are, an admin who may do everything, and the demo's own who drafts
/// rules, all signed in.
struct Demo {
    app: TestApp,
    callers: Vec<(Audience, Client)>,
}

impl Demo {
    async fn start() -> Self {
        let app = TestApp::demo().await;
        // Within seconds of the first start everything is sealed.
        api::jobs::run_all(&app.state).await;
        let mut callers = Vec::new();
        for (audience, person) in DOERS {
            let body = json!({ "code": format!("login:{person}:trial"), "audience": audience.code() });
            let tokens = app.anonymous().post("/auth/wechat-login", &body).await.expect(200);
            let token = tokens["access_token"].as_str().expect("a token");
            callers.push((audience, app.anonymous().with_token(token)));
        }
        for admin in [everything(&app).await, demo_admin(&app, "subdistrict").await] {
            callers.push((Audience::Admin, app.stepped_up_as(admin).await));
        }
        Self { app, callers }
    }

    fn of(&self, audience: Audience) -> impl Iterator<Item = &Client> {
        self.callers.iter().filter(move |(of, _)| *of == audience).map(|(_, client)| client)
    }

    /// Whether one of them gets what the example promises; what each got if none does.
    async fn answers(&self, audience: Audience, operation: &Operation) -> Result<(), String> {
        let mut answers = Vec::new();
        for client in self.of(audience) {
            let reply = operation.call(client).await;
            if reply.status < 300 {
                return Ok(());
            }
            answers.push(format!("{} {}: {} {}", operation.id, operation.path, reply.status, reply.text));
        }
        Err(answers.join("\n"))
    }
}

async fn demo_admin(app: &TestApp, account: &str) -> AdminId {
    let found = admins::find_by_account(&app.state.database.read(), &app.state.vault, account).await;
    found.expect("an answer").expect("the account").id
}

/// An admin who holds every role in the whole district.
async fn everything(app: &TestApp) -> AdminId {
    let mut tx = app.state.database.write().await.expect("a transaction");
    let id = world::admin(&app.state, &mut tx, "everything", Role::District, ids::DISTRICT).await;
    let now = app.state.clock.business();
    for role in Role::ALL.iter().filter(|role| **role != Role::District) {
        let grant = RoleGrantId::new(Uuid::now_v7());
        role_grants::insert(&mut tx, grant, id, *role, ids::DISTRICT, None, now).await.expect("a grant");
    }
    tx.commit().await.expect("kept");
    id
}
