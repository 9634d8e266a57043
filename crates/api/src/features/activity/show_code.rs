//! The rotating code that the lead shows and members scan.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get, web};
use domain::activity::Session;
use domain::attendance_code::{self, Direction, ShownCode};
use domain::id::{ActivityId, ActivitySessionId, MemberId};
use domain::time::{Instant, spoken};
use serde::{Deserialize, Serialize};
use storage::{activities, activity_sessions};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::caller::CurrentMember;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::coded::Coded;
use crate::http::qr::picture;
use crate::http::query::Query;
use crate::state::{App, State};

type DirectionCode = Coded<Direction>;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CodeQuery {
    /// 签到还是签退
    direction: DirectionCode,
    /// 场次编号；不填即为此刻的场次
    session_id: Option<Uuid>,
}

/// 签到码
#[derive(Debug, Serialize, ToSchema)]
struct AttendanceCodeView {
    /// 二维码的内容，党员扫描后原样提交
    #[schema(example = "ZXA1.0199a3f06c1e7a319a560d8f4f0f2b11.in.59345612.3f0c9d5a7be14c6b8d2e1f0a9b8c7d6e")]
    code: String,
    /// 签到还是签退
    direction: DirectionCode,
    /// 场次编号
    session_id: Uuid,
    /// 过多少秒后换下一个码
    #[schema(example = 21)]
    refresh_in_seconds: i64,
}

/// 出示签到码
///
/// 只有负责人可以出示，每 30 秒更换；从开始前 60 分钟到结束后 60 分钟可用。
#[utoipa::path(tag = "负责人", params(("id" = Uuid, Path, description = "活动编号"), CodeQuery), responses(
    (status = 200, description = "此刻的签到码", body = AttendanceCodeView),
    (status = 404, description = "没有由您负责的这个活动", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在出示时间内", body = Problem, content_type = "application/problem+json"),
))]
#[get("/led-activities/{id}/code")]
pub(super) async fn show_attendance_code(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    query: Query<CodeQuery>,
    app: App,
) -> ApiResult<HttpResponse> {
    let (session, shown) = code(&app, caller.member, ActivityId::new(*id), &query).await?;
    let view = AttendanceCodeView {
        refresh_in_seconds: (shown.next_at - app.clock.wall()).num_seconds().max(0) + 1,
        code: shown.text,
        direction: query.direction,
        session_id: session.uuid(),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view))
}

/// 出示签到二维码
///
/// 与签到码内容相同的 SVG 图片。
#[utoipa::path(tag = "负责人", params(("id" = Uuid, Path, description = "活动编号"), CodeQuery), responses(
    (status = 200, description = "此刻的二维码", body = String, content_type = "image/svg+xml"),
    (status = 404, description = "没有由您负责的这个活动", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "不在出示时间内", body = Problem, content_type = "application/problem+json"),
))]
#[get("/led-activities/{id}/qr.svg")]
pub(super) async fn show_attendance_qr(
    caller: CurrentMember,
    id: web::Path<Uuid>,
    query: Query<CodeQuery>,
    app: App,
) -> ApiResult<HttpResponse> {
    let (_, shown) = code(&app, caller.member, ActivityId::new(*id), &query).await?;
    picture(&shown.text)
}

async fn code(
    app: &State,
    lead: MemberId,
    id: ActivityId,
    query: &CodeQuery,
) -> ApiResult<(ActivitySessionId, ShownCode)> {
    let read = app.database.read();
    let activity = activities::find_led(&read, lead, id).await?.ok_or_else(ApiError::not_found)?.activity;
    let hidden = |sentence: String| ApiError::new(ErrorCode::AttendanceCodeHidden, sentence);
    if activity.cancellation.is_some() {
        return Err(hidden("活动已取消".into()));
    }
    let now = app.clock.business();
    let direction = query.direction.0;
    let sessions = activity_sessions::list_of(&read, id).await?;
    let session = match query.session_id.map(ActivitySessionId::new) {
        Some(asked) => sessions.into_iter().find(|session| session.id == asked),
        None => nearest(sessions, now, direction),
    };
    let session = session.ok_or_else(ApiError::not_found)?;
    if !session.shows_codes(now) {
        let (from, to) = (spoken(session.starts_at), spoken(session.ends_at));
        return Err(hidden(format!("本场 {from} 开始、{to} 结束，前后 60 分钟内可以出示签到码")));
    }
    let shown = attendance_code::show(&app.code_key, session.id, direction, app.clock.wall());
    Ok((session.id, shown))
}

/// The session to which people come, or which they leave, closest to now.
fn nearest(sessions: Vec<Session>, now: Instant, direction: Direction) -> Option<Session> {
    let moment = |session: &Session| match direction {
        Direction::In => session.starts_at,
        Direction::Out => session.ends_at,
    };
    sessions.into_iter().min_by_key(|session| (!session.shows_codes(now), (moment(session) - now).abs()))
}
