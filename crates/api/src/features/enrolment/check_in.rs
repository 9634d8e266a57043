//! Arriving: the member scans the lead's code.

use actix_web::{post, web};
use domain::attendance_code::{self, Direction};
use domain::consent::{POLICY_VERSION, Purpose};
use domain::enrolment::{Enrolment, Location, LocationError};
use domain::id::ActivitySessionId;
use serde::Deserialize;
use storage::{activities, activity_sessions, consents, enrolments, rulebooks};
use utoipa::ToSchema;

use super::not_enrolled;
use super::view::OwnEnrolmentView;
use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// 签到
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckInRequest {
    /// 扫描负责人二维码得到的内容
    #[schema(example = "ZXA1.0199a3f06c1e7a319a560d8f4f0f2b11.in.59345612.3f0c9d5a7be14c6b8d2e1f0a9b8c7d6e")]
    code: String,
    /// 位置，可不提供，仅作佐证；须先同意使用精确位置
    location: Option<LocationRequest>,
}

/// 位置
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LocationRequest {
    /// 纬度
    #[schema(example = 40.07654)]
    lat: f64,
    /// 经度
    #[schema(example = 113.30012)]
    lng: f64,
    /// 坐标系，固定为 gcj02
    coord_type: CoordType,
    /// 精度，米
    #[schema(example = 30)]
    accuracy_m: f64,
}

/// 坐标系
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum CoordType {
    /// 国测局坐标，wx.getLocation 的 type 取 gcj02
    Gcj02,
}

/// 签到
///
/// 到场后扫描负责人出示的签到码。开始前 60 分钟起可以签到，早到不多计时长。
#[utoipa::path(tag = "报名", responses(
    (status = 200, description = "已签到", body = OwnEnrolmentView),
    (status = 403, description = "不是党员，或提供了位置而没有同意使用", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不能签到，原因见 code", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "不是签到码，或位置有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/check-ins")]
pub(super) async fn check_in(
    caller: CurrentMember,
    request: Json<CheckInRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<OwnEnrolmentView>> {
    let CheckInRequest { code, location } = request.0;
    let location = location.map(place).transpose()?;
    let session = attendance_code::read(&app.code_key, &code, Direction::In, app.clock.wall())?;
    let story = use_case.write("check_in", move |work| Box::pin(arrive(work, caller, session, location)));
    story.await.map(web::Json)
}

async fn arrive(
    work: &mut Work,
    caller: CurrentMember,
    session: ActivitySessionId,
    location: Option<Location>,
) -> ApiResult<OwnEnrolmentView> {
    let session = activity_sessions::find(&work.tx, session).await?.ok_or_else(not_enrolled)?;
    // Arrivals at several sessions of one day are counted, so they must see each other.
    let own = enrolments::lock_own_in(&mut work.tx, caller.member, session.activity).await?;
    let mut enrolment = own.iter().find(|own| own.session == session.id).cloned().ok_or_else(not_enrolled)?;
    work.about("enrolment", enrolment.id);
    let activity = activities::find_any(&work.tx, session.activity).await?.ok_or_else(ApiError::not_found)?;
    let precise = Purpose::PreciseLocation;
    if location.is_some() && !consents::holds(&work.tx, caller.identity, precise, POLICY_VERSION).await? {
        let detail = "您没有同意在签到时使用精确位置：请先同意，或不带位置签到";
        return Err(ApiError::new(ErrorCode::ConsentRequired, detail));
    }
    let came = enrolment.arrivals_beside(&own, work.now);
    if came > 0 {
        let rules = rulebooks::in_force_at(&work.tx, activity.node, session.starts_at).await?.rules;
        Enrolment::may_arrive(came, &rules.earning)?;
    }
    enrolment.check_in(&session, location, work.now)?;
    enrolments::update(&mut work.tx, &enrolment).await?;
    Ok(OwnEnrolmentView::new(enrolment, &activity, &session))
}

fn place(location: LocationRequest) -> ApiResult<Location> {
    let LocationRequest { lat, lng, coord_type: CoordType::Gcj02, accuracy_m } = location;
    Location::gcj02(lat, lng, accuracy_m).map_err(|error| {
        let field = match error {
            LocationError::Outside => "location.lat",
            LocationError::Accuracy => "location.accuracy_m",
        };
        ApiError::field(field, error)
    })
}
