//! Who may not: every operation of every contract, without a token and with another audience's.

use api::demo::ids;
use domain::code::Code;
use domain::id::NodeId;
use domain::organisation::NodeKind;
use domain::role::{Permission, Role, may};
use domain::session::Audience;
use serde_json::json;
use storage::organisations;
use tests::contract::{Operation, operations};
use tests::world;
use tests::{Client, TestApp};
use uuid::Uuid;

/// The operations that need no token.
const PUBLIC: [&str; 4] = ["log_in_wechat", "log_in_admin", "refresh_session", "log_out_session"];

/// What each operation of the admin API needs, one of these; those for every admin need nothing.
const NEEDS: &[(&[Permission], &[&str])] = &[
    (&[], &["show_own_admin", "change_password", "step_up_session"]),
    (&[], &["list_managed_seals", "show_managed_seal", "list_managed_seal_keys"]),
    (&[Permission::ReadOrganisation], &["list_organisations", "list_unit_pairings"]),
    (&[Permission::ManageOrganisation], &["create_organisation", "create_unit_pairing"]),
    (&[Permission::ReadMembers], &["list_members", "show_member"]),
    (
        &[Permission::ManageRoster],
        &[
            "import_roster",
            "list_roster_imports",
            "show_roster_import",
            "show_roster_template",
            "list_applications",
            "confirm_application",
            "refuse_application",
            "unbind_member",
        ],
    ),
    (&[Permission::AnswerComplaints], &["list_complaints", "answer_complaint"]),
    (&[Permission::ReadAdmins], &["list_admins"]),
    (&[Permission::ReadAudit], &["list_audit_records"]),
    (&[Permission::ManageAdmins], &["create_admin", "disable_admin", "unlock_admin"]),
    (&[Permission::GrantRoles], &["grant_role", "revoke_role"]),
    (&[Permission::ReadResidencies], &["list_residencies", "show_residency"]),
    (&[Permission::ConfirmResidency, Permission::AcceptResidency], &["refuse_residency"]),
    (&[Permission::ConfirmResidency], &["confirm_residency"]),
    (&[Permission::AcceptResidency], &["accept_residency"]),
    (&[Permission::ReadActivities], &["list_managed_activities", "show_managed_activity", "list_attendances"]),
    (&[Permission::ProposeActivity], &["propose_activity", "cancel_activity"]),
    (&[Permission::ReviewActivity], &["publish_activity", "refuse_activity", "appoint_activity_lead"]),
    (&[Permission::ReadFraudLetters], &["list_fraud_letters"]),
    (
        &[Permission::ReviewAttendance],
        &["review_attendance", "list_objections", "show_objection", "uphold_objection", "dismiss_objection"],
    ),
    (&[Permission::ReadReports], &["list_budgets", "show_liability"]),
    (&[Permission::ManageBudget], &["set_budget"]),
    (
        &[Permission::DraftRulebook],
        &[
            "draft_rulebook",
            "change_rulebook",
            "check_rulebook",
            "discard_rulebook",
            "list_rulebooks",
            "show_rulebook",
            "simulate_rulebook",
            "show_rulebook_simulation",
        ],
    ),
    (&[Permission::ApproveRulebook], &["approve_rulebook"]),
    (
        &[Permission::ReadPoints],
        &["show_member_points", "list_adjustments", "show_adjustment", "list_donations", "list_donation_pools"],
    ),
    (&[Permission::ProposeAdjustment], &["propose_adjustment"]),
    (&[Permission::DecideAdjustment], &["approve_adjustment", "refuse_adjustment"]),
    (
        &[Permission::HandleMisconduct],
        &[
            "list_misconduct_cases",
            "show_misconduct_case",
            "propose_misconduct_case",
            "confirm_misconduct_case",
            "dismiss_misconduct_case",
        ],
    ),
    (&[Permission::RuleAppeal], &["rule_misconduct_appeal"]),
    (&[Permission::ProposeReward], &["propose_reward", "list_rewards", "show_reward"]),
    (&[Permission::DecideReward], &["approve_reward", "refuse_reward"]),
    (&[Permission::ManageExclusions], &["exclude_member", "list_exclusions", "show_exclusion", "lift_exclusion"]),
    (&[Permission::DecideReversal], &["approve_reversal", "refuse_reversal"]),
    (
        &[Permission::ReadMall],
        &[
            "list_managed_merchants",
            "show_managed_merchant",
            "list_staff",
            "list_managed_offers",
            "show_managed_offer",
            "list_managed_redemptions",
            "list_reversals",
            "show_reversal",
        ],
    ),
    (
        &[Permission::ManageMall],
        &[
            "create_merchant",
            "create_store",
            "invite_staff",
            "end_staff",
            "create_offer",
            "update_offer",
            "submit_offer",
            "publish_offer",
            "pause_offer",
            "end_offer",
            "change_offer_stock",
        ],
    ),
    (&[Permission::ApproveOffer], &["approve_offer", "refuse_offer"]),
    (&[Permission::ReadFindings], &["list_ledger_findings", "show_ledger_finding"]),
    (&[Permission::ExplainFinding], &["explain_ledger_finding"]),
    (&[Permission::CloseFinding], &["close_ledger_finding"]),
];

fn holds(role: Role, operation: &Operation) -> bool {
    let found = NEEDS.iter().find(|(_, names)| names.contains(&operation.id.as_str()));
    let (needs, _) = found.unwrap_or_else(|| panic!("say in NEEDS who may {}", operation.id));
    needs.is_empty() || needs.iter().any(|permission| may(role, *permission))
}

fn behind_the_door(audience: Audience) -> impl Iterator<Item = Operation> {
    operations(audience).into_iter().filter(|operation| !PUBLIC.contains(&operation.id.as_str()))
}

async fn call(client: &Client, Operation { method, path, .. }: &Operation) -> tests::Reply {
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
        for operation in behind_the_door(*audience) {
            seen += 1;
            call(&app.anonymous(), &operation).await.refused(401, "unauthenticated");
            let garbage = app.anonymous().with_token("eyJhbGciOiJub25lIn0.e30.");
            call(&garbage, &operation).await.refused(401, "unauthenticated");
            for (_, client) in tokens.iter().filter(|(other, _)| other != audience) {
                call(client, &operation).await.refused(403, "wrong_audience");
            }
        }
    }
    assert!(seen >= 60, "only {seen} operations were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_what_the_table_says_and_nothing_else() {
    let app = TestApp::demo().await;
    for role in Role::ALL {
        let admin = admin_at(&app, *role, ids::DISTRICT).await;
        for operation in behind_the_door(Audience::Admin) {
            let reply = operation.call(&admin).await;
            let forbidden = reply.status == 403 && reply.body["code"] == "forbidden";
            assert_eq!(forbidden, !holds(*role, &operation), "{role:?} {}: {}", operation.id, reply.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_subtree_does_not_exist() {
    let app = TestApp::demo().await;
    let street = node_below(&app, ids::DISTRICT, NodeKind::Subdistrict, "平行街道").await;
    let community = node_below(&app, street, NodeKind::Community, "平行社区").await;
    let estate = node_below(&app, community, NodeKind::Estate, "平行小区").await;
    let unit = node_below(&app, ids::DISTRICT, NodeKind::Unit, "平行局").await;
    let strangers = [
        (Role::District, street),
        (Role::Subdistrict, street),
        (Role::Community, community),
        (Role::Estate, estate),
        (Role::Unit, unit),
        (Role::MerchantRelations, street),
    ];
    let mut seen = 0;
    for (role, node) in strangers {
        let admin = admin_at(&app, role, node).await;
        for operation in behind_the_door(Audience::Admin).filter(|operation| operation.template.contains('{')) {
            if holds(role, &operation) {
                operation.call(&admin).await.refused(404, "not_found");
                seen += 1;
            }
        }
        for operation in behind_the_door(Audience::Admin).filter(|operation| operation.id.starts_with("list_")) {
            // The node itself is theirs, and the keys that sign seals are everybody's.
            let shared = ["list_organisations", "list_managed_seal_keys"].contains(&operation.id.as_str());
            if holds(role, &operation) && !shared {
                let page = operation.call(&admin).await;
                let empty = page.status == 404 || page.body["items"] == json!([]);
                assert!(empty, "{role:?} {}: {}", operation.id, page.text);
            }
        }
    }
    assert!(seen >= 40, "only {seen} operations were tried");
}

/// The operations on things that everybody may see, or that everybody has of their own.
const SHARED: [&str; 7] = [
    "show_activity",
    "enrol_activity",
    "cancel_enrolment",
    "show_offer",
    "show_merchant",
    "show_seal",
    "withdraw_consent",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_member_or_shop_does_not_exist() {
    let app = TestApp::demo().await;
    let cases = [(Audience::Member, "ma-junjie"), (Audience::Merchant, "hao-siwen")];
    for (audience, person) in cases {
        let body = json!({ "code": format!("login:{person}:theirs"), "audience": audience.code() });
        let tokens = app.anonymous().post("/auth/wechat-login", &body).await.expect(200);
        assert_eq!(tokens["bound"], true, "{person}");
        let other = app.anonymous().with_token(tokens["access_token"].as_str().expect("a token"));
        for operation in behind_the_door(audience).filter(|operation| operation.template.contains('{')) {
            if !SHARED.contains(&operation.id.as_str()) {
                operation.call(&other).await.refused(404, "not_found");
            }
        }
    }
}

async fn node_below(app: &TestApp, parent: NodeId, kind: NodeKind, name: &str) -> NodeId {
    let mut tx = app.state.database.write().await.expect("a transaction");
    let (id, now) = (NodeId::new(Uuid::now_v7()), app.state.clock.business());
    organisations::insert_below(&mut tx, parent, id, kind, name, None, now).await.expect(name);
    tx.commit().await.expect("kept");
    id
}

/// A new admin with the role, who has just given the second factor.
async fn admin_at(app: &TestApp, role: Role, node: NodeId) -> Client {
    let mut tx = app.state.database.write().await.expect("a transaction");
    let account = format!("{}-{}", role.code(), Uuid::now_v7());
    let id = world::admin(&app.state, &mut tx, &account, role, node).await;
    tx.commit().await.expect("kept");
    app.stepped_up_as(id).await
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
