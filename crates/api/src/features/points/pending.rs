//! What confirmed service will probably give, once its publicity is over.

use std::collections::BTreeSet;

use actix_web::{get, web};
use chrono::{Days, NaiveDate};
use domain::enrolment::EnrolmentState;
use domain::exclusion::stops_earning;
use domain::id::MemberId;
use domain::points::{Awaited, CreditDecision, EarnRule, Service, foresee};
use domain::service::points_notice;
use domain::time::{Instant, business_day};
use serde::Serialize;
use storage::enrolments::{self, AwaitedEnrolment};
use storage::{ReadTx, earn_events, exclusions, rulebooks};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::CurrentMember;
use crate::error::ApiResult;
use crate::http::coded::Coded;
use crate::http::time::BeijingTime;
use crate::state::App;

type EnrolmentStateCode = Coded<EnrolmentState>;

/// More than anybody's service can await at once, as sessions do not overlap and publicity lasts days.
const MOST: u64 = 100;

/// 待生效积分
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PendingPointsView {
    /// 预计共得的积分
    #[schema(example = 36)]
    pub(super) points: i64,
    /// 各次服务，先入账的在前
    items: Vec<PendingServiceView>,
}

/// 已确认、尚未入账的服务
#[derive(Debug, Serialize, ToSchema)]
struct PendingServiceView {
    /// 报名编号
    enrolment_id: Uuid,
    /// 活动
    #[schema(example = "小区义诊")]
    title: String,
    /// 服务时间
    served_at: BeijingTime,
    /// 待审核或公示中
    state: EnrolmentStateCode,
    /// 按现行规则预计得到的积分
    #[schema(example = 36)]
    points: i64,
    /// 关于积分的提示；本职工作和暂不计积分的才有
    #[schema(example = "只记时长，不计积分")]
    points_notice: Option<&'static str>,
    /// 预计入账的日期；待审核的，按今天审核通过估计
    #[schema(example = "2026-11-27")]
    expected_on: NaiveDate,
}

/// 查看我的待生效积分
///
/// 服务经负责人确认、尚在审核或公示中的积分，按现行规则预计；审核未通过的不会入账。公示中有异议的不在此列，异议不成立的恢复
/// 公示后再列入；入账后查实违规的追回。
#[utoipa::path(tag = "积分", responses((status = 200, description = "待生效积分", body = PendingPointsView)))]
#[get("/points/pending")]
pub(super) async fn show_pending_points(caller: CurrentMember, app: App) -> ApiResult<web::Json<PendingPointsView>> {
    Ok(web::Json(pending(&app.database.read(), caller.member, app.clock.business()).await?))
}

/// What this member's confirmed service will give.
pub(super) async fn pending(tx: &ReadTx, member: MemberId, now: Instant) -> ApiResult<PendingPointsView> {
    let found = enrolments::list_awaiting(tx, member, MOST).await?;
    let publicity_days = match found.last() {
        Some(last) if last.publicity_ends_at.is_none() => {
            rulebooks::in_force_at(tx, last.node, now).await?.rules.record.publicity_days
        }
        _ => 0,
    };
    let reviewed_today = business_day(now) + Days::new(publicity_days.into());
    let exclusions = exclusions::earning_of(tx, &BTreeSet::from([member])).await?;
    let mut awaited = Vec::with_capacity(found.len());
    for one in &found {
        awaited.push(Awaited {
            service: service(one, stops_earning(&exclusions, member, one.starts_at)),
            served_at: one.starts_at,
            rules: rulebooks::in_force_at(tx, one.node, one.starts_at).await?.rules,
            earned: earn_events::earned(tx, member, one.starts_at).await?,
        });
    }
    let credits = foresee(&awaited);
    Ok(PendingPointsView {
        points: credits.iter().map(|credit| credit.points).sum(),
        items: found.into_iter().zip(credits).map(|(one, credit)| view(one, credit, reviewed_today)).collect(),
    })
}

fn service(one: &AwaitedEnrolment, excluded: bool) -> Service {
    Service {
        timed_minutes: one.timed_minutes,
        made_up_minutes: one.made_up_minutes,
        kind: one.kind,
        evaluation: one.evaluation,
        starts_at: one.starts_at,
        own_duty: one.own_duty,
        excluded,
    }
}

fn view(one: AwaitedEnrolment, credit: CreditDecision, reviewed_today: NaiveDate) -> PendingServiceView {
    PendingServiceView {
        enrolment_id: one.id.uuid(),
        title: one.title,
        served_at: one.starts_at.into(),
        state: Coded(one.state),
        points: credit.points,
        points_notice: points_notice(one.own_duty, matches!(credit.rule, EarnRule::Excluded { .. })),
        expected_on: one.publicity_ends_at.map_or(reviewed_today, business_day),
    }
}
