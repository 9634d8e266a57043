//! What lies on the demo's desks: an application, a complaint, a roster that was handed in, drafts of the rules, an
//! invitation.

use chrono::Days;
use domain::application::{Application, ApplicationState};
use domain::complaint::{self, ComplaintCategory};
use domain::consent::{POLICY_VERSION, Purpose};
use domain::id::{IdentityId, PersonId};
use domain::merchant::{INVITATION_LIFETIME, Invitation, invitation_code_hash};
use domain::official::Official;
use domain::organisation::NodeKind;
use domain::points::Rulebook;
use domain::points::replay::Period;
use domain::points::rulebook::{Edition, RulebookState};
use domain::roster::Counts;
use domain::session::Audience;
use domain::time::{Instant, business_day, start_of_day};
use domain::typed_code::TypedCode;
use storage::identities::{self, Identity};
use storage::membership_applications::{self, Applicant};
use storage::roster_imports::{self, NewImport, Problems};
use storage::rulebook_simulations::{self, NewSimulation};
use storage::{WriteTx, complaints, consents, rulebooks, staff_invitations};
use uuid::Uuid;

use super::{admins, ids, people};
use crate::failure::Failure;
use crate::state::App;

/// The person of the sandbox's login codes who is on no roster and has applied to 区教育局.
pub(super) const APPLICANT: &str = "sun-xiaoming";

/// The person who was invited to work in a shop and has never signed in.
pub(super) const INVITED: &str = "wang-fang";

/// Puts everything there.
pub(super) async fn cover(app: &App, tx: &mut WriteTx, now: Instant) -> Result<(), Failure> {
    application(app, tx, now).await?;
    rulebooks(tx, now).await?;
    let content = "上周六的清洁活动少记了一小时，请核实".into();
    let complaint = complaint::submit(ids::COMPLAINT, ComplaintCategory::Points, content, 0, now);
    let complaint = complaint.map_err(|error| Failure::Found(error.to_string()))?;
    complaints::insert(tx, &complaint, Audience::Member, PersonId::from(ids::MEMBER), ids::COMMUNITY).await?;
    let import =
        NewImport {
            id: ids::ROSTER_IMPORT, unit: ids::UNIT, uploaded_by: None, file_name: "在职党员名册.xlsx".into()
        };
    roster_imports::insert(tx, &app.vault, import, &[], now).await?;
    let counts = Counts { created: 12, updated: 0, unchanged: 0 };
    Ok(roster_imports::finish(tx, ids::ROSTER_IMPORT, Uuid::nil(), counts, &Problems::default(), now).await?)
}

/// Drafts of the subdistrict's admin: of its own rules, checked, and asked what they would have done in the last 90 days;
/// and of a community's, not checked yet.
async fn rulebooks(tx: &mut WriteTx, now: Instant) -> Result<(), Failure> {
    let today = business_day(now);
    let mut rules = Rulebook::default_rules();
    rules.earning.day_cap = 80;
    (rules.calendar.night_from, rules.calendar.night_until) = (22, 6);
    let edition = Edition {
        id: ids::RULEBOOK,
        scope: ids::SUBDISTRICT,
        scope_kind: NodeKind::Subdistrict,
        version: 1,
        state: RulebookState::Checked,
        rules: rules.clone(),
        note: Some("夜间服务多计两成，每日上限提高到 80 分".into()),
        effective_from: start_of_day(today + Days::new(8)),
        effective_to: None,
        drafted_by: Some(Official { admin: admins::SUBDISTRICT, member: None }),
        approved_by: None,
        approved_at: None,
    };
    rulebooks::insert(tx, &edition, now).await?;
    let unchecked = Edition {
        id: ids::DRAFT_RULEBOOK,
        scope: ids::COMMUNITY,
        scope_kind: NodeKind::Community,
        state: RulebookState::Draft,
        note: Some("社区先行试点，夜间服务多计两成".into()),
        ..edition.clone()
    };
    rulebooks::insert(tx, &unchecked, now).await?;
    let simulation = NewSimulation {
        id: ids::SIMULATION,
        rulebook: edition.id,
        requested_by: admins::SUBDISTRICT,
        reference_fen: rules.budget.reference_fen_per_point,
        rules,
        period: Period { from: start_of_day(today - Days::new(90)), to: start_of_day(today) },
    };
    Ok(rulebook_simulations::insert(tx, simulation, now).await?)
}

/// An invitation whose code is printed, for whoever wants to try what a new hand of a shop does.
pub(super) async fn invite(app: &App, tx: &mut WriteTx, now: Instant) -> Result<(), Failure> {
    let code = TypedCode::parse(ids::INVITATION_CODE).map_err(|error| Failure::Found(error.to_string()))?;
    let invitation = Invitation {
        id: ids::INVITATION,
        merchant: ids::MERCHANT,
        store: ids::STORE,
        name: "王芳".into(),
        expires_at: now + INVITATION_LIFETIME,
        accepted_by: None,
    };
    let hash = invitation_code_hash(&app.voucher_key, &code);
    Ok(staff_invitations::insert(tx, &invitation, hash, admins::MERCHANT, now).await?)
}

async fn application(app: &App, tx: &mut WriteTx, now: Instant) -> Result<(), Failure> {
    let identity: IdentityId = ids::applicant(0);
    let open_id = wechat_auth::sandbox::openid_of(APPLICANT);
    let applicant = Identity { id: identity, open_id, member: None };
    identities::insert_many(tx, &app.wechat_app_id, std::slice::from_ref(&applicant), now).await?;
    consents::give(tx, identity, Purpose::PrivacyPolicy, POLICY_VERSION, now).await?;
    let phone = people::phone("136", 1);
    let application = Application {
        id: ids::APPLICATION,
        identity,
        name: "孙晓明".into(),
        phone_tail: phone.tail().into(),
        unit: ids::UNIT,
        state: ApplicationState::Submitted,
        refusal_reason: None,
        submitted_at: now,
        decided_at: None,
        member: None,
    };
    let applicant = Applicant { application, phone, record: people::party_record("区教育局", 1) };
    Ok(membership_applications::insert(tx, &app.vault, &applicant).await?)
}
