//! Applying for a place on a unit's roster, with the phone number that WeChat verified.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use domain::application::{self, Application, ApplicationState, ApplyError};
use domain::id::{ApplicationId, NodeId};
use domain::member::MemberState;
use domain::organisation::NodeKind;
use domain::personal::{self, PartyRecord, Phone};
use domain::time::business_day;
use serde::Deserialize;
use storage::membership_applications::{self, Applicant};
use storage::{identities, members, organisations};
use utoipa::ToSchema;
use uuid::Uuid;

use super::application_view::MembershipApplicationView;
use super::ticket;
use crate::auth::caller::CurrentIdentity;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// 申请入册
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplyRequest {
    /// 绑定手机号未匹配时取得的凭据
    #[schema(example = "AQEfW3k0c2…")]
    ticket: String,
    /// 姓名，最多 30 字
    #[schema(example = "孙晓明")]
    name: String,
    /// 单位编号，由“查找单位”得到
    #[schema(example = "0199a3f0-6c1e-7a31-9a56-0d8f4f0f2b11")]
    unit_id: Uuid,
    /// 所在党组织，最多 60 字
    #[schema(example = "机关第一党支部")]
    party_organisation: String,
    /// 入党日期
    #[schema(example = "2012-07-01")]
    joined_on: NaiveDate,
}

/// 申请入册
///
/// 手机号不在任何单位名册时，请所在单位确认。同一时间只能有一份待确认的申请；被退回后可以再次申请。
#[utoipa::path(tag = "党员", responses(
    (status = 201, description = "已提交，等待单位确认", body = MembershipApplicationView),
    (status = 403, description = "没有同意现行的隐私政策", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已绑定、已申请，或手机号已在名册上", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误，或凭据无效、已过期", body = Problem, content_type = "application/problem+json"),
))]
#[post("/membership-application")]
pub(super) async fn apply_membership(
    caller: CurrentIdentity,
    request: Json<ApplyRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    caller.must_agree()?;
    let Json(ApplyRequest { ticket, name, unit_id, party_organisation, joined_on }) = request;
    let phone = ticket::read(&app.vault, caller.identity, &ticket, app.clock.wall())?;
    let name = personal::name(&name).map_err(|error| ApiError::field("name", error))?;
    let organisation = personal::party_organisation(&party_organisation)
        .map_err(|error| ApiError::field("party_organisation", error))?;
    let joined_on = personal::joined_on(joined_on, business_day(app.clock.business()))
        .map_err(|error| ApiError::field("joined_on", error))?;
    let record = PartyRecord { organisation, joined_on };
    let unit = NodeId::new(unit_id);
    let story =
        use_case.write("apply_membership", move |work| Box::pin(apply(work, caller, name, unit, phone, record)));
    Ok(HttpResponse::Created().json(story.await?))
}

async fn apply(
    work: &mut Work,
    caller: CurrentIdentity,
    name: String,
    unit: NodeId,
    phone: Phone,
    record: PartyRecord,
) -> ApiResult<MembershipApplicationView> {
    let app = work.app.clone();
    let identity = identities::lock(&mut work.tx, caller.identity).await?.ok_or_else(ApiError::not_found)?;
    let asked = organisations::find(&work.tx, unit).await?.filter(|node| node.kind == NodeKind::Unit);
    asked.ok_or_else(|| ApiError::field("unit_id", "没有这个单位"))?;
    let waiting = membership_applications::is_waiting(&work.tx, identity.id).await?;
    let on_roster = members::find_by_phone(&work.tx, &app.vault, &phone).await?;
    let on_roster = on_roster.is_some_and(|member| member.state == MemberState::Active);
    application::apply(identity.member.is_some(), waiting, on_roster)?;

    let id = ApplicationId::new(Uuid::now_v7());
    let application = Application {
        id,
        identity: identity.id,
        name,
        phone_tail: phone.tail().into(),
        unit,
        state: ApplicationState::Submitted,
        refusal_reason: None,
        submitted_at: work.now,
        decided_at: None,
        member: None,
    };
    work.about("membership_application", id);
    let applicant = Applicant { application, phone, record };
    let kept = membership_applications::insert(&mut work.tx, &app.vault, &applicant).await;
    kept.map_err(|error| {
        if membership_applications::is_waiting_conflict(&error) {
            return ApiError::from(ApplyError::AlreadyApplied);
        }
        error.into()
    })?;
    let own = membership_applications::find_latest_own(&work.tx, &app.vault, identity.id).await?;
    Ok(own.ok_or_else(ApiError::not_found)?.into())
}

/// 查看我的入册申请
///
/// 最近的一份；单位确认后请刷新登录。尚未绑定的用户也可以调用。
#[utoipa::path(tag = "党员", responses(
    (status = 200, description = "最近的申请", body = MembershipApplicationView),
    (status = 404, description = "没有申请过", body = Problem, content_type = "application/problem+json"),
))]
#[get("/membership-application")]
pub(super) async fn show_own_application(
    caller: CurrentIdentity,
    app: App,
) -> ApiResult<web::Json<MembershipApplicationView>> {
    let tx = app.database.read();
    let own = membership_applications::find_latest_own(&tx, &app.vault, caller.identity).await?;
    Ok(web::Json(own.ok_or_else(ApiError::not_found)?.into()))
}
