//! What lies on the demo's desks: an application, a complaint, a roster that was handed in.

use domain::application::{Application, ApplicationState};
use domain::complaint::{self, ComplaintCategory};
use domain::consent::{POLICY_VERSION, Purpose};
use domain::id::{IdentityId, PersonId};
use domain::roster::Counts;
use domain::session::Audience;
use domain::time::Instant;
use storage::identities::{self, Identity};
use storage::membership_applications::{self, Applicant};
use storage::roster_imports::{self, NewImport, Problems};
use storage::{WriteTx, complaints, consents};
use uuid::Uuid;

use super::{ids, people};
use crate::commands::Failure;
use crate::state::App;

/// The person of the sandbox's login codes who is on no roster and has applied to 区教育局.
pub(super) const APPLICANT: &str = "sun-xiaoming";

/// Puts everything there.
pub(super) async fn cover(app: &App, tx: &mut WriteTx, now: Instant) -> Result<(), Failure> {
    application(app, tx, now).await?;
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
